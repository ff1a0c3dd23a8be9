//! Metrics in the Prometheus text format. No label carries an object's name.

use std::{
    fmt,
    sync::{Arc, atomic::AtomicU64},
};

use parking_lot::Mutex;
use prometheus_client::{
    encoding::text::encode,
    metrics::{
        counter::Counter,
        family::Family,
        gauge::Gauge,
        histogram::{Histogram, exponential_buckets},
    },
    registry::{Metric, Registry, Unit},
};

/// The names and values of labels.
type Labels<const N: usize> = [(&'static str, &'static str); N];

/// Labels whose values are not known beforehand.
type OpenLabels<const N: usize> = [(&'static str, String); N];

/// A gauge of a number.
type Count = Gauge<u64, AtomicU64>;

/// A gauge of a time.
type Seconds = Gauge<f64, AtomicU64>;

/// Sets gauges to the current state.
type Collector = Box<dyn Fn(&Metrics) + Send + Sync>;

/// The table of the metrics: a field for each, registered under the field's name.
macro_rules! metrics {
    ($($name:ident: $type:ty = $metric:expr, $help:literal;)*) => {
        /// The operator's metrics. Clones share their state.
        #[derive(Clone)]
        pub struct Metrics {
            $(#[doc = $help] pub $name: $type,)*
            registry: Arc<Registry>,
            collectors: Arc<Mutex<Vec<Collector>>>,
        }

        impl Default for Metrics {
            fn default() -> Self {
                let mut registry = Registry::with_prefix("apivideo_operator");
                $(let $name: $type = $metric;
                register(&mut registry, stringify!($name), $help, $name.clone());)*
                Self { $($name,)* registry: Arc::new(registry), collectors: Arc::default() }
            }
        }
    };
}

metrics! {
    api_requests: Family<OpenLabels<4>, Counter> = Family::default(),
        "Calls to api.video by method, status code, class and priority";
    api_request_duration_seconds: Histogram = histogram(0.01, 12),
        "Duration of calls to api.video";
    reconciles: Family<Labels<1>, Counter> = Family::default(),
        "Reconciles of LiveStreams by result";
    reconcile_duration_seconds: Histogram = histogram(0.001, 14),
        "Duration of reconciles";
    late_streams: Counter = Counter::default(),
        "Streams without a LiveStream that an abandoned create probably made";

    passes: Counter = Counter::default(),
        "Complete passes over the account's streams";
    last_pass_duration_seconds: Seconds = Seconds::default(),
        "Duration of the last pass, which is spread over the interval";
    pass_interval_seconds: Seconds = Seconds::default(),
        "Actual time between the starts of two passes; longer than the drift interval if the account has more \
         pages than half of the read budget can fetch in that time";
    last_pass_pages: Count = Count::default(),
        "Pages read by the last pass";
    streams: Count = Count::default(),
        "Streams in the account, as of the last pass";
    unreadable_streams: Count = Count::default(),
        "Streams that the last pass could not parse";
    last_pass_timestamp_seconds: Seconds = Seconds::default(),
        "Unix time at which the last pass ended; 0 before the first";
    // From 1 s to over two hours: the interval of an account with ten thousand streams.
    drift_detection_lag_seconds: Histogram = histogram(1.0, 14),
        "Upper bound of the delay between a remote change and its detection";

    // From 50 ms to nearly two hours: ten thousand creations take an hour of the API's limits.
    time_to_ready_seconds: Histogram = histogram(0.05, 18),
        "Time from the first observation of a new or changed manifest to Ready";
    lost_creates: Family<Labels<1>, Counter> = from_zero("resolved", ["found", "nothing", "ambiguous"]),
        "Creates whose response was lost, by the result of the search for their stream";

    live_streams: Family<Labels<1>, Count> = Family::default(),
        "LiveStreams by the reason of their Ready condition; Unreported: no status yet";
    not_ready_seconds: Family<Labels<1>, Seconds> = Family::default(),
        "The longest time that a LiveStream has not been Ready, by the reason of its Ready condition";
    budget_limit: Family<Labels<1>, Count> = Family::default(),
        "Rate limit of api.video: calls in a window, by class, shared by all clients of the account";
    budget_remaining: Family<Labels<1>, Count> = Family::default(),
        "Calls that remain in the current window, by class";
    budget_usable: Family<Labels<1>, Count> = Family::default(),
        "Calls that this process may make in a window, by class (--read-share, --write-share)";
    budget_used: Family<Labels<1>, Count> = Family::default(),
        "Calls that this process has made in the current window, by class";
    waiting_calls: Family<Labels<2>, Count> = Family::default(),
        "Calls that wait for the rate limit, by class and priority";
    oldest_waiting_call_seconds: Family<Labels<2>, Seconds> = Family::default(),
        "Waiting time of the oldest waiting call, by class and priority";
    account_available: Count = Count::default(),
        "1 while api.video accepts calls; 0 while it is not reachable, fails or rejects the API key";
    account_unauthorized: Count = Count::default(),
        "1 while api.video rejects the API key";
    leader: Count = Count::default(),
        "1 if this replica is the leader, or there is no leader election";
    watch_failing: Family<OpenLabels<1>, Count> = Family::default(),
        "1 while the LiveStreams of a namespace can't be watched, by namespace; * stands for all of them";
    drift_interval_seconds: Seconds = Seconds::default(),
        "Configured time between the starts of two passes over the account's streams (--drift-interval)";
}

/// Registers a metric; the end `_seconds` of a name is its unit.
fn register(registry: &mut Registry, name: &str, help: &str, metric: impl Metric) {
    match name.strip_suffix("_seconds") {
        Some(name) => registry.register_with_unit(name, help, Unit::Seconds, metric),
        None => registry.register(name, help, metric),
    }
}

/// A histogram whose buckets double.
fn histogram(first: f64, buckets: u16) -> Histogram {
    Histogram::new(exponential_buckets(first, 2.0, buckets))
}

/// Counters with zeros from the start: the rate of a series that does not exist is unknown.
fn from_zero<const N: usize>(label: &'static str, values: [&'static str; N]) -> Family<Labels<1>, Counter> {
    let family = Family::default();
    for value in values {
        drop(family.get_or_create(&[(label, value)]));
    }
    family
}

impl Metrics {
    /// Adds a collector, which sets gauges each time the metrics are read, so that none
    /// of them is stale or misses a change.
    pub fn add_collector(&self, collector: impl Fn(&Self) + Send + Sync + 'static) {
        self.collectors.lock().push(Box::new(collector));
    }

    /// All metrics in the OpenMetrics format.
    ///
    /// # Errors
    /// Never in practice: writing into a string does not fail.
    pub fn text(&self) -> Result<String, fmt::Error> {
        self.collectors.lock().iter().for_each(|collect| collect(self));
        let mut text = String::new();
        encode(&mut text, &self.registry)?;
        Ok(text)
    }
}
