//! The story: what the operator is for, step by step, each seen to hold.

use std::time::Instant;

use apivideo_sandbox::{EditError, StreamPatch};
use kube::{ResourceExt as _, core::DynamicObject};

use crate::cluster::ClusterError;
use crate::narration::{held, more, seconds};
use crate::proof::{Pair, Witness};
use crate::samples::{Samples, SamplesError, is_live_stream};
use crate::sight::readiness;
use crate::wait::Unmet;

/// The LiveStream that everything happens to.
pub(crate) const TOWN_HALL: &str = "town-hall";
/// The LiveStream whose stream is kept when it goes.
pub(crate) const BOARD_MEETING: &str = "board-meeting";

/// The name that somebody gives the stream behind the operator's back.
const ANOTHER_NAME: &str = "Renamed behind its back";

/// Why a step was not seen to hold.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Cause {
    /// Something did not happen in time.
    #[error(transparent)]
    Unmet(#[from] Unmet),
    /// The API server did not do the demo's own part.
    #[error(transparent)]
    Cluster(#[from] ClusterError),
    /// The sandbox did not do the demo's own part.
    #[error("the sandbox: {0}")]
    Sandbox(#[from] EditError),
    /// The samples can't be used.
    #[error(transparent)]
    Samples(#[from] SamplesError),
}

/// A step that was not seen to hold, with what the LiveStream itself says.
#[derive(Debug, thiserror::Error)]
#[error("{step}\n{cause}\nLiveStream {name}: {ready}")]
pub(crate) struct Broken {
    step: &'static str,
    #[source]
    cause: Cause,
    name: String,
    ready: String,
}

/// What a step has to show.
struct Shown<T> {
    /// What happened, in a line.
    line: String,
    /// The event that the operator wrote about it.
    event: Option<String>,
    /// What the next step goes on with.
    then: T,
}

/// The story, with what it happens to and where it is looked at.
pub(crate) struct Story<'a> {
    pub(crate) witness: Witness<'a>,
    pub(crate) samples: &'a Samples,
}

impl Story<'_> {
    /// Tells the story from the first manifest to the last deletion. The
    /// stream of [`BOARD_MEETING`] is left, as its manifest asks; its id is returned.
    ///
    /// # Errors
    /// [`Broken`] at the first step that is not seen to hold.
    pub(crate) async fn tell(&self) -> Result<String, Broken> {
        for object in self.samples.besides([TOWN_HALL, BOARD_MEETING]) {
            self.step("applied", &object.name_any(), self.apply(object)).await?;
        }
        let board = self.step("created", BOARD_MEETING, self.create(BOARD_MEETING)).await?;
        let hall = self.step("created", TOWN_HALL, self.create(TOWN_HALL)).await?;
        let hall = self.step("manifest changed", TOWN_HALL, self.change(&hall)).await?;
        let hall = self.step("edited behind its back", TOWN_HALL, self.edit(&hall)).await?;
        let hall = self.step("deleted by hand", TOWN_HALL, self.lose(&hall)).await?;
        self.step("manifest deleted", TOWN_HALL, self.delete(&hall)).await?;
        self.step("manifest deleted", BOARD_MEETING, self.retain(&board)).await?;
        Ok(board.id().to_owned())
    }

    async fn step<T>(
        &self,
        step: &'static str,
        name: &str,
        work: impl Future<Output = Result<Shown<T>, Cause>>,
    ) -> Result<T, Broken> {
        let began = Instant::now();
        match work.await {
            Ok(Shown { line, event, then }) => {
                held(&format!("{step}: {line} ({})", seconds(began.elapsed())));
                event.iter().for_each(|event| more(event));
                Ok(then)
            }
            Err(cause) => {
                let ready = match self.witness.cluster.live_stream(name).await {
                    Ok(Some(object)) => readiness(&object),
                    Ok(None) => "not in the cluster".to_owned(),
                    Err(error) => error.to_string(),
                };
                Err(Broken { step, cause, name: name.to_owned(), ready })
            }
        }
    }

    /// Applies a sample that nothing else happens to.
    async fn apply(&self, object: &DynamicObject) -> Result<Shown<()>, Cause> {
        self.witness.cluster.apply(object).await?;
        let name = object.name_any();
        if is_live_stream(object) {
            self.witness.agreement(&name, None).await?;
        }
        Ok(Shown { line: name, event: None, then: () })
    }

    /// Applying a manifest creates its stream, once.
    async fn create(&self, name: &'static str) -> Result<Shown<Pair>, Cause> {
        let before = self.witness.sandbox.streams().len();
        self.witness.cluster.apply(self.samples.manifest(name)?).await?;
        let pair = self.witness.agreement(name, None).await?;
        self.witness.streams(before + 1).await?;
        let event = self.quote(&pair, "Created", pair.id()).await?;
        let url = pair.player().unwrap_or("private: its URLs carry a token and are not in the status");
        Ok(Shown { line: format!("{name} is the stream {}, {url}", pair.id()), event, then: pair })
    }

    /// A changed manifest is written to the stream, and only what changed.
    async fn change(&self, hall: &Pair) -> Result<Shown<Pair>, Cause> {
        let (before, after) = (hall.stream.public, !hall.stream.public);
        self.witness.cluster.apply(&with_public(self.samples.manifest(TOWN_HALL)?, after)).await?;
        let pair = self.witness.agreement(TOWN_HALL, None).await?;
        let event = self.quote(&pair, "Updated", "public").await?;
        let line = format!("spec.public {before} → {after}, and the operator patched {}", pair.id());
        Ok(Shown { line, event, then: pair })
    }

    /// A change made elsewhere is undone.
    async fn edit(&self, hall: &Pair) -> Result<Shown<Pair>, Cause> {
        let patch = StreamPatch { name: Some(ANOTHER_NAME.into()), ..StreamPatch::default() };
        self.witness.sandbox.edit(hall.id(), patch)?;
        let event = self.quote(hall, "DriftCorrected", "name").await?;
        let pair = self.witness.agreement(TOWN_HALL, None).await?;
        let line =
            format!("name became {ANOTHER_NAME:?}; drift corrected: it is {:?} again", pair.stream.name);
        Ok(Shown { line, event, then: pair })
    }

    /// A stream that was deleted elsewhere is made anew.
    async fn lose(&self, hall: &Pair) -> Result<Shown<Pair>, Cause> {
        let before = self.witness.sandbox.streams().len();
        self.witness.sandbox.delete(hall.id())?;
        let pair = self.witness.agreement(TOWN_HALL, Some(hall.id())).await?;
        self.witness.streams(before).await?;
        let event = self.quote(&pair, "Recreated", pair.id()).await?;
        Ok(Shown { line: format!("re-created as {} (it was {})", pair.id(), hall.id()), event, then: pair })
    }

    /// A deleted manifest takes its stream with it.
    async fn delete(&self, hall: &Pair) -> Result<Shown<()>, Cause> {
        let before = self.witness.sandbox.streams().len();
        self.witness.cluster.delete(TOWN_HALL).await?;
        self.witness.absence(TOWN_HALL).await?;
        self.witness.streams(before.saturating_sub(1)).await?;
        let event = self.quote(hall, "Deleted", hall.id()).await?;
        Ok(Shown { line: format!("{TOWN_HALL}'s stream {} is gone as well", hall.id()), event, then: () })
    }

    /// A deleted manifest with `deletionPolicy: Retain` leaves its stream as it is.
    async fn retain(&self, board: &Pair) -> Result<Shown<()>, Cause> {
        let before = self.witness.sandbox.streams().len();
        self.witness.cluster.delete(BOARD_MEETING).await?;
        self.witness.absence(BOARD_MEETING).await?;
        self.witness.streams(before).await?;
        self.witness.untouched(&board.stream).await?;
        let event = self.quote(board, "Retained", board.id()).await?;
        let line = format!("{BOARD_MEETING}'s stream {} was kept (deletionPolicy: Retain)", board.id());
        Ok(Shown { line, event, then: () })
    }

    async fn quote(&self, pair: &Pair, reason: &str, what: &str) -> Result<Option<String>, Unmet> {
        let note = self.witness.event(pair.uid(), reason, what).await?;
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
