//! The naive way, as a baseline: each object is polled by a GET of its own.
//!
//! It is written to be fair: several calls at once, no call while a 429 asks
//! to wait, a correction at once. What it lacks is only what the operator has
//! instead: pages, a budget of its own, and a memory of what is what.

use std::{sync::Mutex, time::Duration};

use apivideo_operator::kinds::LiveStream;
use futures::{StreamExt, TryStreamExt, stream};
use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep_until};

use crate::{failure::Failure, operator::API_KEY};

/// So many calls are under way at once.
const AT_ONCE: usize = 8;

/// What a stream should be.
struct Desired {
    id: String,
    name: String,
    public: Option<bool>,
}

/// The poll of each object.
pub(crate) struct Poller {
    http: reqwest::Client,
    base_url: String,
    desired: Vec<Desired>,
    /// A 429 asked for this.
    paused_until: Mutex<Instant>,
}

impl Poller {
    /// A poll of the streams of these LiveStreams. Those without an id have none.
    pub(crate) fn of(live_streams: Vec<LiveStream>, base_url: String) -> Self {
        let desired = |object: LiveStream| {
            let id = object.status?.live_stream_id?;
            Some(Desired { id, name: object.spec.name, public: object.spec.public })
        };
        let desired = live_streams.into_iter().filter_map(desired).collect();
        Self { http: reqwest::Client::new(), base_url, desired, paused_until: Mutex::new(Instant::now()) }
    }

    /// Looks at each stream once, and corrects those that differ.
    pub(crate) async fn pass(&self) -> Result<(), Failure> {
        stream::iter(&self.desired)
            .map(|desired| self.look(desired))
            .buffer_unordered(AT_ONCE)
            .try_for_each(async |()| Ok(()))
            .await
    }

    /// Passes without an end, one an interval, or one after the other where
    /// they take longer.
    pub(crate) async fn passes(&self, interval: Duration) -> Failure {
        loop {
            let next = Instant::now() + interval;
            if let Err(failure) = self.pass().await {
                return failure;
            }
            sleep_until(next).await;
        }
    }

    async fn look(&self, desired: &Desired) -> Result<(), Failure> {
        let shown = self.call(Method::GET, &desired.id, None).await?.bytes().await?;
        let shown: Value = serde_json::from_slice(&shown).unwrap_or_default();
        let public = desired.public.is_none_or(|public| shown.get("public") == Some(&public.into()));
        if public && shown.get("name").and_then(Value::as_str) == Some(&desired.name) {
            return Ok(());
        }
        let body = json!({"name": desired.name, "public": desired.public});
        self.call(Method::PATCH, &desired.id, Some(body.to_string())).await?;
        Ok(())
    }

    /// One call; again after a 429, when its time has passed.
    async fn call(&self, method: Method, id: &str, body: Option<String>) -> Result<Response, Failure> {
        let url = format!("{}/live-streams/{id}", self.base_url);
        loop {
            let paused_until = *self.paused_until.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
            sleep_until(paused_until).await;
            let request = self.http.request(method.clone(), &url).basic_auth(API_KEY, None::<&str>);
            let request = match &body {
                Some(body) => request.header("content-type", "application/json").body(body.clone()),
                None => request,
            };
            let answer = request.send().await?;
            if answer.status() != StatusCode::TOO_MANY_REQUESTS {
                return Ok(answer.error_for_status()?);
            }
            self.pause(&answer);
        }
    }

    fn pause(&self, answer: &Response) {
        let header = answer.headers().get("x-ratelimit-retry-after");
        let seconds = header.and_then(|value| value.to_str().ok()?.parse().ok()).unwrap_or(1);
        let mut paused_until = self.paused_until.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        *paused_until = (*paused_until).max(Instant::now() + Duration::from_secs(seconds));
    }
}
