//! How manifests become streams, as metrics: how long it takes, and how the
//! creates ended whose answer was lost.

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

/// The label of a create whose answer was lost.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ResolvedLabels {
    resolved: &'static str,
}

/// How the search for the stream of a lost create ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resolved {
    /// The stream was found and bound.
    Found,
    /// There is none: the create is sent anew.
    Nothing,
    /// There are more than it can have made: a person has to say which.
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

/// The instruments. Cheap to clone; clones count together.
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
        // Zeros from the start: a rate of what never was can't be told.
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
            "From the operator's first sight of a manifest, new or changed, to Ready",
            Unit::Seconds,
            self.to_ready.clone(),
        );
        registry.register(
            "lost_creates",
            "Creates whose answer was lost, by how the search for their stream ended",
            self.lost_creates.clone(),
        );
    }

    /// A manifest became Ready so long after it was first seen.
    pub fn became_ready(&self, after: Duration) {
        self.to_ready.observe(after.as_secs_f64());
    }

    /// The search for the stream of a lost create ended.
    pub fn lost_create(&self, resolved: Resolved) {
        self.lost_creates.get_or_create(&ResolvedLabels { resolved: resolved.as_str() }).inc();
    }
}
