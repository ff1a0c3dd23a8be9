//! One HTTP exchange: base URL and headers put on, shown to the observer, the server's clock read.

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, USER_AGENT};
use http::{HeaderValue, Method};
use jiff::Timestamp;
use tokio::time::Instant;

use crate::clock::{ServerClock, date_of};
use crate::lock::lock;
use crate::observe::{CallObserver, Code, Observation};
use crate::priority::Priority;
use crate::requests::Operation;
use crate::wire::{Wire, WireError};

const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// What every exchange has in common.
pub(crate) struct Transport {
    wire: Arc<dyn Wire>,
    base_url: String,
    user_agent: HeaderValue,
    observer: Option<CallObserver>,
    clock: Mutex<ServerClock>,
}

/// One exchange, as data.
pub(crate) struct Exchange<'a> {
    pub(crate) operation: Operation,
    /// Of what it waited with; none for a token, which whoever needs it asks for.
    pub(crate) priority: Option<Priority>,
    pub(crate) method: &'a Method,
    /// With its query, below the base URL.
    pub(crate) path: &'a str,
    pub(crate) body: Option<Bytes>,
    pub(crate) authorization: Option<HeaderValue>,
}

impl Transport {
    pub(crate) fn new(
        wire: Arc<dyn Wire>,
        base_url: String,
        user_agent: HeaderValue,
        observer: Option<CallObserver>,
    ) -> Self {
        Self { wire, base_url, user_agent, observer, clock: Mutex::default() }
    }

    pub(crate) async fn exchange(&self, exchange: Exchange<'_>) -> Result<http::Response<Bytes>, WireError> {
        let Exchange { operation, priority, method, path, .. } = exchange;
        let begun = Instant::now();
        let observation = Observation::begin(self.observer.as_ref(), method.clone(), operation, priority);
        let result = match self.request(&exchange) {
            Ok(request) => self.wire.send(request).await,
            Err(error) => Err(WireError::NotSent(format!("no request can be made of it: {error}"))),
        };
        let code = match &result {
            Ok(response) => Code::Status(response.status().as_u16()),
            Err(WireError::NotSent(_)) => Code::NotSent,
            Err(WireError::Lost(_)) => Code::Lost,
        };
        observation.end(code);
        tracing::debug!(%method, path, ?code, elapsed = ?begun.elapsed(), "api.video call");
        if let Ok(response) = &result {
            self.hear_the_time(response);
        }
        result
    }

    /// The server's clock now; `None` until an answer showed it.
    pub(crate) fn server_time(&self) -> Option<Timestamp> {
        lock(&self.clock).read(Instant::now())
    }

    fn request(&self, exchange: &Exchange<'_>) -> Result<http::Request<Bytes>, http::Error> {
        let mut request = http::Request::builder()
            .method(exchange.method)
            .uri(format!("{}{}", self.base_url, exchange.path))
            .header(USER_AGENT, &self.user_agent)
            .header(ACCEPT, JSON);
        if exchange.body.is_some() {
            request = request.header(CONTENT_TYPE, JSON);
        }
        if let Some(authorization) = &exchange.authorization {
            request = request.header(AUTHORIZATION, authorization);
        }
        request.body(exchange.body.clone().unwrap_or_default())
    }

    /// A 5xx or a redirect may come from a proxy with a clock of its own.
    fn hear_the_time(&self, response: &http::Response<Bytes>) {
        let of_the_api = response.status().is_success() || response.status().is_client_error();
        if let Some(date) = date_of(response.headers()).filter(|_| of_the_api) {
            lock(&self.clock).hear(date, Instant::now());
        }
    }
}
