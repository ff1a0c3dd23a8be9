//! What the real wire makes of a server that misbehaves below HTTP.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "what surprises a test ends it"
)]

use std::time::Duration;

use apivideo::{HttpWire, MAX_ANSWER, Wire, WireError};
use bytes::Bytes;
use http::Request;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// Serves each connection by writing this after the request was read, and then closing it.
async fn server(answer: &'static [u8]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut connection, _)) = listener.accept().await {
            read_request(&mut connection).await;
            let _ = connection.write_all(answer).await;
            let _ = connection.shutdown().await;
        }
    });
    url
}

async fn read_request(connection: &mut TcpStream) {
    let mut seen = Vec::new();
    while !seen.windows(4).any(|end| end == b"\r\n\r\n") {
        if connection.read_buf(&mut seen).await.unwrap_or(0) == 0 {
            return;
        }
    }
}

async fn send(url: &str, timeout: Duration) -> Result<http::Response<Bytes>, WireError> {
    let request = Request::builder().uri(url).body(Bytes::new()).unwrap();
    HttpWire::new(timeout).unwrap().send(request).await
}

const PATIENT: Duration = Duration::from_secs(20);

#[tokio::test]
async fn status_headers_and_body_come_through() {
    let url = server(b"HTTP/1.1 418 Short\r\ncontent-length: 5\r\nx-answer: 42\r\n\r\nhello").await;
    let answer = send(&url, PATIENT).await.unwrap();
    assert_eq!((answer.status().as_u16(), answer.body().as_ref()), (418, &b"hello"[..]));
    assert_eq!(answer.headers()["x-answer"], "42");
}

#[tokio::test]
async fn a_redirect_is_an_answer_and_is_not_followed() {
    let url =
        server(b"HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n").await;
    assert_eq!(send(&url, PATIENT).await.unwrap().status().as_u16(), 302);
}

#[tokio::test]
async fn a_refused_connection_is_certainly_not_sent() {
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", free.local_addr().unwrap());
    drop(free);
    let error = send(&url, PATIENT).await.unwrap_err();
    assert!(matches!(&error, WireError::NotSent(why) if why.to_lowercase().contains("refused")), "{error:?}");
}

#[tokio::test]
async fn a_name_that_does_not_resolve_is_certainly_not_sent() {
    let error = send("http://nobody.invalid/", PATIENT).await.unwrap_err();
    assert!(matches!(error, WireError::NotSent(_)), "{error:?}");
}

#[tokio::test]
async fn a_handshake_that_fails_is_certainly_not_sent() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut connection, _)) = listener.accept().await {
            let _ = connection.write_all(b"this is not TLS").await;
        }
    });
    let error = send(&url, PATIENT).await.unwrap_err();
    assert!(matches!(error, WireError::NotSent(_)), "{error:?}");
}

#[tokio::test]
async fn a_connection_closed_after_the_request_is_lost() {
    let url = server(b"").await;
    let error = send(&url, PATIENT).await.unwrap_err();
    assert!(matches!(error, WireError::Lost(_)), "{error:?}");
}

#[tokio::test]
async fn a_body_cut_short_is_lost() {
    let url = server(b"HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n{\"liveStreamId\"").await;
    let error = send(&url, PATIENT).await.unwrap_err();
    assert!(matches!(error, WireError::Lost(_)), "{error:?}");
}

#[tokio::test]
async fn an_answer_that_is_not_http_is_lost() {
    let url = server(b"hello\r\n\r\n").await;
    let error = send(&url, PATIENT).await.unwrap_err();
    assert!(matches!(error, WireError::Lost(_)), "{error:?}");
}

#[tokio::test]
async fn no_answer_in_time_is_lost() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let silent = tokio::spawn(async move {
        let (mut connection, _) = listener.accept().await.unwrap();
        read_request(&mut connection).await;
        std::future::pending::<()>().await;
    });
    let error = send(&url, Duration::from_millis(500)).await.unwrap_err();
    assert_eq!(error, WireError::Lost("no whole answer came in time".to_owned()));
    silent.abort();
}

#[tokio::test]
async fn a_body_without_end_is_given_up_at_the_bound() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let endless = tokio::spawn(async move {
        let (mut connection, _) = listener.accept().await.unwrap();
        read_request(&mut connection).await;
        connection.write_all(b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n").await.unwrap();
        let mut written = 0;
        while connection.write_all(&[b'x'; 65536]).await.is_ok() {
            written += 65536;
        }
        written
    });
    let error = send(&url, Duration::from_secs(60)).await.unwrap_err();
    assert_eq!(error, WireError::Lost(format!("the answer is larger than {MAX_ANSWER} bytes")));
    assert!(endless.await.unwrap() < 4 * MAX_ANSWER, "it was not read to its end");
}

#[tokio::test]
async fn a_body_that_announces_10_mib_is_given_up_before_it_is_read() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let eager = tokio::spawn(async move {
        let (mut connection, _) = listener.accept().await.unwrap();
        read_request(&mut connection).await;
        let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", 10 * 1024 * 1024);
        connection.write_all(head.as_bytes()).await.unwrap();
        let mut written = 0;
        while written < 10 * 1024 * 1024 && connection.write_all(&[b' '; 65536]).await.is_ok() {
            written += 65536;
        }
        written
    });
    let error = send(&url, PATIENT).await.unwrap_err();
    assert_eq!(error, WireError::Lost(format!("the answer is larger than {MAX_ANSWER} bytes")));
    assert!(eager.await.unwrap() < MAX_ANSWER, "it was read all the same");
}

#[tokio::test]
async fn a_body_of_just_the_bound_is_read_and_one_byte_more_is_not() {
    for (length, fits) in [(MAX_ANSWER, true), (MAX_ANSWER + 1, false)] {
        let body = vec![b' '; length];
        let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n");
        let url = server(Vec::leak([head.into_bytes(), body].concat())).await;
        assert_eq!(send(&url, PATIENT).await.is_ok(), fits, "{length}");
    }
}

#[tokio::test]
async fn a_body_that_trickles_is_given_up_when_the_time_is_over() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let trickle = tokio::spawn(async move {
        let (mut connection, _) = listener.accept().await.unwrap();
        read_request(&mut connection).await;
        connection.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 5000\r\n\r\n").await.unwrap();
        // Each byte comes in time; the whole never does.
        while connection.write_all(b"x").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    let begun = std::time::Instant::now();
    let error = send(&url, Duration::from_millis(700)).await.unwrap_err();
    assert_eq!(error, WireError::Lost("no whole answer came in time".to_owned()));
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
    trickle.await.unwrap();
}

#[tokio::test]
async fn headers_without_end_and_statuses_of_no_kind_are_lost() {
    let many = b"x-filler: y\r\n".repeat(100_000);
    let long = [b"x-filler: ".as_slice(), &vec![b'y'; 10 * 1024 * 1024], b"\r\n"].concat();
    let answers = [
        [b"HTTP/1.1 200 OK\r\n".as_slice(), &many].concat(),
        [b"HTTP/1.1 200 OK\r\n".as_slice(), &long].concat(),
    ];
    let statuses =
        ["HTTP/1.1 99999 OK\r\n\r\n", "HTTP/1.1 -200 OK\r\n\r\n", "HTTP/9.9 200 OK\r\n\r\n", "\0\0\0\0"];
    let answers = answers.into_iter().chain(statuses.map(|status| status.as_bytes().to_vec()));
    for answer in answers {
        let beginning = String::from_utf8_lossy(&answer[..answer.len().min(40)]).into_owned();
        let error = send(&server(Vec::leak(answer)).await, PATIENT).await.unwrap_err();
        assert!(matches!(&error, WireError::Lost(why) if why.len() < 500), "{beginning}: {error:?}");
    }
}
