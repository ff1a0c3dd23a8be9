//! Whether it is worth asking the account at all: one breaker for everything it is asked.
//!
//! Only what speaks for the account is reported here: the first page of its own
//! list, and the way to a token. [`FAILURES`] failures of those in a row (no
//! answer, an unexpected one, one that can't be read) trip the breaker: one
//! read of the list with its repeats. Refused credentials trip it at once. While
//! it is tripped, the account's list alone is read, once at a time, as the probe,
//! after a pause that doubles from 1 s to 30 s. A probe that works closes it.
//!
//! Pure: time and chance are arguments.

use std::time::Duration;

use tokio::time::Instant;

use crate::account_state::AccountState;
use crate::error::{Deferral, Error};

/// So many failures in a row trip the breaker: one read of the list, with both its repeats.
pub(crate) const FAILURES: u32 = 3;

const FIRST_PAUSE: Duration = Duration::from_secs(1);
const MAX_PAUSE: Duration = Duration::from_secs(30);

/// The breaker of one account.
#[derive(Debug, Default)]
pub(crate) struct CircuitBreaker {
    /// In a row, while it is closed.
    failures: u32,
    tripped: Option<Tripped>,
    /// Counts the keys: what a call of an earlier key met says nothing about this one.
    epoch: u64,
    probes: u64,
}

#[derive(Debug)]
struct Tripped {
    because: Deferral,
    message: String,
    /// How many pauses there were before this one; the length of this one follows.
    step: u32,
    until: Instant,
    probe: Option<u64>,
}

/// The way through the breaker of one call, brought back with its report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Admission {
    epoch: u64,
    probe: Option<u64>,
}

impl Admission {
    /// Whether it is the probe of a tripped breaker.
    pub(crate) fn is_probe(self) -> bool {
        self.probe.is_some()
    }
}

/// What a call met.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Signal {
    /// An answer, be it a refusal of that one request.
    Healthy,
    /// 429: it answers, and doesn't say whether it would accept the credentials.
    Limited,
    /// The credentials were refused.
    Unauthorized(String),
    /// No answer, an unexpected one, or one that can't be read.
    Failed(String),
    /// Nothing that says something about the account.
    Neutral,
}

impl CircuitBreaker {
    /// Whether a call may go through now, also as a probe if it `may_probe`. Takes
    /// nothing: [`CircuitBreaker::admit`] does.
    ///
    /// # Errors
    /// [`Error::Deferred`] if not.
    pub(crate) fn check(&self, now: Instant, may_probe: bool) -> Result<(), Error> {
        let Some(tripped) = &self.tripped else { return Ok(()) };
        let left = tripped.until.saturating_duration_since(now);
        if left.is_zero() && tripped.probe.is_none() && may_probe {
            return Ok(());
        }
        // While a probe is under way, or has to be another's, nobody knows how long
        // it takes; it is worth asking again in a while.
        let unknown = tripped.probe.is_some() || !may_probe;
        let retry_in = left.max(if unknown { FIRST_PAUSE } else { Duration::ZERO });
        Err(Error::Deferred { because: tripped.because, retry_in, message: tripped.message.clone() })
    }

    /// Goes through, after [`CircuitBreaker::check`] allowed it at the same moment.
    pub(crate) fn admit(&mut self) -> Admission {
        if let Some(tripped) = &mut self.tripped {
            self.probes += 1;
            tripped.probe = Some(self.probes);
        }
        Admission { epoch: self.epoch, probe: self.tripped.as_ref().and_then(|tripped| tripped.probe) }
    }

    pub(crate) fn is_tripped(&self) -> bool {
        self.tripped.is_some()
    }

    pub(crate) fn state(&self) -> AccountState {
        match &self.tripped {
            None => AccountState::Available,
            Some(Tripped { because: Deferral::Unauthorized, message, .. }) => {
                AccountState::Unauthorized { message: message.clone() }
            }
            Some(Tripped { message, .. }) => AccountState::Unavailable { message: message.clone() },
        }
    }

    /// A new key: that the one before was refused says nothing any more.
    pub(crate) fn forget_unauthorized(&mut self) {
        self.epoch += 1;
        self.tripped.take_if(|tripped| tripped.because == Deferral::Unauthorized);
    }

    /// What a call met. `chance`, from 0 to 1, spreads the probes of many clients.
    /// Gives back the state of the account if that is another now.
    pub(crate) fn report(
        &mut self,
        admission: Admission,
        signal: Signal,
        now: Instant,
        chance: f64,
    ) -> Option<AccountState> {
        let probed = self.give_back(admission);
        match signal {
            Signal::Neutral => None,
            Signal::Healthy => self.close(),
            Signal::Limited => self.limited(probed, now, chance),
            Signal::Unauthorized(_) if admission.epoch != self.epoch => None,
            Signal::Unauthorized(message) => {
                self.failed(Deferral::Unauthorized, message, probed, now, chance)
            }
            Signal::Failed(message) => self.failed(Deferral::Unavailable, message, probed, now, chance),
        }
    }

    fn close(&mut self) -> Option<AccountState> {
        self.failures = 0;
        self.tripped.take().map(|_| AccountState::Available)
    }

    /// Closes what 5xx had tripped; but refused credentials stay refused until a call shows otherwise.
    fn limited(&mut self, probed: bool, now: Instant, chance: f64) -> Option<AccountState> {
        match &mut self.tripped {
            Some(tripped) if tripped.because == Deferral::Unauthorized => {
                if probed {
                    tripped.until = now + pause(tripped.step, chance);
                }
                None
            }
            Some(_) | None => self.close(),
        }
    }

    fn failed(
        &mut self,
        because: Deferral,
        message: String,
        probed: bool,
        now: Instant,
        chance: f64,
    ) -> Option<AccountState> {
        match &mut self.tripped {
            None if because == Deferral::Unavailable && self.failures + 1 < FAILURES => {
                self.failures += 1;
                None
            }
            // Refused credentials are news where nothing had answered: the server
            // answers again, and a person is needed.
            Some(tripped) if tripped.because == because || because == Deferral::Unavailable => {
                // The answers of calls that were under way when it tripped say nothing new.
                if probed {
                    tripped.step = tripped.step.saturating_add(1);
                    tripped.until = now + pause(tripped.step, chance);
                }
                None
            }
            Some(_) | None => {
                let until = now + pause(0, chance);
                self.failures = 0;
                self.tripped = Some(Tripped { because, message, step: 0, until, probe: None });
                Some(self.state())
            }
        }
    }

    /// Frees the place of a probe, and says whether this was it. Also for a call
    /// that nobody waits for any more: the next one probes then.
    fn give_back(&mut self, admission: Admission) -> bool {
        self.tripped
            .as_mut()
            .is_some_and(|tripped| tripped.probe.take_if(|probe| admission.probe == Some(*probe)).is_some())
    }
}

/// 1 s, 2 s, 4 s … 30 s; by chance as little as half of that, never more.
fn pause(step: u32, chance: f64) -> Duration {
    let whole = FIRST_PAUSE.saturating_mul(1 << step.min(5)).min(MAX_PAUSE);
    whole.mul_f64(0.5 + 0.5 * chance.clamp(0.0, 1.0))
}

#[cfg(test)]
#[path = "circuit_breaker_tests.rs"]
mod tests;
