//! Gauges of the current state. Collectors set them when the metrics are read, so that
//! no gauge is stale or misses a change.

use std::{
    sync::{Arc, Mutex, PoisonError, atomic::AtomicU64},
    time::Duration,
};

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{family::Family, gauge::Gauge},
    registry::{Registry, Unit},
};

/// The label of gauges by reason.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ReasonLabels {
    reason: &'static str,
}

/// The label of the gauges of a budget.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ClassLabels {
    class: &'static str,
}

/// The label of gauges by namespace; `*` for all of them.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct NamespaceLabels {
    watched_namespace: String,
}

/// The labels of the gauges of queued calls.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct WaitingLabels {
    class: &'static str,
    priority: &'static str,
}

type Seconds = Gauge<f64, AtomicU64>;

/// The gauges. Clones share their state.
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
    watch_failing: Family<NamespaceLabels, Gauge>,
    drift_interval: Seconds,
}

impl Gauges {
    pub(super) fn register(&self, registry: &mut Registry) {
        registry.register(
            "live_streams",
            "LiveStreams by the reason of their Ready condition; Unreported: no status yet",
            self.live_streams.clone(),
        );
        registry.register_with_unit(
            "not_ready",
            "The longest time that a LiveStream has not been Ready, by the reason of its Ready condition",
            Unit::Seconds,
            self.not_ready.clone(),
        );
        self.register_calls(registry);
        registry.register(
            "account_available",
            "1 while api.video accepts calls; 0 while it is not reachable, fails or rejects the API key",
            self.available.clone(),
        );
        registry.register(
            "account_unauthorized",
            "1 while api.video rejects the API key",
            self.unauthorized.clone(),
        );
        registry.register(
            "leader",
            "1 if this replica is the leader, or there is no leader election",
            self.leader.clone(),
        );
        registry.register(
            "watch_failing",
            "1 while the LiveStreams of a namespace can't be watched, by namespace; * stands for all of them",
            self.watch_failing.clone(),
        );
        registry.register_with_unit(
            "drift_interval",
            "Configured time between the starts of two passes over the account's streams (--drift-interval)",
            Unit::Seconds,
            self.drift_interval.clone(),
        );
    }

    fn register_calls(&self, registry: &mut Registry) {
        registry.register(
            "budget_limit",
            "Rate limit of api.video: calls in a window, by class, shared by all clients of the account",
            self.budget_limit.clone(),
        );
        registry.register(
            "budget_remaining",
            "Calls that remain in the current window, by class",
            self.budget_remaining.clone(),
        );
        registry.register(
            "budget_usable",
            "Calls that this process may make in a window, by class (--read-share, --write-share)",
            self.budget_usable.clone(),
        );
        registry.register(
            "budget_used",
            "Calls that this process has made in the current window, by class",
            self.budget_used.clone(),
        );
        registry.register(
            "waiting_calls",
            "Calls that wait for the rate limit, by class and priority",
            self.waiting.clone(),
        );
        registry.register_with_unit(
            "oldest_waiting_call",
            "Waiting time of the oldest waiting call, by class and priority",
            Unit::Seconds,
            self.oldest_waiting.clone(),
        );
    }

    /// Sets how many LiveStreams have this reason, and the longest time that one of
    /// them has not been ready.
    pub fn live_streams(&self, reason: &'static str, count: u64, not_ready: Duration) {
        self.live_streams.get_or_create(&ReasonLabels { reason }).set(whole(count));
        self.not_ready.get_or_create(&ReasonLabels { reason }).set(not_ready.as_secs_f64());
    }

    /// Sets a rate limit and what remains of it.
    pub fn budget(&self, class: &'static str, limit: u64, remaining: u64) {
        self.budget_limit.get_or_create(&ClassLabels { class }).set(whole(limit));
        self.budget_remaining.get_or_create(&ClassLabels { class }).set(whole(remaining));
    }

    /// Sets what this process may use of a window, and what it has used.
    pub fn usage(&self, class: &'static str, usable: u64, used: u64) {
        self.budget_usable.get_or_create(&ClassLabels { class }).set(whole(usable));
        self.budget_used.get_or_create(&ClassLabels { class }).set(whole(used));
    }

    /// Sets how many calls wait, and for how long the oldest has waited.
    pub fn waiting(&self, class: &'static str, priority: &'static str, calls: u64, oldest: Duration) {
        let labels = WaitingLabels { class, priority };
        self.waiting.get_or_create(&labels).set(whole(calls));
        self.oldest_waiting.get_or_create(&labels).set(oldest.as_secs_f64());
    }

    /// Sets the state of the account.
    pub fn account(&self, available: bool, unauthorized: bool) {
        self.available.set(available.into());
        self.unauthorized.set(unauthorized.into());
    }

    /// Sets whether the watch of a namespace fails.
    pub fn watch_failing(&self, namespace: &str, failing: bool) {
        let labels = NamespaceLabels { watched_namespace: namespace.to_owned() };
        self.watch_failing.get_or_create(&labels).set(failing.into());
    }

    /// Sets whether this replica is the leader.
    pub fn leader(&self, leader: bool) {
        self.leader.set(leader.into());
    }

    /// Sets the configured drift interval.
    pub fn drift_interval(&self, interval: Duration) {
        self.drift_interval.set(interval.as_secs_f64());
    }
}

/// A count as the value of a gauge.
pub(super) fn whole(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// Sets gauges to the current state.
type Collector = Box<dyn Fn(&Gauges) + Send + Sync>;

/// The collectors, which run each time the metrics are read.
#[derive(Clone, Default)]
pub(super) struct Collectors(Arc<Mutex<Vec<Collector>>>);

impl Collectors {
    pub(super) fn add(&self, collector: impl Fn(&Gauges) + Send + Sync + 'static) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(Box::new(collector));
    }

    pub(super) fn run(&self, gauges: &Gauges) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().for_each(|collect| collect(gauges));
    }
}
