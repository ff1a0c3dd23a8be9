//! Metrics in the Prometheus text format. No label carries an object's name.

use std::{fmt, sync::Arc, time::Duration};

use prometheus_client::{
    encoding::{EncodeLabelSet, text::encode},
    metrics::{
        counter::Counter,
        family::Family,
        histogram::{Histogram, exponential_buckets},
    },
    registry::{Registry, Unit},
};
use tokio::time::Instant;

use super::{
    gauges::{Gauges, Readings},
    passes::Passes,
    progress::Progress,
};

/// The labels of an API call.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct CallLabels {
    method: String,
    code: String,
    class: &'static str,
    priority: &'static str,
}

/// One call to the API, as it is counted.
#[derive(Clone, Copy, Debug)]
pub struct Called<'a> {
    /// The HTTP method.
    pub method: &'a str,
    /// The status, or why there is none.
    pub code: &'a str,
    /// Of which of the API's limits.
    pub class: &'static str,
    /// Why it was made.
    pub priority: &'static str,
    /// How long it took.
    pub duration: Duration,
}

/// The labels of a reconcile.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ReconcileLabels {
    result: &'static str,
}

/// The operator's metrics. Cheap to clone; all clones count together.
#[derive(Clone)]
pub struct Metrics {
    registry: Arc<Registry>,
    calls: Family<CallLabels, Counter>,
    call_seconds: Histogram,
    reconciles: Family<ReconcileLabels, Counter>,
    reconcile_seconds: Histogram,
    passes: Passes,
    late: Counter,
    progress: Progress,
    gauges: Gauges,
    readings: Readings,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("apivideo_operator");
        let metrics = Self {
            registry: Arc::default(),
            calls: Family::default(),
            call_seconds: Histogram::new(exponential_buckets(0.01, 2.0, 12)),
            reconciles: Family::default(),
            reconcile_seconds: Histogram::new(exponential_buckets(0.001, 2.0, 14)),
            passes: Passes::default(),
            late: Counter::default(),
            progress: Progress::default(),
            gauges: Gauges::default(),
            readings: Readings::default(),
        };
        metrics.register_counts(&mut registry);
        metrics.passes.register(&mut registry);
        metrics.progress.register(&mut registry);
        metrics.gauges.register(&mut registry);
        Self { registry: Arc::new(registry), ..metrics }
    }
}

impl Metrics {
    fn register_counts(&self, registry: &mut Registry) {
        let m = self;
        registry.register(
            "api_requests",
            "Calls to api.video by method, status code, class and priority",
            m.calls.clone(),
        );
        registry.register_with_unit(
            "api_request_duration",
            "How long calls to api.video took",
            Unit::Seconds,
            m.call_seconds.clone(),
        );
        registry.register("reconciles", "Reconciles of LiveStreams by result", m.reconciles.clone());
        registry.register_with_unit(
            "reconcile_duration",
            "How long reconciles took",
            Unit::Seconds,
            m.reconcile_seconds.clone(),
        );
        registry.register(
            "late_streams",
            "Streams that nobody holds and that a create which was given up seems to have made",
            m.late.clone(),
        );
    }

    /// Counts a call to the API.
    pub fn called(&self, call: &Called<'_>) {
        let Called { method, code, class, priority, duration } = *call;
        let labels = CallLabels { method: method.into(), code: code.into(), class, priority };
        self.calls.get_or_create(&labels).inc();
        self.call_seconds.observe(duration.as_secs_f64());
    }

    /// The passes over the account.
    #[must_use]
    pub fn passes(&self) -> &Passes {
        &self.passes
    }

    /// Counts streams that came too late.
    pub fn came_late(&self, streams: u64) {
        self.late.inc_by(streams);
    }

    /// Counts a reconcile from here on.
    #[must_use]
    pub fn reconcile_started(&self) -> ReconcileTimer<'_> {
        ReconcileTimer { metrics: self, began: Instant::now() }
    }

    /// How manifests become streams.
    #[must_use]
    pub fn progress(&self) -> &Progress {
        &self.progress
    }

    /// The gauges of what is so just now.
    #[must_use]
    pub fn gauges(&self) -> &Gauges {
        &self.gauges
    }

    /// Has `reading` set gauges each time before the metrics are told.
    pub fn read_off(&self, reading: impl Fn(&Gauges) + Send + Sync + 'static) {
        self.readings.add(reading);
    }

    /// All of it as OpenMetrics.
    ///
    /// # Errors
    /// Never in practice: writing into a string does not fail.
    pub fn text(&self) -> Result<String, fmt::Error> {
        self.readings.take(&self.gauges);
        let mut text = String::new();
        encode(&mut text, &self.registry)?;
        Ok(text)
    }
}

/// A reconcile that is under way.
pub struct ReconcileTimer<'a> {
    metrics: &'a Metrics,
    began: Instant,
}

impl ReconcileTimer<'_> {
    /// The reconcile has ended.
    pub fn ended(self, succeeded: bool) {
        let result = if succeeded { "ok" } else { "error" };
        self.metrics.reconciles.get_or_create(&ReconcileLabels { result }).inc();
        self.metrics.reconcile_seconds.observe(self.began.elapsed().as_secs_f64());
    }
}
