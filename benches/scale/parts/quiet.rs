//! Nothing happens: what the operator costs then.

use tokio::time::{Instant, sleep};

use super::MEMORY;
use crate::{
    cluster,
    failure::Failure,
    figure::{Expected, Figure, Table},
    pure::passes::pages,
    stage::{Limits, Stage},
};

/// The share of one core that it may take, in percent.
const CPU: f64 = 1.0;

/// Measures with all LiveStreams Ready and no operator.
pub(crate) async fn measure(stage: &Stage) -> Result<Table, Failure> {
    let quiet = stage.setting.quiet;
    eprintln!("watching for {} s that nothing happens", quiet.as_secs());
    stage.allow(Limits::Open);
    let mut operator = stage.elected_operator()?;
    stage.calm(&mut operator).await?;
    // Lists of the benchmark's own, so not between the counts of requests.
    let versions = cluster::versions(&stage.api).await?;
    let before = cluster::requests(&stage.client).await?;
    let (usage, began) = (operator.usage(), Instant::now());
    operator
        .during(async {
            sleep(quiet).await;
            Ok(())
        })
        .await?;
    let (after_usage, seconds) = (operator.usage(), began.elapsed().as_secs_f64());
    let after = cluster::requests(&stage.client).await?;
    let log = stage.sandbox.calls();
    let rewritten = cluster::versions(&stage.api).await?.difference(&versions).count();
    operator.kill().await?;
    let cpu = after_usage.cpu_since(&usage).map(|used| used / seconds * 100.0);
    let single = log.reads() - pages(&log.entries);
    Ok(Table {
        part: "quiet",
        title: format!("Quiet for {} s", quiet.as_secs()),
        conditions: "Default drift interval of 60 s, elected by a Lease, open limits.".into(),
        figures: vec![
            Figure::usage("CPU, of one core", cpu, "%", Expected::AtMost(CPU)),
            Figure::usage(
                "peak resident memory since the start",
                after_usage.peak_mebibytes,
                "MiB",
                Expected::AtMost(MEMORY),
            ),
            Figure::usage("resident memory", after_usage.mebibytes, "MiB", Expected::Nothing),
            Figure::exact(
                "requests to the API server but watches and the lease",
                after.but_watches() - before.but_watches(),
                0,
            ),
            Figure::count(
                "requests for leases, the API server's own for its identity included",
                after.leases() - before.leases(),
            ),
            Figure::exact("LiveStreams rewritten", rewritten as u64, 0),
            Figure::exact("API writes", log.writes(), 0),
            Figure::exact("API reads of single streams", single, 0),
            Figure::count("API reads of pages", log.reads() - single),
        ],
    })
}
