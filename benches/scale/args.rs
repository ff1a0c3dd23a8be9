//! What is measured, and with how much of everything.

use std::time::Duration;

use clap::{Parser, ValueEnum};

use crate::pure::limit::Limit;

/// The share of a limit that the operator uses by default.
pub(crate) const SHARE: f64 = 0.9;

/// The most streams that the API puts on a page.
const PAGE: u64 = 100;

/// Measures the operator with many LiveStreams on a real API server, each
/// figure beside the theoretical best.
#[derive(Debug, Parser)]
#[command(name = "scale")]
pub(crate) struct Args {
    /// How many LiveStreams.
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..))]
    count: u32,

    /// How long a window of the shortened limits lasts. Left out: 30s, and 3s
    /// below 3,000 LiveStreams.
    #[arg(long, value_parser = above_zero, value_name = "DURATION")]
    window: Option<Duration>,

    /// The writes that such a window allows; reads are two and a half times as
    /// many, as in production. Left out: 15 % of the LiveStreams, and 30 %
    /// below 3,000.
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..), value_name = "WRITES")]
    limit: Option<u64>,

    /// How long it is watched that nothing happens.
    #[arg(long, value_parser = above_zero, default_value = "5m", value_name = "DURATION")]
    quiet: Duration,

    /// Measure only this part; may be given several times.
    #[arg(long, value_enum, value_delimiter = ',', value_name = "PART")]
    only: Vec<Part>,

    /// Print one JSON document instead of tables.
    #[arg(long)]
    pub(crate) json: bool,

    /// Given by `cargo bench`, and not by `cargo test`.
    #[arg(long, hide = true)]
    pub(crate) bench: bool,

    /// Runs only if its name contains one of these, as other benchmarks do.
    #[arg(hide = true)]
    pub(crate) filters: Vec<String>,
}

/// A part of the benchmark, in the order in which they are measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Part {
    /// The operator without LiveStreams, and with its first hundred.
    Start,
    /// From all manifests to all Ready, against the limit.
    Converge,
    /// A drift pass, and the correction of 1, 100 and all streams.
    Drift,
    /// A kill and a new start.
    Restart,
    /// Nothing happens.
    Quiet,
    /// From a manifest to its API call, one at a time.
    Light,
    /// The same work by a poll of each object, side by side.
    Naive,
}

/// The arguments with nothing left open.
#[derive(Clone, Debug)]
pub(crate) struct Setting {
    /// How many LiveStreams.
    pub(crate) count: u32,
    /// The shortened limit of reads.
    pub(crate) reads: Limit,
    /// The shortened limit of writes.
    pub(crate) writes: Limit,
    /// The drift interval of the parts that wait for passes.
    pub(crate) drift_interval: Duration,
    /// How many LiveStreams are written one at a time.
    pub(crate) samples: u32,
    /// How long quiet is watched.
    pub(crate) quiet: Duration,
    parts: Vec<Part>,
}

impl Args {
    /// Small counts get a small scale, so that they are through soon.
    pub(crate) fn setting(&self) -> Setting {
        let count = u64::from(self.count);
        let large = count >= 3_000;
        let (seconds, percent, interval, samples) = if large { (30, 15, 10, 200) } else { (3, 30, 2, 30) };
        let window = self.window.unwrap_or(Duration::from_secs(seconds));
        let writes = self.limit.unwrap_or((count * percent / 100).max(1));
        Setting {
            count: self.count,
            reads: Limit { calls: writes.saturating_mul(5).div_ceil(2), window },
            writes: Limit { calls: writes, window },
            drift_interval: Duration::from_secs(interval),
            samples,
            quiet: self.quiet,
            parts: self.only.clone(),
        }
    }
}

impl Setting {
    /// Whether a part is asked for.
    pub(crate) fn has(&self, part: Part) -> bool {
        self.parts.is_empty() || self.parts.contains(&part)
    }

    /// The reads that a pass over all streams costs at the least.
    pub(crate) fn pages(&self) -> u64 {
        u64::from(self.count).div_ceil(PAGE)
    }

    /// What of the shortened limit of writes the operator uses.
    pub(crate) fn used_writes(&self) -> Limit {
        self.writes.share(SHARE)
    }

    /// How long so many writes may take before they count as stuck: far more
    /// than they do.
    pub(crate) fn patience(&self, writes: u64) -> Duration {
        Duration::from_secs_f64(120.0 + 4.0 * self.used_writes().steady(writes))
    }
}

fn above_zero(text: &str) -> Result<Duration, String> {
    let parsed = apivideo_sandbox::parse_duration(text).ok();
    parsed
        .filter(|duration| !duration.is_zero())
        .ok_or_else(|| "write a duration above zero, like 500ms, 30s or 5m".to_owned())
}
