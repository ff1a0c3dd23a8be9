//! A less kind world, injected over `/_sandbox/faults`: lasting faults with a
//! scope, any status, an API that normalises, forgets and miscounts.

use std::time::Duration;

use apivideo_sandbox::{DEFAULT_PLAYER_ID, NewStream, Options, StreamPatch};
use serde_json::{Value, json};

use crate::caller::Caller;

async fn started() -> Caller {
    Caller::start(Options::default()).await
}

impl Caller {
    async fn inject(&self, rule: Value) {
        let added = self.call("POST", "/_sandbox/faults", rule).await;
        assert_eq!(added.status, 201, "{}", added.json());
    }

    fn stream(&self, name: &str) -> String {
        self.sandbox.create(NewStream::named(name)).unwrap().live_stream_id
    }

    async fn status(&self, method: &str, path: &str, body: Value) -> u16 {
        self.call(method, path, body).await.status.as_u16()
    }

    async fn list(&self, query: &str) -> Value {
        self.call("GET", &format!("/live-streams?{query}"), Value::Null).await.json()
    }

    async fn listed(&self, query: &str) -> Vec<String> {
        let list = self.list(query).await;
        let items = list["data"].as_array().unwrap().iter();
        items.map(|item| item["liveStreamId"].as_str().unwrap().to_owned()).collect()
    }
}

#[tokio::test]
async fn a_fault_without_end_strikes_one_stream_only() {
    let caller = started().await;
    let (bad, good) = (caller.stream("bad"), caller.stream("good"));
    caller.inject(json!({"fault": "error-before", "match": {"stream": bad}, "forever": true})).await;
    for _ in 0..5 {
        assert_eq!(caller.status("PATCH", &format!("/live-streams/{bad}"), json!({})).await, 503);
        assert_eq!(caller.status("GET", &format!("/live-streams/{good}"), Value::Null).await, 200);
        assert_eq!(caller.listed("").await.len(), 2);
    }
    assert_eq!(caller.status("DELETE", "/_sandbox/faults", Value::Null).await, 204);
    assert_eq!(caller.status("GET", &format!("/live-streams/{bad}"), Value::Null).await, 200);
}

#[tokio::test]
async fn a_name_is_matched_in_the_body_the_stream_and_the_filter() {
    let caller = started().await;
    let (bad, good) = (caller.stream("Bad day"), caller.stream("Good day"));
    caller.inject(json!({"fault": "problem-before", "match": {"name": "^Bad*"}, "times": null})).await;
    let path = |id: &str| format!("/live-streams/{id}");
    assert_eq!(caller.status("POST", "/live-streams", json!({"name": "Bad night"})).await, 503);
    assert_eq!(caller.status("PATCH", &path(&good), json!({"name": "Bad again"})).await, 503);
    assert_eq!(caller.status("DELETE", &path(&bad), Value::Null).await, 503);
    assert_eq!(caller.status("GET", "/live-streams?name=Bad+day", Value::Null).await, 503);
    assert_eq!(caller.status("POST", "/live-streams", json!({"name": "No Bad day"})).await, 200);
    assert_eq!(caller.status("GET", &path(&good), Value::Null).await, 200);
}

#[tokio::test]
async fn one_page_of_one_order_fails() {
    let caller = started().await;
    let scope = json!({"page": 2, "sort_by": "updatedAt", "sort_order": "desc"});
    caller.inject(json!({"fault": "not-json", "match": scope, "forever": true})).await;
    let fails = async |query: &str| caller.list(query).await.is_null();
    assert!(fails("currentPage=2&sortBy=updatedAt&sortOrder=desc").await);
    assert!(!fails("currentPage=1&sortBy=updatedAt&sortOrder=desc").await);
    assert!(!fails("currentPage=2&sortBy=updatedAt").await);
    assert!(!fails("currentPage=2").await);
}

#[tokio::test]
async fn any_status_is_played_before_and_after_the_effect() {
    let caller = started().await;
    for status in [307, 404, 405, 408, 409, 423, 425, 499, 500, 502, 503] {
        for (fault, effect, is_json) in [
            ("problem-before", 0, true),
            ("problem-after", 1, true),
            ("error-before", 0, false),
            ("error-after", 1, false),
        ] {
            caller.sandbox.clear_streams();
            caller.inject(json!({"fault": fault, "status": status, "match": {"method": "POST"}})).await;
            let seen = caller.call("POST", "/live-streams", json!({"name": "a"})).await;
            assert_eq!(seen.status, status, "{fault}");
            let shape = if is_json { json!(status) } else { Value::Null };
            assert_eq!(seen.json()["status"], shape, "{fault} {status}");
            assert_eq!(seen.header("x-ratelimit-limit").is_empty(), !is_json, "{fault} {status}");
            assert_eq!(caller.sandbox.streams().len(), effect, "{fault} {status}");
        }
    }
}

#[tokio::test]
async fn a_post_is_answered_with_another_stream() {
    let caller = started().await;
    let other = caller.stream("other");
    caller.inject(json!({"fault": "answer-with", "answer_with": other, "match": {"method": "POST"}})).await;
    let seen = caller.call("POST", "/live-streams", json!({"name": "a"})).await;
    assert_eq!((seen.status.as_u16(), &seen.json()["liveStreamId"]), (200, &json!(other)));
    assert_eq!(caller.sandbox.streams().len(), 2, "the POST took effect");
    assert_eq!(caller.sandbox.calls().entries.pop().unwrap().fault, Some("answer-with"));
}

#[tokio::test]
async fn fields_are_trimmed_lower_cased_and_forgotten() {
    let caller = started().await;
    for quirk in [
        json!({"fault": "trim-field", "field": "name", "forever": true}),
        json!({"fault": "lower-case-field", "field": "playerId", "forever": true}),
        json!({"fault": "forget-field", "field": "public", "forever": true}),
    ] {
        caller.inject(quirk).await;
    }
    let body = json!({"name": " Town hall ", "public": false, "playerId": DEFAULT_PLAYER_ID});
    let made = caller.call("POST", "/live-streams", body.clone()).await.json();
    let lower = DEFAULT_PLAYER_ID.to_lowercase();
    assert_eq!(
        (&made["name"], &made["public"], &made["playerId"]),
        (&json!("Town hall"), &json!(true), &json!(lower))
    );
    let path = format!("/live-streams/{}", made["liveStreamId"].as_str().unwrap());
    let patched = caller.call("PATCH", &path, body).await.json();
    assert_eq!(patched["updatedAt"], made["updatedAt"], "nothing was left to change");
    assert_eq!(caller.call("GET", &path, Value::Null).await.json(), patched);
}

#[tokio::test]
async fn quirks_apply_beside_another_fault() {
    let caller = started().await;
    caller.inject(json!({"fault": "trim-field", "field": "name", "forever": true})).await;
    caller.inject(json!({"fault": "lost-after", "match": {"method": "POST"}})).await;
    assert!(caller.try_call("POST", "/live-streams", json!({"name": " a "})).await.is_err());
    assert_eq!(caller.sandbox.streams()[0].name, "a");
    assert_eq!(caller.status("POST", "/live-streams", json!({"name": "b "})).await, 200);
    assert_eq!(caller.sandbox.streams()[1].name, "b", "the quirk has no end");
}

#[tokio::test]
async fn a_list_ignores_its_order_and_miscounts() {
    let caller = started().await;
    let made = [caller.stream("c"), caller.stream("b"), caller.stream("a")];
    let mut sorted = made.to_vec();
    sorted.reverse();
    assert_eq!(caller.listed("sortBy=name").await, sorted);
    caller.inject(json!({"fault": "ignore-sort-by", "forever": true})).await;
    caller.inject(json!({"fault": "wrong-items-total", "by": -2, "forever": true})).await;
    assert_eq!(caller.listed("sortBy=name&pageSize=50").await, made);
    assert_eq!(
        caller.listed("pageSize=50&sortBy=name&sortOrder=desc").await,
        sorted,
        "by creation, descending"
    );
    assert_eq!(caller.list("").await["pagination"]["itemsTotal"], 1);
}

#[tokio::test]
async fn one_item_of_a_list_cannot_be_read() {
    let caller = started().await;
    let (bad, good) = (caller.stream("bad"), caller.stream("good"));
    caller
        .inject(json!({"fault": "unreadable-item", "stream": bad, "field": "public", "forever": true}))
        .await;
    for _ in 0..3 {
        let list = caller.list("").await;
        let types: Vec<bool> =
            list["data"].as_array().unwrap().iter().map(|item| item["public"].is_boolean()).collect();
        assert_eq!(types, [false, true]);
    }
    for id in [bad, good] {
        let one = caller.call("GET", &format!("/live-streams/{id}"), Value::Null).await.json();
        assert!(one["public"].is_boolean(), "a GET by id shows it");
    }
}

#[tokio::test]
async fn a_hidden_edit_leaves_the_time_of_the_update() {
    let caller = started().await;
    let id = caller.stream("a");
    let before = caller.sandbox.stream(&id).unwrap();
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    let path = format!("/_sandbox/streams/{id}");
    let edited = caller.call("PATCH", &path, json!({"name": "b", "hidden": true})).await.json();
    assert_eq!((&edited["name"], &edited["updatedAt"]), (&json!("b"), &json!(before.updated_at)));
    let patch = StreamPatch { public: Some(false), hidden: true, ..StreamPatch::default() };
    assert_eq!(caller.sandbox.edit(&id, patch).unwrap().updated_at, before.updated_at);
    let shown = StreamPatch { name: Some("c".into()), ..StreamPatch::default() };
    assert!(caller.sandbox.edit(&id, shown).unwrap().updated_at > before.updated_at);
}
