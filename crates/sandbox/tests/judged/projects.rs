//! Several projects behind one server, and the tokens that name them.

use std::time::Duration;

use apivideo_sandbox::{ApiKey, Config, NewStream, Options, ProjectClaim};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::caller::{Caller, KEY};
use crate::machine::Machine;

fn other() -> ApiKey {
    ApiKey { key: "other-key".into(), project: Some("prOther".into()) }
}

fn machine(project_claim: ProjectClaim) -> Machine {
    Machine::new(Config {
        project: Some("prOne".into()),
        more_keys: vec![other()],
        project_claim,
        token_ttl: Duration::from_secs(60),
        ..Config::default()
    })
}

impl Machine {
    fn tokens(&mut self, key: &str) -> Value {
        self.call("POST", "/auth/api-key", json!({"apiKey": key})).body
    }

    /// Calls with a new token of this key from now on.
    fn log_in(&mut self, key: &str) {
        let tokens = self.tokens(key);
        self.bearer(tokens["access_token"].as_str().unwrap());
    }
}

fn payload(tokens: &Value) -> Value {
    let token = tokens["access_token"].as_str().unwrap();
    let parts: Vec<&str> = token.split('.').collect();
    assert_eq!(parts.len(), 3, "{token}");
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(parts[1]).unwrap()).unwrap()
}

#[test]
fn the_token_of_a_named_project_names_it() {
    let mut machine = machine(ProjectClaim::ProjectId);
    machine.pass(Duration::from_millis(250));
    let now = machine.now.as_second() as f64 + 0.25;
    let claims = payload(&machine.tokens(KEY));
    assert_eq!(claims, json!({"iat": now, "nbf": now, "exp": now + 60.0, "projectId": "prOne"}));
    assert_eq!(payload(&machine.tokens("other-key"))["projectId"], "prOther");
    machine.log_in(KEY);
    assert_eq!(machine.get("/live-streams").status, 200);
    machine.pass(Duration::from_secs(60));
    assert_eq!(machine.get("/live-streams").status, 401);
}

#[test]
fn the_older_token_names_it_in_its_context() {
    let mut machine = machine(ProjectClaim::ContextProject);
    machine.pass(Duration::from_millis(250));
    let claims = payload(&machine.tokens(KEY));
    assert_eq!((&claims["context"]["project"], claims.get("projectId")), (&json!("prOne"), None));
    assert_eq!(claims["exp"], machine.now.as_second() + 60);
}

#[test]
fn without_a_project_tokens_are_opaque() {
    let mut machine = Machine::roomy();
    let tokens = machine.tokens(KEY);
    assert!(!tokens["access_token"].as_str().unwrap().contains('.'));
}

#[test]
fn a_project_sees_nothing_of_another() {
    let mut machine = machine(ProjectClaim::default());
    machine.log_in(KEY);
    let id = machine.create(json!({"name": "a"}));
    let player = machine.call("POST", "/players", json!({"name": "p"})).body["playerId"].clone();
    machine.log_in("other-key");
    assert!(machine.names("").is_empty());
    let path = format!("/live-streams/{id}");
    for (method, body) in [("GET", Value::Null), ("PATCH", json!({"name": "b"})), ("DELETE", Value::Null)] {
        let seen = machine.call(method, &path, body);
        assert_eq!((seen.status.as_u16(), seen.text("name").as_str()), (404, "liveStreamId"), "{method}");
    }
    assert_eq!(machine.call("POST", "/live-streams", json!({"name": "c", "playerId": player})).status, 400);
    assert_eq!(machine.state.stream(&id).unwrap().project.as_deref(), Some("prOne"));
    machine.log_in(KEY);
    assert_eq!(machine.names(""), ["a"]);
}

#[test]
fn each_project_has_limits_of_its_own() {
    let mut machine = Machine::new(Config { reads: 1, more_keys: vec![other()], ..Config::default() });
    assert_eq!(machine.get("/live-streams").status, 200);
    assert_eq!(machine.get("/live-streams").status, 429);
    machine.log_in("other-key");
    assert_eq!(machine.get("/live-streams").status, 200);
}

#[test]
fn a_pointed_key_opens_its_new_project_with_its_next_token() {
    let mut machine = machine(ProjectClaim::default());
    let tokens = machine.tokens(KEY);
    machine.bearer(tokens["access_token"].as_str().unwrap());
    machine.create(json!({"name": "a"}));
    machine.state.point_key(KEY.into(), Some("prOther".into()));
    assert_eq!(machine.names(""), ["a"], "a token keeps its project");
    let renewed = machine.call("POST", "/auth/refresh", json!({"refreshToken": tokens["refresh_token"]}));
    assert_eq!(payload(&renewed.body)["projectId"], "prOther");
    machine.log_in(KEY);
    assert!(machine.names("").is_empty());
}

#[test]
fn a_replaced_key_ends_only_its_own_tokens() {
    let mut machine = machine(ProjectClaim::default());
    machine.log_in("other-key");
    machine.state.set_api_key("new-key".into());
    assert_eq!(machine.get("/live-streams").status, 200);
    assert_eq!(payload(&machine.tokens("new-key"))["projectId"], "prOne");
    assert_eq!(machine.call("POST", "/auth/api-key", json!({"apiKey": KEY})).status, 400);
}

#[tokio::test]
async fn keys_are_pointed_and_streams_made_over_the_control_endpoints() {
    let caller = Caller::start(Options { more_keys: vec![other()], ..Options::default() }).await;
    let made =
        caller.call("POST", "/_sandbox/streams", json!({"name": "a", "project": "prOther"})).await.json();
    assert_eq!(made["project"], "prOther");
    let listed = async || {
        let list = caller.call("GET", "/live-streams", Value::Null).await.json();
        list["pagination"]["itemsTotal"].clone()
    };
    assert_eq!(listed().await, 0);
    let pointed = caller.call("POST", "/_sandbox/keys", json!({"apiKey": KEY, "project": "prOther"})).await;
    assert_eq!((pointed.status.as_u16(), listed().await), (204, json!(1)));
    let wrong = caller.call("POST", "/_sandbox/keys", json!({"key": KEY})).await;
    assert_eq!(wrong.status, 400);
    let changed = caller.call("PUT", "/_sandbox/config", json!({"project": "prThird"})).await;
    assert_eq!((changed.status.as_u16(), listed().await), (204, json!(0)));
}

#[tokio::test]
async fn a_fault_can_strike_one_project_only() {
    let caller = Caller::start(Options { more_keys: vec![other()], ..Options::default() }).await;
    let rule = json!({"fault": "error-before", "match": {"project": "prOther"}, "forever": true});
    caller.call("POST", "/_sandbox/faults", rule).await;
    let logs_in =
        async |key: &str| caller.call("POST", "/auth/api-key", json!({"apiKey": key})).await.status.as_u16();
    assert_eq!((logs_in(KEY).await, logs_in("other-key").await), (200, 503));
    caller.sandbox.create(NewStream { project: Some("prOther".into()), ..NewStream::named("a") }).unwrap();
    assert_eq!(caller.call("GET", "/live-streams", Value::Null).await.status, 200);
    caller.sandbox.point_key(KEY, Some("prOther".into()));
    assert_eq!(caller.call("GET", "/live-streams", Value::Null).await.status, 503);
}
