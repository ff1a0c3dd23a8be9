//! The parts of the benchmark, and the order in which they are measured.

mod compare;
mod converge;
mod drift;
mod light;
mod quiet;
mod restart;
mod start;

use std::time::Duration;

use crate::{
    args::{Part, Setting},
    cluster,
    failure::Failure,
    figure::Table,
    ready::Ready,
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

/// So many LiveStreams are created before it is waited until they are Ready.
const BATCH: u32 = 500;

/// The LiveStreams and their streams, with nothing measured: batch by batch, so
/// that a flood is the matter of the part that measures one.
async fn fill(stage: &Stage) -> Result<(), Failure> {
    let count = stage.setting.count;
    eprintln!("creating {count} LiveStreams, and their streams with open limits");
    stage.allow(Limits::Open);
    let mut operator = stage.default_operator()?;
    operator.until_ready().await?;
    let mut ready = Ready::watch(&stage.api).await?;
    let mut there = 0;
    while there < count {
        let batch = there..count.min(there + BATCH);
        there = batch.end;
        cluster::create(&stage.api, batch).await?;
        operator.during(ready.until(there, Duration::from_secs(120))).await?;
    }
    stage.calm(&mut operator).await?;
    operator.kill().await
}
