//! The seam between this crate and the network: one method.

use bytes::Bytes;
use futures::future::BoxFuture;

/// Sends one HTTP request and brings its whole answer.
///
/// [`crate::HttpWire`] is the one that ships. Another one can put a state
/// machine in the place of the network, where sockets and paused time don't mix.
///
/// The returned future may be dropped at any time; the request may have taken
/// effect all the same.
pub trait Wire: Send + Sync + 'static {
    /// Sends the request. The URI is absolute. Redirects are not followed, and
    /// nothing is repeated: the client alone decides about that.
    fn send(&self, request: http::Request<Bytes>) -> BoxFuture<'_, Result<http::Response<Bytes>, WireError>>;
}

/// Why there is no answer. The text is for people, and holds no header or body.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WireError {
    /// Refused connection, DNS, TLS: certainly no effect.
    #[error("{0}")]
    NotSent(String),
    /// Timeout, closed connection, a body cut short or too large: the effect is unknown.
    #[error("{0}")]
    Lost(String),
}
