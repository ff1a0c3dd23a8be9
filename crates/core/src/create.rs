//! Creating a stream exactly once, though the API has no idempotency key.
//!
//! The order is: intent stored, request sent, binding stored. A request whose
//! outcome is unknown is never sent again before two complete looks, after the
//! settle time, have found no stream of it.

use jiff::Timestamp;

use super::{
    action::Action,
    intent::{Intent, Request},
    memory::{Create, Memory},
    model::{Manifest, StreamId},
    observed::AccountView,
    plan::{Plan, waiting_for_account},
    remedy,
    verdict::Reason,
};

/// How many complete looks must find nothing before a create is sent anew.
const CLEAN_LOOKS: u8 = 2;

/// A stream is wanted and none is there: store the intent.
pub(super) fn start(
    manifest: &Manifest,
    memory: &Memory,
    account: &AccountView,
    replaces: Option<&StreamId>,
    now: Timestamp,
) -> Plan {
    if manifest.suspend {
        let message = "spec.suspend is set: nothing is written to api.video; the stream is not created yet";
        return Plan::rest(Reason::Suspended, message);
    }
    if !account.observed {
        return waiting_for_account(manifest, account, "creating the stream");
    }
    if let Some(rejected) = rejected(memory) {
        return rejected;
    }
    let intent = Intent::new(&manifest.desired, &manifest.uid, now, account.marker);
    Plan::act(
        Action::RecordIntent { intent, replaces: replaces.cloned() },
        Reason::Creating,
        "creating the stream",
    )
}

/// What the API refused is not asked again until the manifest changes.
pub(super) fn rejected(memory: &Memory) -> Option<Plan> {
    memory.refusal.as_ref().map(|refusal| {
        let field = refusal.field.as_deref().map_or_else(String::new, |f| format!(" {f}"));
        let message = format!(
            "api.video refused{field}: {}; change the manifest (or, if the cause lies elsewhere and is mended, set the \
             annotation reconcile.api.video/requestedAt to try again)",
            refusal.message
        );
        Plan::rest(Reason::Rejected, message)
    })
}

/// A create is under way: go on with it.
pub(super) fn resume(manifest: &Manifest, open: &Create, account: &AccountView, now: Timestamp) -> Plan {
    match open {
        Create::Unreadable(why) => unreadable(manifest, why),
        Create::Open(_, Request::NotCreated) => {
            Plan::act(Action::DropIntent, Reason::Creating, "the create request made nothing")
        }
        Create::Open(..) if manifest.suspend => {
            Plan::rest(Reason::Suspended, "spec.suspend is set: an unfinished create is not followed up")
        }
        Create::Open(_, Request::Inherited) => inherited(manifest, account),
        Create::Open(intent, Request::NotSent) => {
            Plan::act(Action::Create { intent: intent.clone() }, Reason::Creating, "creating the stream")
        }
        Create::Open(intent, Request::Unknown(_)) => {
            search(manifest, intent, open, account, now, Action::DropIntent)
        }
    }
}

/// A search is timed by the API's clock, which the first look at the account tells.
pub(super) fn inherited(manifest: &Manifest, account: &AccountView) -> Plan {
    waiting_for_account(manifest, account, "looking for the stream of an unanswered create request")
}

/// Looks for the stream of a request whose outcome is unknown; `none` is what
/// follows when there is certainly none.
pub(super) fn search(
    manifest: &Manifest,
    intent: &Intent,
    open: &Create,
    account: &AccountView,
    now: Timestamp,
    none: Action,
) -> Plan {
    let Create::Open(_, Request::Unknown(search)) = open else {
        return Plan::act(none, Reason::Creating, "the create request made nothing");
    };
    if !search.ambiguous.is_empty() {
        let ids: Vec<_> = search.ambiguous.iter().map(StreamId::as_str).collect();
        return Plan::rest(Reason::CreateAmbiguous, ambiguous(manifest, &ids.join(", ")));
    }
    if search.clean_looks >= CLEAN_LOOKS {
        return Plan::act(none, Reason::Creating, "the create request made nothing");
    }
    let due = search.next_look(account.settle);
    let message =
        format!("the answer to the create request of {} was lost; looking for its stream", intent.sent_at);
    if due > now {
        return Plan::rest(Reason::Creating, message).until(due);
    }
    Plan::act(Action::Look { intent: intent.clone(), ended_at: search.ended_at }, Reason::Creating, message)
}

fn ambiguous(manifest: &Manifest, ids: &str) -> String {
    if manifest.deleting {
        return format!(
            "the create request was lost and any of {ids} may be its stream; delete the right one by hand and end this \
             with: {}",
            remedy::retain(&manifest.place)
        );
    }
    format!(
        "the create request was lost and any of {ids} may be its stream; name the right one with: {}",
        remedy::patch_spec(&manifest.place, r#"{"liveStreamId":"<id>"}"#)
    )
}

/// An intent that was edited by hand says nothing of what was asked for.
pub(super) fn unreadable(manifest: &Manifest, why: &str) -> Plan {
    let message = format!(
        "the annotation api.video/create-intent can't be read ({why}), so a stream may have been created that can't be \
         told; look into the account, then: {}",
        remedy::annotate(&manifest.place, "api.video/create-intent-")
    );
    Plan::rest(Reason::CreateAmbiguous, message)
}
