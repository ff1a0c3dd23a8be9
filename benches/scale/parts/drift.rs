//! A drift pass, and what is edited elsewhere.

use std::time::Duration;

use tokio::time::sleep;

use crate::{
    cluster::{self, until},
    edits::{Correction, correct, pick},
    failure::Failure,
    figure::{Expected, Figure, Measured, Table},
    operator::Operator,
    pure::passes::{Pass, whole_passes},
    stage::{Limits, Stage},
};

/// So many passes are watched.
const PASSES: usize = 2;

/// One stream alone is edited so often, each time at another moment of the interval.
const ALONE: u32 = 3;

/// Some streams.
const SOME: usize = 100;

/// Measures with all LiveStreams Ready, and leaves them so.
pub(crate) async fn measure(stage: &Stage) -> Result<Table, Failure> {
    eprintln!("watching {PASSES} drift passes, then editing streams");
    stage.allow(Limits::Open);
    let mut operator = stage.operator(stage.setting.drift_interval)?;
    let mut figures = passes(stage, &mut operator).await?;
    figures.extend(alone(stage, &mut operator).await?);
    figures.extend(some(stage, &mut operator).await?);
    operator.kill().await?;

    stage.allow_little().await?;
    let mut operator = stage.operator(stage.setting.drift_interval)?;
    figures.extend(all(stage, &mut operator).await?);
    operator.kill().await?;
    Ok(Table { part: "drift", title: "Drift".into(), conditions: conditions(stage), figures })
}

fn conditions(stage: &Stage) -> String {
    let (interval, used) = (stage.setting.drift_interval.as_secs_f64(), stage.setting.used_writes());
    format!(
        "The drift interval is {interval} s: a lag of half of it at the median, and of all of it at the most, is \
         what looking once an interval costs. Limits are open but where all streams are edited at once: there {} \
         writes fit in a window of {} s, and the ideal of all is {:.1} s.",
        used.calls,
        used.window.as_secs_f64(),
        used.steady(stage.setting.count.into()),
    )
}

async fn passes(stage: &Stage, operator: &mut Operator) -> Result<Vec<Figure>, Failure> {
    stage.calm(operator).await?;
    operator.during(some_passes(stage, 1)).await?;
    // A pass begins just now.
    let before = operator.usage();
    let seen = operator.during(some_passes(stage, 1 + PASSES)).await?;
    let cpu = operator.usage().cpu_since(&before).map(|seconds| seconds / PASSES as f64);
    let (pages, interval) = (stage.setting.pages(), stage.setting.drift_interval.as_secs_f64());
    // One that differs, if any does.
    let reads = seen.iter().map(|pass| pass.reads).find(|reads| *reads != pages).unwrap_or(pages);
    let seconds = seen.last().map_or(f64::NAN, Pass::seconds);
    Ok(vec![
        Figure::exact("API reads of one pass", reads, pages),
        Figure::new(
            format!("time from its first page to its last, of an interval of {interval} s"),
            Measured::seconds(seconds),
            Expected::Nothing,
        ),
        Figure::usage("CPU time of the operator for it", cpu, "s", Expected::Nothing),
    ])
}

/// Waits for so many whole passes since the log was emptied.
async fn some_passes(stage: &Stage, count: usize) -> Result<Vec<Pass>, Failure> {
    let patience = stage.setting.drift_interval * 30;
    until("the operator's passes have stopped: there was none", patience, async || {
        let seen = whole_passes(&stage.sandbox.calls().entries);
        Ok((seen.len() >= count).then_some(seen))
    })
    .await
}

async fn alone(stage: &Stage, operator: &mut Operator) -> Result<Vec<Figure>, Failure> {
    let interval = stage.setting.drift_interval;
    let (mut lags, mut writes) = (Vec::new(), 0);
    for time in 0..ALONE {
        // Another moment of the interval each time.
        sleep(interval * (2 * time + 1) / (2 * ALONE)).await;
        let offset = stage.setting.count * time / ALONE;
        let one = once(stage, operator, 1, offset as usize, Duration::ZERO).await?;
        writes += one.writes;
        lags.push(one.lags.percentile(50.0));
    }
    let each: Vec<_> = lags.iter().map(|lag| format!("{lag:.1}")).collect();
    let told = format!("longest lag of it ({} s)", each.join(", "));
    let longest = lags.into_iter().fold(0.0, f64::max);
    Ok(vec![
        Figure::exact(format!("API writes for one edited stream, {ALONE} times"), writes, ALONE.into()),
        Figure::new(told, Measured::seconds(longest), Expected::Best(interval.as_secs_f64())),
    ])
}

async fn some(stage: &Stage, operator: &mut Operator) -> Result<Vec<Figure>, Failure> {
    let interval = stage.setting.drift_interval;
    let count = SOME.min(stage.setting.count as usize);
    let corrected = once(stage, operator, count, 1, interval).await?;
    Ok(figures(
        &format!("{count} streams, edited over one interval"),
        count,
        &corrected,
        interval.as_secs_f64(),
    ))
}

async fn all(stage: &Stage, operator: &mut Operator) -> Result<Vec<Figure>, Failure> {
    stage.calm(operator).await?;
    let count = stage.setting.count;
    let corrected = once(stage, operator, count as usize, 0, Duration::ZERO).await?;
    let ideal = stage.setting.used_writes().steady(count.into());
    Ok(figures(&format!("all {count} streams, edited at once"), count as usize, &corrected, ideal))
}

/// Has streams edited and corrected, and what the operator writes of it told.
async fn once(
    stage: &Stage,
    operator: &mut Operator,
    count: usize,
    offset: usize,
    over: Duration,
) -> Result<Correction, Failure> {
    let ids = pick(&stage.sandbox, count, offset);
    let patience = stage.setting.patience(ids.len() as u64);
    let corrected = operator.during(correct(&stage.sandbox, &ids, over, patience)).await?;
    operator.during(cluster::settled(&stage.client)).await?;
    // A correction too many would have come by now.
    let log = stage.sandbox.calls();
    Ok(Correction { writes: log.writes(), ..corrected })
}

fn figures(what: &str, count: usize, corrected: &Correction, best: f64) -> Vec<Figure> {
    let lag = |percent| Measured::seconds(corrected.lags.percentile(percent));
    vec![
        Figure::exact(format!("API writes for {what}"), corrected.writes, count as u64),
        Figure::exact(format!("answers of 429 for {what}"), corrected.refused, 0),
        Figure::new(format!("least lag of {what}"), lag(0.0), Expected::Nothing),
        Figure::new(format!("median lag of {what}"), lag(50.0), Expected::Best(best / 2.0)),
        Figure::new(format!("longest lag of {what}"), lag(100.0), Expected::Best(best)),
    ]
}
