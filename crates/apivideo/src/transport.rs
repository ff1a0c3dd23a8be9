//! One HTTP exchange: base URL and headers put on, shown to the observer, the server's clock read.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::HeaderValue;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, USER_AGENT};
use parking_lot::Mutex;
use tokio::time::Instant;

use crate::clock::{ServerClock, date_of};
use crate::observe::{Call, CallObserver, Code, Observation};
use crate::priority::Priority;
use crate::requests::Request;
use crate::wire::{Wire, WireError};

const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// What every exchange has in common.
pub(crate) struct Transport {
    pub(crate) wire: Arc<dyn Wire>,
    /// Without a slash at the end, so that a path can be put behind it.
    pub(crate) base_url: String,
    pub(crate) user_agent: HeaderValue,
    pub(crate) observer: Option<CallObserver>,
    /// The server's clock.
    pub(crate) clock: Mutex<ServerClock>,
}

impl Transport {
    /// `priority`: what the request waited with; none for a token, which whoever needs it
    /// asks for, without an `authorization`.
    pub(crate) async fn exchange<T>(
        &self,
        request: &Request<T>,
        priority: Option<Priority>,
        authorization: Option<&HeaderValue>,
    ) -> Result<http::Response<Bytes>, WireError> {
        let begun = Instant::now();
        let call =
            Call { method: request.method.clone(), priority, code: Code::Lost, duration: Duration::ZERO };
        let mut observation = Observation { observer: self.observer.as_ref(), begun, call };
        let result = match self.http_request(request, authorization) {
            Ok(request) => self.wire.send(request).await,
            Err(error) => Err(WireError::NotSent(format!("no request can be made of it: {error}"))),
        };
        let code = match &result {
            Ok(response) => Code::Status(response.status().as_u16()),
            Err(WireError::NotSent(_)) => Code::NotSent,
            Err(WireError::Lost(_)) => Code::Lost,
        };
        observation.call.code = code;
        drop(observation);
        tracing::debug!(method = %request.method, path = request.path, ?code, elapsed = ?begun.elapsed(), "api.video call");
        if let Ok(response) = &result {
            self.hear_the_time(response);
        }
        result
    }

    fn http_request<T>(
        &self,
        request: &Request<T>,
        authorization: Option<&HeaderValue>,
    ) -> Result<http::Request<Bytes>, http::Error> {
        let mut http = http::Request::builder()
            .method(&request.method)
            .uri(format!("{}{}", self.base_url, request.path))
            .header(USER_AGENT, &self.user_agent)
            .header(ACCEPT, JSON);
        if request.body.is_some() {
            http = http.header(CONTENT_TYPE, JSON);
        }
        if let Some(authorization) = authorization {
            http = http.header(AUTHORIZATION, authorization);
        }
        http.body(request.body.clone().unwrap_or_default())
    }

    /// A 5xx or a redirect may come from a proxy with a clock of its own.
    fn hear_the_time(&self, response: &http::Response<Bytes>) {
        let of_the_api = response.status().is_success() || response.status().is_client_error();
        if let Some(date) = date_of(response.headers()).filter(|_| of_the_api) {
            self.clock.lock().hear(date, Instant::now());
        }
    }
}
