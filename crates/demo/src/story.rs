//! The story: what the operator does, step by step, each step checked.

use std::time::Instant;

use apivideo_sandbox::{EditError, StreamPatch};
use kube::{ResourceExt as _, core::DynamicObject};

use crate::checks::{Checker, Pair};
use crate::cluster::ClusterError;
use crate::output::{detail, passed, seconds};
use crate::readiness::readiness;
use crate::samples::{BOARD_MEETING, Samples, SamplesError, TOWN_HALL, is_live_stream};
use crate::wait::Unmet;

/// The name that the stream gets behind the operator's back.
const ANOTHER_NAME: &str = "Renamed behind its back";

/// Why a step failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Cause {
    /// Something did not happen in time.
    #[error(transparent)]
    Unmet(#[from] Unmet),
    /// A request of the demo to the API server failed.
    #[error(transparent)]
    Cluster(#[from] ClusterError),
    /// An edit in the sandbox failed.
    #[error("the sandbox: {0}")]
    Sandbox(#[from] EditError),
    /// The samples can't be used.
    #[error(transparent)]
    Samples(#[from] SamplesError),
}

/// A failed step, with the Ready condition of its LiveStream.
#[derive(Debug, thiserror::Error)]
#[error("{step}\n{cause}\nLiveStream {name}: {ready}")]
pub(crate) struct StepFailed {
    step: &'static str,
    #[source]
    cause: Cause,
    name: String,
    ready: String,
}

/// The result of a step.
struct Outcome<T> {
    /// What happened, in a line.
    line: String,
    /// The event that the operator wrote about it.
    event: Option<String>,
    /// The input of the next step.
    then: T,
}

/// The story, with its samples and its checks.
pub(crate) struct Story<'a> {
    pub(crate) checker: Checker<'a>,
    pub(crate) samples: &'a Samples,
}

impl Story<'_> {
    /// Runs the story from the first manifest to the last deletion. The stream of
    /// [`BOARD_MEETING`] is kept, as its manifest asks; its id is returned.
    ///
    /// # Errors
    /// [`StepFailed`] at the first step that fails.
    pub(crate) async fn run(&self) -> Result<String, StepFailed> {
        for object in self.samples.besides([TOWN_HALL, BOARD_MEETING]) {
            self.step("applied", &object.name_any(), self.apply(object)).await?;
        }
        let board = self.step("created", BOARD_MEETING, self.create(BOARD_MEETING)).await?;
        let hall = self.step("created", TOWN_HALL, self.create(TOWN_HALL)).await?;
        let hall = self.step("manifest changed", TOWN_HALL, self.change(&hall)).await?;
        let hall = self.step("edited elsewhere", TOWN_HALL, self.edit(&hall)).await?;
        let hall = self.step("deleted elsewhere", TOWN_HALL, self.lose(&hall)).await?;
        self.step("manifest deleted", TOWN_HALL, self.delete(&hall)).await?;
        self.step("manifest deleted", BOARD_MEETING, self.retain(&board)).await?;
        Ok(board.id().to_owned())
    }

    async fn step<T>(
        &self,
        step: &'static str,
        name: &str,
        work: impl Future<Output = Result<Outcome<T>, Cause>>,
    ) -> Result<T, StepFailed> {
        let began = Instant::now();
        match work.await {
            Ok(Outcome { line, event, then }) => {
                passed(&format!("{step}: {line} ({})", seconds(began.elapsed())));
                event.iter().for_each(|event| detail(event));
                Ok(then)
            }
            Err(cause) => {
                let ready = match self.checker.cluster.live_stream(name).await {
                    Ok(Some(object)) => readiness(&object),
                    Ok(None) => "not in the cluster".to_owned(),
                    Err(error) => error.to_string(),
                };
                Err(StepFailed { step, cause, name: name.to_owned(), ready })
            }
        }
    }

    /// Applies a sample that no other step uses.
    async fn apply(&self, object: &DynamicObject) -> Result<Outcome<()>, Cause> {
        self.checker.cluster.apply(object).await?;
        let name = object.name_any();
        if is_live_stream(object) {
            self.checker.in_sync(&name, None).await?;
        }
        Ok(Outcome { line: name, event: None, then: () })
    }

    /// Applying a manifest creates its stream, once.
    async fn create(&self, name: &'static str) -> Result<Outcome<Pair>, Cause> {
        let before = self.checker.sandbox.streams().len();
        self.checker.cluster.apply(self.samples.manifest(name)?).await?;
        let pair = self.checker.in_sync(name, None).await?;
        self.checker.streams(before + 1).await?;
        let event = self.quote(&pair, "Created", pair.id()).await?;
        let url = pair.player().unwrap_or("private (its URLs carry a token and are not in the status)");
        Ok(Outcome { line: format!("{name} has the stream {}, {url}", pair.id()), event, then: pair })
    }

    /// A changed manifest is written to the stream, and only what changed.
    async fn change(&self, hall: &Pair) -> Result<Outcome<Pair>, Cause> {
        let (before, after) = (hall.stream.public, !hall.stream.public);
        self.checker.cluster.apply(&with_public(self.samples.manifest(TOWN_HALL)?, after)).await?;
        let pair = self.checker.in_sync(TOWN_HALL, None).await?;
        let event = self.quote(&pair, "Updated", "public").await?;
        let line = format!("spec.public {before} → {after}; the operator patched {}", pair.id());
        Ok(Outcome { line, event, then: pair })
    }

    /// A change made elsewhere is reverted.
    async fn edit(&self, hall: &Pair) -> Result<Outcome<Pair>, Cause> {
        let patch = StreamPatch { name: Some(ANOTHER_NAME.into()), ..StreamPatch::default() };
        self.checker.sandbox.edit(hall.id(), patch)?;
        let event = self.quote(hall, "DriftCorrected", "name").await?;
        let pair = self.checker.in_sync(TOWN_HALL, None).await?;
        let line =
            format!("name became {ANOTHER_NAME:?}; the operator reverted it to {:?}", pair.stream.name);
        Ok(Outcome { line, event, then: pair })
    }

    /// A stream that was deleted elsewhere is created again.
    async fn lose(&self, hall: &Pair) -> Result<Outcome<Pair>, Cause> {
        let before = self.checker.sandbox.streams().len();
        self.checker.sandbox.delete(hall.id())?;
        let pair = self.checker.in_sync(TOWN_HALL, Some(hall.id())).await?;
        self.checker.streams(before).await?;
        let event = self.quote(&pair, "Recreated", pair.id()).await?;
        Ok(Outcome {
            line: format!("created again as {} (it was {})", pair.id(), hall.id()),
            event,
            then: pair,
        })
    }

    /// Deleting a manifest deletes its stream.
    async fn delete(&self, hall: &Pair) -> Result<Outcome<()>, Cause> {
        let before = self.checker.sandbox.streams().len();
        self.checker.cluster.delete(TOWN_HALL).await?;
        self.checker.gone(TOWN_HALL).await?;
        self.checker.streams(before.saturating_sub(1)).await?;
        let event = self.quote(hall, "Deleted", hall.id()).await?;
        Ok(Outcome {
            line: format!("the stream {} of {TOWN_HALL} is deleted as well", hall.id()),
            event,
            then: (),
        })
    }

    /// Deleting a manifest with `deletionPolicy: Retain` leaves its stream as it is.
    async fn retain(&self, board: &Pair) -> Result<Outcome<()>, Cause> {
        let before = self.checker.sandbox.streams().len();
        self.checker.cluster.delete(BOARD_MEETING).await?;
        self.checker.gone(BOARD_MEETING).await?;
        self.checker.streams(before).await?;
        self.checker.unchanged(&board.stream).await?;
        let event = self.quote(board, "Retained", board.id()).await?;
        let line = format!("the stream {} of {BOARD_MEETING} was kept (deletionPolicy: Retain)", board.id());
        Ok(Outcome { line, event, then: () })
    }

    async fn quote(&self, pair: &Pair, reason: &str, what: &str) -> Result<Option<String>, Unmet> {
        let note = self.checker.event(pair.uid(), reason, what).await?;
        Ok(Some(format!("event {reason}: {note}")))
    }
}

/// The manifest with another `spec.public`.
fn with_public(manifest: &DynamicObject, public: bool) -> DynamicObject {
    let mut changed = manifest.clone();
    if let Some(spec) = changed.data.pointer_mut("/spec").and_then(|spec| spec.as_object_mut()) {
        spec.insert("public".to_owned(), public.into());
    }
    changed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_public_flag_of_a_manifest_is_changed() {
        let samples = Samples::of_the_repository().unwrap();
        let manifest = samples.manifest(TOWN_HALL).unwrap();
        let mut changed = with_public(manifest, false);
        assert_eq!(changed.data["spec"]["public"], false);
        changed.data["spec"]["public"] = manifest.data["spec"]["public"].clone();
        assert_eq!(&changed.data, &manifest.data);
    }
}
