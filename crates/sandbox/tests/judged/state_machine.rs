//! What the state machine promises, at simulated times.

use std::time::Duration;

use apivideo_sandbox::{Config, DEFAULT_PLAYER_ID};
use serde_json::{Value, json};

use crate::machine::Machine;

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn a_stream_is_created_read_changed_and_deleted() {
    let mut machine = Machine::roomy();
    let made = machine.call("POST", "/live-streams", json!({"name": "a", "playerId": DEFAULT_PLAYER_ID}));
    let id = made.text("liveStreamId");
    assert!(id.starts_with("li") && id.len() == 24, "{id}");
    assert_eq!(made.text("createdAt"), "2026-01-01T00:00:00+00:00");
    assert_eq!(made.header("date"), "Thu, 01 Jan 2026 00:00:00 GMT");
    let path = format!("/live-streams/{id}");
    assert_eq!(machine.get(&path).body, made.body);

    machine.pass(5 * SECOND);
    let changed = machine.call("PATCH", &path, json!({"playerId": null}));
    assert_eq!(changed.body.get("playerId"), None, "null clears the player");
    assert_eq!(changed.text("name"), "a", "what is left out stays");
    assert_eq!(changed.text("updatedAt"), "2026-01-01T00:00:05+00:00");

    let deleted = machine.call("DELETE", &path, Value::Null);
    assert_eq!((deleted.status.as_u16(), deleted.body), (204, Value::Null));
    for method in ["GET", "DELETE"] {
        let gone = machine.call(method, &path, Value::Null);
        assert_eq!((gone.status.as_u16(), gone.text("name").as_str()), (404, "liveStreamId"));
    }
}

#[test]
fn a_patch_that_changes_nothing_leaves_the_time_of_the_update() {
    let mut machine = Machine::roomy();
    let id = machine.create(json!({"name": "a", "public": false}));
    machine.pass(SECOND);
    let path = format!("/live-streams/{id}");
    let same = machine.call("PATCH", &path, json!({"name": "a", "public": false, "restreams": []}));
    assert_eq!(same.text("updatedAt"), same.text("createdAt"));
}

#[test]
fn a_refused_patch_changes_nothing() {
    let mut machine = Machine::roomy();
    let id = machine.create(json!({"name": "a"}));
    let before = machine.get(&format!("/live-streams/{id}")).body;
    let refused = machine.call("PATCH", &format!("/live-streams/{id}"), json!({"name": "b", "public": 1}));
    assert_eq!((refused.status.as_u16(), refused.text("name").as_str()), (400, "public"));
    assert_eq!(machine.get(&format!("/live-streams/{id}")).body, before);
}

#[test]
fn making_a_stream_private_changes_its_urls_and_back() {
    let mut machine = Machine::roomy();
    let id = machine.create(json!({"name": "a"}));
    let path = format!("/live-streams/{id}");
    let public = machine.get(&path).body["assets"].clone();
    let private = machine.call("PATCH", &path, json!({"public": false})).body["assets"].clone();
    assert_ne!(public["hls"], private["hls"]);
    assert_eq!(machine.call("PATCH", &path, json!({"public": true})).body["assets"], public);
}

#[test]
fn bodies_that_are_no_json_object_are_refused() {
    let mut machine = Machine::roomy();
    for body in [json!([1]), json!("text"), Value::Null] {
        assert_eq!(machine.call("POST", "/live-streams", body).status, 400);
    }
}

#[test]
fn completing_a_stream_ends_its_broadcast() {
    let mut machine = Machine::roomy();
    let id = machine.create(json!({"name": "a"}));
    machine.state.set_broadcasting(&id, true, machine.now).unwrap();
    assert_eq!(machine.get(&format!("/live-streams/{id}")).body["broadcasting"], true);
    assert_eq!(machine.call("PUT", &format!("/live-streams/{id}/complete"), Value::Null).status, 202);
    assert!(!machine.state.stream(&id).unwrap().broadcasting);
}

#[test]
fn unknown_paths_and_wrong_methods_differ() {
    let mut machine = Machine::roomy();
    let cases = [
        ("GET", "/videos", 404),
        ("GET", "/live-streams/li1/unknown", 404),
        ("PUT", "/live-streams", 405),
        ("POST", "/live-streams/li1", 405),
        ("GET", "/live-streams/li1/complete", 405),
        ("GET", "/live-streams/li1/thumbnail", 405),
        ("PUT", "/players/pt1", 405),
        ("GET", "/auth/api-key", 405),
    ];
    for (method, path, status) in cases {
        let seen = machine.call(method, path, Value::Null);
        assert_eq!(seen.status, status, "{method} {path}");
        assert_eq!(seen.body["status"], status, "{method} {path}");
        assert_eq!(status == 405, !seen.header("allow").is_empty(), "{method} {path}");
    }
}

#[test]
fn past_the_limit_calls_have_no_effect_until_the_window_resets() {
    let mut machine = Machine::new(Config { writes: 2, window: 10 * SECOND, ..Config::default() });
    machine.create(json!({"name": "a"}));
    machine.pass(4 * SECOND);
    machine.create(json!({"name": "b"}));
    let refused = machine.call("POST", "/live-streams", json!({"name": "c"}));
    assert_eq!(refused.status, 429);
    let headers =
        ["limit", "remaining", "retry-after"].map(|name| refused.header(&format!("x-ratelimit-{name}")));
    assert_eq!(headers, ["2", "0", "6"]);
    assert_eq!(machine.names(""), ["a", "b"], "reads have a budget of their own");
    machine.pass(6 * SECOND);
    machine.create(json!({"name": "c"}));
}

#[test]
fn a_refused_key_spends_nothing_and_auth_is_not_limited() {
    let mut machine = Machine::new(Config { reads: 1, writes: 0, ..Config::default() });
    for _ in 0..3 {
        let tokens = machine.call("POST", "/auth/api-key", json!({"apiKey": "sandbox-key"}));
        assert_eq!(tokens.status, 200);
        assert_eq!(tokens.header("x-ratelimit-limit"), "");
    }
    machine.bearer("wrong");
    let refused = machine.get("/live-streams");
    assert_eq!((refused.status.as_u16(), refused.header("x-ratelimit-remaining")), (401, "1"));
}

#[test]
fn tokens_expire_are_refreshed_once_and_end_with_the_key() {
    let mut machine = Machine::new(Config { token_ttl: 60 * SECOND, ..Config::default() });
    let wrong = machine.call("POST", "/auth/api-key", json!({"apiKey": "other"}));
    assert_eq!(wrong.status, 400);
    assert_eq!(
        wrong.text("type"),
        "https://docs.api.video/reference/authentication-invalid-user-credentials"
    );

    let tokens = machine.call("POST", "/auth/api-key", json!({"apiKey": "sandbox-key"}));
    assert_eq!((tokens.text("token_type").as_str(), &tokens.body["expires_in"]), ("Bearer", &json!(60)));
    machine.bearer(&tokens.text("access_token"));
    assert_eq!(machine.get("/live-streams").status, 200);
    machine.pass(60 * SECOND);
    assert_eq!(machine.get("/live-streams").status, 401);

    let refresh = json!({"refreshToken": tokens.text("refresh_token")});
    let renewed = machine.call("POST", "/auth/refresh", refresh.clone());
    assert_eq!(machine.call("POST", "/auth/refresh", refresh).status, 400, "a refresh token works once");
    machine.bearer(&renewed.text("access_token"));
    assert_eq!(machine.get("/live-streams").status, 200);

    machine.state.set_api_key("new-key".into());
    assert_eq!(machine.get("/live-streams").status, 401);
    let refresh = json!({"refreshToken": renewed.text("refresh_token")});
    assert_eq!(machine.call("POST", "/auth/refresh", refresh).status, 400);
    assert_eq!(machine.call("POST", "/auth/api-key", json!({"apiKey": "new-key"})).status, 200);
}

#[test]
fn lists_trail_behind_but_a_get_does_not() {
    let mut machine = Machine::new(Config { list_lag: 10 * SECOND, ..Config::default() });
    let id = machine.create(json!({"name": "a"}));
    assert_eq!(machine.get(&format!("/live-streams/{id}")).status, 200);
    assert!(machine.names("").is_empty());
    machine.pass(10 * SECOND);
    assert_eq!(machine.names(""), ["a"]);
    machine.call("PATCH", &format!("/live-streams/{id}"), json!({"name": "b"}));
    assert_eq!(machine.names("name=A"), ["a"], "filters see what lists show");
    machine.call("DELETE", &format!("/live-streams/{id}"), Value::Null);
    machine.pass(10 * SECOND);
    assert!(machine.names("").is_empty());
}

#[test]
fn updates_of_one_second_are_in_the_order_of_creation() {
    let mut machine = Machine::roomy();
    let ids = ["a", "b"].map(|name| machine.create(json!({"name": name})));
    machine.pass(SECOND);
    for id in ids.iter().rev() {
        machine.call("PATCH", &format!("/live-streams/{id}"), json!({"public": false}));
        machine.pass(SECOND / 4);
    }
    assert_eq!(machine.names("sortBy=updatedAt"), ["a", "b"], "the specification sorts by the ATOM time");
    machine.pass(SECOND);
    machine.call("PATCH", &format!("/live-streams/{}", ids[0]), json!({"public": true}));
    assert_eq!(machine.names("sortBy=updatedAt"), ["b", "a"]);
    assert_eq!(machine.names("sortBy=updatedAt&sortOrder=desc"), ["a", "b"]);
}

#[test]
fn equal_seeds_and_calls_give_equal_answers() {
    let run = || {
        let mut machine = Machine::roomy();
        let first = machine.call("POST", "/live-streams", json!({"name": "a", "public": false}));
        let second = machine.call("POST", "/auth/api-key", json!({"apiKey": "sandbox-key"}));
        (first, second, machine.get("/live-streams"))
    };
    assert_eq!(run(), run());
}

#[test]
fn time_that_goes_back_counts_as_standing_still() {
    let mut machine = Machine::roomy();
    machine.create(json!({"name": "a"}));
    machine.now = "2020-01-01T00:00:00Z".parse().unwrap();
    let second = machine.call("POST", "/live-streams", json!({"name": "b"}));
    assert_eq!(second.text("createdAt"), "2026-01-01T00:00:00+00:00");
}

#[test]
fn players_are_made_changed_and_deleted() {
    let mut machine = Machine::roomy();
    let made = machine.call("POST", "/players", json!({"name": "blue", "enableApi": false}));
    assert_eq!((made.status.as_u16(), &made.body["enableApi"]), (201, &json!(false)));
    let path = format!("/players/{}", made.text("playerId"));
    machine.pass(SECOND);
    let changed = machine.call("PATCH", &path, json!({"hideTitle": true}));
    assert_eq!((&changed.body["hideTitle"], changed.text("name").as_str()), (&json!(true), "blue"));
    assert_ne!(changed.text("updatedAt"), changed.text("createdAt"));
    let refused = machine.call("PATCH", &path, json!({"enableApi": "yes"}));
    assert_eq!((refused.status.as_u16(), refused.text("name").as_str()), (400, "enableApi"));
    assert_eq!(machine.get("/players").body["pagination"]["itemsTotal"], 2);
    assert_eq!(machine.call("DELETE", &path, Value::Null).status, 204);
    assert_eq!(machine.get(&path).text("name"), "playerId");
    let refused =
        machine.call("POST", "/live-streams", json!({"name": "a", "playerId": made.body["playerId"]}));
    assert_eq!((refused.status.as_u16(), refused.text("name").as_str()), (400, "playerId"));
}
