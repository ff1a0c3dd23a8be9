//! The binary: its ready line, its exit codes, its end.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, Command, Output, Stdio};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

const BINARY: &str = env!("CARGO_BIN_EXE_apivideo-sandbox");

/// Ends the process with the test, however the test ends.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Running {
    fn start(arguments: &[&str]) -> (Self, String) {
        let mut child = Command::new(BINARY).args(arguments).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        (Self(child), line)
    }
}

fn run(arguments: &[&str]) -> (Option<i32>, String) {
    let Output { status, stderr, .. } = Command::new(BINARY).args(arguments).output().unwrap();
    (status.code(), String::from_utf8(stderr).unwrap())
}

fn port(line: &str) -> &str {
    line.trim().strip_prefix("apivideo-sandbox listening on http://127.0.0.1:").unwrap()
}

#[test]
fn it_says_where_it_listens_and_accepts_from_then_on() {
    let (_running, line) = Running::start(&["--port", "0"]);
    std::net::TcpStream::connect(format!("127.0.0.1:{}", port(&line))).unwrap();
}

#[test]
fn a_taken_port_ends_with_1_and_a_plain_message() {
    let (_running, line) = Running::start(&["--port", "0"]);
    let (code, message) = run(&["--port", port(&line)]);
    assert_eq!(code, Some(1));
    assert!(message.contains("is taken by another program"), "{message}");
}

#[test]
fn a_wrong_value_exits_with_2_and_names_what_is_accepted() {
    for (flag, value, accepted) in [
        ("--window", "soon", "500ms"),
        ("--window", "0s", "above zero"),
        ("--latency", "5", "500ms"),
        ("--token-ttl", "0s", "above zero"),
        ("--address", "everywhere", "address"),
        ("--port", "99999", "65535"),
        ("--api-key", "k=", "KEY=PROJECT"),
        ("--project-claim", "project", "context.project"),
    ] {
        let (code, message) = run(&[flag, value]);
        assert_eq!(code, Some(2), "{flag} {value}");
        for part in [flag, value, accepted] {
            assert!(message.contains(part), "{part:?} is not in: {message}");
        }
    }
}

#[test]
fn each_key_of_the_command_line_opens_its_project() {
    let arguments = ["--port", "0", "--project", "prOne", "--api-key", "a", "--api-key", "b=prTwo"];
    let (_running, line) = Running::start(&arguments);
    for (key, project) in [("a", "prOne"), ("b", "prTwo")] {
        let mut socket = std::net::TcpStream::connect(format!("127.0.0.1:{}", port(&line))).unwrap();
        let body = format!("{{\"apiKey\": \"{key}\"}}");
        let length = body.len();
        write!(
            socket,
            "POST /auth/api-key HTTP/1.1\r\nhost: h\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}"
        )
        .unwrap();
        let mut answer = String::new();
        socket.read_to_string(&mut answer).unwrap();
        let payload = answer.split('.').nth(2).unwrap();
        let payload = String::from_utf8(URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap();
        assert!(payload.contains(&format!("\"projectId\":\"{project}\"")), "{payload}");
    }
}

#[cfg(unix)]
#[test]
fn sigterm_and_ctrl_c_end_it_with_0() {
    for signal in ["-TERM", "-INT"] {
        let (mut running, _line) = Running::start(&["--port", "0"]);
        let sent = Command::new("kill").args([signal, &running.0.id().to_string()]).status().unwrap();
        assert!(sent.success());
        assert_eq!(running.0.wait().unwrap().code(), Some(0), "{signal}");
    }
}
