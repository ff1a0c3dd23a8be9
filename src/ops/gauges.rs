//! What is so just now: gauges that are read off when somebody asks for the
//! metrics, so that none of them can go stale or miss a change.

use std::{
    sync::{Arc, Mutex, PoisonError, atomic::AtomicU64},
    time::Duration,
};

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{family::Family, gauge::Gauge},
    registry::{Registry, Unit},
};

/// The label of what is counted by reason.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ReasonLabels {
    reason: &'static str,
}

/// The label of a budget.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ClassLabels {
    class: &'static str,
}

/// The labels of calls that wait.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct WaitingLabels {
    class: &'static str,
    priority: &'static str,
}

type Seconds = Gauge<f64, AtomicU64>;

/// The gauges. Cheap to clone; all clones show the same.
#[derive(Clone, Default)]
pub struct Gauges {
    live_streams: Family<ReasonLabels, Gauge>,
    not_ready: Family<ReasonLabels, Seconds>,
    budget_limit: Family<ClassLabels, Gauge>,
    budget_remaining: Family<ClassLabels, Gauge>,
    budget_usable: Family<ClassLabels, Gauge>,
    budget_used: Family<ClassLabels, Gauge>,
    waiting: Family<WaitingLabels, Gauge>,
    oldest_waiting: Family<WaitingLabels, Seconds>,
    available: Gauge,
    unauthorized: Gauge,
    leader: Gauge,
    drift_interval: Seconds,
}

impl Gauges {
    pub(super) fn register(&self, registry: &mut Registry) {
        registry.register(
            "live_streams",
            "LiveStreams by the reason of Ready; Unreported are those that have no status yet",
            self.live_streams.clone(),
        );
        registry.register_with_unit(
            "not_ready",
            "How long the LiveStream that waits longest has not been Ready, by the reason that it gives",
            Unit::Seconds,
            self.not_ready.clone(),
        );
        registry.register(
            "budget_limit",
            "Calls that api.video allows in a window, by class; all clients of the account share them",
            self.budget_limit.clone(),
        );
        registry.register(
            "budget_remaining",
            "Calls that are left in the window, by class",
            self.budget_remaining.clone(),
        );
        registry.register(
            "budget_usable",
            "Calls of a window that this process may make by its share, by class",
            self.budget_usable.clone(),
        );
        registry.register(
            "budget_used",
            "Calls that this process has made in the window, by class",
            self.budget_used.clone(),
        );
        registry.register(
            "waiting_calls",
            "Calls that wait for their turn, by class and priority",
            self.waiting.clone(),
        );
        registry.register_with_unit(
            "oldest_waiting_call",
            "How long the call that came first has waited, by class and priority",
            Unit::Seconds,
            self.oldest_waiting.clone(),
        );
        registry.register(
            "account_available",
            "Whether api.video takes calls: 0 while it does not answer, fails or refuses the key",
            self.available.clone(),
        );
        registry.register(
            "account_unauthorized",
            "Whether api.video refuses the API key",
            self.unauthorized.clone(),
        );
        registry.register(
            "leader",
            "Whether this replica does the work; 1 where there is no election",
            self.leader.clone(),
        );
        registry.register_with_unit(
            "drift_interval",
            "The time from the start of one pass over the account to the next, as it is set",
            Unit::Seconds,
            self.drift_interval.clone(),
        );
    }

    /// So many LiveStreams give this reason; the longest of them has not been
    /// ready for `not_ready`.
    pub fn live_streams(&self, reason: &'static str, count: u64, not_ready: Duration) {
        self.live_streams.get_or_create(&ReasonLabels { reason }).set(whole(count));
        self.not_ready.get_or_create(&ReasonLabels { reason }).set(not_ready.as_secs_f64());
    }

    /// What is left of a limit.
    pub fn budget(&self, class: &'static str, limit: u64, remaining: u64) {
        self.budget_limit.get_or_create(&ClassLabels { class }).set(whole(limit));
        self.budget_remaining.get_or_create(&ClassLabels { class }).set(whole(remaining));
    }

    /// What this process may use of a window, and has used.
    pub fn usage(&self, class: &'static str, usable: u64, used: u64) {
        self.budget_usable.get_or_create(&ClassLabels { class }).set(whole(usable));
        self.budget_used.get_or_create(&ClassLabels { class }).set(whole(used));
    }

    /// How many calls wait, and how long the first of them has.
    pub fn waiting(&self, class: &'static str, priority: &'static str, calls: u64, oldest: Duration) {
        let labels = WaitingLabels { class, priority };
        self.waiting.get_or_create(&labels).set(whole(calls));
        self.oldest_waiting.get_or_create(&labels).set(oldest.as_secs_f64());
    }

    /// How it is with the account.
    pub fn account(&self, available: bool, unauthorized: bool) {
        self.available.set(available.into());
        self.unauthorized.set(unauthorized.into());
    }

    /// Whether this replica leads.
    pub fn leads(&self, leads: bool) {
        self.leader.set(leads.into());
    }

    /// How often the account is passed over.
    pub fn drift_interval(&self, interval: Duration) {
        self.drift_interval.set(interval.as_secs_f64());
    }
}

/// A count as a gauge holds it.
pub(super) fn whole(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// Sets gauges to what is so just now.
type Reading = Box<dyn Fn(&Gauges) + Send + Sync>;

/// What is asked each time that somebody asks for the metrics.
#[derive(Clone, Default)]
pub(super) struct Readings(Arc<Mutex<Vec<Reading>>>);

impl Readings {
    pub(super) fn add(&self, reading: impl Fn(&Gauges) + Send + Sync + 'static) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(Box::new(reading));
    }

    pub(super) fn take(&self, gauges: &Gauges) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().for_each(|reading| reading(gauges));
    }
}
