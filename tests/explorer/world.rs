//! The world around the operator: the cluster, the account, the person, the
//! outcome of each call, and the process that may crash.

use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use apivideo_sandbox::{Api, Config, Delivery};
use bytes::Bytes;
use http::Request;
use jiff::Timestamp;
use tokio::{sync::Notify, time::Instant};

use crate::{
    ledger::Ledger,
    lives::{Step, Trigger},
    memory_cluster::{MemoryCluster, Reply},
    outcome::{Call, Outcome},
    schedule::{Met, Source},
    tally::Entry,
};

/// How long the API is down.
pub(crate) const OUTAGE: Duration = Duration::from_secs(10);
/// How late an effect comes: within the settle time, which is 30 s.
pub(crate) const LATE: Duration = Duration::from_secs(20);
/// How late it comes when it comes too late.
pub(crate) const TOO_LATE: Duration = Duration::from_secs(120);
/// How far a list trails, when it does.
const TRAIL: Duration = Duration::from_secs(20);
/// How far the watch is behind, when it is.
const STALE: Duration = Duration::from_secs(20);
/// How far it is behind at all times.
const WATCH_WAY: Duration = Duration::from_millis(2);
/// The time at which every run begins, by every clock but the machine's.
const BEGINNING: &str = "2026-01-01T00:00:00Z";

/// The world of one run.
pub(crate) struct World {
    inner: Mutex<Inner>,
    /// The process has crashed.
    pub crashed: Notify,
    /// The cluster has changed.
    pub changed: Notify,
    begun: Instant,
}

/// What is in it.
pub(crate) struct Inner {
    pub cluster: MemoryCluster,
    pub api: Api,
    /// The calls that left the operator, and what each was about.
    pub calls: Vec<Entry>,
    pub ledger: Ledger,
    /// Whether tokens name no project.
    pub opaque: bool,
    /// The stream that is there before, to be adopted in some lives.
    pub existing: String,
    pub script: VecDeque<Step>,
    pub met: Vec<Met>,
    source: Source,
    /// Whether calls are counted and may go wrong.
    pub exploring: bool,
    /// Which process runs: those before it are dead.
    pub process: u32,
    /// Whether the run is played to its end though an invariant is broken:
    /// something has happened of which nothing is promised.
    pub goes_on: bool,
    /// When what was set off so far has happened.
    pub disturbed_until: Instant,
    outage_until: Instant,
    /// When the watch shows each change of the cluster.
    shown_at: Vec<Instant>,
    held_back_until: Instant,
}

impl World {
    pub(crate) fn new(crd: &serde_json::Value, source: Source) -> Self {
        let begun = Instant::now();
        let open = Config { reads: 1_000_000, writes: 1_000_000, call_log: 0, ..Config::default() };
        let inner = Inner {
            cluster: MemoryCluster::new(crd),
            api: Api::new(open, 1),
            calls: Vec::new(),
            ledger: Ledger::default(),
            opaque: false,
            existing: String::new(),
            script: VecDeque::new(),
            met: Vec::new(),
            source,
            exploring: true,
            process: 0,
            goes_on: false,
            disturbed_until: begun,
            outage_until: begun,
            shown_at: Vec::new(),
            held_back_until: begun,
        };
        Self { inner: Mutex::new(inner), crashed: Notify::new(), changed: Notify::new(), begun }
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The time by the API's clock and the cluster's.
    pub(crate) fn now(&self) -> Timestamp {
        let beginning: Timestamp = BEGINNING.parse().expect("a time");
        beginning + self.begun.elapsed()
    }

    /// A call has come: what comes of it. A process that is dead learns nothing.
    pub(crate) async fn arrive(&self, process: u32, call: Call) -> Outcome {
        let decided = self.decide(process, call);
        match decided {
            Some(outcome) => outcome,
            None => std::future::pending().await,
        }
    }

    fn decide(&self, process: u32, call: Call) -> Option<Outcome> {
        let now = Instant::now();
        let mut inner = self.lock();
        if process != inner.process {
            return None;
        }
        inner.ledger.called(call);
        if inner.script.front().is_some_and(|step| step.when == Trigger::At(call)) {
            self.step(&mut inner);
        }
        let outcome = if inner.exploring { inner.next_outcome(call) } else { Outcome::Done };
        match outcome {
            Outcome::CrashBefore => {
                self.crash(&mut inner);
                return None;
            }
            Outcome::Outage => {
                inner.outage_until = now + OUTAGE;
                inner.disturb(OUTAGE);
            }
            Outcome::Hurry => {
                inner.ledger.hurried = true;
                self.step(&mut inner);
            }
            Outcome::Stale => {
                inner.held_back_until = now + STALE;
                inner.disturb(STALE);
            }
            Outcome::Late | Outcome::CrashLate => inner.disturb(LATE),
            Outcome::TooLate => {
                inner.goes_on = true;
                inner.disturb(TOO_LATE);
            }
            Outcome::Trails | Outcome::LostTrails => inner.disturb(TRAIL),
            _ => {}
        }
        let down = call.is_to_the_api() && now < inner.outage_until;
        Some(if down { Outcome::NotSent } else { outcome })
    }

    /// The person takes the next step.
    pub(crate) fn step(&self, inner: &mut Inner) {
        if let Some(step) = inner.script.pop_front() {
            self.change(inner, step.act);
        }
    }

    /// Somebody else than the operator changes something.
    pub(crate) fn change<T>(&self, inner: &mut Inner, act: impl FnOnce(&mut Inner, Timestamp) -> T) -> T {
        let before = inner.cluster.changes().len();
        let done = act(inner, self.now());
        let Inner { ledger, cluster, .. } = &mut *inner;
        ledger.noted(&cluster.changes()[before..]);
        inner.disturb(Duration::ZERO);
        self.settle_watch(inner);
        done
    }

    /// The process is no more: nothing of it has any effect from here on.
    pub(crate) fn crash(&self, inner: &mut Inner) {
        inner.process += 1;
        inner.ledger.crashes += 1;
        self.crashed.notify_one();
    }

    /// A request to the API leaves.
    pub(crate) fn send(&self, call: Call, request: &Request<Bytes>) {
        let Inner { ledger, cluster, calls, .. } = &mut *self.lock();
        calls.push(Entry::to_the_api(call, request));
        ledger.sent(call, request, cluster);
    }

    /// A request to the API takes effect; `None`: the process is dead by now.
    pub(crate) fn reach_api(
        &self,
        process: Option<u32>,
        call: Call,
        request: &Request<Bytes>,
        trails: bool,
    ) -> Option<Delivery> {
        let mut inner = self.lock();
        if process.is_some_and(|process| process != inner.process) {
            return None;
        }
        let lag = |lag| apivideo_sandbox::Changes { list_lag: Some(lag), ..Default::default() };
        let Inner { ledger, cluster, api, .. } = &mut *inner;
        api.state.configure(&lag(if trails { TRAIL } else { Duration::ZERO }));
        let before = api.state.streams().len();
        let arrival = api.arrive(request);
        let delivery = api.complete(&arrival, request, self.now());
        api.state.configure(&lag(Duration::ZERO));
        if call == Call::Create && api.state.streams().len() > before {
            ledger.created(cluster, &api.state);
        }
        if let Delivery::Answer(answer) = &delivery {
            ledger.reached_api(call, answer);
        }
        Some(delivery)
    }

    /// A request to the cluster takes effect; `None`: the process is dead by now.
    pub(crate) fn reach_cluster(&self, process: u32, call: Call, request: &Request<Bytes>) -> Option<Reply> {
        let mut inner = self.lock();
        if process != inner.process {
            return None;
        }
        let now = self.now();
        let before = inner.cluster.changes().len();
        let reply = inner.cluster.handle(request, now);
        let Inner { ledger, cluster, api, calls, .. } = &mut *inner;
        calls.push(Entry::to_the_cluster(call, request));
        ledger.reached_cluster(call, &cluster.changes()[before..], cluster, &api.state);
        self.settle_watch(&mut inner);
        Some(reply)
    }

    /// When the watch shows what has changed.
    fn settle_watch(&self, inner: &mut Inner) {
        let earliest = (Instant::now() + WATCH_WAY).max(inner.held_back_until);
        let after = inner.shown_at.last().copied().unwrap_or(earliest).max(earliest);
        inner.shown_at.resize(inner.cluster.changes().len(), after);
        self.changed.notify_waiters();
    }
}

impl Inner {
    fn next_outcome(&mut self, call: Call) -> Outcome {
        let met = Met { call, outcome: Outcome::Done, steps_left: !self.script.is_empty() };
        let outcome = self.source.decide(self.met.len(), met);
        self.met.push(Met { outcome, ..met });
        if outcome != Outcome::Done {
            self.disturb(Duration::ZERO);
            self.ledger.faults += 1;
            self.ledger.calls_since_last_fault = 0;
        }
        outcome
    }

    fn disturb(&mut self, lasts: Duration) {
        self.disturbed_until = self.disturbed_until.max(Instant::now() + lasts);
    }

    /// Why not everything is as its manifest says.
    pub(crate) fn unsettled(&self) -> Option<String> {
        self.ledger.unsettled(&self.cluster, &self.api.state)
    }

    /// When the watch shows the change of this number.
    pub(crate) fn shown_at(&self, number: usize) -> Option<Instant> {
        self.shown_at.get(number).copied()
    }
}
