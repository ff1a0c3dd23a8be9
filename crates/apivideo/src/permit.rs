//! Leave for one call, and what it gives back.
//!
//! Guarantee: a [`Permit`] gives back what it took, whatever happens to the
//! future that holds it; a call that was dropped on its way counts as made.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::account_state::AccountState;
use crate::budget::Charge;
use crate::circuit_breaker::{Admission, Signal};
use crate::class::Class;
use crate::governor::Governor;
use crate::priority::Priority;

/// Leave for one call of a class, to be made now. Dropped unused, the call goes to the next ticket.
#[derive(Debug)]
pub struct Permit {
    governor: Arc<Governor>,
    pub(crate) class: Class,
    pub(crate) priority: Priority,
    admission: Option<Admission>,
    /// It counts as under way in the budget.
    counted: bool,
    sent: bool,
}

impl Permit {
    pub(crate) fn new(
        governor: &Arc<Governor>,
        class: Class,
        priority: Priority,
        admission: Admission,
    ) -> Self {
        let (governor, admission) = (Arc::clone(governor), Some(admission));
        Self { governor, class, priority, admission, counted: true, sent: false }
    }

    /// Whether its call is the probe of an account in trouble.
    pub(crate) fn is_probe(&self) -> bool {
        self.admission.is_some_and(Admission::is_probe)
    }

    /// The call goes out now; once more, when it was settled already and is repeated.
    pub(crate) fn sending(&mut self) -> Instant {
        if !self.counted {
            self.governor.lock().limiter(self.class).budget.take();
            self.counted = true;
        }
        self.sent = true;
        Instant::now()
    }

    /// The call has ended, as far as the limit goes.
    pub(crate) fn settle(&mut self, charge: Charge) {
        if std::mem::take(&mut self.counted) {
            self.governor.lock().limiter(self.class).budget.settle(charge, Instant::now());
        }
        self.sent = false;
    }

    /// 429: no call of the class goes for so long.
    pub(crate) fn limited(&mut self, retry_in: Duration) {
        self.governor.lock().limiter(self.class).budget.block(retry_in, Instant::now());
    }

    /// What the call says about the account; the last word. Lets waiting calls go on,
    /// for the budget has been settled by now.
    pub(crate) fn conclude(&mut self, signal: Signal) {
        self.settle(if self.sent { Charge::Unknown } else { Charge::None });
        let Some(admission) = self.admission.take() else { return };
        match self.governor.change(|limiters, now| limiters.report(admission, signal, now)) {
            None => {}
            Some(AccountState::Available) => tracing::info!("api.video is available again"),
            Some(AccountState::Unauthorized { message }) => {
                tracing::warn!(
                    message,
                    "api.video refused the credentials; only probes are sent until it accepts them"
                );
            }
            Some(AccountState::Unavailable { message }) => {
                tracing::warn!(message, "api.video is not available; only probes are sent until it answers");
            }
        }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.conclude(Signal::Neutral);
    }
}
