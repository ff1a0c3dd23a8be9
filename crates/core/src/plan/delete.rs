//! Deleting a LiveStream.
//!
//! The finalizer is removed only when the stream is known to be gone, is retained,
//! or was never created. A LiveStream that never had a stream is released at once,
//! with no call to the API. Nothing in the spec but its policies matters
//! here, so that a refused manifest can always be deleted.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::{create, messages};
use crate::{
    facts::{
        Facts,
        binding::Binding,
        ids::StreamId,
        observation::{AccountError, CrdDeletion, Observation},
        policy::{DeletionPolicy, WhileBroadcasting},
    },
    state::{backoff::later, outcome::Cause, reconcile_state::ReconcileState},
    step::{
        Plan, Step,
        action::{Action, ReleaseReason},
        conditions::{ReadyCondition, Reason},
    },
};

/// How long an answer about the stream counts as fresh for a deletion that failed and is retried.
const FRESH: SignedDuration = SignedDuration::from_secs(2);

/// How often a deletion that waits checks whether the CRD is being deleted, at
/// least. All waiting deletions share a check.
const CRD_CHECK: Duration = Duration::from_secs(60);

pub(super) fn plan(facts: &Facts, state: &ReconcileState, now: Timestamp) -> Plan {
    if !facts.manifest.finalizer {
        return Plan::wait(deleting("nothing is left to do"));
    }
    if state.create.is_some() {
        if facts.manifest.deletion_policy == Some(DeletionPolicy::Retain)
            || facts.crd == CrdDeletion::Deleting
        {
            let why = "the stream of an unanswered create request, if there is one, is kept as well";
            return release(ReleaseReason::Retained(state.binding.id().cloned(), why));
        }
        if let Some(unresolved) = create::resume(facts, state, now) {
            return unresolved;
        }
    }
    let just_read = state.read_at.is_some_and(|at| now.duration_since(at) <= FRESH);
    match &state.binding {
        Binding::Unbound | Binding::Wanted(_) | Binding::Conflict { .. } | Binding::Copy { .. } => {
            release(ReleaseReason::NeverCreated)
        }
        Binding::Bound { id, adopted, .. } => delete_or_retain(facts, id, *adopted, just_read),
        Binding::Mismatch { bound, .. } => delete_or_retain(facts, bound, false, just_read),
    }
}

/// With a check whether the CRD itself is being deleted, where that matters: just
/// before a stream is deleted, and each interval while a deletion waits. Nothing
/// else wakes a LiveStream whose deletion waits already when its CRD is deleted.
pub(super) fn with_crd_check(plan: Plan, facts: &Facts, now: Timestamp) -> Plan {
    let check = |now| Plan { step: Step::Do(Action::CheckCrd { now }), ..plan.clone() };
    match (&plan.step, facts.crd) {
        _ if !facts.manifest.finalizing() => plan,
        (Step::Do(Action::Delete { .. }), CrdDeletion::Unchecked | CrdDeletion::NotRecently) => check(true),
        (Step::Wait { .. }, CrdDeletion::Unchecked) => check(false),
        (Step::Wait { until, queued }, _) => {
            let next = later(now, facts.account.drift_interval.min(CRD_CHECK));
            let until = Some(until.map_or(next, |until| until.min(next)));
            Plan { step: Step::Wait { until, queued: *queued }, ..plan }
        }
        (Step::Do(_), _) => plan,
    }
}

/// The stream of a deleted LiveStream is deleted or retained.
fn delete_or_retain(facts: &Facts, id: &StreamId, adopted: bool, just_read: bool) -> Plan {
    let manifest = &facts.manifest;
    let retained = |why| release(ReleaseReason::Retained(Some(id.clone()), why));
    match manifest.deletion_policy {
        Some(DeletionPolicy::Retain) => return retained("deletionPolicy is Retain"),
        None if adopted => return retained("it was adopted"),
        _ if facts.crd == CrdDeletion::Deleting => return retained("the CRD itself is being deleted"),
        Some(DeletionPolicy::Delete) | None => {}
    }
    let delete = || Plan::act(Action::Delete { id: id.clone() }, deleting(&format!("deleting {id}")));
    match (&facts.observation, manifest.while_broadcasting) {
        // A 404 releases nothing while many streams are missing.
        (Observation::Gone, _) if facts.account.guarded && !manifest.confirms_recreation_of(id) => {
            Plan::wait(messages::missing_guarded(manifest, id))
        }
        // Nor before the first scan: until then nobody knows whether the API key opens the
        // right project, and what else is missing.
        (Observation::Gone, _) if !facts.account.scanned && !facts.account.confirmed => {
            Plan::wait(deleting(&format!("{id} is not found: waiting for the first scan of the account")))
        }
        (Observation::Gone, _) => release(ReleaseReason::Deleted(id.clone())),
        (_, WhileBroadcasting::Proceed) => delete(),
        // A page that is skipped never shows the end of the broadcast.
        (Observation::Present { remote, fresh }, WhileBroadcasting::Defer)
            if remote.broadcasting && (*fresh || just_read || !facts.account.unlisted) =>
        {
            deferred(facts, id)
        }
        (Observation::Present { remote, fresh }, WhileBroadcasting::Defer)
            if !remote.broadcasting && (*fresh || just_read) =>
        {
            delete()
        }
        // A scan may be a minute old, and a broadcast that began since must not be interrupted.
        (_, WhileBroadcasting::Defer) => Plan::act(
            Action::Get { id: id.clone() },
            deleting(&format!("checking whether {id} is on the air before it is deleted")),
        ),
    }
}

fn deleting(doing: &str) -> ReadyCondition {
    messages::working(Reason::Deleting, doing)
}

fn release(reason: ReleaseReason) -> Plan {
    Plan::act(Action::Release { reason }, deleting("removing the finalizer"))
}

/// The stream is on the air, or was when it was last observed.
fn deferred(facts: &Facts, id: &StreamId) -> Plan {
    // With a key that is refused the end of the broadcast is never observed.
    let refused = facts.account.error.clone().filter(|e| matches!(e, AccountError::Unauthorized(_)));
    Plan::wait(match refused {
        Some(error) => messages::blocked(&Cause::Account(error), &facts.manifest, None),
        None => messages::deferred(&facts.manifest, id),
    })
}
