//! The invariants of the design, judged from outside.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    time::Duration,
};

use apivideo_operator::kinds::LiveStream;
use apivideo_sandbox::StreamView;
use tokio::time::Instant;

use crate::{
    BOUND,
    people::owner,
    stage::{Stage, ready},
};

/// How much of the log is told of a LiveStream that went wrong.
const TAIL: usize = 40;

/// How many LiveStreams that went wrong are told of in full.
const TOLD: usize = 3;

/// The streams that were made for nobody here.
pub(crate) fn foreign(stage: &Stage) -> Vec<StreamView> {
    stage.sandbox.streams().into_iter().filter(|s| owner(&s.name).is_none()).collect()
}

fn by_owner(stage: &Stage) -> BTreeMap<String, Vec<StreamView>> {
    let mut all = BTreeMap::<String, Vec<StreamView>>::new();
    for stream in stage.sandbox.streams() {
        if let Some(owner) = owner(&stream.name) {
            all.entry(owner.to_owned()).or_default().push(stream);
        }
    }
    all
}

/// LiveStreams that had two streams at once, even for a moment. The next
/// object of a name comes only after the last one's stream went, so this never is.
#[derive(Default)]
pub(crate) struct Doubles(BTreeMap<String, Vec<StreamView>>);

impl Doubles {
    pub(crate) fn look(&mut self, stage: &Stage) {
        let doubled = by_owner(stage).into_iter().filter(|(_, streams)| streams.len() > 1);
        for (owner, streams) in doubled {
            self.0.entry(owner).or_insert(streams);
        }
    }

    pub(crate) fn assert_none(&self, stage: &Stage, seed: u64) {
        let told: Vec<_> = self.0.keys().take(TOLD).map(|name| log_of(stage, name, 4 * TAIL)).collect();
        assert!(self.0.is_empty(), "seed {seed}: doubled: {:#?}\n{}", self.0, told.join("\n"));
    }
}

/// Waits until every LiveStream is Ready and equals its one stream, and what was
/// deleted is gone. Gives back how long that took, [`BOUND`] at the most.
pub(crate) async fn come_to_hold(
    stage: &Stage,
    wanted: &BTreeMap<String, (String, bool)>,
    seed: u64,
) -> Duration {
    let began = Instant::now();
    loop {
        let all = stage.api().list(&Default::default()).await.expect("the list").items;
        let objects = all.into_iter().map(|o| (o.metadata.name.clone().unwrap_or_default(), o)).collect();
        let wrong = wrong(&objects, &by_owner(stage), wanted);
        if wrong.is_empty() {
            return began.elapsed();
        }
        if began.elapsed() > BOUND {
            give_up(stage, &objects, &wrong, seed);
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// What is not as it should be: the LiveStream's name, and why.
fn wrong(
    objects: &BTreeMap<String, LiveStream>,
    streams: &BTreeMap<String, Vec<StreamView>>,
    wanted: &BTreeMap<String, (String, bool)>,
) -> Vec<(String, String)> {
    let names: BTreeSet<_> = objects.keys().chain(streams.keys()).chain(wanted.keys()).collect();
    let none = Vec::new();
    let judged = names.into_iter().filter_map(|name| {
        let streams = streams.get(name).unwrap_or(&none);
        let why = match (wanted.get(name), objects.get(name)) {
            (None, None) if streams.is_empty() => None,
            (None, None) => Some("it is gone and its stream is not: leaked".to_owned()),
            (None, Some(_)) => Some("it was deleted and is still there".to_owned()),
            (Some(_), None) => Some("it is wanted and not there".to_owned()),
            (Some(wanted), Some(object)) => unequal(object, streams, wanted),
        };
        why.map(|why| (name.clone(), why))
    });
    judged.collect()
}

fn unequal(object: &LiveStream, streams: &[StreamView], (name, public): &(String, bool)) -> Option<String> {
    let [stream] = streams else { return Some(format!("it has {} streams", streams.len())) };
    let synced = ready(object).is_some_and(|c| {
        c.status == "True" && c.reason == "Synced" && c.observed_generation == object.metadata.generation
    });
    let status = object.status.as_ref();
    let annotations = object.metadata.annotations.clone().unwrap_or_default();
    if !synced {
        Some(format!("Ready is {:?}", ready(object).map(|c| (&c.reason, &c.message))))
    } else if (&stream.name, stream.public) != (name, *public) {
        Some(format!("the stream is {:?} {}, wanted is {name:?} {public}", stream.name, stream.public))
    } else if status.and_then(|s| s.live_stream_id.as_ref()) != Some(&stream.live_stream_id)
        || annotations.get("api.video/live-stream-id") != Some(&stream.live_stream_id)
    {
        Some(format!("it is bound to another stream than its own, {}", stream.live_stream_id))
    } else if annotations.contains_key("api.video/create-intent") {
        Some("its create is still open".to_owned())
    } else {
        None
    }
}

fn give_up(
    stage: &Stage,
    objects: &BTreeMap<String, LiveStream>,
    wrong: &[(String, String)],
    seed: u64,
) -> ! {
    let streams = by_owner(stage);
    let told = wrong.iter().take(TOLD).map(|(name, why)| {
        let (object, streams) = (objects.get(name), streams.get(name));
        format!("{name}: {why}\n{object:#?}\n{streams:#?}\n{}", log_of(stage, name, TAIL))
    });
    let told: Vec<_> = told.collect();
    panic!(
        "seed {seed}: {} LiveStreams are not as they should be {BOUND:?} after the faults stopped: {wrong:?}\n{}",
        wrong.len(),
        told.join("\n")
    );
}

/// The end of what the log says of a LiveStream.
fn log_of(stage: &Stage, name: &str, lines: usize) -> String {
    let log = fs::read_to_string(stage.log()).unwrap_or_default();
    let of_it: Vec<_> =
        log.lines().filter(|line| line.contains(name) || line.contains("operator started")).collect();
    of_it[of_it.len().saturating_sub(lines)..].join("\n")
}

/// Asserts that over several passes nothing is written, to the API or to the cluster.
pub(crate) async fn quiet_is_quiet(stage: &Stage, seed: u64) {
    stage.two_passes().await;
    let before = versions(stage).await;
    stage.sandbox.reset_calls();
    for _ in 0..3 {
        stage.two_passes().await;
    }
    assert_eq!(stage.sandbox.calls().writes(), 0, "seed {seed}: quiet is not quiet for the API");
    assert_eq!(versions(stage).await, before, "seed {seed}: quiet is not quiet for the cluster");
}

/// The version of every LiveStream: any write changes it.
pub(crate) async fn versions(stage: &Stage) -> BTreeMap<String, String> {
    let all = stage.api().list(&Default::default()).await.expect("the list").items;
    let version = |o: LiveStream| (o.metadata.name.unwrap_or_default(), o.metadata.resource_version);
    all.into_iter().map(version).map(|(name, version)| (name, version.unwrap_or_default())).collect()
}
