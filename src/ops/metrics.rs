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
    gauges::{Collectors, Gauges},
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

/// A call to api.video that ended.
#[derive(Clone, Copy, Debug)]
pub struct CallRecord<'a> {
    /// The HTTP method.
    pub method: &'a str,
    /// The status code, or why there is none.
    pub code: &'a str,
    /// The class of its rate limit.
    pub class: &'static str,
    /// Its priority.
    pub priority: &'static str,
    /// Its duration.
    pub duration: Duration,
}

/// The labels of a reconcile.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ReconcileLabels {
    result: &'static str,
}

/// The operator's metrics. Clones share their state.
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
    collectors: Collectors,
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
            collectors: Collectors::default(),
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
            "Duration of calls to api.video",
            Unit::Seconds,
            m.call_seconds.clone(),
        );
        registry.register("reconciles", "Reconciles of LiveStreams by result", m.reconciles.clone());
        registry.register_with_unit(
            "reconcile_duration",
            "Duration of reconciles",
            Unit::Seconds,
            m.reconcile_seconds.clone(),
        );
        registry.register(
            "late_streams",
            "Streams without a LiveStream that an abandoned create probably made",
            m.late.clone(),
        );
    }

    /// Counts a call to api.video.
    pub fn record_call(&self, call: &CallRecord<'_>) {
        let CallRecord { method, code, class, priority, duration } = *call;
        let labels = CallLabels { method: method.into(), code: code.into(), class, priority };
        self.calls.get_or_create(&labels).inc();
        self.call_seconds.observe(duration.as_secs_f64());
    }

    /// The metrics of the passes over the account's streams.
    #[must_use]
    pub fn passes(&self) -> &Passes {
        &self.passes
    }

    /// Counts streams of abandoned creates.
    pub fn late_streams(&self, streams: u64) {
        self.late.inc_by(streams);
    }

    /// Starts the timer of a reconcile.
    #[must_use]
    pub fn reconcile_started(&self) -> ReconcileTimer<'_> {
        ReconcileTimer { metrics: self, began: Instant::now() }
    }

    /// The metrics of how manifests become streams.
    #[must_use]
    pub fn progress(&self) -> &Progress {
        &self.progress
    }

    /// The gauges of the current state.
    #[must_use]
    pub fn gauges(&self) -> &Gauges {
        &self.gauges
    }

    /// Adds a collector, which sets gauges each time the metrics are read.
    pub fn add_collector(&self, collector: impl Fn(&Gauges) + Send + Sync + 'static) {
        self.collectors.add(collector);
    }

    /// All metrics in the OpenMetrics format.
    ///
    /// # Errors
    /// Never in practice: writing into a string does not fail.
    pub fn text(&self) -> Result<String, fmt::Error> {
        self.collectors.run(&self.gauges);
        let mut text = String::new();
        encode(&mut text, &self.registry)?;
        Ok(text)
    }
}

/// The timer of a reconcile.
pub struct ReconcileTimer<'a> {
    metrics: &'a Metrics,
    began: Instant,
}

impl ReconcileTimer<'_> {
    /// Counts the reconcile.
    pub fn ended(self, succeeded: bool) {
        let result = if succeeded { "ok" } else { "error" };
        self.metrics.reconciles.get_or_create(&ReconcileLabels { result }).inc();
        self.metrics.reconcile_seconds.observe(self.began.elapsed().as_secs_f64());
    }
}
