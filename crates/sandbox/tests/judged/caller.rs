//! A plain HTTP client for a running sandbox.

use apivideo_sandbox::{Options, Sandbox};
use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode};
use serde_json::Value;

pub(crate) const KEY: &str = "sandbox-key";

pub(crate) struct Caller {
    pub(crate) sandbox: Sandbox,
    client: reqwest::Client,
}

#[derive(Debug)]
pub(crate) struct Answered {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answered {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

impl Caller {
    pub(crate) async fn start(options: Options) -> Self {
        // No proxy of the surroundings may come between.
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        Self { sandbox: Sandbox::start(options).await.unwrap(), client }
    }

    pub(crate) fn request(&self, method: &str, path: &str) -> reqwest::RequestBuilder {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        self.client.request(method, format!("{}{path}", self.sandbox.url())).basic_auth(KEY, None::<&str>)
    }

    pub(crate) async fn send(&self, request: reqwest::RequestBuilder) -> reqwest::Result<Answered> {
        let answer = request.send().await?;
        let (status, headers) = (answer.status(), answer.headers().clone());
        Ok(Answered { status, headers, body: answer.bytes().await? })
    }

    pub(crate) async fn try_call(&self, method: &str, path: &str, body: Value) -> reqwest::Result<Answered> {
        let request = self.request(method, path);
        self.send(if body.is_null() { request } else { request.body(body.to_string()) }).await
    }

    /// A body of `Null` is no body.
    pub(crate) async fn call(&self, method: &str, path: &str, body: Value) -> Answered {
        self.try_call(method, path, body).await.unwrap()
    }
}
