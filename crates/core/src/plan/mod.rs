//! The planner: what to do next about one LiveStream, and what it reports.
//!
//! Everything that the operator may ever do to a stream or to an object is an
//! [`Action`], and [`plan`] alone chooses one. It is a pure function: the shell
//! executes what it says, tests judge it.

pub mod account_messages;
mod create;
mod delete;
mod hints;
pub mod messages;
mod recreate;
mod sync;

use jiff::Timestamp;

use crate::{
    facts::{
        Facts,
        binding::Binding,
        ids::StreamId,
        manifest::Manifest,
        observation::Observation,
        policy::{DeletionPolicy, DriftPolicy},
        project::Project,
    },
    state::{outcome::Cause, reconcile_state::ReconcileState},
    step::{
        Plan, Step,
        action::{Action, ReleaseReason},
        conditions::Reason,
    },
};

/// What to do next.
#[must_use]
pub fn plan(facts: &Facts, state: &ReconcileState, now: Timestamp) -> Plan {
    let next = match delete_orphan(facts) {
        Some(plan) => plan,
        None if facts.manifest.deleting => delete::plan(facts, state, now),
        None => live(facts, state, now),
    };
    let next = in_project(next, facts, state);
    let held_back = |plan| hold_back(plan, &facts.manifest, state, now);
    // The check of the CRD is an action as well, and may have failed.
    held_back(delete::with_crd_check(held_back(next), facts, now))
}

/// An orphan that is this LiveStream's for certain, by its marker, is nobody
/// else's to keep: the LiveStream has another stream by now.
fn delete_orphan(facts: &Facts) -> Option<Plan> {
    let manifest = &facts.manifest;
    let may_write = if manifest.deleting {
        manifest.deletion_policy != Some(DeletionPolicy::Retain)
    } else {
        !manifest.suspend && manifest.drift_policy != DriftPolicy::Report
    };
    let id = facts.orphan.as_ref().filter(|_| may_write)?;
    let doing = format!("deleting {id}, which an abandoned create request had created");
    Some(Plan::act(Action::DeleteOrphan { id: id.clone() }, messages::working(Reason::Updating, doing)))
}

/// With a key of another project nothing of the account is believed or touched: what
/// needs no account goes as ever.
fn in_project(next: Plan, facts: &Facts, state: &ReconcileState) -> Plan {
    let project = &facts.account.project;
    let Some(opened) = &project.opened else { return next };
    let bound = matches!(state.binding, Binding::Bound { .. } | Binding::Mismatch { .. });
    let own = project.differs(facts.stored.project.as_ref()).filter(|_| bound);
    let (Some(other), id) = (own.or(project.expected.as_ref()), state.binding.id()) else { return next };
    let harmless = match &next.step {
        Step::Do(Action::Release { reason: ReleaseReason::Deleted(_) }) => false,
        Step::Do(action) => !action.needs_account(),
        Step::Wait { .. } => facts.manifest.deleting && !facts.manifest.finalizer,
    };
    // A person who means it has set the project, and confirms each stream.
    let confirmed =
        project.expected.is_none() && id.is_some_and(|id| facts.manifest.confirms_recreation_of(id));
    if harmless || confirmed {
        return next;
    }
    if bound || facts.manifest.deleting {
        let id = id.filter(|_| project.expected.is_none());
        return Plan::wait(account_messages::wrong_project(&facts.manifest, other, opened, id));
    }
    Plan::wait(account_messages::account_of_another_project(other, opened))
}

/// An action waits out the last failure that concerns it.
fn hold_back(next: Plan, manifest: &Manifest, state: &ReconcileState, now: Timestamp) -> Plan {
    let (Step::Do(action), Some(failure)) = (&next.step, &state.failure) else { return next };
    let (concerned, queued) = match &failure.cause {
        Cause::Refused(_) => (action.sends_values(), false),
        Cause::Account(_) => (action.needs_account(), true),
        Cause::Call(_) => (action.needs_account(), false),
        Cause::NotApplied(fields) => (action.updates_only(fields), false),
        Cause::Cluster(_) => (action.needs_cluster(), false),
    };
    if !concerned || failure.retry_at <= now {
        return next;
    }
    let reported = failure.expected_at.is_some() || matches!(failure.cause, Cause::Refused(_));
    Plan {
        step: Step::Wait { until: Some(failure.retry_at), queued },
        ready: reported.then(|| messages::blocked(&failure.cause, manifest, failure.expected_at)),
        drift: next.drift,
    }
}

fn live(facts: &Facts, state: &ReconcileState, now: Timestamp) -> Plan {
    match &state.binding {
        Binding::Conflict { id, owner } => return Plan::wait(messages::id_conflict(id, owner)),
        Binding::Mismatch { bound, wanted } => return Plan::wait(messages::id_mismatch(bound, wanted)),
        Binding::Wanted(id) if !state.must_search() => return adopt(facts, state, id),
        Binding::Wanted(_) | Binding::Unbound | Binding::Copy { .. } | Binding::Bound { .. } => {}
    }
    if let Some(resumed) = create::resume(facts, state, now) {
        return resumed;
    }
    match &state.binding {
        Binding::Bound { id, stored: false, .. } => {
            let replaced = match &state.unstored {
                Some(_) => state.replaced.as_ref(),
                // No annotation says any more that it replaced the one that is asked for.
                None => facts.stored.recreated_from.as_ref().or(facts.manifest.adopt.as_ref()),
            };
            let replaced = replaced.filter(|replaced| *replaced != id);
            bind(facts, state, id, replaced, Reason::Creating, format!("storing the binding to {id}"))
        }
        // Somebody removed the finalizer; without it a deletion would leave the stream.
        Binding::Bound { id, .. } if !facts.manifest.finalizer => {
            let replaced = facts.stored.recreated_from.as_ref();
            bind(facts, state, id, replaced, Reason::Updating, format!("restoring the finalizer for {id}"))
        }
        Binding::Bound { id, .. } if lacks_project(facts) => {
            let replaced = facts.stored.recreated_from.as_ref();
            bind(facts, state, id, replaced, Reason::Updating, format!("storing the project of {id}"))
        }
        Binding::Bound { id, .. } => sync::plan(facts, state, id, now),
        _ => create::start(facts, state, None, now),
    }
}

/// A binding without a project gets it when its stream is observed.
fn lacks_project(facts: &Facts) -> bool {
    let present = matches!(facts.observation, Observation::Present { .. });
    present && facts.stored.project.is_none() && facts.account.project.opened.is_some()
}

/// Stores the binding, with the stream that it replaces.
fn bind(
    facts: &Facts,
    state: &ReconcileState,
    id: &StreamId,
    replaced: Option<&StreamId>,
    reason: Reason,
    doing: String,
) -> Plan {
    let (recreated_from, project) = (replaced.cloned(), project_of_binding(facts, state));
    Plan::act(Action::Bind { id: id.clone(), recreated_from, project }, messages::working(reason, doing))
}

/// The project of a binding that is stored. It stays the one that it was made in, whatever
/// the key opens now: the stream is in no other. A stream that is observed is in the opened one.
fn project_of_binding(facts: &Facts, state: &ReconcileState) -> Option<Project> {
    let opened = || facts.account.project.opened.clone();
    let present = matches!(facts.observation, Observation::Present { .. });
    match &state.binding {
        Binding::Wanted(_) => opened(),
        _ if state.unstored.is_some() => state.created_in.clone(),
        _ => facts.stored.project.clone().or_else(|| present.then(opened).flatten()),
    }
}

/// An existing stream that the manifest asks for is observed before it is bound.
fn adopt(facts: &Facts, state: &ReconcileState, id: &StreamId) -> Plan {
    match &facts.observation {
        Observation::Present { .. } => {
            bind(facts, state, id, None, Reason::Creating, format!("adopting {id}"))
        }
        Observation::Absent => {
            let doing = messages::working(Reason::Creating, format!("reading {id}"));
            Plan::act(Action::Get { id: id.clone() }, doing)
        }
        Observation::Gone => Plan::wait(messages::nothing_to_adopt(id)),
        Observation::Unknown => create::wait_for_account(facts, &format!("adopting {id}")),
    }
}

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
