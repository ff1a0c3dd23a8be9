//! From all manifests to all Ready, against a limit that binds.

use std::time::Duration;

use apivideo_sandbox::CallLog;
use jiff::Timestamp;

use super::MEMORY;
use crate::{
    args::{SHARE, Setting},
    cluster,
    failure::Failure,
    figure::{Expected, Figure, Measured, Table},
    pure::{limit::Limit, passes::pages},
    ready::Ready,
    stage::Stage,
    usage::Usage,
};

/// The writes to one object: the intent, the binding, the status; and one more
/// to say that it waits for the limit.
const OBJECT_WRITES: f64 = 4.0;

/// How far the time may be above the ideal.
const OVER_IDEAL: f64 = 1.05;

/// What the run has shown.
struct Run {
    log: CallLog,
    first_write: Timestamp,
    last_ready: Timestamp,
    object_writes: u64,
    event_writes: u64,
    usage: Usage,
}

/// Measures on an empty cluster, and leaves it with all LiveStreams Ready.
pub(crate) async fn measure(stage: &Stage) -> Result<Table, Failure> {
    let count = stage.setting.count;
    eprintln!("creating {count} LiveStreams, before the operator starts");
    cluster::create(&stage.api, 0..count).await?;
    let mut ready = Ready::watch(&stage.api).await?;
    let before = cluster::requests(&stage.client).await?;
    stage.allow_little().await?;
    stage.sandbox.reset_calls();
    let ideal = stage.setting.used_writes().steady(count.into());
    eprintln!("starting the operator: with these limits all can be Ready in {ideal:.0} s");
    let mut operator = stage.default_operator()?;
    let patience = stage.setting.writes.window * 3 + Duration::from_secs(60);
    let last_ready = operator.during(ready.until(count, patience)).await?;
    let usage = operator.usage();
    let log = stage.sandbox.calls();
    // The last event may still be on its way.
    let after = operator.during(cluster::settled(&stage.client)).await?;
    operator.kill().await?;
    stage.sandbox.reset_calls();
    let writes = log.entries.iter().find(|call| call.method == "POST" && call.path == "/live-streams");
    let Some(first_write) = writes.map(|call| call.at) else {
        return Err(Failure::Stuck("the LiveStreams became Ready without a create".into()));
    };
    let object_writes = after.object_writes() - before.object_writes();
    let event_writes = after.event_writes() - before.event_writes();
    Ok(table(&stage.setting, &Run { log, first_write, last_ready, object_writes, event_writes, usage }))
}

fn table(setting: &Setting, run: &Run) -> Table {
    let count = u64::from(setting.count);
    Table {
        part: "converge",
        title: "From all manifests to all Ready".into(),
        conditions: conditions(setting),
        figures: [times(setting, run), calls(count, &run.log), costs(count, run)].concat(),
    }
}

fn conditions(setting: &Setting) -> String {
    let (count, limit, used) = (u64::from(setting.count), setting.writes, setting.used_writes());
    format!(
        "All manifests are there before the operator starts. The API allows {} writes in {} s; \
         the operator's share of {SHARE} is {}. The ideal is {count} writes at that rate: {:.1} s, and {:.1} s at \
         the whole limit's. As windows are fixed, a caller that uses up each at once needs {:.0} s at the least.",
        limit.calls,
        limit.window.as_secs_f64(),
        used.calls,
        used.steady(count),
        limit.steady(count),
        used.least(count),
    )
}

fn times(setting: &Setting, run: &Run) -> Vec<Figure> {
    let (count, used) = (u64::from(setting.count), setting.used_writes());
    let took = run.last_ready.duration_since(run.first_write).as_secs_f64();
    let over = |limit: Limit, ideal: f64| match limit.binds(count) {
        true => Measured::Quantity(took / ideal, ""),
        false => Measured::Unknown("one window suffices"),
    };
    let whole = setting.writes;
    vec![
        Figure::new(
            "time from the first create to the last Ready",
            Measured::seconds(took),
            Expected::Best(used.least(count)),
        ),
        Figure::new(
            "over the ideal of the share",
            over(used, used.steady(count)),
            Expected::AtMost(OVER_IDEAL),
        ),
        Figure::new("over the ideal of the whole limit", over(whole, whole.steady(count)), Expected::Nothing),
        Figure::new("over the least of fixed windows", over(used, used.least(count)), Expected::Best(1.0)),
    ]
}

fn calls(count: u64, log: &CallLog) -> Vec<Figure> {
    let pages = pages(&log.entries);
    vec![
        Figure::exact("answers of 429", log.count(|each| each.status == Some(429)), 0),
        Figure::exact("API writes", log.writes(), count),
        Figure::exact("API reads of single streams", log.reads() - pages, 0),
        Figure::count("API reads of pages", pages),
        Figure::count("API calls for tokens", log.count(|each| each.resource == "auth")),
    ]
}

fn costs(count: u64, run: &Run) -> Vec<Figure> {
    let each = run.object_writes as f64 / count as f64;
    vec![
        Figure::new(
            "writes to an object (3, and 1 that says that it waits)",
            Measured::Quantity(each, ""),
            Expected::AtMost(OBJECT_WRITES),
        ),
        Figure::exact("events", run.event_writes, count),
        Figure::usage("CPU time", run.usage.cpu_seconds, "s", Expected::Nothing),
        Figure::usage("peak resident memory", run.usage.peak_mebibytes, "MiB", Expected::AtMost(MEMORY)),
    ]
}
