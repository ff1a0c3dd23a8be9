//! Every condition that the planner reports, with its text: what is wrong, why,
//! and what a person can do.

use jiff::Timestamp;

use super::hints::{annotate, confirm, confirm_all, patch_spec, retain};
use crate::{
    facts::{
        diff::FieldDrift,
        ids::{ObjectKey, StreamId},
        manifest::Manifest,
        observation::AccountError,
    },
    state::{
        drift_backoff::BackoffWindow,
        outcome::{Cause, Refusal},
    },
    step::conditions::{ReadyCondition, Reason},
};

/// Messages carry whole seconds: a finer time would change a status for nothing.
fn seconds(time: Timestamp) -> Timestamp {
    Timestamp::from_second(time.as_second()).unwrap_or(time)
}

/// Work is under way: Creating, Updating or Deleting.
pub fn working(reason: Reason, doing: impl AsRef<str>) -> ReadyCondition {
    ReadyCondition::new(reason, doing)
}

/// The stream matches the manifest.
pub fn synced(id: &StreamId) -> ReadyCondition {
    ReadyCondition::new(Reason::Synced, format!("{id} matches the manifest"))
}

/// The manifest is suspended.
pub fn suspended(state: &str) -> ReadyCondition {
    ReadyCondition::new(
        Reason::Suspended,
        format!("spec.suspend is true, so nothing is written to api.video; {state}"),
    )
}

/// Another LiveStream owns the stream.
pub fn id_conflict(id: &StreamId, owner: &ObjectKey) -> ReadyCondition {
    ReadyCondition::new(
        Reason::IdConflict,
        format!(
            "stream {id} is owned by LiveStream {owner}, which was bound first; delete one of the two, or recreate this \
             LiveStream with a different spec.liveStreamId"
        ),
    )
}

/// The manifest asks for another stream than it is bound to.
pub fn id_mismatch(bound: &StreamId, wanted: &StreamId) -> ReadyCondition {
    ReadyCondition::new(
        Reason::Rejected,
        format!(
            "spec.liveStreamId asks for {wanted}, but this LiveStream is bound to {bound}; \
             create another LiveStream to adopt {wanted}"
        ),
    )
}

/// The stream to adopt does not exist.
pub fn nothing_to_adopt(id: &StreamId) -> ReadyCondition {
    ReadyCondition::new(
        Reason::RemoteMissing,
        format!(
            "this account has no stream {id} to adopt; check spec.liveStreamId and that the API key belongs to the \
             stream's project (the stream is adopted as soon as it exists)"
        ),
    )
}

/// Nothing is known of the account yet.
pub fn waiting_for_first_scan(doing: &str) -> ReadyCondition {
    ReadyCondition::new(Reason::Creating, format!("{doing}: waiting for the first scan of the account"))
}

/// A call can't be made, or failed.
pub fn blocked(cause: &Cause, manifest: &Manifest, next: Option<Timestamp>) -> ReadyCondition {
    let mut ready = match cause {
        Cause::Account(AccountError::RateLimited) | Cause::Call(AccountError::RateLimited) => {
            let next = next.map_or_else(String::new, |t| format!("; next attempt around {}", seconds(t)));
            ReadyCondition::new(Reason::RateLimited, format!("rate limited by api.video{next}"))
        }
        Cause::Account(AccountError::Unavailable(why)) => ReadyCondition::new(
            Reason::AccountUnavailable,
            format!("api.video is not reachable: {why}; retrying"),
        ),
        Cause::Call(AccountError::Unavailable(why)) => ReadyCondition::new(
            Reason::AccountUnavailable,
            format!("api.video failed a request for this stream: {why}; retrying"),
        ),
        Cause::Account(AccountError::Unauthorized(why)) => ReadyCondition::new(Reason::Unauthorized, why),
        Cause::Call(AccountError::Unauthorized(why)) => {
            ReadyCondition::new(Reason::Unauthorized, format!("{why}; retrying"))
        }
        Cause::Refused(refusal) => return rejected(refusal),
        Cause::NotApplied(fields) => not_applied(fields),
        Cause::Cluster(why) => ReadyCondition::new(
            Reason::WriteRefused,
            format!(
                "the cluster refused a request for this object: {why}; remove what prevents it, such as an admission \
                 policy, a quota or a missing permission; retrying"
            ),
        ),
    };
    if manifest.deleting {
        let end = format!("; to delete this LiveStream and keep the stream: {}", retain(manifest.key()));
        ready.message.push_str(&end);
    }
    ready
}

/// The API accepted values and returns others.
fn not_applied(fields: &[FieldDrift]) -> ReadyCondition {
    let each: Vec<_> = fields
        .iter()
        .map(|d| format!("{} was sent as {:?} and is still {:?}", d.field, d.desired, d.observed))
        .collect();
    ReadyCondition::new(
        Reason::NotApplied,
        format!(
            "api.video accepted the update but did not apply it: {}; write the value as api.video returns it, or leave \
             the field out of the manifest; retrying",
            each.join("; ")
        ),
    )
}

/// The stream is gone, and whether it was public is not known.
pub fn visibility_unknown(manifest: &Manifest, id: &StreamId) -> ReadyCondition {
    missing(format!(
        "{id} is gone from the account, and whether it was public is not known, so a new stream could be visible to \
         everybody; decide it with: {}",
        patch_spec(manifest.key(), r#"{"public":false}"#)
    ))
}

/// The API refused the manifest's values.
pub fn rejected(refusal: &Refusal) -> ReadyCondition {
    let field = refusal.field.as_deref().map_or_else(String::new, |f| format!(" {f}"));
    let message = format!(
        "api.video refused{field}: {}; change the manifest (the same values are sent again every 10 minutes, in case \
         what they refer to is created later)",
        refusal.message
    );
    ReadyCondition::new(Reason::Rejected, message)
}

/// The stream differs and driftPolicy is Report.
pub fn drift_reported(id: &StreamId, drift: &[FieldDrift]) -> ReadyCondition {
    let each: Vec<_> = drift
        .iter()
        .map(|d| format!("{} is {:?}, the manifest has {:?}", d.field, d.observed, d.desired))
        .collect();
    let message = format!("{id} differs: {}; driftPolicy is Report, so it is not corrected", each.join("; "));
    ReadyCondition::new(Reason::DriftDetected, message)
}

/// Another writer reverts each correction: the next one waits.
pub fn drift_backoff(
    manifest: &Manifest,
    id: &StreamId,
    drift: &[FieldDrift],
    window: &BackoffWindow,
) -> ReadyCondition {
    let fields = drift.iter().map(|field| field.field.as_ref()).collect::<Vec<_>>().join(", ");
    let leave_out = if drift.iter().any(|field| field.field != "name") {
        ", or leave the field out of the manifest, so that it is not managed (the name can't be left out)"
    } else {
        ""
    };
    ReadyCondition::drift_backoff(format!(
        "{id} differs in {fields} again: reverted {} times between {} and {}, and each time another writer changed it \
         back; next correction around {}, or with the next change of the manifest. Find and stop the other \
         writer{leave_out}, or stop correcting with: {}",
        window.corrections,
        seconds(window.first),
        seconds(window.last),
        seconds(window.until),
        patch_spec(manifest.key(), r#"{"driftPolicy":"Report"}"#),
    ))
}

/// The stream is gone and driftPolicy is Report.
pub fn missing_reported(id: &StreamId) -> ReadyCondition {
    missing(format!(
        "{id} is gone from the account; driftPolicy is Report, so it is not re-created; set driftPolicy to Correct to \
         get a new stream"
    ))
}

/// The stream is gone together with many others.
pub fn missing_guarded(manifest: &Manifest, id: &StreamId) -> ReadyCondition {
    missing(format!(
        "{id} is gone from the account together with many others, so nothing is re-created: check that the API key \
         belongs to the right project; if they are really gone, confirm this one with: {}; or confirm all of them in this \
         namespace: {}",
        confirm(manifest.key(), id),
        confirm_all(&manifest.key().namespace),
    ))
}

/// The stream is gone and onRemoteMissing is Fail.
pub fn missing_failed(manifest: &Manifest, id: &StreamId) -> ReadyCondition {
    missing(format!(
        "{id} is gone from the account and onRemoteMissing is Fail; to get a new stream (with a new id, stream key and \
         URLs): {}",
        confirm(manifest.key(), id),
    ))
}

fn missing(message: String) -> ReadyCondition {
    ReadyCondition::new(Reason::RemoteMissing, message)
}

/// The stream is gone, and the guard has not judged it yet.
pub fn confirming_absence(id: &StreamId) -> ReadyCondition {
    working(
        Reason::Creating,
        format!(
            "{id} is gone from the account; scanning the account to check whether other streams are gone too"
        ),
    )
}

/// Several streams may be the result of a lost create request. `bound`: the stream is to
/// replace another, so that `spec.liveStreamId` can't name it.
pub fn ambiguous(manifest: &Manifest, ids: &[StreamId], bound: bool) -> ReadyCondition {
    let ids = ids.iter().map(StreamId::as_str).collect::<Vec<_>>().join(", ");
    let next = if manifest.deleting {
        format!("delete its stream in api.video, then finish the deletion with: {}", retain(manifest.key()))
    } else if bound {
        let select = annotate(manifest.key(), "api.video/settle-create=<id>");
        format!("select its stream, or none in place of the id, with: {select}")
    } else {
        format!("select its stream with: {}", patch_spec(manifest.key(), r#"{"liveStreamId":"<id>"}"#))
    };
    ReadyCondition::new(
        Reason::CreateAmbiguous,
        format!("the response to the create request was lost, so any of {ids} may be its stream; {next}"),
    )
}

/// The stored intent can't be read.
pub fn unreadable_intent(manifest: &Manifest, why: &str) -> ReadyCondition {
    ReadyCondition::new(
        Reason::CreateAmbiguous,
        format!(
            "the annotation api.video/create-intent can't be read ({why}), so a stream may exist that can't be \
             identified; delete such a stream in api.video, then remove the annotation with: {}",
            annotate(manifest.key(), "api.video/create-intent-")
        ),
    )
}

/// The deletion waits for the end of the broadcast.
pub fn deferred(manifest: &Manifest, id: &StreamId) -> ReadyCondition {
    ReadyCondition::new(
        Reason::DeferredWhileBroadcasting,
        format!(
            "{id} is broadcasting, so it is deleted when the broadcast ends; to end the broadcast and delete it now: {}",
            patch_spec(manifest.key(), r#"{"whileBroadcasting":"Proceed"}"#)
        ),
    )
}

/// The object can't be read.
pub fn unreadable_object(why: &str) -> ReadyCondition {
    ReadyCondition::new(
        Reason::Rejected,
        format!("the object can't be read: {why}; correct it, or delete it (its stream is kept)"),
    )
}

/// A reconcile repeats itself: an error of the operator.
pub fn no_progress(last: &str) -> ReadyCondition {
    working(
        Reason::Updating,
        format!("the operator makes no progress, which is a bug; please report it with this step: {last}"),
    )
}
