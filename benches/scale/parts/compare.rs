//! The same work by a poll of each object: side by side, under the same limits.

use std::time::Duration;

use tokio::time::Instant;

use crate::{
    cluster::{self, until},
    edits::{Correction, correct, pick},
    failure::Failure,
    figure::{Expected, Figure, Measured, Table},
    poller::Poller,
    pure::{limit::Limit, passes::whole_passes},
    stage::Stage,
};

/// So many streams are edited.
const EDITED: usize = 100;

/// What one of the two has needed.
struct Course {
    /// A first look at everything.
    start: Look,
    /// A later look at everything.
    pass: Look,
    corrected: Correction,
}

/// A look at everything.
struct Look {
    reads: u64,
    refused: u64,
    seconds: f64,
}

/// Measures with all LiveStreams Ready and no operator.
pub(crate) async fn measure(stage: &Stage) -> Result<Table, Failure> {
    eprintln!("comparing: first the operator, then a poll of each object");
    // Both begin with limits of which nothing is used.
    stage.allow_little().await?;
    let operator = of_operator(stage).await?;
    stage.allow_little().await?;
    let poll = of_poll(stage).await?;
    let setting = &stage.setting;
    Ok(Table {
        part: "naive",
        title: "Beside a poll of each object".into(),
        conditions: format!(
            "One run, one account, the shortened limits: {} reads and {} writes in {} s. Both look once in {} s, or \
             as often as they can. The poll makes several calls at once, and none while a 429 asks to wait.",
            setting.reads.calls,
            setting.writes.calls,
            setting.writes.window.as_secs_f64(),
            setting.drift_interval.as_secs_f64(),
        ),
        figures: figures(stage, &operator, &poll),
    })
}

async fn of_operator(stage: &Stage) -> Result<Course, Failure> {
    stage.sandbox.reset_calls();
    let began = Instant::now();
    let mut operator = stage.operator(stage.setting.drift_interval)?;
    operator.until_ready().await?;
    let start = look(stage, began);
    stage.calm(&mut operator).await?;
    let whole = until("no pass of the operator ended", stage.setting.drift_interval * 30, async || {
        Ok(whole_passes(&stage.sandbox.calls().entries).pop())
    });
    let pass = operator.during(whole).await?;
    let pass = Look { reads: pass.reads, refused: look(stage, began).refused, seconds: pass.seconds() };
    let corrected = operator.during(corrected(stage)).await?;
    operator.kill().await?;
    Ok(Course { start, pass, corrected })
}

async fn of_poll(stage: &Stage) -> Result<Course, Failure> {
    let poller = Poller::of(cluster::all(&stage.api).await?, stage.sandbox.url());
    // A poll has no memory: its start is a pass, and each pass is like it but
    // for what the one before has left of the limit.
    let mut looks = Vec::new();
    for _ in 0..2 {
        stage.sandbox.reset_calls();
        let began = Instant::now();
        poller.pass().await?;
        looks.push(look(stage, began));
    }
    let corrected = tokio::select! {
        corrected = corrected(stage) => corrected?,
        failure = poller.passes(stage.setting.drift_interval) => return Err(failure),
    };
    match <[Look; 2]>::try_from(looks) {
        Ok([start, pass]) => Ok(Course { start, pass, corrected }),
        Err(_) => Err(Failure::Stuck("the poll has made no two passes".into())),
    }
}

/// All that the log holds, as a look that began then and ends now.
fn look(stage: &Stage, began: Instant) -> Look {
    let log = stage.sandbox.calls();
    let refused = log.count(|each| each.status == Some(429));
    Look { reads: log.reads(), refused, seconds: began.elapsed().as_secs_f64() }
}

async fn corrected(stage: &Stage) -> Result<Correction, Failure> {
    let ids = pick(&stage.sandbox, EDITED.min(stage.setting.count as usize), 2);
    let setting = &stage.setting;
    let patience = setting.patience(ids.len() as u64)
        + Duration::from_secs_f64(4.0 * setting.reads.steady(setting.count.into()));
    correct(&stage.sandbox, &ids, setting.drift_interval, patience).await
}

fn figures(stage: &Stage, operator: &Course, poll: &Course) -> Vec<Figure> {
    let pages = stage.setting.pages();
    let edited = EDITED.min(stage.setting.count as usize) as u64;
    let interval = stage.setting.drift_interval.as_secs_f64();
    let at_best = interval.max(stage.setting.used_writes().least(edited));
    let least = |limit: Limit, calls| Expected::Best(limit.least(calls));
    let seconds = |what: &str, part: fn(&Course) -> &Look| {
        Figure::new(what, Measured::seconds(part(operator).seconds), least(stage.setting.reads, pages))
            .beside(Measured::seconds(part(poll).seconds))
    };
    let exact = |what: String, part: fn(&Course) -> u64, best| {
        Figure::exact(what, part(operator), best).beside(Measured::Count(part(poll)))
    };
    let lag = |what: &str, percent, best| {
        let of = |course: &Course| Measured::seconds(course.corrected.lags.percentile(percent));
        Figure::new(what, of(operator), Expected::Best(best)).beside(of(poll))
    };
    vec![
        exact("API reads of a start".into(), |course| course.start.reads, pages),
        seconds("time of a start, until all is known", |course| &course.start),
        exact("API reads of a pass".into(), |course| course.pass.reads, pages),
        seconds("time of a pass", |course| &course.pass),
        exact("answers of 429 in both".into(), |course| course.start.refused + course.pass.refused, 0),
        exact(format!("API writes for {edited} edited streams"), |course| course.corrected.writes, edited),
        exact("answers of 429 meanwhile".into(), |course| course.corrected.refused, 0),
        lag("median lag of their correction", 50.0, interval / 2.0),
        lag("longest lag of their correction", 100.0, at_best),
    ]
}
