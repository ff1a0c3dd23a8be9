//! The client and its real wire against the sandbox, over loopback.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "what surprises a test ends it"
)]

use std::sync::Arc;
use std::time::Duration;

use apivideo::{
    AccountState, Assets, Class, Client, Deferral, Effect, Error, HttpWire, ListLiveStreams, Priority,
    Settings, create, delete, get, list, update,
};
use apivideo_sandbox::{Fault, Options, Rule, Sandbox};
use serde_json::{Value, json};

const KEY: &str = "sandbox-key";

async fn sandbox() -> Sandbox {
    Sandbox::start(Options { api_key: KEY.into(), ..Options::default() }).await.unwrap()
}

fn client(sandbox: &Sandbox) -> Client {
    client_with(sandbox, KEY, Duration::from_secs(10))
}

fn client_with(sandbox: &Sandbox, key: &str, timeout: Duration) -> Client {
    let settings = Settings {
        base_url: sandbox.url(),
        api_key: key.into(),
        read_share: 1.0,
        write_share: 1.0,
        user_agent: "apivideo-tests/1".to_owned(),
        jitter_seed: None,
    };
    Client::new(settings, Arc::new(HttpWire::new(timeout).unwrap()), None).unwrap()
}

fn hall() -> Value {
    json!({"name": "Town hall", "public": true})
}

#[tokio::test]
async fn a_stream_lives_from_create_to_delete() {
    let sandbox = sandbox().await;
    let client = client(&sandbox);
    let made = client.send(create(&hall()), Priority::UserChange).await.unwrap();
    let id = made.live_stream_id.clone();
    assert_eq!((made.name.as_deref(), made.public), (Some("Town hall"), Some(true)));
    assert!(made.stream_key.is_some() && made.created_at.is_some());
    assert!(made.assets.hls.unwrap().contains(&id));
    let limits = client.rate_limit(Class::Write).unwrap();
    assert_eq!((limits.limit, limits.remaining), (200, 199));
    let ahead = client.server_time().unwrap().duration_since(made.created_at.unwrap());
    assert!(!ahead.is_negative());

    let change = json!({"public": false});
    let changed = client.send(update(&id, &change), Priority::UserChange).await.unwrap();
    assert_eq!((changed.public, changed.assets), (Some(false), Assets::default()));
    sandbox.set_broadcasting(&id, true).unwrap();
    assert!(client.send(get(&id), Priority::Background).await.unwrap().broadcasting);
    sandbox.set_broadcasting(&id, false).unwrap();
    assert!(!client.send(get(&id), Priority::Background).await.unwrap().broadcasting);
    client.send(delete(&id), Priority::UserChange).await.unwrap();
    assert!(sandbox.streams().is_empty());
    for gone in [
        client.send(get(&id), Priority::Background).await.err(),
        client.send(delete(&id), Priority::UserChange).await.err(),
    ] {
        assert!(matches!(gone, Some(Error::NotFound { .. })), "{gone:?}");
    }
}

#[tokio::test]
async fn pages_cover_every_stream_and_names_are_searched() {
    let sandbox = sandbox().await;
    let client = client(&sandbox);
    for number in 0..7 {
        let new = json!({"name": format!("Hall & co {number}"), "public": true});
        client.send(create(&new), Priority::UserChange).await.unwrap();
    }
    let mut names = Vec::new();
    let mut query = ListLiveStreams { page_size: 3, ..ListLiveStreams::default() };
    loop {
        let page = client.send(list(&query), Priority::Background).await.unwrap();
        assert_eq!((page.pages_total, page.items_total, page.unreadable), (3, 7, 0));
        names.extend(page.items.into_iter().filter_map(|stream| stream.name));
        if query.page == page.pages_total {
            break;
        }
        query.page += 1;
    }
    assert_eq!(names, (0..7).map(|number| format!("Hall & co {number}")).collect::<Vec<_>>());

    let query =
        ListLiveStreams { name: Some("& co 5".to_owned()), newest_first: true, ..ListLiveStreams::default() };
    let found = client.send(list(&query), Priority::Background).await.unwrap();
    assert_eq!(found.items.len(), 1);
}

#[tokio::test]
async fn a_refusal_names_the_field() {
    let sandbox = sandbox().await;
    let new = json!({"name": "Town hall", "public": true, "playerId": "ptNobody"});
    let error = client(&sandbox).send(create(&new), Priority::UserChange).await.unwrap_err();
    let Error::Refused { status: 400, field: Some(field), message } = &error else { panic!("{error:?}") };
    assert_eq!((field.as_str(), message.is_empty()), ("playerId", false));
}

#[tokio::test]
async fn a_create_is_made_once_and_its_effect_is_never_misjudged() {
    let unknown = [
        (Fault::LostBefore, 0),
        (Fault::LostAfter, 1),
        (Fault::ErrorBefore { status: 502 }, 0),
        (Fault::ErrorAfter { status: 503 }, 1),
        (Fault::Truncated, 1),
        (Fault::NotJson, 1),
        (Fault::Huge, 1),
        (Fault::DelayAfter { duration: Duration::from_secs(30) }, 1),
    ];
    for (fault, made) in unknown {
        let sandbox = sandbox().await;
        let client = client_with(&sandbox, KEY, Duration::from_secs(2));
        sandbox.inject(Rule::once(fault.clone()).on("POST", "/live-streams"));
        let result = client.send(create(&hall()), Priority::UserChange).await;
        let error =
            result.err().unwrap_or_else(|| panic!("{fault:?} went unnoticed: {:#?}", sandbox.calls()));
        assert_eq!(error.effect(), Effect::Unknown, "{fault:?}: {error}");
        assert_eq!((sandbox.streams().len(), sandbox.calls().writes()), (made, 1), "{fault:?}");
    }
}

#[tokio::test]
async fn a_read_gets_over_two_faults_in_a_row() {
    for fault in [Fault::LostBefore, Fault::ErrorBefore { status: 500 }, Fault::Truncated, Fault::NotJson] {
        let sandbox = sandbox().await;
        sandbox.inject(Rule::once(fault.clone()).on("GET", "/live-streams").times(2));
        let query = list(&ListLiveStreams::default());
        client(&sandbox)
            .send(query, Priority::Background)
            .await
            .unwrap_or_else(|error| panic!("{fault:?}: {error}"));
        assert_eq!(sandbox.calls().reads(), 3, "{fault:?}");
    }
}

#[tokio::test]
async fn an_expired_token_costs_one_more_call_and_no_stream() {
    let sandbox = sandbox().await;
    let client = client(&sandbox);
    client.send(create(&hall()), Priority::UserChange).await.unwrap();
    // Away and back: every token is revoked, and the key is good.
    sandbox.set_api_key("another-key");
    sandbox.set_api_key(KEY);
    client.send(create(&hall()), Priority::UserChange).await.unwrap();
    assert_eq!((sandbox.streams().len(), sandbox.calls().writes()), (2, 3));
}

#[tokio::test]
async fn a_key_that_is_replaced_works_again_at_once() {
    let sandbox = sandbox().await;
    let client = client(&sandbox);
    client.send(create(&hall()), Priority::UserChange).await.unwrap();
    sandbox.set_api_key("rotated-key");
    let error = client.send(create(&hall()), Priority::UserChange).await.unwrap_err();
    assert!(matches!(error, Error::Unauthorized { .. }), "{error}");
    assert!(!format!("{error} {error:?}").contains(KEY));
    assert!(matches!(client.state(), AccountState::Unauthorized { .. }));
    client.set_api_key("rotated-key".into());
    client.send(create(&hall()), Priority::UserChange).await.unwrap();
    assert_eq!(sandbox.streams().len(), 2);
}

#[tokio::test]
async fn the_limit_is_never_passed_and_what_is_held_back_is_not_sent() {
    let limited = Options { api_key: KEY.into(), writes: 10, ..Options::default() };
    let sandbox = Sandbox::start(limited).await.unwrap();
    let client = client(&sandbox);
    let new = hall();
    let calls = (0..40).map(|_| client.send(create(&new), Priority::UserChange));
    let results = futures::future::join_all(calls).await;
    let held_back = |error: &Error| matches!(error, Error::Deferred { because: Deferral::RateLimited, .. });
    let (made, held): (Vec<_>, Vec<_>) = results.into_iter().partition(Result::is_ok);
    assert_eq!((made.len(), held.len()), (10, 30));
    assert!(held.iter().all(|result| result.as_ref().is_err_and(held_back)));
    assert_eq!((sandbox.streams().len(), sandbox.calls().writes()), (10, 10));
    client.send(list(&ListLiveStreams::default()), Priority::Background).await.unwrap();
}

#[tokio::test]
async fn a_429_is_met_once_for_the_whole_account() {
    let sandbox = sandbox().await;
    let client = client(&sandbox);
    client.send(create(&hall()), Priority::UserChange).await.unwrap();
    sandbox.inject(Rule::always(Fault::RateLimited { retry_after: 30 }).on("POST", "/live-streams"));
    let error = client.send(create(&hall()), Priority::UserChange).await.unwrap_err();
    assert_eq!(error, Error::RateLimited { retry_in: Duration::from_secs(30) });
    for _ in 0..5 {
        client.send(create(&hall()), Priority::UserChange).await.unwrap_err();
    }
    assert_eq!(sandbox.calls().writes(), 2);
}
