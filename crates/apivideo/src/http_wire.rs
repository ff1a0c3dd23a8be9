//! The wire that ships: reqwest with rustls.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures::future::{BoxFuture, FutureExt};

use crate::wire::{Wire, WireError};

/// The most that is read of one answer: 8 MiB. A page of 100 streams has about 100 KiB.
pub const MAX_ANSWER: usize = 8 * 1024 * 1024;

/// The longest wait for a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// How long an unused connection is kept: shorter than load balancers keep
/// theirs, for a POST into a connection that they just closed has an unknown effect.
const IDLE_TIMEOUT: Duration = Duration::from_secs(30);

/// HTTP/1.1 and HTTP/2 over TCP, with TLS, the system's proxy settings, and pooled connections.
#[derive(Debug, Clone)]
pub struct HttpWire {
    client: reqwest::Client,
}

/// The HTTP client could not be set up: a broken proxy setting, or no root certificates.
#[derive(Debug, thiserror::Error)]
#[error(
    "the HTTP client can't be set up: {0}; check the proxy settings and the root certificates of this machine"
)]
pub struct WireBuildError(String);

impl HttpWire {
    /// `timeout` bounds a whole exchange, from the connection to the last byte of the answer.
    ///
    /// # Errors
    /// When TLS or the system's proxy can't be set up.
    pub fn new(timeout: Duration) -> Result<Self, WireBuildError> {
        let client = reqwest::Client::builder()
            .timeout(timeout)
            // Below the whole timeout, so that a host which never answers to the connection
            // is known as "not sent" before the exchange is given up as "lost".
            .connect_timeout(CONNECT_TIMEOUT.min(timeout.mul_f64(0.75)))
            .pool_idle_timeout(IDLE_TIMEOUT)
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .build()
            .map_err(|error| WireBuildError(chain(&error)))?;
        Ok(Self { client })
    }
}

impl Wire for HttpWire {
    fn send(&self, request: http::Request<Bytes>) -> BoxFuture<'_, Result<http::Response<Bytes>, WireError>> {
        async move {
            let request = reqwest::Request::try_from(request)
                .map_err(|error| WireError::NotSent(chain(&error.without_url())))?;
            let mut response = self.client.execute(request).await.map_err(fault)?;
            let mut answer = http::Response::new(Bytes::new());
            *answer.status_mut() = response.status();
            *answer.headers_mut() = std::mem::take(response.headers_mut());
            *answer.body_mut() = body(response).await?;
            Ok(answer)
        }
        .boxed()
    }
}

/// The body, given up as soon as it is larger than [`MAX_ANSWER`], whatever its announced length is.
async fn body(mut response: reqwest::Response) -> Result<Bytes, WireError> {
    let too_large = || WireError::Lost(format!("the answer is larger than {MAX_ANSWER} bytes"));
    if response.content_length().is_some_and(|announced| announced > MAX_ANSWER as u64) {
        return Err(too_large());
    }
    let mut body = BytesMut::new();
    while let Some(chunk) = response.chunk().await.map_err(fault)? {
        if body.len() + chunk.len() > MAX_ANSWER {
            return Err(too_large());
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}

/// Only what failed while connecting has certainly not been sent.
fn fault(error: reqwest::Error) -> WireError {
    if error.is_connect() || error.is_builder() {
        WireError::NotSent(chain(&error.without_url()))
    } else if error.is_timeout() {
        WireError::Lost("no whole answer came in time".to_owned())
    } else {
        WireError::Lost(chain(&error.without_url()))
    }
}

/// An error with its causes: reqwest's own text is only the outermost one.
fn chain(error: &reqwest::Error) -> String {
    let outermost: &dyn std::error::Error = error;
    let causes = std::iter::successors(Some(outermost), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
