//! The parts of the benchmark, and the order in which they are measured.

mod compare;
mod converge;
mod drift;
mod light;
mod quiet;
mod restart;
mod start;

use apivideo_operator::crd::LiveStream;

use crate::{
    args::{Part, Setting},
    cluster,
    failure::Failure,
    figure::Table,
    stage::{Limits, Stage},
};

/// The memory that the operator is to stay below with all LiveStreams, in MiB.
const MEMORY: f64 = 100.0;

/// Measures the parts that are asked for. Those before a failure stay in
/// `tables`: minutes went into them.
pub(crate) async fn measure(setting: &Setting, tables: &mut Vec<Table>) -> Result<(), Failure> {
    let stage = Stage::set_up(setting.clone()).await?;
    let measured = all(&stage, tables).await;
    stage.tear_down().await;
    measured
}

async fn all(stage: &Stage, tables: &mut Vec<Table>) -> Result<(), Failure> {
    let has = |part| stage.setting.has(part);
    if has(Part::Start) {
        tables.push(start::measure(stage).await?);
    }
    let others = [Part::Drift, Part::Restart, Part::Quiet, Part::Light, Part::Naive];
    if has(Part::Converge) {
        tables.push(converge::measure(stage).await?);
    } else if others.into_iter().any(has) {
        fill(stage).await?;
    }
    if has(Part::Drift) {
        tables.push(drift::measure(stage).await?);
    }
    if has(Part::Restart) {
        tables.push(restart::measure(stage).await?);
    }
    if has(Part::Quiet) {
        tables.push(quiet::measure(stage).await?);
    }
    if has(Part::Light) {
        tables.push(light::measure(stage).await?);
    }
    if has(Part::Naive) {
        tables.push(compare::measure(stage).await?);
    }
    Ok(())
}

/// The LiveStreams and their streams, as fast as it goes.
async fn fill(stage: &Stage) -> Result<(), Failure> {
    let count = stage.setting.count;
    eprintln!("creating {count} LiveStreams, and their streams with open limits");
    stage.allow(Limits::Open);
    cluster::create(&stage.api, count).await?;
    let mut operator = stage.default_operator()?;
    let ready = async || {
        let all: Vec<LiveStream> = cluster::all(&stage.api).await?;
        // A list of thousands, and often, would only slow down what is waited for.
        tokio::time::sleep(std::time::Duration::from_secs(2)).await;
        Ok(all.iter().all(cluster::is_ready).then_some(()))
    };
    let patience = std::time::Duration::from_secs(600);
    operator.during(cluster::until("not all LiveStreams became Ready", patience, ready)).await?;
    stage.calm(&mut operator).await?;
    operator.kill().await
}
