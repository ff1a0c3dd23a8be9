use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use apivideo::{AccountState, Call, Client, Code, Deferral, Error, Operation, Priority, delete, get};
use bytes::Bytes;
use futures::future::join_all;
use http::{Method, Response};

use crate::scripted::{Scripted, as_usual, client, json, not_sent, settings, stream};

/// Answers every call with the status in the cell; 200 with a stream.
fn answering(status: &Arc<AtomicU16>) -> Arc<Scripted> {
    let status = Arc::clone(status);
    Scripted::new(move |seen| match (seen.line.contains("/auth/"), status.load(Ordering::SeqCst)) {
        (true, _) => as_usual(),
        (false, 200) if seen.line.starts_with("DELETE") => json(204, ""),
        (false, 200) => stream(),
        (false, other) => json(other, ""),
    })
}

#[tokio::test(start_paused = true)]
async fn five_failures_hold_calls_back_one_probe_goes_and_its_success_lets_all_go() {
    let status = Arc::new(AtomicU16::new(503));
    let wire = answering(&status);
    let client = client(&wire);
    for _ in 0..5 {
        let error = client.send(delete("li1"), Priority::UserChange).await.unwrap_err();
        assert!(matches!(error, Error::Server { status: 503, .. }), "{error}");
    }
    assert!(matches!(client.state(), AccountState::Unavailable { .. }));
    let error = client.send(delete("li1"), Priority::UserChange).await.unwrap_err();
    assert!(matches!(error, Error::Deferred { because: Deferral::Unavailable, .. }), "{error}");
    assert_eq!(wire.count("DELETE"), 5);

    status.store(200, Ordering::SeqCst);
    tokio::time::advance(Duration::from_secs(1)).await;
    let results = join_all((0..10).map(|_| client.send(delete("li1"), Priority::UserChange))).await;
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1, "one probe at a time");
    assert_eq!(client.state(), AccountState::Available);
    let results = join_all((0..10).map(|_| client.send(delete("li1"), Priority::UserChange))).await;
    assert!(results.iter().all(Result::is_ok));
}

#[tokio::test(start_paused = true)]
async fn a_probe_that_is_dropped_gives_its_place_back() {
    let status = Arc::new(AtomicU16::new(503));
    let wire = answering(&status);
    let client = client(&wire);
    for _ in 0..5 {
        client.send(delete("li1"), Priority::UserChange).await.unwrap_err();
    }
    tokio::time::advance(Duration::from_secs(1)).await;
    let probe = client.send(delete("li1"), Priority::UserChange);
    assert!(tokio::time::timeout(Duration::from_millis(1), probe).await.is_err());
    status.store(200, Ordering::SeqCst);
    client.send(delete("li1"), Priority::UserChange).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn refusals_of_single_requests_are_no_failures_of_the_account() {
    for refusal in [400, 404, 405, 409] {
        let client = client(&answering(&Arc::new(AtomicU16::new(refusal))));
        for _ in 0..20 {
            client.send(delete("li1"), Priority::UserChange).await.unwrap_err();
        }
        assert_eq!(client.state(), AccountState::Available, "{refusal}");
    }
}

#[tokio::test(start_paused = true)]
async fn every_exchange_is_observed_also_a_dropped_one() {
    let calls: Arc<Mutex<Vec<Call>>> = Arc::default();
    let seen = Arc::clone(&calls);
    let wire = Scripted::new(|seen| match seen.line.as_str() {
        line if line.contains("/auth/") => as_usual(),
        line if line.starts_with("DELETE") => not_sent(),
        _ => json(404, "{}"),
    });
    let observer: apivideo::CallObserver =
        Arc::new(move |call: &Call| seen.lock().unwrap().push(call.clone()));
    let client = Client::new(settings(), wire, Some(observer)).unwrap();
    client.send(get("li1"), Priority::Background).await.unwrap_err();
    client.send(delete("li1"), Priority::UserChange).await.unwrap_err();
    let dropped = client.send(get("li1"), Priority::Background);
    assert!(tokio::time::timeout(Duration::from_millis(5), dropped).await.is_err());

    let calls = calls.lock().unwrap();
    let seen: Vec<_> = calls.iter().map(|call| (call.method.clone(), call.operation, call.code)).collect();
    assert_eq!(
        seen,
        [
            (Method::POST, Operation::Authenticate, Code::Status(200)),
            (Method::GET, Operation::Get, Code::Status(404)),
            (Method::DELETE, Operation::Delete, Code::NotSent),
            (Method::GET, Operation::Get, Code::Lost),
        ]
    );
    assert_eq!(calls[1].duration, Duration::from_millis(20));
}

#[tokio::test(start_paused = true)]
async fn the_servers_clock_runs_on_between_answers() {
    let wire = Scripted::new(|seen| match seen.line.contains("/auth/") {
        true => as_usual(),
        false => Ok(Response::builder()
            .header("date", "Tue, 24 Nov 2026 00:30:56 GMT")
            .body(Bytes::from_static(br#"{"liveStreamId": "li1"}"#))
            .unwrap()),
    });
    let client = client(&wire);
    assert_eq!(client.server_time(), None);
    let answer = client.send(get("li1"), Priority::Background).await.unwrap();
    assert_eq!(answer.date, Some("2026-11-24T00:30:56Z".parse().unwrap()));
    tokio::time::advance(Duration::from_secs(90)).await;
    assert_eq!(client.server_time(), Some("2026-11-24T00:32:26Z".parse().unwrap()));
}
