//! Whether it is worth asking the account at all: one gate for everything it is asked.
//!
//! The gate shuts after [`FAILURES`] failures in a row (no answer, 5xx, an answer that
//! can't be read), and at once when the credentials are refused. While it is
//! shut one call at a time goes through as a probe, after a pause that doubles
//! from 1 s to 30 s. A probe that works opens it.
//!
//! Pure: time and chance are arguments.

use std::time::Duration;

use tokio::time::Instant;

/// So many failures in a row shut the gate.
pub(crate) const FAILURES: u32 = 5;

const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// Why the gate is shut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reason {
    Unauthorized,
    Unavailable,
}

/// The gate of one account.
#[derive(Debug)]
pub(crate) struct Gate {
    state: State,
    /// Counts the keys: what a call of an earlier key met says nothing about this one.
    epoch: u64,
    probes: u64,
}

#[derive(Debug)]
enum State {
    Open { failures: u32 },
    Shut(Shut),
}

#[derive(Debug)]
struct Shut {
    reason: Reason,
    message: String,
    /// How many pauses there were before this one; the length of this one follows.
    step: u32,
    until: Instant,
    probe: Option<u64>,
}

/// The way through the gate of one call, brought back with its report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ticket {
    epoch: u64,
    probe: Option<u64>,
}

/// No way through for now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Held {
    pub(crate) reason: Reason,
    pub(crate) retry_in: Duration,
    pub(crate) message: String,
}

/// What a call met.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Report {
    /// An answer, be it a refusal of that one request.
    Works,
    /// 429: it answers, and doesn't say whether it would accept the credentials.
    Limited,
    /// The credentials were refused.
    Unauthorized(String),
    /// No answer, 5xx, or one that can't be read.
    Failed(String),
    /// Nothing that says something about the account.
    Nothing,
}

/// The gate moved, which is worth a line in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Moved {
    Opened,
    Shut(Reason, String),
}

impl Gate {
    pub(crate) fn new() -> Self {
        Self { state: State::Open { failures: 0 }, epoch: 0, probes: 0 }
    }

    /// Whether a call may go through now, also as a probe if it `may_probe`. Takes
    /// nothing: [`Gate::enter`] does.
    pub(crate) fn look(&self, now: Instant, may_probe: bool) -> Result<(), Held> {
        let State::Shut(shut) = &self.state else { return Ok(()) };
        let left = shut.until.saturating_duration_since(now);
        if left.is_zero() && shut.probe.is_none() && may_probe {
            return Ok(());
        }
        // While a probe is under way, or has to be another's, nobody knows how long
        // it takes; it is worth asking again in a while.
        let unknown = shut.probe.is_some() || !may_probe;
        let retry_in = left.max(if unknown { FIRST_PAUSE } else { Duration::ZERO });
        Err(Held { reason: shut.reason, retry_in, message: shut.message.clone() })
    }

    /// Goes through, after [`Gate::look`] allowed it at the same moment.
    pub(crate) fn enter(&mut self) -> Ticket {
        let epoch = self.epoch;
        match &mut self.state {
            State::Open { .. } => Ticket { epoch, probe: None },
            State::Shut(shut) => {
                self.probes += 1;
                shut.probe = Some(self.probes);
                Ticket { epoch, probe: shut.probe }
            }
        }
    }

    /// Why the gate is shut, if it is.
    pub(crate) fn shut(&self) -> Option<(Reason, &str)> {
        match &self.state {
            State::Open { .. } => None,
            State::Shut(shut) => Some((shut.reason, &shut.message)),
        }
    }

    /// A new key: that the one before was refused says nothing any more.
    pub(crate) fn forget_unauthorized(&mut self) {
        self.epoch += 1;
        if self.shut().is_some_and(|(reason, _)| reason == Reason::Unauthorized) {
            self.state = State::Open { failures: 0 };
        }
    }

    /// What a call met. `chance`, from 0 to 1, spreads the probes of many clients.
    pub(crate) fn report(
        &mut self,
        ticket: Ticket,
        report: Report,
        now: Instant,
        chance: f64,
    ) -> Option<Moved> {
        let probed = self.give_back(ticket);
        match report {
            Report::Nothing => None,
            Report::Works => self.open(),
            Report::Limited => self.limited(probed, now, chance),
            Report::Unauthorized(_) if ticket.epoch != self.epoch => None,
            Report::Unauthorized(message) => self.failed(Reason::Unauthorized, message, probed, now, chance),
            Report::Failed(message) => self.failed(Reason::Unavailable, message, probed, now, chance),
        }
    }

    fn open(&mut self) -> Option<Moved> {
        let was_shut = self.shut().is_some();
        self.state = State::Open { failures: 0 };
        was_shut.then_some(Moved::Opened)
    }

    /// Opens what 5xx had shut; but refused credentials stay refused until a call shows otherwise.
    fn limited(&mut self, probed: bool, now: Instant, chance: f64) -> Option<Moved> {
        match &mut self.state {
            State::Shut(shut) if shut.reason == Reason::Unauthorized => {
                if probed {
                    shut.until = now + pause(shut.step, chance);
                }
                None
            }
            State::Open { .. } | State::Shut(_) => self.open(),
        }
    }

    fn failed(
        &mut self,
        reason: Reason,
        message: String,
        probed: bool,
        now: Instant,
        chance: f64,
    ) -> Option<Moved> {
        match &mut self.state {
            State::Open { failures } if reason == Reason::Unavailable && *failures + 1 < FAILURES => {
                *failures += 1;
                None
            }
            // The answers of calls that were under way when it shut say nothing new. Refused
            // credentials do, though: the server answers again, and a person is needed.
            State::Shut(shut) if !probed && (shut.reason == reason || reason == Reason::Unavailable) => None,
            State::Shut(shut) if shut.reason == reason || reason == Reason::Unavailable => {
                shut.step = shut.step.saturating_add(1);
                shut.until = now + pause(shut.step, chance);
                None
            }
            State::Open { .. } | State::Shut(_) => {
                let until = now + pause(0, chance);
                self.state =
                    State::Shut(Shut { reason, message: message.clone(), step: 0, until, probe: None });
                Some(Moved::Shut(reason, message))
            }
        }
    }

    /// Frees the place of a probe, and says whether this was it. Also for a call
    /// that nobody waits for any more: the next one probes then.
    fn give_back(&mut self, ticket: Ticket) -> bool {
        match &mut self.state {
            State::Shut(shut) if ticket.probe.is_some() && shut.probe == ticket.probe => {
                shut.probe = None;
                true
            }
            State::Open { .. } | State::Shut(_) => false,
        }
    }
}

/// 1 s, 2 s, 4 s … 30 s; by chance as little as half of that, never more.
fn pause(step: u32, chance: f64) -> Duration {
    let whole = FIRST_PAUSE.saturating_mul(1 << step.min(5)).min(LONGEST_PAUSE);
    whole.mul_f64(0.5 + 0.5 * chance.clamp(0.0, 1.0))
}

#[cfg(test)]
#[path = "availability_tests.rs"]
mod tests;
