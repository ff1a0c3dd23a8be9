//! The passes over the account, as metrics.

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

/// One pass, as it is counted.
#[derive(Clone, Copy, Debug)]
pub struct Passed<'a> {
    /// How long it took.
    pub duration: Duration,
    /// From its start to the start of the next.
    pub interval: Duration,
    /// Pages read.
    pub pages: u32,
    /// Streams seen.
    pub streams: u64,
    /// Streams that could not be read.
    pub unreadable: u64,
    /// How long each change that it showed may have gone unseen.
    pub lags: &'a [Duration],
}

/// The instruments. Cheap to clone; clones count together.
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
        registry.register("passes", "Whole passes over the account's streams", m.passes.clone());
        registry.register_with_unit(
            "last_pass_duration",
            "How long the last pass over the account took, spread over the interval as it is",
            Unit::Seconds,
            m.duration.clone(),
        );
        registry.register_with_unit(
            "pass_interval",
            "The time from the start of one pass to the next as it is kept: longer than the drift interval where the \
             account has more pages than half of the budget for reads has room for",
            Unit::Seconds,
            m.interval.clone(),
        );
        registry.register("last_pass_pages", "Pages of the last pass", m.pages.clone());
        registry.register("streams", "Streams in the account at the last pass", m.streams.clone());
        registry.register(
            "unreadable_streams",
            "Streams that the last pass could not read",
            m.unreadable.clone(),
        );
        registry.register_with_unit(
            "last_pass_timestamp",
            "When the last pass over the account ended, in Unix time; 0 before the first",
            Unit::Seconds,
            m.ended.clone(),
        );
        registry.register_with_unit(
            "drift_detection_lag",
            "How long ago, at the most, a stream of a LiveStream changed that a pass saw changed",
            Unit::Seconds,
            m.lag.clone(),
        );
    }

    /// Passes are to be made this often, as far as is known before the first.
    pub fn begin(&self, interval: Duration) {
        self.interval.set(interval.as_secs_f64());
    }

    /// Counts a pass.
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
