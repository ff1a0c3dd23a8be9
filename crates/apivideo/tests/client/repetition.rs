use std::time::Duration;

use apivideo::{Effect, Error, ListLiveStreams, Priority, create, delete, get, list, update};
use tokio::time::Instant;

use crate::scripted::{Reply, Scripted, as_usual, client, json, lost, not_sent, page, stream};

fn hall() -> serde_json::Value {
    serde_json::json!({"name": "Hall"})
}

fn whole_list() -> apivideo::Request<apivideo::Page> {
    list(&ListLiveStreams::default())
}

/// Answers every call but those for a token with `reply`.
fn always(reply: impl Fn() -> Reply + Send + Sync + 'static) -> std::sync::Arc<Scripted> {
    Scripted::new(move |seen| if seen.line.contains("/auth/") { as_usual() } else { reply() })
}

/// Every failure that leaves the effect of a call open, and one that doesn't.
const FAILURES: [(fn() -> Reply, Effect); 6] = [
    (lost, Effect::Unknown),
    (|| json(500, "<h1>Sorry</h1>"), Effect::Unknown),
    (|| json(503, ""), Effect::Unknown),
    (|| json(200, "<h1>Hello</h1>"), Effect::Unknown),
    (|| json(201, r#"{"name": "without an id"}"#), Effect::Unknown),
    (not_sent, Effect::None),
];

#[tokio::test(start_paused = true)]
async fn a_create_is_sent_once_whatever_happens() {
    for (reply, effect) in FAILURES {
        let wire = always(reply);
        let error = client(&wire).send(create(&hall()), Priority::UserChange).await.unwrap_err();
        assert_eq!(error.effect(), effect, "{error}");
        assert_eq!(wire.count("POST /live-streams"), 1, "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn no_write_is_repeated() {
    let change = serde_json::json!({"name": "Hall"});
    for reply in [lost as fn() -> Reply, || json(503, ""), not_sent] {
        let wire = always(reply);
        let client = client(&wire);
        client.send(update("li1", &change), Priority::UserChange).await.unwrap_err();
        client.send(delete("li1"), Priority::UserChange).await.unwrap_err();
        for line in ["PATCH /live-streams/li1", "DELETE /live-streams/li1"] {
            assert_eq!(wire.count(line), 1, "{line}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_list_is_tried_three_times_within_two_seconds() {
    for (reply, _) in FAILURES {
        let wire = always(reply);
        let begun = Instant::now();
        let error = client(&wire).send(whole_list(), Priority::Background).await.unwrap_err();
        assert_eq!((wire.count("GET /live-streams?"), error.effect()), (3, Effect::None), "{error}");
        let took = begun.elapsed();
        assert!(took >= Duration::from_millis(1200) && took < Duration::from_secs(2), "{took:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_list_that_fails_once_still_succeeds() {
    let failed = std::sync::atomic::AtomicBool::new(false);
    let wire = Scripted::new(move |seen| match seen.line.contains("/auth/") {
        true => as_usual(),
        false if !failed.swap(true, std::sync::atomic::Ordering::SeqCst) => lost(),
        false => page(),
    });
    client(&wire).send(whole_list(), Priority::Background).await.unwrap();
    assert_eq!(wire.count("GET"), 2);
}

#[tokio::test(start_paused = true)]
async fn a_get_and_a_search_are_left_to_their_live_stream() {
    for (reply, _) in FAILURES {
        let wire = always(reply);
        let client = client(&wire);
        let error = client.send(get("li1"), Priority::UserChange).await.unwrap_err();
        assert_eq!((wire.count("GET"), error.effect()), (1, Effect::None), "{error}");
        let query = ListLiveStreams { name: Some("Hall".to_owned()), ..ListLiveStreams::default() };
        client.send(list(&query), Priority::UserChange).await.unwrap_err();
        assert_eq!(wire.count("GET"), 2);
    }
}

#[tokio::test(start_paused = true)]
async fn a_refusal_is_not_repeated_and_tells_the_field() {
    let wire = always(|| json(400, r#"{"title": "An attribute is invalid.", "name": "page"}"#));
    let error =
        client(&wire).send(list(&ListLiveStreams::default()), Priority::Background).await.unwrap_err();
    let expected = Error::Refused {
        status: 400,
        field: Some("page".to_owned()),
        message: "An attribute is invalid.".to_owned(),
    };
    assert_eq!((error, wire.count("GET")), (expected, 1));
}

#[tokio::test(start_paused = true)]
async fn an_id_that_would_name_another_resource_is_never_sent() {
    let wire = always(|| json(204, ""));
    for id in ["", ".", ".."] {
        let error = client(&wire).send(delete(id), Priority::UserChange).await.unwrap_err();
        assert_eq!(error.effect(), Effect::None);
    }
    assert_eq!(wire.lines(), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn a_call_carries_its_headers_and_its_body() {
    let wire = always(stream);
    client(&wire).send(create(&hall()), Priority::UserChange).await.unwrap();
    let seen = wire.last();
    assert_eq!((seen.line.as_str(), seen.body.as_str()), ("POST /live-streams", r#"{"name":"Hall"}"#));
    assert_eq!(seen.authorization(), "Bearer token-1");
    assert_eq!(seen.headers["user-agent"], "tests/1");
    assert_eq!(seen.headers["content-type"], "application/json");
    assert!(seen.headers["authorization"].is_sensitive());
}

#[tokio::test(start_paused = true)]
async fn a_delete_needs_no_body_in_the_answer() {
    for body in ["", "\u{fffd}anything"] {
        let wire = always(move || json(204, body));
        client(&wire).send(delete("li1"), Priority::UserChange).await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_deletion_that_another_2xx_answers_may_not_have_happened_and_is_not_repeated() {
    for (status, body) in [(200, "<h1>We will be back soon</h1>"), (200, ""), (202, ""), (206, "")] {
        let wire = always(move || json(status, body));
        let error = client(&wire).send(delete("li1"), Priority::UserChange).await.unwrap_err();
        assert!(matches!(error, Error::Unreadable { .. }), "{status}: {error:?}");
        assert_eq!((error.effect(), wire.count("DELETE")), (Effect::Unknown, 1), "{status}");
    }
}
