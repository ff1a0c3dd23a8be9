use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use apivideo::{
    AccountState, Class, Client, Deferral, Effect, Error, ListLiveStreams, Priority, RateLimit, Settings,
    create, get, list,
};
use futures::future::join_all;

use crate::scripted::{Scripted, as_usual, client, json, limited, lost, settings, stream};

const HALL: &str = r#"{"liveStreamId": "li1"}"#;

fn hall() -> serde_json::Value {
    serde_json::json!({"name": "Hall"})
}

#[tokio::test(start_paused = true)]
async fn a_429_holds_its_class_back_until_the_reset_and_not_the_other() {
    let wire = Scripted::new(|seen| match seen.line.as_str() {
        line if line.contains("/auth/") => as_usual(),
        line if line.starts_with("POST") => limited(429, "{}", 200, 0, 30),
        _ => limited(200, HALL, 500, 499, 30),
    });
    let client = client(&wire);
    let error = client.send(create(&hall()), Priority::UserChange).await.unwrap_err();
    assert_eq!(error, Error::RateLimited { retry_in: Duration::from_secs(30) });
    for _ in 0..10 {
        let error = client.send(create(&hall()), Priority::UserChange).await.unwrap_err();
        assert!(matches!(error, Error::Deferred { because: Deferral::RateLimited, .. }), "{error}");
        assert_eq!(error.effect(), Effect::None);
        assert_eq!(error.retry_in(), Some(Duration::from_secs(30)));
    }
    assert_eq!(client.state(), AccountState::Available);
    client.send(get("li1"), Priority::Background).await.unwrap();
    assert_eq!(wire.count("POST /live-streams"), 1);
    tokio::time::advance(Duration::from_secs(30)).await;
    assert_eq!(client.state(), AccountState::Available);
    client.send(create(&hall()), Priority::UserChange).await.unwrap_err();
    assert_eq!(wire.count("POST /live-streams"), 2);
}

#[tokio::test(start_paused = true)]
async fn no_more_than_the_share_is_used() {
    let left = AtomicU64::new(10);
    let wire = Scripted::new(move |seen| match seen.line.contains("/auth/") {
        true => as_usual(),
        false => limited(200, HALL, 10, left.fetch_sub(1, Ordering::SeqCst) - 1, 42),
    });
    let half = Settings { write_share: 0.5, ..settings() };
    let client = Client::new(half, wire.clone(), None).unwrap();
    let results = join_all((0..40).map(|_| client.send(create(&hall()), Priority::UserChange))).await;
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 5);
    assert_eq!(wire.count("POST /live-streams"), 5);
    let last = RateLimit { limit: 10, remaining: 5, retry_after: Duration::from_secs(42) };
    assert_eq!((client.rate_limit(Class::Read), client.rate_limit(Class::Write)), (None, Some(last)));
}

#[tokio::test(start_paused = true)]
async fn before_the_limit_is_known_four_go_and_the_rest_wait_for_the_first_answer() {
    let wire = Scripted::slow(Duration::from_secs(1), |seen| match seen.line.contains("/auth/") {
        true => as_usual(),
        false => stream(),
    });
    let client = client(&wire);
    let calls = tokio::spawn({
        let client = client.clone();
        async move { join_all((0..20).map(|_| client.send(get("li1"), Priority::Background))).await }
    });
    tokio::time::sleep(Duration::from_millis(1500)).await;
    assert_eq!(wire.count("GET"), 4);
    assert!(calls.await.unwrap().iter().all(Result::is_ok));
    assert_eq!(wire.count("GET"), 20);
}

#[tokio::test(start_paused = true)]
async fn whoever_waits_for_the_limit_is_let_go_when_nothing_works() {
    let wire = Scripted::slow(Duration::from_secs(1), |seen| match seen.line.contains("/auth/") {
        true => as_usual(),
        false => lost(),
    });
    let client = client(&wire);
    let new = hall();
    let calls = join_all((0..40).map(|_| client.send(create(&new), Priority::UserChange)));
    let page = ListLiveStreams::default();
    let (results, list) = tokio::join!(calls, client.send(list(&page), Priority::Background));
    list.unwrap_err();
    let deferred = |error: &Error| matches!(error, Error::Deferred { because: Deferral::Unavailable, .. });
    assert!(results.iter().filter(|result| result.as_ref().is_err_and(deferred)).count() >= 10);
}

#[tokio::test(start_paused = true)]
async fn a_429_without_headers_of_the_limit_holds_its_class_back_all_the_same() {
    let wire = Scripted::new(|seen| match seen.line.contains("/auth/") {
        true => as_usual(),
        false => Ok(http::Response::builder()
            .status(429)
            .header("retry-after", "7")
            .body(bytes::Bytes::new())
            .unwrap()),
    });
    let client = client(&wire);
    client.send(create(&hall()), Priority::UserChange).await.unwrap_err();
    let error = client.send(create(&hall()), Priority::UserChange).await.unwrap_err();
    assert_eq!((error.retry_in(), wire.count("POST /live")), (Some(Duration::from_secs(7)), 1));
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_dropped_on_its_way_counts_as_made() {
    let wire = Scripted::slow(Duration::from_secs(1), |seen| match seen.line.contains("/auth/") {
        true => as_usual(),
        false => limited(200, HALL, 10, 3, 60),
    });
    let client = client(&wire);
    client.send(create(&hall()), Priority::UserChange).await.unwrap();
    for _ in 0..3 {
        let new = hall();
        let call = client.send(create(&new), Priority::UserChange);
        assert!(tokio::time::timeout(Duration::from_millis(500), call).await.is_err());
    }
    let error = client.send(create(&hall()), Priority::UserChange).await.unwrap_err();
    assert!(matches!(error, Error::Deferred { because: Deferral::RateLimited, .. }), "{error}");
    assert_eq!(wire.count("POST /live"), 4);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_dropped_gives_its_place_back() {
    let wire = Scripted::slow(Duration::from_secs(10), |seen| match seen.line.contains("/auth/") {
        true => as_usual(),
        false => json(200, HALL),
    });
    let client = client(&wire);
    // The first is dropped 5 s after its token came, the others 5 s after they were sent.
    for patience in std::iter::once(15).chain([5; 20]) {
        let call = client.send(get("li1"), Priority::Background);
        assert!(tokio::time::timeout(Duration::from_secs(patience), call).await.is_err());
    }
    assert_eq!(wire.count("GET"), 21);
    client.send(get("li1"), Priority::Background).await.unwrap();
}
