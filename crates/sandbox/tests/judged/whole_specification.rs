//! Drives every operation of the specification to every answer that is
//! declared of it, and has each answer judged.

use std::collections::BTreeSet;

use apivideo_sandbox::{Changes, Options};
use serde_json::{Value, json};

use crate::caller::{Answered, Caller, KEY};
use crate::specification::{Declared, Specification};

const STREAM: &str = "/live-streams/{liveStreamId}";
const COMPLETE: &str = "/live-streams/{liveStreamId}/complete";
const THUMBNAIL: &str = "/live-streams/{liveStreamId}/thumbnail";
const PLAYER: &str = "/players/{playerId}";

struct Drive {
    caller: Caller,
    specification: Specification,
    seen: BTreeSet<Declared>,
}

impl Drive {
    async fn start() -> Self {
        let caller = Caller::start(Options::default()).await;
        Self { caller, specification: Specification::read(), seen: BTreeSet::new() }
    }

    fn judge(&mut self, method: &str, path: &str, status: u16, answered: &Answered) {
        let body = String::from_utf8_lossy(&answered.body);
        assert_eq!(answered.status, status, "{method} {path}: {body}");
        if let Err(difference) = self.specification.judge(method, path, answered) {
            panic!("{method} {path} {status}: {difference}\n{body}");
        }
        self.seen.insert((method.to_owned(), path.to_owned(), status));
    }

    /// Calls `path` with its parameter filled by `id`; the answer is judged.
    async fn call(&mut self, method: &str, path: &str, id: &str, body: Value, status: u16) -> Value {
        let filled = path.replace("{liveStreamId}", id).replace("{playerId}", id);
        let answered = self.caller.call(method, &filled, body).await;
        self.judge(method, path, status, &answered);
        answered.json()
    }

    async fn query(&mut self, path: &str, query: &str, status: u16) {
        let answered = self.caller.call("GET", &format!("{path}?{query}"), Value::Null).await;
        self.judge("GET", path, status, &answered);
    }

    async fn upload(&mut self, id: &str, part: &str, status: u16) {
        let content = format!(
            "--B\r\nContent-Disposition: form-data; name=\"{part}\"; filename=\"a.jpg\"\r\n\
             Content-Type: image/jpeg\r\n\r\nimage\r\n--B--\r\n"
        );
        let request = self.caller.request("POST", &THUMBNAIL.replace("{liveStreamId}", id));
        let request = request.header("content-type", "multipart/form-data; boundary=B").body(content);
        let answered = self.caller.send(request).await.unwrap();
        self.judge("POST", THUMBNAIL, status, &answered);
    }

    async fn authentication(&mut self) {
        self.call("POST", "/auth/api-key", "", json!({"apiKey": "wrong"}), 400).await;
        let tokens = self.call("POST", "/auth/api-key", "", json!({"apiKey": KEY}), 200).await;
        let refresh = json!({"refreshToken": tokens["refresh_token"]});
        self.call("POST", "/auth/refresh", "", refresh.clone(), 200).await;
        self.call("POST", "/auth/refresh", "", refresh, 400).await;
    }

    async fn live_streams(&mut self) -> String {
        let restream = json!({"name": "n", "serverUrl": "rtmp://h/app", "streamKey": "k"});
        let full =
            json!({"name": "a", "public": false, "playerId": "pt3Lony8J6NozV71", "restreams": [restream]});
        let made = self.call("POST", "/live-streams", "", full, 200).await;
        let id = made["liveStreamId"].as_str().unwrap().to_owned();
        self.call("POST", "/live-streams", "", json!({"name": ""}), 400).await;
        self.call("POST", "/live-streams", "", json!({"name": "n", "restreams": [{}, {}]}), 400).await;
        for query in ["", "pageSize=1&currentPage=1", "name=A&sortBy=name&sortOrder=desc", "currentPage=9"] {
            self.query("/live-streams", query, 200).await;
        }
        self.query("/live-streams", "pageSize=0&currentPage=0&sortBy=x", 400).await;
        self.call("GET", STREAM, &id, Value::Null, 200).await;
        self.call("GET", STREAM, "li0", Value::Null, 404).await;
        self.call("PATCH", STREAM, &id, json!({"playerId": null}), 200).await;
        self.call("PATCH", STREAM, &id, json!({"public": 1}), 400).await;
        self.call("PATCH", STREAM, "li0", json!({}), 404).await;
        self.call("PUT", COMPLETE, &id, Value::Null, 202).await;
        self.call("PUT", COMPLETE, "li0", Value::Null, 404).await;
        self.upload(&id, "file", 201).await;
        self.upload(&id, "other", 400).await;
        self.upload("li0", "file", 404).await;
        self.call("DELETE", THUMBNAIL, &id, Value::Null, 200).await;
        self.call("DELETE", THUMBNAIL, "li0", Value::Null, 404).await;
        self.call("DELETE", STREAM, &id, Value::Null, 204).await;
        self.call("DELETE", STREAM, &id, Value::Null, 404).await;
        id
    }

    async fn players(&mut self) {
        let made = self.call("POST", "/players", "", json!({"name": "blue"}), 201).await;
        let id = made["playerId"].as_str().unwrap().to_owned();
        self.call("POST", "/players", "", json!({"name": "n".repeat(101)}), 400).await;
        self.query("/players", "sortBy=createdAt&sortOrder=desc", 200).await;
        self.query("/players", "currentPage=0", 400).await;
        self.call("GET", PLAYER, &id, Value::Null, 200).await;
        self.call("PATCH", PLAYER, &id, json!({"text": "rgba(0, 0, 0, 1)"}), 200).await;
        self.call("DELETE", PLAYER, &id, Value::Null, 204).await;
        for (method, body) in [("GET", Value::Null), ("PATCH", json!({})), ("DELETE", Value::Null)] {
            self.call(method, PLAYER, &id, body, 404).await;
        }
    }

    /// Every operation behind the key, with an answer that comes before any
    /// look at the request itself.
    async fn every_operation(&mut self, status: u16) {
        let all: BTreeSet<(String, String)> =
            self.specification.declared().into_iter().map(|(method, path, _)| (method, path)).collect();
        for (method, path) in all.into_iter().filter(|(_, path)| !path.starts_with("/auth")) {
            self.call(&method, &path, "x", Value::Null, status).await;
        }
    }
}

#[tokio::test]
async fn every_declared_answer_is_given_and_has_the_declared_shape() {
    let mut drive = Drive::start().await;
    drive.authentication().await;
    drive.live_streams().await;
    drive.players().await;
    drive.caller.sandbox.configure(Changes { reads: Some(0), writes: Some(0), ..Changes::default() });
    drive.every_operation(429).await;
    drive.caller.sandbox.set_api_key("rotated");
    drive.every_operation(401).await;

    let missed: Vec<Declared> = drive.specification.declared().difference(&drive.seen).cloned().collect();
    assert_eq!(missed, [], "declared, but never given");
}
