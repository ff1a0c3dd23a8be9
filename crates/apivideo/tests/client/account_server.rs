//! A model of the server's windows behind the wire: it counts a call when it
//! handles it, some time after it was sent and before its answer comes.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use apivideo::{Client, Settings, Wire, WireError};
use bytes::Bytes;
use futures::FutureExt;
use futures::future::BoxFuture;
use http::{Method, Request, Response};
use tokio::time::Instant;

use crate::scripted::settings;

/// How the server behaves.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Model {
    /// Calls to a window, of reads and of writes alike.
    pub(crate) limit: u64,
    pub(crate) window: Duration,
    /// Windows follow each other by the clock; else one begins with the first
    /// call after the last one ended.
    pub(crate) aligned: bool,
    /// A call takes up to so long, there and back.
    pub(crate) latency: Duration,
    /// Calls that other clients of the account make in each window, at its beginning.
    pub(crate) of_others: u64,
}

/// A server with the limit of writes that the API publishes.
pub(crate) const MODEL: Model = Model {
    limit: 200,
    window: Duration::from_secs(60),
    aligned: false,
    latency: Duration::from_millis(300),
    of_others: 0,
};

/// A client of this server that may use such a share of both limits.
pub(crate) fn client(server: &Arc<AccountServer>, share: f64) -> Client {
    let settings = Settings { read_share: share, write_share: share, ..settings() };
    Client::new(settings, server.clone(), None).unwrap()
}

/// The model at work. Answers every call with an empty success, or with 429.
pub(crate) struct AccountServer {
    began: Instant,
    state: Mutex<State>,
}

struct State {
    model: Model,
    chance: fastrand::Rng,
    reads: Count,
    writes: Count,
    handled: Vec<Handled>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Count {
    window: Option<Duration>,
    used: u64,
    ours: u64,
    worst: u64,
}

/// One call that was handled.
#[derive(Debug, Clone)]
pub(crate) struct Handled {
    pub(crate) path: String,
    pub(crate) refused: bool,
}

impl AccountServer {
    pub(crate) fn new(model: Model, seed: u64) -> Arc<Self> {
        let (chance, count) = (fastrand::Rng::with_seed(seed), Count::default());
        let state = State { model, chance, reads: count, writes: count, handled: Vec::new() };
        Arc::new(Self { began: Instant::now(), state: Mutex::new(state) })
    }

    /// From here on its limit is another.
    pub(crate) fn set_limit(&self, limit: u64) {
        self.state.lock().unwrap().model.limit = limit;
    }

    /// The calls that were handled, tokens left out.
    pub(crate) fn handled(&self) -> Vec<Handled> {
        self.state.lock().unwrap().handled.clone()
    }

    /// The most of this client's calls that one window counted, of reads and of writes.
    pub(crate) fn worst(&self) -> (u64, u64) {
        let state = self.state.lock().unwrap();
        (state.reads.worst, state.writes.worst)
    }

    fn half_way(&self) -> Duration {
        let state = &mut *self.state.lock().unwrap();
        state.model.latency.mul_f64(state.chance.f64() / 2.0)
    }

    fn handle(&self, method: &Method, path: String) -> Response<Bytes> {
        if path.starts_with("/auth") {
            let token = r#"{"token_type":"Bearer","expires_in":86400,"access_token":"t"}"#;
            return Response::new(Bytes::from(token));
        }
        let at = self.began.elapsed();
        let state = &mut *self.state.lock().unwrap();
        let model = state.model;
        let count = if *method == Method::GET { &mut state.reads } else { &mut state.writes };
        let started = count.turn_over(&model, at);
        let refused = count.used >= model.limit;
        if !refused {
            count.used += 1;
            count.ours += 1;
            count.worst = count.worst.max(count.ours);
        }
        let left = model.limit.saturating_sub(count.used);
        let resets_in = (started + model.window).saturating_sub(at);
        let secs = resets_in.as_nanos().div_ceil(1_000_000_000).max(1);
        let id = path.rsplit('/').next().unwrap_or_default();
        let stream = format!(r#"{{"liveStreamId": "{id}"}}"#);
        state.handled.push(Handled { path, refused });
        Response::builder()
            .status(match *method {
                _ if refused => 429,
                Method::DELETE => 204,
                _ => 200,
            })
            .header("x-ratelimit-limit", model.limit)
            .header("x-ratelimit-remaining", left)
            .header("x-ratelimit-retry-after", secs as u64)
            .body(Bytes::from(stream))
            .unwrap()
    }
}

impl Count {
    /// The beginning of the window that a call at this time falls into.
    fn turn_over(&mut self, model: &Model, at: Duration) -> Duration {
        let aligned = Duration::from_nanos(
            (at.as_nanos() / model.window.as_nanos()) as u64 * model.window.as_nanos() as u64,
        );
        let started = match self.window {
            Some(started) if at < started + model.window => return started,
            _ if model.aligned => aligned,
            _ => at,
        };
        *self = Self { window: Some(started), used: model.of_others.min(model.limit), ours: 0, ..*self };
        started
    }
}

impl Wire for AccountServer {
    fn send(&self, request: Request<Bytes>) -> BoxFuture<'_, Result<Response<Bytes>, WireError>> {
        let (method, path) = (request.method().clone(), request.uri().path().to_owned());
        async move {
            tokio::time::sleep(self.half_way()).await;
            let response = self.handle(&method, path);
            tokio::time::sleep(self.half_way()).await;
            Ok(response)
        }
        .boxed()
    }
}
