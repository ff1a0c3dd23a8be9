//! One manifest at a time: how soon its API call comes.

use std::time::Duration;

use apivideo_operator::kinds::LiveStream;
use jiff::Timestamp;
use kube::api::{DeleteParams, Patch, PatchParams, PostParams};
use serde_json::json;
use tokio::time::sleep;

use crate::{
    cluster::{self, until},
    failure::{During, Failure},
    figure::{Expected, Figure, Measured, Table},
    operator::Operator,
    pure::spread::Spread,
    stage::{Limits, Stage},
};

/// From the manifest to the API call, for 99 of 100, in milliseconds.
const SOON: f64 = 50.0;

/// How long anything may take before it counts as stuck.
const PATIENCE: Duration = Duration::from_secs(30);

/// Between two LiveStreams, so that one is not measured with the other's end.
const APART: Duration = Duration::from_millis(50);

/// One write to the cluster and what came of it, in milliseconds.
struct Sample {
    /// From just before the write to the API call.
    to_call: f64,
    /// What the API server took for the write itself.
    of_cluster: f64,
}

/// The samples of each kind.
#[derive(Default)]
struct Samples {
    creates: Vec<Sample>,
    changes: Vec<Sample>,
    deletions: Vec<Sample>,
}

/// Measures with all LiveStreams Ready and no operator; its own LiveStreams
/// come beside them and go again.
pub(crate) async fn measure(stage: &Stage) -> Result<Table, Failure> {
    let count = stage.setting.samples;
    eprintln!("creating, changing and deleting {count} LiveStreams, one at a time");
    stage.allow(Limits::Open);
    let mut operator = stage.default_operator()?;
    stage.calm(&mut operator).await?;
    let samples = one_by_one(stage, &mut operator, count).await?;
    operator.kill().await?;
    let kinds = [
        ("a new manifest to its POST", &samples.creates, Expected::AtMost(SOON)),
        ("a changed manifest to its PATCH", &samples.changes, Expected::AtMost(SOON)),
        ("a deleted manifest to its DELETE", &samples.deletions, Expected::Nothing),
    ];
    Ok(Table {
        part: "light",
        title: "From a manifest to its API call".into(),
        conditions: format!(
            "{count} LiveStreams beside the {} others, created, changed and deleted one at a time. Measured from \
             just before the write to the cluster until the sandbox has the call; so the API server's own answer to \
             that write is in it, and before a POST its answer to the intent, too.",
            stage.setting.count
        ),
        figures: kinds.into_iter().flat_map(|(what, samples, p99)| figures(what, samples, p99)).collect(),
    })
}

async fn one_by_one(stage: &Stage, operator: &mut Operator, count: u32) -> Result<Samples, Failure> {
    let mut samples = Samples::default();
    let one = async |number, samples: &mut Samples| {
        let name = format!("light-{number:05}");
        samples.creates.push(create(stage, &name).await?);
        samples.changes.push(change(stage, &name).await?);
        samples.deletions.push(delete(stage, &name).await?);
        Ok(())
    };
    for number in 0..count {
        operator.during(one(number, &mut samples)).await?;
    }
    Ok(samples)
}

async fn create(stage: &Stage, name: &str) -> Result<Sample, Failure> {
    let object = cluster::manifest(name);
    let params = PostParams::default();
    let sample = sample(stage, "POST", stage.api.create(&params, &object)).await?;
    until_ready(stage, name).await?;
    Ok(sample)
}

async fn change(stage: &Stage, name: &str) -> Result<Sample, Failure> {
    let (patch, params) = (Patch::Merge(json!({"spec": {"public": false}})), PatchParams::default());
    let sample = sample(stage, "PATCH", stage.api.patch(name, &params, &patch)).await?;
    until_ready(stage, name).await?;
    Ok(sample)
}

async fn delete(stage: &Stage, name: &str) -> Result<Sample, Failure> {
    let params = DeleteParams::default();
    let sample = sample(stage, "DELETE", stage.api.delete(name, &params)).await?;
    until(&format!("{name} did not go"), PATIENCE, async || {
        Ok(found(stage, name).await?.is_none().then_some(()))
    })
    .await?;
    Ok(sample)
}

/// Writes to the cluster and waits for the API call. Nothing else is under
/// way, so the next call of that method is the one.
async fn sample<T>(
    stage: &Stage,
    method: &str,
    write: impl Future<Output = kube::Result<T>>,
) -> Result<Sample, Failure> {
    sleep(APART).await;
    stage.sandbox.reset_calls();
    let began = Timestamp::now();
    write.await.during("a LiveStream can't be written")?;
    let since = |at: Timestamp| at.duration_since(began).as_secs_f64() * 1_000.0;
    let of_cluster = since(Timestamp::now());
    let called = until(&format!("no {method} came"), PATIENCE, async || {
        let log = stage.sandbox.calls();
        Ok(log.entries.iter().find(|call| call.method == method).map(|call| call.at))
    })
    .await?;
    Ok(Sample { to_call: since(called), of_cluster })
}

async fn until_ready(stage: &Stage, name: &str) -> Result<(), Failure> {
    until(&format!("{name} did not become Ready"), PATIENCE, async || {
        Ok(found(stage, name).await?.is_some_and(|object| cluster::is_ready(&object)).then_some(()))
    })
    .await
}

async fn found(stage: &Stage, name: &str) -> Result<Option<LiveStream>, Failure> {
    stage.api.get_opt(name).await.during("a LiveStream can't be read")
}

fn figures(what: &str, samples: &[Sample], p99: Expected) -> Vec<Figure> {
    let spread = |part: fn(&Sample) -> f64| Spread::of(samples.iter().map(part));
    let (to_call, of_cluster) = (spread(|sample| sample.to_call), spread(|sample| sample.of_cluster));
    let told = |spread: &Option<Spread>, percent| {
        Measured::quantity(spread.as_ref().map(|spread| spread.percentile(percent)), "ms")
    };
    vec![
        Figure::new(format!("from {what}, p50"), told(&to_call, 50.0), Expected::Nothing),
        Figure::new(format!("from {what}, p99"), told(&to_call, 99.0), p99),
        Figure::new(
            "of it the API server's answer to the write, p50",
            told(&of_cluster, 50.0),
            Expected::Nothing,
        ),
        Figure::new("the same, p99", told(&of_cluster, 99.0), Expected::Nothing),
    ]
}
