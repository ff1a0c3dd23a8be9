//! Every fault over a real socket: what the client sees, and what took effect.

use std::time::{Duration, Instant};

use apivideo_sandbox::{Fault, Options, Rule};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::caller::Caller;

const DELAY: Duration = Duration::from_millis(300);

async fn struck_by(fault: Fault) -> Caller {
    let caller = Caller::start(Options::default()).await;
    caller.sandbox.inject(Rule::once(fault).on("POST", "/live-streams"));
    caller
}

fn new_stream() -> Value {
    json!({"name": "a"})
}

/// What the socket carries back for a POST, to its end.
async fn raw_answer(caller: &Caller) -> Vec<u8> {
    let address = caller.sandbox.url().replace("http://", "");
    let mut socket = tokio::net::TcpStream::connect(&address).await.unwrap();
    let body = new_stream().to_string();
    // `sandbox-key:` in base64.
    let head = format!(
        "POST /live-streams HTTP/1.1\r\nhost: {address}\r\nauthorization: Basic c2FuZGJveC1rZXk6\r\n\
         connection: close\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    socket.write_all(head.as_bytes()).await.unwrap();
    socket.write_all(body.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    socket.read_to_end(&mut answer).await.unwrap();
    answer
}

#[tokio::test]
async fn a_lost_answer_is_a_closed_connection_without_a_single_byte() {
    for (fault, streams) in [(Fault::LostBefore, 0), (Fault::LostAfter, 1)] {
        let caller = struck_by(fault.clone()).await;
        assert!(raw_answer(&caller).await.is_empty(), "{fault:?}");
        assert_eq!(caller.sandbox.streams().len(), streams, "{fault:?}");
        let entry = caller.sandbox.calls().entries.pop().unwrap();
        assert_eq!((entry.status, entry.fault), (None, Some(fault.name())));
        assert_eq!(caller.call("POST", "/live-streams", new_stream()).await.status, 200, "it was for once");
    }
}

#[tokio::test]
async fn a_client_reports_a_lost_answer_as_an_error() {
    let caller = struck_by(Fault::LostAfter).await;
    let error = caller.try_call("POST", "/live-streams", new_stream()).await.unwrap_err();
    assert!(!error.is_connect() && error.status().is_none(), "{error:?}");
}

#[tokio::test]
async fn a_proxy_error_is_html_before_or_after_the_effect() {
    for (fault, status, streams) in
        [(Fault::ErrorBefore { status: 502 }, 502, 0), (Fault::ErrorAfter { status: 503 }, 503, 1)]
    {
        let caller = struck_by(fault).await;
        let seen = caller.call("POST", "/live-streams", new_stream()).await;
        assert_eq!(seen.status, status);
        assert!(seen.header("content-type").starts_with("text/html") && seen.json().is_null());
        assert!(!seen.header("date").is_empty());
        assert_eq!(caller.sandbox.streams().len(), streams);
    }
}

#[tokio::test]
async fn a_delayed_effect_happens_though_the_client_has_gone() {
    let caller = struck_by(Fault::Delay { duration: DELAY }).await;
    let request = caller.request("POST", "/live-streams").body(new_stream().to_string());
    let error = caller.send(request.timeout(DELAY / 3)).await.unwrap_err();
    assert!(error.is_timeout(), "{error:?}");
    assert!(caller.sandbox.streams().is_empty(), "not yet");
    until(|| caller.sandbox.streams().len() == 1).await;
}

#[tokio::test]
async fn a_delayed_answer_comes_after_its_effect() {
    let caller = struck_by(Fault::DelayAfter { duration: DELAY }).await;
    let start = Instant::now();
    let call = caller.call("POST", "/live-streams", new_stream());
    let effect = async {
        until(|| caller.sandbox.streams().len() == 1).await;
        start.elapsed()
    };
    let (answer, effect) = tokio::join!(call, effect);
    assert_eq!(answer.status, 200);
    assert!(effect < DELAY && start.elapsed() >= DELAY, "{effect:?} {:?}", start.elapsed());
}

#[tokio::test]
async fn refusals_have_no_effect_and_carry_the_limits() {
    let cases = [
        (Fault::Unauthorized, 401, "200"),
        (Fault::Forbidden, 403, "200"),
        (Fault::RateLimited { retry_after: 17 }, 429, "0"),
    ];
    for (fault, status, remaining) in cases {
        let caller = struck_by(fault).await;
        let seen = caller.call("POST", "/live-streams", new_stream()).await;
        assert_eq!((seen.status.as_u16(), seen.json()["status"].clone()), (status, json!(status)));
        assert_eq!(seen.header("x-ratelimit-remaining"), remaining);
        if status == 429 {
            assert_eq!(seen.header("x-ratelimit-retry-after"), "17");
        }
        assert!(caller.sandbox.streams().is_empty());
    }
}

#[tokio::test]
async fn a_truncated_answer_breaks_off_within_its_body() {
    let caller = struck_by(Fault::Truncated).await;
    let raw = String::from_utf8(raw_answer(&caller).await).unwrap();
    let (head, body) = raw.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200 OK"), "{head}");
    let announced = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
    let announced: usize = announced.parse().unwrap();
    assert!(!body.is_empty() && body.len() < announced, "{} of {announced}", body.len());
    assert_eq!(caller.sandbox.streams().len(), 1);
}

#[tokio::test]
async fn an_answer_without_a_body_can_be_truncated_too() {
    let caller = Caller::start(Options::default()).await;
    let id = caller.sandbox.create(apivideo_sandbox::NewStream::named("a")).unwrap().live_stream_id;
    caller.sandbox.inject(Rule::once(Fault::Truncated).on("DELETE", &id));
    let error = caller.try_call("DELETE", &format!("/live-streams/{id}"), Value::Null).await.unwrap_err();
    assert!(error.is_body() || error.is_decode(), "{error:?}");
    assert!(caller.sandbox.streams().is_empty());
}

#[tokio::test]
async fn an_answer_that_is_not_json_comes_after_the_effect() {
    let caller = struck_by(Fault::NotJson).await;
    let seen = caller.call("POST", "/live-streams", new_stream()).await;
    assert_eq!((seen.status.as_u16(), seen.json()), (200, Value::Null));
    assert_eq!(caller.sandbox.streams().len(), 1);
}

#[tokio::test]
async fn a_huge_answer_is_larger_than_any_client_should_read() {
    let caller = struck_by(Fault::Huge).await;
    let seen = caller.call("POST", "/live-streams", new_stream()).await;
    assert!(seen.status == 200 && seen.body.len() > 10 * 1024 * 1024, "{}", seen.body.len());
    assert_eq!(caller.sandbox.streams().len(), 1);
}

#[tokio::test]
async fn the_latency_holds_every_answer_back() {
    let caller = Caller::start(Options { latency: DELAY, ..Options::default() }).await;
    let start = Instant::now();
    assert_eq!(caller.call("GET", "/live-streams", Value::Null).await.status, 200);
    assert!(start.elapsed() >= DELAY);
}

#[tokio::test]
async fn a_stopped_sandbox_frees_its_port() {
    let caller = Caller::start(Options::default()).await;
    assert_eq!(caller.call("GET", "/live-streams", Value::Null).await.status, 200);
    let port = caller.sandbox.url().rsplit(':').next().unwrap().parse().unwrap();
    caller.sandbox.shutdown().await;
    let again = apivideo_sandbox::Sandbox::start(Options { port, ..Options::default() }).await.unwrap();
    let taken = apivideo_sandbox::Sandbox::start(Options { port, ..Options::default() }).await.unwrap_err();
    assert!(taken.to_string().contains("is taken by another program"), "{taken}");
    drop(again);
}

/// Waits for a state that another task brings about; a test that hangs here is
/// ended with a message.
async fn until(reached: impl Fn() -> bool) {
    let wait = async {
        while !reached() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), wait).await.expect("the awaited state did not come");
}
