//! The state machine behind its faults, with the log of calls. Still pure:
//! waiting and losing are values that the caller acts out.

use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use jiff::Timestamp;

use crate::answer::{self, Answer};
use crate::calls::{CallEntry, CallLog, Recorder, method_name, shown_path};
use crate::config::Config;
use crate::fault::Fault;
use crate::faults::Faults;
use crate::state::State;

const PROXY_ERROR: &str = "<!DOCTYPE html>\n<html><head><title>Service unavailable</title></head>\
    <body><h1>Service unavailable</h1><p>The upstream server did not answer.</p></body></html>\n";
const MAINTENANCE: &str = "<!DOCTYPE html>\n<html><head><title>Maintenance</title></head>\
    <body><h1>We will be back soon</h1></body></html>\n";

/// An account, its faults and its log. One call is two steps, for a fault may
/// put time between them:
///
/// ```
/// # use apivideo_sandbox::{Api, Config, Delivery};
/// # let mut api = Api::new(Config::default(), 1);
/// # let request = http::Request::new(bytes::Bytes::new());
/// # let now = jiff::Timestamp::UNIX_EPOCH;
/// let arrival = api.arrive(&request);
/// // … `arrival.delay_before()` passes, and then:
/// let delivery = api.complete(&arrival, &request, now);
/// // … `arrival.delay_after()` passes, and the client is sent:
/// match delivery {
///     Delivery::Answer(answer) => assert_eq!(answer.status(), 404),
///     Delivery::Closed | Delivery::CutShort(_) | Delivery::Huge(_) => unreachable!("no fault was injected"),
/// }
/// ```
#[derive(Debug)]
pub struct Api {
    /// The account.
    pub state: State,
    /// The faults in force.
    pub faults: Faults,
    recorder: Recorder,
}

/// A call that has come in, with the fault that befalls it.
#[derive(Debug, Clone)]
pub struct Arrival {
    fault: Option<Fault>,
}

/// What the client is sent.
#[derive(Debug)]
pub enum Delivery {
    /// A whole answer.
    Answer(Response<Bytes>),
    /// Nothing: the connection closes.
    Closed,
    /// The headers of this answer and a part of its body; then the connection
    /// closes.
    CutShort(Response<Bytes>),
    /// The headers of this answer and a body of many MiB that begins with its
    /// body.
    Huge(Response<Bytes>),
}

impl Arrival {
    /// The fault that befalls the call, if any.
    pub fn fault(&self) -> Option<&Fault> {
        self.fault.as_ref()
    }

    /// How long to wait before the effect.
    pub fn delay_before(&self) -> Duration {
        match self.fault {
            Some(Fault::Delay { duration }) => duration,
            _ => Duration::ZERO,
        }
    }

    /// How long to wait between the effect and the answer.
    pub fn delay_after(&self) -> Duration {
        match self.fault {
            Some(Fault::DelayAfter { duration }) => duration,
            _ => Duration::ZERO,
        }
    }
}

impl Delivery {
    /// The status that the client is sent.
    pub fn status(&self) -> Option<StatusCode> {
        match self {
            Self::Answer(answer) | Self::CutShort(answer) | Self::Huge(answer) => Some(answer.status()),
            Self::Closed => None,
        }
    }
}

impl Api {
    /// A fresh account without faults.
    pub fn new(config: Config, seed: u64) -> Self {
        let recorder = Recorder::new(config.call_log);
        Self { state: State::new(config, seed), faults: Faults::new(seed), recorder }
    }

    /// A call has come in: decides its fault.
    pub fn arrive(&mut self, request: &Request<Bytes>) -> Arrival {
        Arrival { fault: self.faults.befall(request) }
    }

    /// Makes the effect, if the fault lets it happen, and the delivery; writes
    /// the log.
    pub fn complete(&mut self, arrival: &Arrival, request: &Request<Bytes>, now: Timestamp) -> Delivery {
        let (carried, last) = (self.state.token_of(request), self.state.last_token());
        let delivery = match &arrival.fault {
            None => Delivery::Answer(self.state.handle(request, now)),
            Some(fault) => self.complete_faulty(fault, request, now),
        };
        self.recorder.record(CallEntry {
            at: now,
            method: method_name(request.method()),
            path: shown_path(request.uri()),
            status: delivery.status().map(|status| status.as_u16()),
            fault: arrival.fault.as_ref().map(Fault::name),
            token: carried.or_else(|| Some(self.state.last_token()).filter(|made| *made > last)),
        });
        delivery
    }

    fn complete_faulty(&mut self, fault: &Fault, request: &Request<Bytes>, now: Timestamp) -> Delivery {
        let effect = if fault.has_effect() { self.state.handle(request, now) } else { Answer::default() };
        let answer = match fault {
            Fault::LostBefore | Fault::LostAfter => return Delivery::Closed,
            Fault::Delay { .. } | Fault::DelayAfter { .. } => return Delivery::Answer(effect),
            Fault::Truncated => return Delivery::CutShort(with_content(effect)),
            Fault::Huge => {
                return Delivery::Huge(answer::with_date(answer::json(StatusCode::OK, &"".into()), now));
            }
            Fault::NotJson => answer::html(StatusCode::OK, MAINTENANCE),
            Fault::ErrorBefore { status } | Fault::ErrorAfter { status } => {
                let status = StatusCode::from_u16(*status).unwrap_or(StatusCode::SERVICE_UNAVAILABLE);
                answer::html(status, PROXY_ERROR)
            }
            Fault::Unauthorized => self.state.with_limits(answer::unauthorized(), request, now),
            Fault::Forbidden => self.state.with_limits(answer::forbidden(), request, now),
            Fault::RateLimited { retry_after } => {
                self.state.with_spent_limits(answer::too_many_requests(), request, *retry_after, now)
            }
        };
        Delivery::Answer(answer::with_date(answer, now))
    }

    /// The log and the counters.
    pub fn calls(&self) -> CallLog {
        self.calls_up_to(usize::MAX)
    }

    pub(crate) fn calls_up_to(&self, limit: usize) -> CallLog {
        self.recorder.log(limit)
    }

    /// Empties the log and sets the counters to zero.
    pub fn reset_calls(&mut self) {
        self.recorder.reset();
    }
}

/// An answer without a body can't be cut short; it gets one.
fn with_content(mut answer: Answer) -> Answer {
    if answer.body().is_empty() {
        *answer.status_mut() = StatusCode::OK;
        *answer.body_mut() = Bytes::from_static(b"{\"status\": \"done\"}");
    }
    answer
}
