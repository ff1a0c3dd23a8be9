//! The control endpoints and the page.

use apivideo_sandbox::Options;
use http::header::AUTHORIZATION;
use serde_json::{Value, json};

use crate::caller::{Caller, KEY};

async fn started() -> Caller {
    Caller::start(Options::default()).await
}

#[tokio::test]
async fn streams_are_created_edited_and_deleted_without_a_key() {
    let caller = started().await;
    let made = caller.call("POST", "/_sandbox/streams", json!({"name": "a", "public": false})).await;
    assert_eq!(made.status, 200);
    assert!(made.json().get("streamKey").is_none() && made.json().get("assets").is_none());
    let path = format!("/_sandbox/streams/{}", made.json()["liveStreamId"].as_str().unwrap());
    assert_eq!(caller.call("PATCH", &path, json!({"name": "b"})).await.json()["name"], "b");
    let refused = caller.call("PATCH", &path, json!({"name": ""})).await;
    assert_eq!((refused.status.as_u16(), refused.json()["name"].clone()), (400, json!("name")));

    assert_eq!(caller.call("POST", &format!("{path}/live"), Value::Null).await.json()["broadcasting"], true);
    assert_eq!(caller.call("POST", &format!("{path}/end"), Value::Null).await.json()["broadcasting"], false);
    let listed = caller.call("GET", "/_sandbox/streams", Value::Null).await.json();
    assert_eq!((&listed["total"], &listed["streams"][0]["name"]), (&json!(1), &json!("b")));
    assert_eq!(caller.call("DELETE", &path, Value::Null).await.status, 204);
    for (method, path) in
        [("DELETE", path.clone()), ("PATCH", path.clone()), ("POST", format!("{path}/live"))]
    {
        assert_eq!(caller.call(method, &path, json!({})).await.status, 404, "{method} {path}");
    }
    assert_eq!(caller.sandbox.calls().entries, [], "control calls are not calls of the API");
}

#[tokio::test]
async fn faults_are_added_listed_and_removed() {
    let caller = started().await;
    let rule = json!({"fault": "error-before", "status": 502, "match": {"method": "GET"}, "times": 2});
    let added = caller.call("POST", "/_sandbox/faults", rule).await;
    assert_eq!((added.status.as_u16(), added.json()["times"].clone()), (201, json!(2)));
    assert_eq!(caller.call("GET", "/live-streams", Value::Null).await.status, 502);
    let listed = caller.call("GET", "/_sandbox/faults", Value::Null).await.json();
    assert_eq!((&listed[0]["times"], &listed[0]["id"]), (&json!(1), &added.json()["id"]));
    let path = format!("/_sandbox/faults/{}", added.json()["id"]);
    assert_eq!(caller.call("DELETE", &path, Value::Null).await.status, 204);
    assert_eq!(caller.call("DELETE", &path, Value::Null).await.status, 404);
    assert_eq!(caller.call("GET", "/live-streams", Value::Null).await.status, 200);

    let wrong = caller.call("POST", "/_sandbox/faults", json!({"fault": "explode"})).await;
    assert_eq!(wrong.status, 400);
    assert!(wrong.json()["title"].as_str().unwrap().contains("lost-before"), "{}", wrong.json());
}

#[tokio::test]
async fn the_log_counts_calls_and_keeps_no_secret() {
    let caller = started().await;
    caller.call("POST", "/live-streams", json!({"name": "a"})).await;
    let key = caller.call("GET", "/live-streams", Value::Null).await.json()["data"][0]["streamKey"].clone();
    let key = key.as_str().unwrap().to_owned();
    caller.call("GET", &format!("/live-streams?streamKey={key}"), Value::Null).await;
    assert!(caller.sandbox.secrets().contains(&key));

    let log = caller.call("GET", "/_sandbox/calls?limit=2", Value::Null).await;
    assert!(!String::from_utf8_lossy(&log.body).contains(&key));
    let log = log.json();
    assert_eq!((&log["reads"], &log["writes"]), (&json!(2), &json!(1)));
    assert_eq!(log["entries"].as_array().unwrap().len(), 2);
    assert_eq!(log["budget"]["writes"]["remaining"], 199);

    assert_eq!(caller.call("DELETE", "/_sandbox/calls", Value::Null).await.status, 204);
    assert_eq!(caller.sandbox.calls().writes(), 0);
}

#[tokio::test]
async fn the_log_has_the_token_that_a_call_carried_or_was_given() {
    let caller = started().await;
    let token = async || {
        let given = caller.call("POST", "/auth/api-key", json!({"apiKey": KEY})).await.json();
        given["access_token"].as_str().unwrap().to_owned()
    };
    let (first, second) = (token().await, token().await);
    for bearer in [&second, &first] {
        let bearer =
            http::HeaderMap::from_iter([(AUTHORIZATION, format!("Bearer {bearer}").parse().unwrap())]);
        let list = caller.request("GET", "/live-streams").headers(bearer);
        assert_eq!(caller.send(list).await.unwrap().status, 200);
    }
    caller.call("POST", "/auth/api-key", json!({"apiKey": "wrong"})).await;
    caller.call("GET", "/live-streams", Value::Null).await;
    let tokens: Vec<_> = caller.sandbox.calls().entries.iter().map(|entry| entry.token).collect();
    assert_eq!(tokens, [Some(1), Some(2), Some(2), Some(1), None, None]);
}

#[tokio::test]
async fn settings_change_while_it_runs() {
    let caller = started().await;
    let change = json!({"writes": 1, "window": "2m", "api_key": "sandbox-key"});
    assert_eq!(caller.call("PUT", "/_sandbox/config", change).await.status, 204);
    let made = caller.call("POST", "/live-streams", json!({"name": "a"})).await;
    assert_eq!((made.header("x-ratelimit-limit"), made.header("x-ratelimit-retry-after")), ("1", "120"));
    assert_eq!(caller.call("POST", "/live-streams", json!({"name": "b"})).await.status, 429);

    assert_eq!(caller.call("PUT", "/_sandbox/config", json!({"api_key": "other"})).await.status, 204);
    assert_eq!(caller.call("GET", "/live-streams", Value::Null).await.status, 401);
    let wrong = caller.call("PUT", "/_sandbox/config", json!({"latency": "soon"})).await;
    assert_eq!(wrong.status, 400);
    assert!(wrong.json()["title"].as_str().unwrap().contains("500ms"));
}

#[tokio::test]
async fn all_streams_are_cleared_at_once() {
    let caller = started().await;
    for _ in 0..3 {
        caller.call("POST", "/live-streams", json!({"name": "a"})).await;
    }
    assert_eq!(caller.call("DELETE", "/_sandbox/streams", Value::Null).await.status, 204);
    let listed = caller.call("GET", "/live-streams", Value::Null).await.json();
    assert_eq!(listed["pagination"]["itemsTotal"], 0);
}

#[tokio::test]
async fn the_page_is_served_and_may_load_nothing_from_elsewhere() {
    let caller = started().await;
    let page = caller.call("GET", "/", Value::Null).await;
    assert_eq!((page.status.as_u16(), page.header("content-type")), (200, "text/html; charset=utf-8"));
    assert!(page.header("content-security-policy").starts_with("default-src 'none'"));
    let html = String::from_utf8(page.body.to_vec()).unwrap();
    assert!(!html.contains("innerHTML") && !html.contains("http://") && !html.contains("https://"));
}

#[tokio::test]
async fn a_body_beyond_all_limits_is_refused() {
    let caller = started().await;
    let request = caller.request("POST", "/live-streams").body(vec![b' '; 11 * 1024 * 1024]);
    // The answer comes before all is read: a client sees it or the closed connection.
    match caller.send(request).await {
        Ok(seen) => assert_eq!(seen.status, 413),
        Err(error) => assert!(error.is_request() || error.is_body(), "{error:?}"),
    }
    assert!(caller.sandbox.streams().is_empty());
}
