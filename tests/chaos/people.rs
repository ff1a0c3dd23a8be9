//! Those who change things: manifests as people do, streams behind the operator's back.

use std::{
    collections::{BTreeMap, HashSet},
    sync::{Mutex, PoisonError},
    time::Duration,
};

use apivideo_sandbox::StreamPatch;
use fastrand::Rng;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::{figures::Figures, stage::Stage};

/// How many names the LiveStreams take turns with.
pub(crate) const NAMES: u64 = 200;

/// So many people work at once, each with names of their own.
pub(crate) const PEOPLE: u64 = 8;

/// What is wanted of each LiveStream that was not deleted: name and public flag.
#[derive(Default)]
pub(crate) struct Wanted(Mutex<BTreeMap<String, (String, bool)>>);

impl Wanted {
    fn with<T>(&self, act: impl FnOnce(&mut BTreeMap<String, (String, bool)>) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn all(&self) -> BTreeMap<String, (String, bool)> {
        self.with(|wanted| wanted.clone())
    }
}

/// The LiveStream that a stream was made for, told by its name, which keeps it
/// through every change; `None` for a stream of somebody else.
pub(crate) fn owner(stream_name: &str) -> Option<&str> {
    stream_name.rsplit_once(" of ").map(|(_, owner)| owner).filter(|owner| owner.starts_with("chaos-"))
}

/// One person's day.
pub(crate) async fn work(
    stage: &Stage,
    mut dice: Rng,
    person: u64,
    wanted: &Wanted,
    figures: &Figures,
    evening: &CancellationToken,
) {
    let mut edited = HashSet::new();
    while !evening.is_cancelled() {
        let name = format!("chaos-{:03}", dice.u64(..NAMES / PEOPLE) * PEOPLE + person);
        figures.did(step(stage, &mut dice, &name, wanted, &mut edited).await);
        let pause = Duration::from_millis(20) + Duration::from_millis(dice.u64(..120));
        // The pause is part of the game: people and machine take turns at random.
        let _ = tokio::time::timeout(pause, evening.cancelled()).await;
    }
}

/// Nobody edits a stream again before its manifest has changed: that might be a
/// fight, which the operator lets wait for minutes.
async fn step(
    stage: &Stage,
    dice: &mut Rng,
    name: &str,
    wanted: &Wanted,
    edited: &mut HashSet<String>,
) -> &'static str {
    let (choice, title, public) = (dice.u64(..100), dice.u64(..4), dice.u64(..2) == 0);
    let Some(object) = stage.api().get_opt(name).await.expect("an answer") else {
        return apply(stage, name, title, public, wanted, "created").await;
    };
    if object.metadata.deletion_timestamp.is_some() {
        return "left one alone that is going";
    }
    let stream = object.status.and_then(|status| status.live_stream_id);
    match (choice, stream) {
        (0..40, _) => {
            edited.remove(name);
            apply(stage, name, title, public, wanted, "changed").await
        }
        (40..52, _) => {
            wanted.with(|wanted| wanted.remove(name));
            stage.delete(name).await;
            "deleted"
        }
        (52..72, Some(stream)) if edited.insert(name.to_owned()) => {
            let patch = StreamPatch {
                name: Some(format!("Edited {title} of {name}")),
                public: Some(public),
                ..Default::default()
            };
            stage.sandbox.edit(&stream, patch).map_or("found no stream to edit", |_| "edited elsewhere")
        }
        (72..82, Some(stream)) => {
            stage.sandbox.delete(&stream).map_or("found no stream to delete", |()| "deleted elsewhere")
        }
        (82..92, _) => {
            stage.merge(name, json!({ "metadata": { "labels": { "title": title.to_string() } } })).await;
            "labelled"
        }
        _ => {
            let asked = format!("{choice}-{}", dice.u64(..1_000_000));
            stage.annotate(name, "reconcile.api.video/requestedAt", Some(&asked)).await;
            "asked to reconcile"
        }
    }
}

pub(crate) async fn apply(
    stage: &Stage,
    name: &str,
    title: u64,
    public: bool,
    wanted: &Wanted,
    did: &'static str,
) -> &'static str {
    let title = format!("Title {title} of {name}");
    stage.apply(name, json!({ "name": title, "public": public })).await;
    wanted.with(|wanted| wanted.insert(name.to_owned(), (title, public)));
    did
}

#[test]
fn a_stream_tells_whose_it_is_also_when_it_was_edited() {
    assert_eq!(owner("Title 3 of chaos-017"), Some("chaos-017"));
    assert_eq!(owner("Edited 0 of chaos-199"), Some("chaos-199"));
    assert_eq!(owner("Foreign"), None);
}
