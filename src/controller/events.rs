//! What a person is told as it happens: events on the object.
//!
//! kube's `Recorder` folds events of one reason within six minutes into a
//! series that keeps the first text, so that the second of two corrections
//! would show the fields of the first; and it remembers each. So events are
//! written here, one by one; the planner's notes never repeat by themselves.

use k8s_openapi::{
    api::events::v1::Event,
    apimachinery::pkg::apis::meta::v1::{MicroTime, ObjectMeta},
};
use kube::{Api, Client, Resource, api::PostParams};
use tokio::time::timeout;
use tracing::debug;

use super::CLUSTER_TIMEOUT;
use crate::{
    core::{outcome::Note, verdict::Verdict},
    crd::{LiveStream, metadata::FIELD_MANAGER},
};

/// The longest note that the API server takes, in bytes.
const LONGEST_NOTE: usize = 1024;

/// Writes events.
pub(super) struct Events {
    client: Client,
    instance: String,
}

/// What an event says.
struct Telling {
    warning: bool,
    reason: &'static str,
    note: String,
}

impl Events {
    pub(super) fn new(client: Client) -> Self {
        let host = std::env::var("HOSTNAME").ok().filter(|host| !host.is_empty());
        Self { client, instance: host.unwrap_or_else(|| FIELD_MANAGER.into()) }
    }

    /// Tells what was done. An event that can't be written is no reason to
    /// stop: in a namespace that is being deleted nothing can be created.
    pub(super) async fn did(&self, object: &LiveStream, note: &Note) {
        self.publish(object, telling(note)).await;
    }

    /// Tells of a refusal.
    pub(super) async fn refused(&self, object: &LiveStream, verdict: &Verdict) {
        let telling =
            Telling { warning: true, reason: verdict.reason.as_str(), note: verdict.message.clone() };
        self.publish(object, telling).await;
    }

    async fn publish(&self, object: &LiveStream, telling: Telling) {
        let regarding = object.object_ref(&());
        let Some(namespace) = regarding.namespace.clone() else { return };
        let now = k8s_openapi::jiff::Timestamp::now();
        let event = Event {
            metadata: ObjectMeta {
                name: Some(format!(
                    "{}.{:x}",
                    regarding.name.as_deref().unwrap_or_default(),
                    now.as_nanosecond()
                )),
                namespace: Some(namespace.clone()),
                ..ObjectMeta::default()
            },
            event_time: Some(MicroTime(now)),
            action: Some("Reconcile".into()),
            reason: Some(telling.reason.into()),
            note: Some(cut(telling.note)),
            type_: Some(if telling.warning { "Warning" } else { "Normal" }.into()),
            regarding: Some(regarding),
            reporting_controller: Some(FIELD_MANAGER.into()),
            reporting_instance: Some(self.instance.clone()),
            ..Event::default()
        };
        let api: Api<Event> = Api::namespaced(self.client.clone(), &namespace);
        match timeout(CLUSTER_TIMEOUT, api.create(&PostParams::default(), &event)).await {
            Ok(Ok(_)) => {}
            Ok(Err(error)) => debug!(%error, reason = telling.reason, "an event was not written"),
            Err(_) => debug!(reason = telling.reason, "an event was not written: no answer"),
        }
    }
}

fn cut(mut note: String) -> String {
    if note.len() > LONGEST_NOTE {
        let end = (0..=LONGEST_NOTE - 4).rev().find(|at| note.is_char_boundary(*at)).unwrap_or_default();
        note.truncate(end);
        note.push('…');
    }
    note
}

fn telling(note: &Note) -> Telling {
    let (warning, reason, note) = match note {
        Note::Created(id) => (false, "Created", format!("created the stream {id}")),
        Note::Recreated { old, new } => {
            let text =
                format!("{old} was gone: created {new} in its place; the stream key and all URLs are new");
            (true, "Recreated", text)
        }
        Note::Adopted(id) => (false, "Adopted", format!("adopted the stream {id}")),
        Note::Rebound(id) => (false, "Rebound", format!("stored the binding to {id} again")),
        Note::CopyDetected(id) => {
            let text = format!(
                "the annotations were copied from another LiveStream, which holds {id}: this one gets a stream of its own"
            );
            (true, "CopyDetected", text)
        }
        Note::Updated(id, fields) => (false, "Updated", format!("wrote {fields} of the manifest to {id}")),
        Note::DriftCorrected(id, fields) => {
            (false, "DriftCorrected", format!("{fields} of {id} had been changed elsewhere and was set back"))
        }
        Note::CameLate(id) => {
            let text = format!(
                "a create request that was given up seems to have made {id} after all, and nobody holds it: delete it \
                 in api.video, or keep it by a LiveStream with spec.liveStreamId {id}"
            );
            (true, "CameLate", text)
        }
        Note::LateDeleted(id) => {
            let text = format!("deleted {id}, which a create request that was given up had made after all");
            (false, "LateDeleted", text)
        }
        Note::Deleted(id) => (false, "Deleted", format!("deleted the stream {id}")),
        Note::Retained(Some(id), why) => (false, "Retained", format!("kept the stream {id}: {why}")),
        Note::Retained(None, why) => (false, "Retained", format!("let go without a search: {why}")),
    };
    Telling { warning, reason, note }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_note_is_cut_between_characters() {
        let cut = cut("ä".repeat(2000));
        assert!(cut.len() <= LONGEST_NOTE && cut.ends_with('…'), "{}", cut.len());
    }
}
