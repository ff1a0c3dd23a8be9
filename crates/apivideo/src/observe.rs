//! What an observer sees of every HTTP exchange, for metrics.

use std::sync::Arc;
use std::time::Duration;

use http::Method;
use tokio::time::Instant;

use crate::priority::Priority;

/// Sees every HTTP exchange, those for tokens too, in the task that made it. Must not block.
pub type CallObserver = Arc<dyn Fn(&Call) + Send + Sync>;

/// One HTTP exchange.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// The HTTP method.
    pub method: Method,
    /// With which priority; none for a token.
    pub priority: Option<Priority>,
    /// How it ended.
    pub code: Code,
    /// How long it took.
    pub duration: Duration,
}

/// How an HTTP exchange ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Code {
    /// With an answer of this HTTP status.
    Status(u16),
    /// It wasn't sent.
    NotSent,
    /// No answer came, or nobody waited for it any more.
    Lost,
}

/// Shows the observer one exchange, exactly once: also when the future that
/// waits for the answer is dropped, for the call has been made all the same.
pub(crate) struct Observation<'a> {
    pub(crate) observer: Option<&'a CallObserver>,
    pub(crate) begun: Instant,
    /// As it is shown, but for its duration.
    pub(crate) call: Call,
}

impl Drop for Observation<'_> {
    fn drop(&mut self) {
        self.call.duration = self.begun.elapsed();
        if let Some(observer) = self.observer {
            observer(&self.call);
        }
    }
}
