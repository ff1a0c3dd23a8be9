//! Who may call now: the gate and both budgets of one account, behind one lock.
//!
//! Guarantee: a [`Permit`] gives back what it took, whatever happens to the
//! future that holds it; a call that was dropped on its way counts as made.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

use crate::availability::{Gate, Held, Moved, Reason, Report, Ticket};
use crate::budget::{Budget, Spent, Verdict};
use crate::client::AccountState;
use crate::error::{Deferral, Error};
use crate::priority::Priority;
use crate::rate_limit::{Limits, RateLimit};
use crate::requests::Class;

/// The gate and the budgets of one account.
pub(crate) struct Governor {
    parts: Mutex<Parts>,
    /// A call has ended, or the gate has moved: whoever waits may look again.
    changed: Notify,
}

struct Parts {
    gate: Gate,
    reads: Budget,
    writes: Budget,
    /// Spreads the probes of many clients.
    jitter: fastrand::Rng,
}

/// Leave for one call.
pub(crate) struct Permit {
    governor: Arc<Governor>,
    class: Class,
    ticket: Option<Ticket>,
    /// It counts as under way in the budget.
    counted: bool,
    sent_at: Option<Instant>,
}

impl Governor {
    pub(crate) fn new(read_share: f64, write_share: f64, jitter: fastrand::Rng) -> Self {
        let (reads, writes) = (Budget::new(read_share), Budget::new(write_share));
        let parts = Parts { gate: Gate::new(), reads, writes, jitter };
        Self { parts: Mutex::new(parts), changed: Notify::new() }
    }

    /// Leave for one call, or why it is held back. Waits only while the limit is
    /// not yet known and the first calls are about to tell it.
    pub(crate) async fn admit(self: &Arc<Self>, class: Class, priority: Priority) -> Result<Permit, Error> {
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            // Before the look, so that no change between the look and the wait is missed.
            changed.as_mut().enable();
            if let Some(ticket) = self.look(class, priority, Instant::now())? {
                let governor = Arc::clone(self);
                return Ok(Permit { governor, class, ticket: Some(ticket), counted: true, sent_at: None });
            }
            changed.await;
        }
    }

    /// A way through gate and budget, both taken at once; `None`: wait for a change.
    fn look(&self, class: Class, priority: Priority, now: Instant) -> Result<Option<Ticket>, Error> {
        let mut parts = self.parts();
        parts.gate.look(now).map_err(held)?;
        match parts.budget(class).look(priority, now) {
            Verdict::Wait => Ok(None),
            Verdict::Defer(retry_in) => Err(Error::Deferred {
                because: Deferral::RateLimited,
                retry_in,
                message: format!("the share of the limit for {class} is used up until the limit resets"),
            }),
            Verdict::Admit => {
                parts.budget(class).take();
                Ok(Some(parts.gate.enter()))
            }
        }
    }

    pub(crate) fn limits(&self) -> Limits {
        let parts = self.parts();
        let now = Instant::now();
        Limits { reads: parts.reads.last_heard(now), writes: parts.writes.last_heard(now) }
    }

    pub(crate) fn state(&self) -> AccountState {
        let mut parts = self.parts();
        let now = Instant::now();
        match parts.gate.shut() {
            Some((Reason::Unauthorized, message)) => {
                AccountState::Unauthorized { message: message.to_owned() }
            }
            Some((Reason::Unavailable, message)) => AccountState::Unavailable { message: message.to_owned() },
            None => [Class::Write, Class::Read]
                .into_iter()
                .find_map(|class| parts.budget(class).exhausted_until(now).map(|until| (class, until)))
                .map_or(AccountState::Available, |(class, until)| AccountState::RateLimited { class, until }),
        }
    }

    /// Another key is in use.
    pub(crate) fn forget_unauthorized(&self) {
        self.parts().gate.forget_unauthorized();
        self.changed.notify_waiters();
    }

    fn parts(&self) -> MutexGuard<'_, Parts> {
        self.parts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Parts {
    fn budget(&mut self, class: Class) -> &mut Budget {
        match class {
            Class::Read => &mut self.reads,
            Class::Write => &mut self.writes,
        }
    }

    fn report(&mut self, ticket: Ticket, report: Report, now: Instant) -> Option<Moved> {
        let chance = self.jitter.f64();
        self.gate.report(ticket, report, now, chance)
    }
}

impl Permit {
    /// The call goes out now; once more, when it was answered already and is repeated.
    pub(crate) fn sending(&mut self) {
        if !self.counted {
            self.governor.parts().budget(self.class).take();
            self.counted = true;
        }
        self.sent_at = Some(Instant::now());
    }

    /// The API answered, with what it said about the limit.
    pub(crate) fn answered(&mut self, limits: Option<RateLimit>) {
        let spent = match self.sent_at {
            Some(sent_at) => Spent::Answered { sent_at, limits },
            None => Spent::Unknown,
        };
        self.settle(spent);
    }

    /// It was sent, and what came back tells nothing about the limit.
    pub(crate) fn spent(&mut self) {
        self.settle(Spent::Unknown);
    }

    /// It certainly wasn't sent.
    pub(crate) fn unsent(&mut self) {
        self.settle(Spent::No);
    }

    /// 429: the class rests for so long.
    pub(crate) fn limited(&mut self, retry_in: Duration) {
        self.governor.parts().budget(self.class).block(retry_in, Instant::now());
    }

    /// What the call met, said once and last.
    pub(crate) fn conclude(mut self, report: Report) {
        self.report(report);
    }

    fn settle(&mut self, spent: Spent) {
        if std::mem::take(&mut self.counted) {
            self.governor.parts().budget(self.class).settle(spent, Instant::now());
        }
        self.sent_at = None;
    }

    /// Also wakes whoever waits, for the budget has been settled by now.
    fn report(&mut self, report: Report) {
        let Some(ticket) = self.ticket.take() else { return };
        let moved = self.governor.parts().report(ticket, report, Instant::now());
        self.governor.changed.notify_waiters();
        match moved {
            None => {}
            Some(Moved::Opened) => tracing::info!("api.video is available again"),
            Some(Moved::Shut(Reason::Unauthorized, message)) => {
                tracing::warn!(message, "api.video refuses the credentials; calls are held back");
            }
            Some(Moved::Shut(Reason::Unavailable, message)) => {
                tracing::warn!(message, "api.video is not available; calls are held back");
            }
        }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.settle(if self.sent_at.is_some() { Spent::Unknown } else { Spent::No });
        self.report(Report::Nothing);
    }
}

fn held(held: Held) -> Error {
    let because = match held.reason {
        Reason::Unauthorized => Deferral::Unauthorized,
        Reason::Unavailable => Deferral::Unavailable,
    };
    Error::Deferred { because, retry_in: held.retry_in, message: held.message }
}
