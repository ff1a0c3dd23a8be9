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

use crate::error::{Deferral, Error};

/// So many failures in a row trip the breaker: one read of the list, with both its repeats.
pub(crate) const FAILURES: u32 = 3;

const FIRST_PAUSE: Duration = Duration::from_secs(1);
const MAX_PAUSE: Duration = Duration::from_secs(30);

/// Why the breaker is tripped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reason {
    Unauthorized,
    Unavailable,
}

/// The breaker of one account.
#[derive(Debug)]
pub(crate) struct CircuitBreaker {
    state: State,
    /// Counts the keys: what a call of an earlier key met says nothing about this one.
    epoch: u64,
    probes: u64,
}

#[derive(Debug)]
enum State {
    Closed { failures: u32 },
    Tripped(Tripped),
}

#[derive(Debug)]
struct Tripped {
    reason: Reason,
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

/// No way through for now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Rejection {
    pub(crate) reason: Reason,
    pub(crate) retry_in: Duration,
    pub(crate) message: String,
}

impl From<Rejection> for Error {
    fn from(Rejection { reason, retry_in, message }: Rejection) -> Self {
        let because = match reason {
            Reason::Unauthorized => Deferral::Unauthorized,
            Reason::Unavailable => Deferral::Unavailable,
        };
        Self::Deferred { because, retry_in, message }
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

/// The breaker changed its state, which is worth a line in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Transition {
    Recovered,
    Tripped(Reason, String),
}

impl CircuitBreaker {
    pub(crate) fn new() -> Self {
        Self { state: State::Closed { failures: 0 }, epoch: 0, probes: 0 }
    }

    /// Whether a call may go through now, also as a probe if it `may_probe`. Takes
    /// nothing: [`CircuitBreaker::admit`] does.
    pub(crate) fn check(&self, now: Instant, may_probe: bool) -> Result<(), Rejection> {
        let State::Tripped(tripped) = &self.state else { return Ok(()) };
        let left = tripped.until.saturating_duration_since(now);
        if left.is_zero() && tripped.probe.is_none() && may_probe {
            return Ok(());
        }
        // While a probe is under way, or has to be another's, nobody knows how long
        // it takes; it is worth asking again in a while.
        let unknown = tripped.probe.is_some() || !may_probe;
        let retry_in = left.max(if unknown { FIRST_PAUSE } else { Duration::ZERO });
        Err(Rejection { reason: tripped.reason, retry_in, message: tripped.message.clone() })
    }

    /// Goes through, after [`CircuitBreaker::check`] allowed it at the same moment.
    pub(crate) fn admit(&mut self) -> Admission {
        let epoch = self.epoch;
        match &mut self.state {
            State::Closed { .. } => Admission { epoch, probe: None },
            State::Tripped(tripped) => {
                self.probes += 1;
                tripped.probe = Some(self.probes);
                Admission { epoch, probe: tripped.probe }
            }
        }
    }

    /// Why the breaker is shut, if it is.
    pub(crate) fn tripped(&self) -> Option<(Reason, &str)> {
        match &self.state {
            State::Closed { .. } => None,
            State::Tripped(tripped) => Some((tripped.reason, &tripped.message)),
        }
    }

    /// A new key: that the one before was refused says nothing any more.
    pub(crate) fn forget_unauthorized(&mut self) {
        self.epoch += 1;
        if self.tripped().is_some_and(|(reason, _)| reason == Reason::Unauthorized) {
            self.state = State::Closed { failures: 0 };
        }
    }

    /// What a call met. `chance`, from 0 to 1, spreads the probes of many clients.
    pub(crate) fn report(
        &mut self,
        admission: Admission,
        signal: Signal,
        now: Instant,
        chance: f64,
    ) -> Option<Transition> {
        let probed = self.give_back(admission);
        match signal {
            Signal::Neutral => None,
            Signal::Healthy => self.open(),
            Signal::Limited => self.limited(probed, now, chance),
            Signal::Unauthorized(_) if admission.epoch != self.epoch => None,
            Signal::Unauthorized(message) => self.failed(Reason::Unauthorized, message, probed, now, chance),
            Signal::Failed(message) => self.failed(Reason::Unavailable, message, probed, now, chance),
        }
    }

    fn open(&mut self) -> Option<Transition> {
        let was_shut = self.tripped().is_some();
        self.state = State::Closed { failures: 0 };
        was_shut.then_some(Transition::Recovered)
    }

    /// Opens what 5xx had shut; but refused credentials stay refused until a call shows otherwise.
    fn limited(&mut self, probed: bool, now: Instant, chance: f64) -> Option<Transition> {
        match &mut self.state {
            State::Tripped(tripped) if tripped.reason == Reason::Unauthorized => {
                if probed {
                    tripped.until = now + pause(tripped.step, chance);
                }
                None
            }
            State::Closed { .. } | State::Tripped(_) => self.open(),
        }
    }

    fn failed(
        &mut self,
        reason: Reason,
        message: String,
        probed: bool,
        now: Instant,
        chance: f64,
    ) -> Option<Transition> {
        match &mut self.state {
            State::Closed { failures } if reason == Reason::Unavailable && *failures + 1 < FAILURES => {
                *failures += 1;
                None
            }
            // The answers of calls that were under way when it shut say nothing new. Refused
            // credentials do, though: the server answers again, and a person is needed.
            State::Tripped(tripped)
                if !probed && (tripped.reason == reason || reason == Reason::Unavailable) =>
            {
                None
            }
            State::Tripped(tripped) if tripped.reason == reason || reason == Reason::Unavailable => {
                tripped.step = tripped.step.saturating_add(1);
                tripped.until = now + pause(tripped.step, chance);
                None
            }
            State::Closed { .. } | State::Tripped(_) => {
                let until = now + pause(0, chance);
                self.state =
                    State::Tripped(Tripped { reason, message: message.clone(), step: 0, until, probe: None });
                Some(Transition::Tripped(reason, message))
            }
        }
    }

    /// Frees the place of a probe, and says whether this was it. Also for a call
    /// that nobody waits for any more: the next one probes then.
    fn give_back(&mut self, admission: Admission) -> bool {
        match &mut self.state {
            State::Tripped(tripped) if admission.probe.is_some() && tripped.probe == admission.probe => {
                tripped.probe = None;
                true
            }
            State::Closed { .. } | State::Tripped(_) => false,
        }
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
