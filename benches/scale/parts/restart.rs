//! A kill and a new start: what it costs to know everything again.

use tokio::time::Instant;

use crate::{
    cluster,
    failure::Failure,
    figure::{Expected, Figure, Measured, Table},
    pure::passes::pages,
    stage::{Limits, Stage},
};

/// Measures with all LiveStreams Ready and no operator: the last one was killed.
pub(crate) async fn measure(stage: &Stage) -> Result<Table, Failure> {
    eprintln!("starting the operator anew");
    stage.allow(Limits::Open);
    stage.sandbox.reset_calls();
    let versions = cluster::versions(&stage.api).await?;
    let before = cluster::requests(&stage.client).await?;
    let began = Instant::now();
    let mut operator = stage.default_operator()?;
    operator.until_ready().await?;
    let to_ready = began.elapsed().as_secs_f64();
    let usage = operator.usage();
    // What it would write at its start is written after it is ready.
    let after = operator.during(cluster::settled(&stage.client)).await?;
    let log = stage.sandbox.calls();
    let rewritten = cluster::versions(&stage.api).await?.difference(&versions).count();
    operator.kill().await?;
    let single = log.reads() - pages(&log.entries);
    Ok(Table {
        part: "restart",
        title: "Kill and new start".into(),
        conditions:
            "The operator was killed, and is started with the default drift interval of 60 s; limits are \
                     open. Counted until it is ready and has written nothing for a second."
                .into(),
        figures: vec![
            Figure::exact("API reads", log.reads(), stage.setting.pages()),
            Figure::exact("of these, of single streams", single, 0),
            Figure::exact("API writes", log.writes(), 0),
            Figure::exact("LiveStreams rewritten", rewritten as u64, 0),
            Figure::exact("cluster writes (metadata, status, events)", after.writes() - before.writes(), 0),
            Figure::new(
                "time from the process's start to ready",
                Measured::seconds(to_ready),
                Expected::Nothing,
            ),
            Figure::usage("CPU time until then", usage.cpu_seconds, "s", Expected::Nothing),
        ],
    })
}
