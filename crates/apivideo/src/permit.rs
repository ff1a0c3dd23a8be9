//! Leave for one call, and what it gives back.
//!
//! Guarantee: a [`Permit`] gives back what it took, whatever happens to the
//! future that holds it; a call that was dropped on its way counts as made.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::budget::Charge;
use crate::circuit_breaker::{Admission, Reason, Signal, Transition};
use crate::class::Class;
use crate::governor::Governor;
use crate::priority::Priority;
use crate::rate_limit::RateLimit;

/// Leave for one call of a class, to be made now. Dropped unused, the call goes to the next ticket.
pub struct Permit {
    governor: Arc<Governor>,
    class: Class,
    priority: Priority,
    admission: Option<Admission>,
    /// It counts as under way in the budget.
    counted: bool,
    sent_at: Option<Instant>,
}

impl std::fmt::Debug for Permit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Permit")
            .field("class", &self.class)
            .field("priority", &self.priority)
            .finish_non_exhaustive()
    }
}

impl Permit {
    pub(crate) fn new(
        governor: &Arc<Governor>,
        class: Class,
        priority: Priority,
        admission: Admission,
    ) -> Self {
        let governor = Arc::clone(governor);
        Self { governor, class, priority, admission: Some(admission), counted: true, sent_at: None }
    }

    /// Leave to ask for a token, which no budget counts.
    pub(crate) fn of_token(governor: &Arc<Governor>, admission: Admission) -> Self {
        let mut permit = Self::new(governor, Class::Write, Priority::Background, admission);
        permit.counted = false;
        permit
    }

    /// Whether its call is the probe of an account in trouble.
    pub(crate) fn is_probe(&self) -> bool {
        self.admission.is_some_and(Admission::is_probe)
    }

    pub(crate) fn class(&self) -> Class {
        self.class
    }

    pub(crate) fn priority(&self) -> Priority {
        self.priority
    }

    /// The call goes out now; once more, when it was answered already and is repeated.
    pub(crate) fn sending(&mut self) {
        if !self.counted {
            self.governor.take(self.class);
            self.counted = true;
        }
        self.sent_at = Some(Instant::now());
    }

    /// The API answered, with these headers about the limit.
    pub(crate) fn answered(&mut self, limits: Option<RateLimit>) {
        let charge = match self.sent_at {
            Some(sent_at) => Charge::Answered { sent_at, limits },
            None => Charge::Unknown,
        };
        self.settle(charge);
    }

    /// It was sent, and nothing is known about the limit after it.
    pub(crate) fn charged(&mut self) {
        self.settle(Charge::Unknown);
    }

    /// It certainly wasn't sent.
    pub(crate) fn unsent(&mut self) {
        self.settle(Charge::None);
    }

    /// 429: no call of the class goes for so long.
    pub(crate) fn limited(&mut self, retry_in: Duration) {
        self.governor.block(self.class, retry_in);
    }

    /// What the call says about the account; the last word.
    pub(crate) fn conclude(mut self, signal: Signal) {
        self.report(signal);
    }

    fn settle(&mut self, charge: Charge) {
        if std::mem::take(&mut self.counted) {
            self.governor.settle(self.class, charge);
        }
        self.sent_at = None;
    }

    /// Also lets waiting calls go on, for the budget has been settled by now.
    fn report(&mut self, signal: Signal) {
        let Some(admission) = self.admission.take() else { return };
        match self.governor.report(admission, signal) {
            None => {}
            Some(Transition::Recovered) => tracing::info!("api.video is available again"),
            Some(Transition::Tripped(Reason::Unauthorized, message)) => {
                tracing::warn!(
                    message,
                    "api.video refused the credentials; only probes are sent until it accepts them"
                );
            }
            Some(Transition::Tripped(Reason::Unavailable, message)) => {
                tracing::warn!(message, "api.video is not available; only probes are sent until it answers");
            }
        }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.settle(if self.sent_at.is_some() { Charge::Unknown } else { Charge::None });
        self.report(Signal::Neutral);
    }
}
