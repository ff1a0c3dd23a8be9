//! Metrics of how manifests become streams: the time that it takes, and what became of
//! creates whose response was lost.

use std::time::Duration;

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{
        counter::Counter,
        family::Family,
        histogram::{Histogram, exponential_buckets},
    },
    registry::{Registry, Unit},
};

/// The label of a create whose response was lost.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ResolvedLabels {
    resolved: &'static str,
}

/// The result of the search for the stream of a lost create.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resolved {
    /// The stream was found and bound.
    Found,
    /// There is none: the create is repeated.
    Nothing,
    /// There is more than one candidate: a person has to choose.
    Ambiguous,
}

impl Resolved {
    fn as_str(self) -> &'static str {
        match self {
            Self::Found => "found",
            Self::Nothing => "nothing",
            Self::Ambiguous => "ambiguous",
        }
    }
}

/// The metrics. Clones share their state.
#[derive(Clone)]
pub struct Progress {
    to_ready: Histogram,
    lost_creates: Family<ResolvedLabels, Counter>,
}

impl Default for Progress {
    fn default() -> Self {
        // From 50 ms to nearly two hours: ten thousand creations take an hour of the API's limits.
        let to_ready = Histogram::new(exponential_buckets(0.05, 2.0, 18));
        let progress = Self { to_ready, lost_creates: Family::default() };
        // Zeros from the start: the rate of a series that does not exist is unknown.
        for resolved in [Resolved::Found, Resolved::Nothing, Resolved::Ambiguous] {
            let _ = progress.lost_creates.get_or_create(&ResolvedLabels { resolved: resolved.as_str() });
        }
        progress
    }
}

impl Progress {
    pub(super) fn register(&self, registry: &mut Registry) {
        registry.register_with_unit(
            "time_to_ready",
            "Time from the first observation of a new or changed manifest to Ready",
            Unit::Seconds,
            self.to_ready.clone(),
        );
        registry.register(
            "lost_creates",
            "Creates whose response was lost, by the result of the search for their stream",
            self.lost_creates.clone(),
        );
    }

    /// Observes the time from the first observation of a manifest to Ready.
    pub fn became_ready(&self, after: Duration) {
        self.to_ready.observe(after.as_secs_f64());
    }

    /// Counts the result of a search for the stream of a lost create.
    pub fn lost_create(&self, resolved: Resolved) {
        self.lost_creates.get_or_create(&ResolvedLabels { resolved: resolved.as_str() }).inc();
    }
}
