use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use apivideo::{AccountState, Deferral, Effect, Error, ListLiveStreams, Priority, Secret, create, get, list};
use futures::future::join_all;

use crate::scripted::{Scripted, as_usual, client, json, lost, page, stream};

const WRONG_KEY: &str = r#"{"title": "The user credentials were incorrect.", "status": 400}"#;

#[tokio::test(start_paused = true)]
async fn the_key_is_changed_for_a_token_once() {
    let wire = Scripted::new(|seen| if seen.line.contains("/auth/") { as_usual() } else { stream() });
    let client = client(&wire);
    for _ in 0..3 {
        client.send(get("li1"), Priority::Background).await.unwrap();
    }
    assert_eq!(wire.count("POST /auth/api-key"), 1);
    assert_eq!(wire.last().authorization(), "Bearer token-1");
}

#[tokio::test(start_paused = true)]
async fn a_token_is_refreshed_before_it_expires_and_by_the_key_when_that_is_refused() {
    let wire = Scripted::new(|seen| match seen.line.as_str() {
        "POST /auth/refresh" if seen.body.contains("refresh-2") => json(400, WRONG_KEY),
        line if line.contains("/auth/") => as_usual(),
        _ => stream(),
    });
    let client = client(&wire);
    for _ in 0..3 {
        client.send(get("li1"), Priority::Background).await.unwrap();
        tokio::time::advance(Duration::from_secs(3300)).await;
    }
    let auth: Vec<_> = wire.lines().into_iter().filter(|line| line.contains("/auth/")).collect();
    assert_eq!(
        auth,
        ["POST /auth/api-key", "POST /auth/refresh", "POST /auth/refresh", "POST /auth/api-key"]
    );
    assert_eq!(wire.last().authorization(), "Bearer token-3");
}

#[tokio::test(start_paused = true)]
async fn a_renewal_ahead_of_time_that_fails_leaves_the_token_in_use() {
    let broken = Arc::new(AtomicBool::new(false));
    let down = Arc::clone(&broken);
    let wire = Scripted::new(move |seen| match seen.line.contains("/auth/") {
        true if down.load(Ordering::SeqCst) => lost(),
        true => as_usual(),
        false => stream(),
    });
    let client = client(&wire);
    client.send(get("li1"), Priority::Background).await.unwrap();
    broken.store(true, Ordering::SeqCst);
    tokio::time::advance(Duration::from_secs(3300)).await;
    for _ in 0..5 {
        client.send(get("li1"), Priority::Background).await.unwrap();
    }
    assert_eq!(wire.count("POST /auth/"), 2, "one more try, and then a pause");
    tokio::time::advance(Duration::from_secs(301)).await;
    let error = client.send(create(&hall()), Priority::UserChange).await.unwrap_err();
    assert!(matches!(error, Error::NotSent { .. }), "{error}");
    assert_eq!(error.effect(), Effect::None);
    assert_eq!(wire.count("POST /live-streams"), 0);
}

fn hall() -> serde_json::Value {
    serde_json::json!({"name": "Hall"})
}

/// Refuses what carries one of the first `revoked` tokens.
fn revoking(revoked: usize) -> Arc<Scripted> {
    Scripted::new(move |seen| match seen.line.contains("/auth/") {
        true => as_usual(),
        false if (1..=revoked).any(|serial| seen.authorization() == format!("Bearer token-{serial}")) => {
            json(401, r#"{"title": "The token has expired."}"#)
        }
        false => stream(),
    })
}

#[tokio::test(start_paused = true)]
async fn a_401_renews_the_token_once_and_repeats_the_call_even_a_create() {
    let wire = revoking(1);
    let answer = client(&wire).send(create(&hall()), Priority::UserChange).await.unwrap();
    assert_eq!(answer.live_stream_id, "li1");
    assert_eq!((wire.count("POST /live-streams"), wire.count("POST /auth/")), (2, 2));
}

#[tokio::test(start_paused = true)]
async fn fifty_calls_that_meet_a_401_cost_one_renewal() {
    let revoked = Arc::new(AtomicBool::new(false));
    let now_revoked = Arc::clone(&revoked);
    let wire = Scripted::new(move |seen| match seen.line.contains("/auth/") {
        true => as_usual(),
        false if now_revoked.load(Ordering::SeqCst) && seen.authorization() == "Bearer token-1" => {
            json(401, "{}")
        }
        false => stream(),
    });
    let client = client(&wire);
    client.send(get("li1"), Priority::Background).await.unwrap();
    revoked.store(true, Ordering::SeqCst);
    let calls = join_all((0..50_u64).map(|number| {
        let client = client.clone();
        async move {
            // Some meet their 401 while the renewal is under way, some after it.
            tokio::time::sleep(Duration::from_millis(number)).await;
            client.send(get("li1"), Priority::Background).await
        }
    }));
    assert!(calls.await.iter().all(Result::is_ok));
    assert_eq!(wire.count("POST /auth/"), 2);
}

#[tokio::test(start_paused = true)]
async fn calls_without_a_token_share_one_failure() {
    let sound = Arc::new(AtomicBool::new(true));
    let works = Arc::clone(&sound);
    let wire =
        Scripted::new(move |seen| match (seen.line.contains("/auth/"), works.load(Ordering::SeqCst)) {
            (true, true) => as_usual(),
            (true, false) => json(503, "<h1>Sorry</h1>"),
            (false, _) => stream(),
        });
    let client = client(&wire);
    client.send(create(&hall()), Priority::UserChange).await.unwrap();
    sound.store(false, Ordering::SeqCst);
    client.set_api_key(Secret::from("another-key"));
    let errors = join_all((0..30).map(|_| client.send(create(&hall()), Priority::UserChange))).await;
    for error in errors.into_iter().map(Result::unwrap_err) {
        assert_eq!(error.effect(), Effect::None);
        assert!(
            error.to_string().contains("POST /auth/api-key") && error.to_string().contains("503"),
            "{error}"
        );
    }
    assert_eq!(wire.count("POST /auth/"), 2);
    assert_eq!(wire.count("POST /live-streams"), 1, "the first one");
    assert_eq!(client.state(), AccountState::Available, "one failure is not thirty");
}

#[tokio::test(start_paused = true)]
async fn a_second_401_is_unauthorized_and_the_others_are_held_back() {
    let wire = revoking(1000);
    let client = client(&wire);
    let error = client.send(list(&ListLiveStreams::default()), Priority::Background).await.unwrap_err();
    assert!(matches!(error, Error::Unauthorized { status: 401, .. }), "{error}");
    assert_eq!((wire.count("GET"), wire.count("POST /auth/")), (2, 2));
    assert!(matches!(client.state(), AccountState::Unauthorized { .. }));
    let error = client.send(get("li1"), Priority::UserChange).await.unwrap_err();
    assert!(matches!(error, Error::Deferred { because: Deferral::Unauthorized, .. }), "{error}");
    assert_eq!(wire.count("GET"), 2);
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_is_refused_for_ever_costs_one_renewal_and_the_account_still_has_its_own() {
    let revoked = Arc::new(AtomicBool::new(false));
    let now_revoked = Arc::clone(&revoked);
    let wire = Scripted::new(move |seen| match seen.line.as_str() {
        line if line.contains("/auth/") => as_usual(),
        line if line.contains("/live-streams/li2") => json(401, "{}"),
        _ if now_revoked.load(Ordering::SeqCst) && seen.authorization() == "Bearer token-2" => {
            json(401, "{}")
        }
        _ => page(),
    });
    let client = client(&wire);
    for _ in 0..5 {
        client.send(get("li2"), Priority::UserChange).await.unwrap_err();
    }
    assert_eq!((wire.count("GET /live-streams/li2"), wire.count("POST /auth/")), (6, 2));
    revoked.store(true, Ordering::SeqCst);
    client.send(list(&ListLiveStreams::default()), Priority::Background).await.unwrap();
    assert_eq!(wire.count("POST /auth/"), 3, "the token is renewed for the list");
}

#[tokio::test(start_paused = true)]
async fn a_403_to_the_list_is_unauthorized_without_a_renewal() {
    let wire = Scripted::new(|seen| match seen.line.contains("/auth/") {
        true => as_usual(),
        false => json(403, r#"{"title": "The account is suspended."}"#),
    });
    let client = client(&wire);
    let error = client.send(list(&ListLiveStreams::default()), Priority::Background).await.unwrap_err();
    assert!(matches!(error, Error::Unauthorized { status: 403, .. }), "{error}");
    assert!(error.to_string().contains("The account is suspended."), "{error}");
    assert_eq!((wire.count("GET"), wire.count("POST /auth/")), (1, 1));
    assert!(matches!(client.state(), AccountState::Unauthorized { .. }));
}

#[tokio::test(start_paused = true)]
async fn a_refused_key_is_unauthorized_and_is_asked_about_once_for_all() {
    let wire = Scripted::new(|_| json(400, WRONG_KEY));
    let client = client(&wire);
    let calls = join_all((0..4).map(|_| client.send(create(&hall()), Priority::UserChange))).await;
    for error in calls.into_iter().map(Result::unwrap_err) {
        let unauthorized = matches!(error, Error::Unauthorized { .. });
        let deferred = matches!(error, Error::Deferred { because: Deferral::Unauthorized, .. });
        assert!(unauthorized || deferred, "{error}");
        assert_eq!(error.effect(), Effect::None, "{error}");
        assert!(error.to_string().contains("check the API key"), "{error}");
    }
    assert_eq!(wire.lines(), ["POST /auth/api-key"]);
}

#[tokio::test(start_paused = true)]
async fn a_new_key_is_in_use_at_once() {
    let wire = Scripted::new(|seen| match seen.line.contains("/auth/") {
        true if seen.body.contains("the-api-key") => json(400, WRONG_KEY),
        true => as_usual(),
        false => stream(),
    });
    let client = client(&wire);
    client.send(get("li1"), Priority::Background).await.unwrap_err();
    client.set_api_key(Secret::from("another-key"));
    assert_eq!(client.state(), AccountState::Available);
    client.send(get("li1"), Priority::Background).await.unwrap();
    assert_eq!(client.state(), AccountState::Available);
}

#[tokio::test(start_paused = true)]
async fn a_key_set_while_the_old_one_is_asked_about_is_the_one_that_counts() {
    let wire = Scripted::new(|seen| match seen.line.contains("/auth/") {
        true if seen.body.contains("the-api-key") => json(400, WRONG_KEY),
        true => as_usual(),
        false => stream(),
    });
    let client = client(&wire);
    let call = tokio::spawn({
        let client = client.clone();
        async move { client.send(get("li1"), Priority::Background).await }
    });
    tokio::time::sleep(Duration::from_millis(5)).await;
    client.set_api_key(Secret::from("another-key"));
    call.await.unwrap().unwrap();
    assert_eq!(client.state(), AccountState::Available);
}

#[tokio::test(start_paused = true)]
async fn a_403_of_the_old_key_says_nothing_about_the_new_one() {
    let wire = Scripted::new(|seen| match seen.line.contains("/auth/") {
        true => as_usual(),
        false if seen.authorization() == "Bearer token-1" => json(403, "{}"),
        false => stream(),
    });
    let client = client(&wire);
    let call = tokio::spawn({
        let client = client.clone();
        async move { client.send(create(&hall()), Priority::UserChange).await }
    });
    tokio::time::sleep(Duration::from_millis(30)).await;
    client.set_api_key(Secret::from("another-key"));
    call.await.unwrap().unwrap();
    assert_eq!(wire.last().authorization(), "Bearer token-2");
}

#[tokio::test(start_paused = true)]
async fn a_renewal_that_nobody_waits_for_any_more_is_taken_over() {
    let asked = Arc::new(AtomicUsize::new(0));
    let wire = Scripted::new(|seen| if seen.line.contains("/auth/") { as_usual() } else { stream() });
    let client = client(&wire);
    let leader = tokio::spawn({
        let (client, asked) = (client.clone(), Arc::clone(&asked));
        async move {
            asked.fetch_add(1, Ordering::SeqCst);
            client.send(get("li1"), Priority::Background).await
        }
    });
    tokio::time::sleep(Duration::from_millis(5)).await;
    let follower = tokio::spawn({
        let client = client.clone();
        async move { client.send(get("li1"), Priority::Background).await }
    });
    tokio::time::sleep(Duration::from_millis(5)).await;
    leader.abort();
    follower.await.unwrap().unwrap();
    assert_eq!((asked.load(Ordering::SeqCst), wire.count("POST /auth/")), (1, 2));
}
