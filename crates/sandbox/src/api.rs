//! The state machine behind its faults, with the log of calls. Still pure:
//! delays and lost answers are values that the caller carries out.

use bytes::Bytes;
use http::Request;
use jiff::Timestamp;

use crate::calls::{CallEntry, CallLog, Recorder, method_name, shown_path};
use crate::config::Config;
use crate::delivery::{Arrival, Delivery};
use crate::fault::Fault;
use crate::faults::Faults;
use crate::faulty;
use crate::scope::Facts;
use crate::state::State;

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

impl Api {
    /// A fresh account without faults.
    pub fn new(config: Config, seed: u64) -> Self {
        let recorder = Recorder::new(config.call_log);
        Self { state: State::new(config, seed), faults: Faults::new(seed), recorder }
    }

    /// A call has arrived: decides its faults.
    pub fn arrive(&mut self, request: &Request<Bytes>) -> Arrival {
        if self.faults.rules().is_empty() {
            return Arrival::default();
        }
        self.faults.strike(&Facts::of(request, &self.state))
    }

    /// Makes the effect, if the faults let it happen, and the delivery; writes the
    /// log.
    pub fn complete(&mut self, arrival: &Arrival, request: &Request<Bytes>, now: Timestamp) -> Delivery {
        let (carried, last) = (self.state.token_of(request), self.state.last_token());
        let delivery = faulty::deliver(&mut self.state, arrival, request, now);
        self.recorder.record(CallEntry {
            at: now,
            method: method_name(request.method()),
            path: shown_path(request.uri()),
            status: delivery.status().map(|status| status.as_u16()),
            fault: arrival.fault().map(Fault::name),
            token: carried.or_else(|| Some(self.state.last_token()).filter(|made| *made > last)),
        });
        delivery
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
