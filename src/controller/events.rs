//! Events on the object: what happened, as it happens.
//!
//! kube's `Recorder` folds events of one reason within six minutes into a
//! series that keeps the first text, so that the second of two corrections
//! would show the fields of the first. So events are written here, one at a time;
//! the planner's notices never repeat for the same reason.

use k8s_openapi::{
    api::events::v1::Event,
    apimachinery::pkg::apis::meta::v1::{MicroTime, ObjectMeta},
};
use kube::{Api, Client, Resource, api::PostParams};
use tracing::debug;

use super::object_writes;
use crate::{
    core::state::notice::EventBody,
    kinds::live_stream::{LiveStream, metadata::FIELD_MANAGER},
    ops::pod_name,
};

/// The longest note that the API server accepts, in bytes.
const MAX_NOTE: usize = 1024;

/// The longest name of an object.
const MAX_NAME: usize = 253;

/// Writes an event. One that can't be written is no reason to stop: in a namespace that is
/// being deleted nothing can be created.
pub(super) async fn publish(client: &Client, object: &LiveStream, body: EventBody) {
    let regarding = object.object_ref(&());
    let Some(namespace) = regarding.namespace.clone() else { return };
    let now = k8s_openapi::jiff::Timestamp::now();
    let object = regarding.name.as_deref().unwrap_or_default();
    let event = Event {
        metadata: ObjectMeta {
            name: Some(event_name(object, now.as_nanosecond())),
            namespace: Some(namespace.clone()),
            ..ObjectMeta::default()
        },
        event_time: Some(MicroTime(now)),
        action: Some("Reconcile".into()),
        reason: Some(body.reason.into()),
        note: Some(cut(body.note)),
        type_: Some(if body.warning { "Warning" } else { "Normal" }.into()),
        regarding: Some(regarding),
        reporting_controller: Some(FIELD_MANAGER.into()),
        reporting_instance: Some(pod_name().unwrap_or_else(|| FIELD_MANAGER.into())),
        ..Event::default()
    };
    let api: Api<Event> = Api::namespaced(client.clone(), &namespace);
    if let Err(error) = object_writes::request(api.create(&PostParams::default(), &event)).await {
        debug!(%error, reason = body.reason, "an event was not written");
    }
}

/// The name of an event: its object's and its time, within the limit of a DNS subdomain,
/// in which each part ends with a letter or a digit.
fn event_name(object: &str, nanosecond: i128) -> String {
    let time = format!(".{nanosecond:x}");
    let object = beginning(object, MAX_NAME.saturating_sub(time.len()));
    format!("{}{time}", object.trim_end_matches(['.', '-']))
}

/// The note, within its limit in bytes.
fn cut(note: String) -> String {
    if note.len() <= MAX_NOTE {
        return note;
    }
    format!("{}…", beginning(&note, MAX_NOTE - '…'.len_utf8()))
}

/// At most `max` bytes of a text, cut between characters.
fn beginning(text: &str, max: usize) -> &str {
    let end = (0..=max.min(text.len())).rev().find(|at| text.is_char_boundary(*at));
    text.split_at(end.unwrap_or_default()).0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_an_event_is_valid_for_the_longest_object() {
        let now = k8s_openapi::jiff::Timestamp::MAX.as_nanosecond();
        for end in ["", "-", ".", "-.", "a.a"] {
            let longest: String = format!("{}{end}{}", "a".repeat(235 - end.len()), "-b".repeat(9));
            assert_eq!(longest.len(), MAX_NAME);
            let name = event_name(&longest, now);
            assert!(name.len() <= MAX_NAME, "{}", name.len());
            assert!(name.split('.').all(|part| part.ends_with(char::is_alphanumeric)), "{name}");
        }
        assert_eq!(event_name("town-hall", 255), "town-hall.ff");
    }

    #[test]
    fn a_long_note_is_cut_between_characters() {
        let cut = cut("ä".repeat(2000));
        assert!(cut.len() <= MAX_NOTE && cut.ends_with('…'), "{}", cut.len());
    }
}
