//! Letting a LiveStream go.
//!
//! The finalizer goes only when the stream is known to be gone, is retained,
//! or was never created. A LiveStream that never had a stream goes at once,
//! with no call to the API. Nothing in the spec but its policies matters
//! here, so that a refused manifest can always be deleted.

use jiff::Timestamp;

use super::{
    action::{Action, Farewell},
    binding::Binding,
    create,
    intent::Request,
    memory::{Create, Memory, Trouble},
    model::{Manifest, StreamId},
    observed::{AccountView, Observed, Sight},
    plan::{Plan, locked},
    policy::{DeletionPolicy, WhileBroadcasting},
    remedy,
    verdict::Reason,
};

pub(super) fn plan(manifest: &Manifest, memory: &Memory, observed: &Observed, now: Timestamp) -> Plan {
    if !manifest.finalizer {
        return Plan::rest(Reason::Deleting, "nothing is left to do");
    }
    if let Some(open) = &memory.create
        && let Some(unresolved) = resolve_create(manifest, memory, open, observed, now)
    {
        return unresolved;
    }
    match &memory.binding {
        Binding::Unbound | Binding::Wanted(_) | Binding::Conflict { .. } | Binding::Copy { .. } => {
            release(Farewell::None)
        }
        Binding::Bound { id, adopted, .. } => part(manifest, id, *adopted, observed),
        Binding::Mismatch { bound, .. } => part(manifest, bound, false, observed),
    }
}

/// A create whose outcome is unknown may have made a stream that must go too.
/// `None` once there is certainly none.
fn resolve_create(
    manifest: &Manifest,
    memory: &Memory,
    open: &Create,
    observed: &Observed,
    now: Timestamp,
) -> Option<Plan> {
    if manifest.deletion_policy == Some(DeletionPolicy::Retain) || observed.crd_terminating {
        let id = memory.binding.id().cloned();
        return Some(release(Farewell::Retained(
            id,
            "whatever an unanswered create request made stays as well",
        )));
    }
    match open {
        Create::Unreadable(why) => Some(create::unreadable(manifest, why)),
        Create::Open(_, Request::NotSent | Request::NotCreated) => None,
        Create::Open(_, Request::Inherited) => Some(create::inherited(manifest, &observed.account)),
        Create::Open(intent, Request::Unknown(_)) => {
            Some(create::search(manifest, intent, open, &observed.account, now, Action::DropIntent))
        }
    }
}

/// The stream of a LiveStream that goes is deleted or retained.
fn part(manifest: &Manifest, id: &StreamId, adopted: bool, observed: &Observed) -> Plan {
    let by_default = if adopted { DeletionPolicy::Retain } else { DeletionPolicy::Delete };
    if manifest.deletion_policy.unwrap_or(by_default) == DeletionPolicy::Retain {
        let why =
            if manifest.deletion_policy.is_some() { "deletionPolicy is Retain" } else { "it was adopted" };
        return release(Farewell::Retained(Some(id.clone()), why));
    }
    if observed.crd_terminating {
        return release(Farewell::Retained(Some(id.clone()), "the CRD itself is being deleted"));
    }
    let delete = || Plan::act(Action::Delete { id: id.clone() }, Reason::Deleting, format!("deleting {id}"));
    match (&observed.stream, manifest.while_broadcasting) {
        (Sight::Gone, _) => release(Farewell::Deleted(id.clone())),
        (_, WhileBroadcasting::Proceed) => delete(),
        (Sight::Present { remote, .. }, WhileBroadcasting::Defer) if remote.broadcasting => {
            deferred(manifest, id, &observed.account)
        }
        (Sight::Present { fresh: true, .. }, WhileBroadcasting::Defer) => delete(),
        // A pass may be a minute old, and a stream that went live since must not be cut.
        (_, WhileBroadcasting::Defer) => Plan::act(
            Action::Get { id: id.clone() },
            Reason::Deleting,
            format!("looking whether {id} is on the air before it is deleted"),
        ),
    }
}

fn release(farewell: Farewell) -> Plan {
    Plan::act(Action::Release { farewell }, Reason::Deleting, "removing the finalizer")
}

/// How a person ends a deletion that the account holds up.
pub(super) fn way_out(manifest: &Manifest) -> String {
    format!("; to let this LiveStream go and keep the stream: {}", remedy::retain(&manifest.place))
}

/// The stream is on the air, or was when it was last seen.
fn deferred(manifest: &Manifest, id: &StreamId, account: &AccountView) -> Plan {
    // A key that is not accepted never sees the broadcast end.
    if let Some(trouble @ Trouble::Unauthorized(_)) = &account.trouble {
        return locked(trouble, manifest);
    }
    let message = format!(
        "{id} is on the air: it is deleted once the broadcast ends; to cut the broadcast: {}",
        remedy::patch_spec(&manifest.place, r#"{"whileBroadcasting":"Proceed"}"#)
    );
    Plan::rest(Reason::DeferredWhileBroadcasting, message)
}
