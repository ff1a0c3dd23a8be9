//! The project that a key opens, and that no call ends up in another.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use apivideo::{
    AccountState, Deferral, Effect, Error, ListLiveStreams, Priority, Secret, create, delete, list,
};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;
use tokio::time::Instant;

use crate::scripted::{Reply, Scripted, as_usual, client, lost, page, stream};

/// A token of this project, or an opaque one; each is another.
fn grant(serial: usize, project: Option<&str>) -> Reply {
    let token = match project {
        Some(project) => {
            let payload = json!({"iat": 1767225600.25, "projectId": project, "serial": serial});
            format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(payload.to_string()))
        }
        None => format!("opaque-{serial}"),
    };
    let body =
        json!({"access_token": token, "expires_in": 3600, "refresh_token": format!("refresh-{serial}")});
    crate::scripted::json(200, &body.to_string())
}

/// Whose key opens the project in the cell; the tokens of the first `revoked` grants are refused.
fn opening(project: &Arc<Mutex<Option<&'static str>>>, revoked: usize) -> Arc<Scripted> {
    let (project, granted, met) = (Arc::clone(project), AtomicUsize::new(0), Mutex::new(Vec::new()));
    Scripted::new(move |seen| {
        if seen.line.contains("/auth/") {
            return grant(granted.fetch_add(1, Ordering::SeqCst), *project.lock().unwrap());
        }
        let mut met = met.lock().unwrap();
        let token = seen.authorization().to_owned();
        if !met.contains(&token) {
            met.push(token.clone());
        }
        match met.iter().position(|known| *known == token) {
            Some(place) if place < revoked => crate::scripted::json(401, "{}"),
            _ if seen.line.starts_with("DELETE") => crate::scripted::json(204, ""),
            _ => stream(),
        }
    })
}

#[tokio::test(start_paused = true)]
async fn the_project_is_that_of_the_last_token_of_the_key_in_use() {
    let project = Arc::new(Mutex::new(Some("pr1")));
    let wire = opening(&project, 0);
    let client = client(&wire);
    assert_eq!(client.project(), None);
    for _ in 0..3 {
        client.send(delete("li1"), Priority::UserChange).await.unwrap();
        assert_eq!(client.project().as_deref(), Some("pr1"));
    }
    assert_eq!(wire.count("POST /auth/"), 1);
    *project.lock().unwrap() = Some("pr2");
    client.set_api_key(Secret::from("another-key"));
    assert_eq!(client.project(), None);
    client.send(delete("li1"), Priority::UserChange).await.unwrap();
    assert_eq!(client.project().as_deref(), Some("pr2"));
    *project.lock().unwrap() = None;
    client.set_api_key(Secret::from("a-third-key"));
    client.send(delete("li1"), Priority::UserChange).await.unwrap();
    assert_eq!(client.project(), None);
}

#[tokio::test(start_paused = true)]
async fn a_401_is_repeated_only_with_a_token_of_the_same_project() {
    let (one, two) = (Some("pr1"), Some("pr2"));
    for (before, after, repeated) in
        [(one, one, true), (None, None, true), (one, two, false), (one, None, false), (None, one, false)]
    {
        let project = Arc::new(Mutex::new(before));
        let wire = opening(&project, 1);
        let client = client(&wire);
        client.renew_token().await.unwrap();
        *project.lock().unwrap() = after;
        let result = client.send(create(&json!({"name": "Hall"})), Priority::Creation).await;
        assert_eq!(wire.count("POST /live-streams"), if repeated { 2 } else { 1 }, "{before:?} {after:?}");
        assert_eq!(result.is_ok(), repeated, "{result:?}");
        if let Err(error) = result {
            assert!(matches!(error, Error::Unauthorized { status: 401, .. }), "{error}");
            assert_eq!(error.effect(), Effect::None);
        }
        assert_eq!((client.project().as_deref(), client.state()), (after, AccountState::Available));
        client.send(delete("li1"), Priority::UserChange).await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_for_one_project_is_not_sent_with_the_token_of_another() {
    let (one, two) = (Some("pr1"), Some("pr2"));
    for (opened, wanted, sent) in [(one, one, true), (two, one, false), (None, one, true), (two, None, true)]
    {
        let wire = opening(&Arc::new(Mutex::new(opened)), 0);
        let client = client(&wire);
        let request = delete("li1").in_project(wanted.map(str::to_owned));
        let result = client.send(request, Priority::UserChange).await;
        assert_eq!(
            (result.is_ok(), wire.count("DELETE")),
            (sent, usize::from(sent)),
            "{opened:?} {wanted:?}"
        );
        if let Err(error) = result {
            assert!(matches!(error, Error::NotSent { .. }), "{error}");
        }
        assert_eq!(client.state(), AccountState::Available, "it says nothing about the account");
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_late_is_not_sent() {
    let wire = opening(&Arc::new(Mutex::new(None)), 0);
    let client = client(&wire);
    let deadline = Instant::now() + Duration::from_secs(5);
    let create = || create(&json!({"name": "Hall"})).before(deadline);
    client.send(create(), Priority::Creation).await.unwrap();
    tokio::time::sleep(Duration::from_secs(6)).await;
    let error = client.send(create(), Priority::Creation).await.unwrap_err();
    assert!(matches!(error, Error::NotSent { .. }), "{error}");
    assert_eq!((error.effect(), wire.count("POST /live-streams")), (Effect::None, 1));
}

#[tokio::test(start_paused = true)]
async fn a_new_token_is_asked_for_by_the_key_though_one_is_good() {
    let project = Arc::new(Mutex::new(Some("pr2")));
    let wire = opening(&project, 0);
    let client = client(&wire);
    client.renew_token().await.unwrap();
    *project.lock().unwrap() = Some("pr1");
    client.send(delete("li1"), Priority::UserChange).await.unwrap();
    assert_eq!(client.project().as_deref(), Some("pr2"), "the token is good for an hour");
    client.renew_token().await.unwrap();
    assert_eq!(client.project().as_deref(), Some("pr1"));
    assert_eq!(
        wire.lines(),
        ["POST /auth/api-key", "DELETE /live-streams/li1", "POST /auth/api-key"],
        "each was asked for"
    );
    client.send(delete("li1"), Priority::UserChange).await.unwrap();
    let payload = wire.last().authorization().split('.').nth(1).unwrap().to_owned();
    let payload = String::from_utf8(URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap();
    assert!(payload.contains("pr1"), "{payload}");
}

#[tokio::test(start_paused = true)]
async fn a_token_that_cannot_be_renewed_stays_in_use() {
    let down = Arc::new(AtomicBool::new(false));
    let is_down = Arc::clone(&down);
    let wire = Scripted::new(move |seen| match seen.line.contains("/auth/") {
        true if is_down.load(Ordering::SeqCst) => lost(),
        true => grant(1, Some("pr1")),
        false => crate::scripted::json(204, ""),
    });
    let client = client(&wire);
    client.renew_token().await.unwrap();
    down.store(true, Ordering::SeqCst);
    for _ in 0..5 {
        client.renew_token().await.unwrap_err();
        client.send(delete("li1"), Priority::UserChange).await.unwrap();
    }
    assert_eq!((client.project().as_deref(), client.state()), (Some("pr1"), AccountState::Available));
    assert_eq!(wire.count("POST /auth/"), 6, "no renewal beside those that were asked for");
}

#[tokio::test(start_paused = true)]
async fn a_key_that_is_refused_is_asked_about_as_a_probe() {
    let refused = Arc::new(AtomicBool::new(true));
    let is_refused = Arc::clone(&refused);
    let wire = Scripted::new(move |seen| match seen.line.contains("/auth/") {
        true if is_refused.load(Ordering::SeqCst) => crate::scripted::json(400, "{}"),
        true => as_usual(),
        false => page(),
    });
    let client = client(&wire);
    let list = || client.send(list(&ListLiveStreams::default()), Priority::Background);
    let error = list().await.unwrap_err();
    assert!(matches!(error, Error::Unauthorized { .. }), "{error}");
    assert!(matches!(client.state(), AccountState::Unauthorized { .. }));
    for _ in 0..100 {
        let error = list().await.unwrap_err();
        assert!(matches!(error, Error::Deferred { because: Deferral::Unauthorized, .. }), "{error}");
    }
    assert_eq!(wire.lines().len(), 1);
    client.probe_due().await;
    let dropped = tokio::time::timeout(Duration::from_millis(5), list()).await;
    assert!(dropped.is_err());
    refused.store(false, Ordering::SeqCst);
    list().await.unwrap();
    assert_eq!((wire.count("POST /auth/"), wire.count("GET")), (3, 1));
}
