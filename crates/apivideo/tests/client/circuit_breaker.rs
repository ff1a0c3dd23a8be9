use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use apivideo::{
    AccountState, Call, Client, Code, Deferral, Error, ListLiveStreams, Page, Priority, Request, create,
    delete, get, list, update,
};
use bytes::Bytes;
use futures::future::join_all;
use http::{Method, Response};
use tokio::time::Instant;

use crate::scripted::{Reply, Scripted, as_usual, client, json, lost, not_sent, page, settings, stream};

/// Answers the list with the status in the cell, a 200 with an empty page, and all else with success.
fn listing(status: &Arc<AtomicU16>) -> Arc<Scripted> {
    let status = Arc::clone(status);
    Scripted::new(move |seen| match (seen.line.as_str(), status.load(Ordering::SeqCst)) {
        (line, _) if line.contains("/auth/") => as_usual(),
        (line, _) if line.starts_with("DELETE") => json(204, ""),
        (line, _) if !line.starts_with("GET /live-streams?") => stream(),
        (_, 200) => page(),
        (_, other) => json(other, ""),
    })
}

fn whole_list() -> Request<Page> {
    list(&ListLiveStreams::default())
}

fn further_page() -> Request<Page> {
    list(&ListLiveStreams { page: 2, ..ListLiveStreams::default() })
}

fn deferral(error: &Error) -> Option<Deferral> {
    match error {
        Error::Deferred { because, .. } => Some(*because),
        _ => None,
    }
}

/// Calls that are no word on the account: those for one stream, and a search.
async fn calls_that_do_not_speak(client: &Client) -> Vec<Option<Error>> {
    let (new, user) = (serde_json::json!({"name": "Bad"}), Priority::UserChange);
    let search = ListLiveStreams { name: Some("Bad".to_owned()), ..ListLiveStreams::default() };
    vec![
        client.send(create(&new), Priority::Creation).await.err(),
        client.send(get("liBad"), user).await.err(),
        client.send(update("liBad", &new), user).await.err(),
        client.send(delete("liBad"), user).await.err(),
        client.send(list(&search), user).await.err(),
    ]
}

#[tokio::test(start_paused = true)]
async fn faults_that_never_end_at_one_object_leave_the_account_alone() {
    let html = || json(200, "<h1>Hello</h1>");
    let faults: [fn() -> Reply; 14] = [
        || json(400, ""),
        || json(401, ""),
        || json(403, ""),
        || json(404, ""),
        || json(405, ""),
        || json(408, ""),
        || json(409, ""),
        || json(422, ""),
        || json(423, ""),
        || json(500, ""),
        || json(503, ""),
        html,
        lost,
        not_sent,
    ];
    for fault in faults {
        let wire = Scripted::new(move |seen| match seen.line.as_str() {
            line if line.contains("/auth/") => as_usual(),
            line if line.contains("Bad") || line.contains("currentPage=2") => fault(),
            line if line.starts_with("POST") => fault(),
            line if line.starts_with("GET /live-streams?") => page(),
            _ => stream(),
        });
        let client = client(&wire);
        for _ in 0..5 {
            let mut errors = calls_that_do_not_speak(&client).await;
            errors.push(client.send(further_page(), Priority::Background).await.err());
            assert!(errors.iter().all(Option::is_some), "{errors:?}");
            assert!(errors.iter().flatten().all(|error| deferral(error).is_none()), "{errors:?}");
            assert_eq!(client.state(), AccountState::Available, "{errors:?}");
        }
        let healthy = join_all((0..50).map(|_| client.send(get("li1"), Priority::DriftCorrection))).await;
        assert!(healthy.iter().all(Result::is_ok), "{healthy:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_list_that_fails_holds_all_back_until_it_works() {
    for (failure, because) in
        [(503, Deferral::Unavailable), (404, Deferral::Unavailable), (403, Deferral::Unauthorized)]
    {
        let status = Arc::new(AtomicU16::new(failure));
        let wire = listing(&status);
        let client = client(&wire);
        client.send(get("li1"), Priority::UserChange).await.unwrap();
        let error = client.send(whole_list(), Priority::Background).await.unwrap_err();
        assert_eq!(deferral(&error), None, "{error}");
        let before = wire.lines().len();
        for _ in 0..100 {
            for error in calls_that_do_not_speak(&client).await {
                assert_eq!(deferral(&error.unwrap()), Some(because));
            }
            let error = client.send(get("li1"), Priority::Background).await.unwrap_err();
            assert_eq!(deferral(&error), Some(because), "it is not the list");
            tokio::time::advance(Duration::from_secs(1)).await;
        }
        assert_eq!(wire.lines().len(), before, "nothing but the list may probe");

        status.store(200, Ordering::SeqCst);
        client.send(whole_list(), Priority::Background).await.unwrap();
        assert_eq!(client.state(), AccountState::Available);
        client.send(get("li1"), Priority::UserChange).await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn one_list_probes_at_a_time_at_least_every_thirty_seconds() {
    for failure in [503, 401, 403] {
        let status = Arc::new(AtomicU16::new(failure));
        let wire = listing(&status);
        let client = client(&wire);
        client.send(whole_list(), Priority::Background).await.unwrap_err();
        let mut probes = Vec::new();
        for _ in 0..20 {
            let before = wire.count("GET");
            client.probe_due().await;
            probes.push(Instant::now());
            let results = join_all((0..5).map(|_| client.send(whole_list(), Priority::Background))).await;
            assert!(results.iter().all(Result::is_err));
            // A 401 is met twice: the probe is repeated with a new token.
            let calls = if failure == 401 { 2 } else { 1 };
            assert_eq!(wire.count("GET") - before, calls, "{failure}");
        }
        let pauses: Vec<_> = probes.windows(2).map(|pair| pair[1] - pair[0]).collect();
        assert!(pauses.iter().all(|pause| *pause < Duration::from_secs(31)), "{pauses:?}");
        assert!(pauses[10..].iter().all(|pause| *pause >= Duration::from_secs(15)), "{pauses:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_further_page_may_probe_and_its_failure_trips_nothing() {
    let status = Arc::new(AtomicU16::new(503));
    let client = client(&listing(&status));
    for _ in 0..5 {
        client.send(further_page(), Priority::Background).await.unwrap_err();
    }
    assert_eq!(client.state(), AccountState::Available);
    client.send(whole_list(), Priority::Background).await.unwrap_err();
    assert!(matches!(client.state(), AccountState::Unavailable { .. }));
    status.store(200, Ordering::SeqCst);
    client.probe_due().await;
    client.send(further_page(), Priority::Background).await.unwrap();
    assert_eq!(client.state(), AccountState::Available);
}

#[tokio::test(start_paused = true)]
async fn no_probe_is_due_while_the_account_works() {
    let client = client(&listing(&Arc::new(AtomicU16::new(200))));
    client.send(whole_list(), Priority::Background).await.unwrap();
    let due = client.probe_due();
    assert!(tokio::time::timeout(Duration::from_secs(3600), due).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn a_probe_that_is_dropped_gives_its_place_back() {
    let status = Arc::new(AtomicU16::new(503));
    let client = client(&listing(&status));
    client.send(whole_list(), Priority::Background).await.unwrap_err();
    tokio::time::advance(Duration::from_secs(1)).await;
    let probe = client.send(whole_list(), Priority::Background);
    assert!(tokio::time::timeout(Duration::from_millis(1), probe).await.is_err());
    status.store(200, Ordering::SeqCst);
    client.send(whole_list(), Priority::Background).await.unwrap();
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
    let seen: Vec<_> = calls.iter().map(|call| (call.method.clone(), call.priority, call.code)).collect();
    assert_eq!(
        seen,
        [
            (Method::POST, None, Code::Status(200)),
            (Method::GET, Some(Priority::Background), Code::Status(404)),
            (Method::DELETE, Some(Priority::UserChange), Code::NotSent),
            (Method::GET, Some(Priority::Background), Code::Lost),
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
    client.send(get("li1"), Priority::Background).await.unwrap();
    assert_eq!(client.server_time(), Some("2026-11-24T00:30:56Z".parse().unwrap()));
    tokio::time::advance(Duration::from_secs(90)).await;
    assert_eq!(client.server_time(), Some("2026-11-24T00:32:26Z".parse().unwrap()));
}
