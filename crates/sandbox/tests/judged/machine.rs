//! The state machine in-process, with a clock that tests turn.

use std::time::Duration;

use apivideo_sandbox::{Config, State};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use jiff::Timestamp;
use serde_json::Value;

pub(crate) struct Machine {
    pub(crate) state: State,
    pub(crate) now: Timestamp,
    authorization: String,
}

#[derive(Debug, PartialEq)]
pub(crate) struct Seen {
    pub(crate) status: StatusCode,
    pub(crate) headers: http::HeaderMap,
    pub(crate) body: Value,
}

impl Seen {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub(crate) fn text(&self, field: &str) -> String {
        self.body[field].as_str().unwrap_or_default().to_owned()
    }
}

impl From<Response<Bytes>> for Seen {
    fn from(response: Response<Bytes>) -> Self {
        let (parts, body) = response.into_parts();
        let body = if body.is_empty() { Value::Null } else { serde_json::from_slice(&body).unwrap() };
        Self { status: parts.status, headers: parts.headers, body }
    }
}

impl Machine {
    pub(crate) fn new(config: Config) -> Self {
        let authorization = format!("Basic {}", STANDARD.encode(format!("{}:", config.api_key.expose())));
        let now = "2026-01-01T00:00:00Z".parse().unwrap();
        Self { state: State::new(config, 1), now, authorization }
    }

    /// Without limits that get in the way.
    pub(crate) fn roomy() -> Self {
        Self::new(Config { reads: u64::MAX, writes: u64::MAX, ..Config::default() })
    }

    pub(crate) fn bearer(&mut self, token: &str) {
        self.authorization = format!("Bearer {token}");
    }

    pub(crate) fn pass(&mut self, time: Duration) {
        self.now = self.now.checked_add(time).unwrap();
    }

    /// A body of `Null` is no body.
    pub(crate) fn call(&mut self, method: &str, path: &str, body: Value) -> Seen {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let request =
            Request::builder().method(method).uri(path).header("authorization", &self.authorization);
        Seen::from(self.state.handle(&request.body(Bytes::from(body)).unwrap(), self.now))
    }

    pub(crate) fn get(&mut self, path: &str) -> Seen {
        self.call("GET", path, Value::Null)
    }

    /// Creates a stream and gives its id.
    pub(crate) fn create(&mut self, body: Value) -> String {
        let made = self.call("POST", "/live-streams", body);
        assert_eq!(made.status, 200, "{:?}", made.body);
        made.text("liveStreamId")
    }

    pub(crate) fn names(&mut self, query: &str) -> Vec<String> {
        let listed = self.get(&format!("/live-streams?{query}"));
        let items = listed.body["data"].as_array().unwrap();
        items.iter().map(|item| item["name"].as_str().unwrap().to_owned()).collect()
    }
}
