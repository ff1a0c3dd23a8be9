//! Metrics of the passes over the account's streams.

use std::{
    sync::atomic::AtomicU64,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use prometheus_client::{
    metrics::{
        counter::Counter,
        gauge::Gauge,
        histogram::{Histogram, exponential_buckets},
    },
    registry::{Registry, Unit},
};

use super::gauges::whole;

type Seconds = Gauge<f64, AtomicU64>;

/// A pass that ended.
#[derive(Clone, Copy, Debug)]
pub struct Passed<'a> {
    /// Its duration.
    pub duration: Duration,
    /// The time from its start to the start of the next.
    pub interval: Duration,
    /// Pages read.
    pub pages: u32,
    /// Streams seen.
    pub streams: u64,
    /// Streams that could not be read.
    pub unreadable: u64,
    /// For each change that it found, the upper bound of the delay until it was found.
    pub lags: &'a [Duration],
}

/// The metrics. Clones share their state.
#[derive(Clone)]
pub struct Passes {
    passes: Counter,
    duration: Seconds,
    interval: Seconds,
    ended: Seconds,
    pages: Gauge,
    streams: Gauge,
    unreadable: Gauge,
    lag: Histogram,
}

impl Default for Passes {
    fn default() -> Self {
        Self {
            passes: Counter::default(),
            duration: Seconds::default(),
            interval: Seconds::default(),
            ended: Seconds::default(),
            pages: Gauge::default(),
            streams: Gauge::default(),
            unreadable: Gauge::default(),
            // From 1 s to over two hours: the interval of an account with ten thousand streams.
            lag: Histogram::new(exponential_buckets(1.0, 2.0, 14)),
        }
    }
}

impl Passes {
    pub(super) fn register(&self, registry: &mut Registry) {
        let m = self;
        registry.register("passes", "Complete passes over the account's streams", m.passes.clone());
        registry.register_with_unit(
            "last_pass_duration",
            "Duration of the last pass, which is spread over the interval",
            Unit::Seconds,
            m.duration.clone(),
        );
        registry.register_with_unit(
            "pass_interval",
            "Actual time between the starts of two passes; longer than the drift interval if the account has more \
             pages than half of the read budget can fetch in that time",
            Unit::Seconds,
            m.interval.clone(),
        );
        registry.register("last_pass_pages", "Pages read by the last pass", m.pages.clone());
        registry.register("streams", "Streams in the account, as of the last pass", m.streams.clone());
        registry.register(
            "unreadable_streams",
            "Streams that the last pass could not parse",
            m.unreadable.clone(),
        );
        registry.register_with_unit(
            "last_pass_timestamp",
            "Unix time at which the last pass ended; 0 before the first",
            Unit::Seconds,
            m.ended.clone(),
        );
        registry.register_with_unit(
            "drift_detection_lag",
            "Upper bound of the delay between a remote change and its detection",
            Unit::Seconds,
            m.lag.clone(),
        );
    }

    /// Sets the interval that is known before the first pass.
    pub fn begin(&self, interval: Duration) {
        self.interval.set(interval.as_secs_f64());
    }

    /// Counts a pass that ended.
    pub fn ended(&self, pass: &Passed<'_>) {
        self.passes.inc();
        self.duration.set(pass.duration.as_secs_f64());
        self.interval.set(pass.interval.as_secs_f64());
        self.ended.set(SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64());
        self.pages.set(pass.pages.into());
        self.streams.set(whole(pass.streams));
        self.unreadable.set(whole(pass.unreadable));
        pass.lags.iter().for_each(|lag| self.lag.observe(lag.as_secs_f64()));
    }
}
