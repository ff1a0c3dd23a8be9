//! Executing what was planned: one arm an action.

use apivideo::Priority;

use super::{
    calls, context::Context, gather::Gathered, object_writes, object_writes::ClusterError, recover_create,
    state_store::Entry,
};
use crate::{
    account::CallKind,
    core::{
        facts::intent::Intent,
        orphans::AbandonedCreate,
        state::outcome::Outcome,
        step::action::{Action, Origin, ReleaseReason},
    },
    kinds::live_stream::LiveStream,
    ops::moment::Moment,
};

/// Executes one action and gives back its outcome.
///
/// # Errors
/// Only if the object has changed since it was read: the reconcile starts again.
pub(super) async fn execute(
    context: &Context,
    gathered: &mut Gathered,
    entry: &mut Entry,
    action: &Action,
) -> Result<Outcome, ClusterError> {
    if gathered.vanished && action.needs_cluster() && !matches!(action, Action::CheckCrd { .. }) {
        return Ok(Outcome::Stored);
    }
    let called = match action {
        Action::RecordIntent { .. }
        | Action::DropIntent { .. }
        | Action::Bind { .. }
        | Action::Release { .. } => return write(context, gathered, entry, action).await,
        Action::Claim { id } if gathered.account.claims.created(&gathered.facts.manifest.owner, id) => {
            Ok(Outcome::Stored)
        }
        Action::Claim { id } => Err(calls::unusable(format!("{id} belongs to another LiveStream"))),
        Action::Create { intent } => calls::create(gathered, &mut entry.state, intent).await,
        Action::Search { intent } => {
            let known = entry.state.search().is_some_and(|search| !search.ambiguous.is_empty());
            recover_create::search(context, gathered, intent, known).await
        }
        Action::Get { id } => {
            let kind = CallKind::read(priority(gathered, entry, action));
            calls::about_stream(gathered, id, apivideo::get(id.as_str()), kind).await
        }
        Action::Update { id, changes, .. } => {
            let kind = CallKind::write(priority(gathered, entry, action));
            calls::about_stream(gathered, id, apivideo::update(id.as_str(), changes), kind).await
        }
        Action::Delete { id } | Action::DeleteOrphan { id } => calls::delete(gathered, id).await,
        Action::CheckCrd { now } => {
            let interval = gathered.facts.account.drift_interval;
            let checked = context.crd.check(&context.client, *now, interval).await;
            checked.map(Outcome::CrdChecked).map_err(|error| error.failure())
        }
    };
    Ok(called.unwrap_or_else(Outcome::Failed))
}

/// The actions that write the object.
async fn write(
    context: &Context,
    gathered: &mut Gathered,
    entry: &mut Entry,
    action: &Action,
) -> Result<Outcome, ClusterError> {
    let written = match action {
        Action::RecordIntent { intent, replaces } => {
            // Before the intent is stored: one whose request then had to wait would have to
            // be searched for after a crash.
            let queue = &gathered.account.call_queue;
            if let Err(throttled) = queue.admit(&gathered.facts.manifest.owner, calls::CREATION) {
                return Ok(Outcome::Failed(throttled));
            }
            gathered.recorded = Some(Moment::now());
            object_writes::record_intent(&gathered.api, &gathered.object, intent, replaces.is_some()).await
        }
        Action::DropIntent { abandoned } => {
            if let Some(intent) = abandoned {
                abandon(context, gathered, intent);
            }
            object_writes::drop_intent(&gathered.api, &gathered.object).await
        }
        Action::Bind { id, recreated_from, project } => {
            let (replaced, project) = (recreated_from.as_ref(), project.as_ref());
            object_writes::bind(&gathered.api, &gathered.object, id, replaced, project).await
        }
        Action::Release { reason } => {
            // A stream that is kept is no orphan.
            if let ReleaseReason::Retained(Some(id), _) = reason {
                gathered.account.orphans.exclude(id);
            }
            object_writes::release(&gathered.api, &gathered.object.metadata).await
        }
        _ => return Ok(Outcome::Stored),
    };
    match written {
        Ok(written) => stored(gathered, entry, action, written),
        Err(error) if error.is_not_found() && matches!(action, Action::Release { .. }) => {}
        Err(error) if error.is_conflict() && entry.lasting_conflicts().is_none() => return Err(error),
        Err(error) => return Ok(refused(context, gathered, action, &error)),
    }
    if let Action::Release { .. } = action {
        forget(context, gathered);
    }
    Ok(Outcome::Stored)
}

/// A write failed. Nothing reconciles an object that is gone, and the watch may have missed
/// that: so the stream that can't be bound any more is handed to those that finish it.
fn refused(context: &Context, gathered: &Gathered, action: &Action, error: &ClusterError) -> Outcome {
    if error.is_not_found() && matches!(action, Action::Bind { .. }) {
        let _ = context.on_vanished.send(gathered.object.clone());
    }
    Outcome::Failed(error.failure())
}

fn stored(gathered: &mut Gathered, entry: &mut Entry, action: &Action, written: LiveStream) {
    entry.wrote(&mut gathered.object, written);
    entry.conflicts = 0;
    let open = match action {
        Action::RecordIntent { intent, .. } => Some(intent),
        _ => None,
    };
    gathered.account.claims.note_intent(&gathered.facts.manifest.owner, open);
}

/// An abandoned create may have a stream yet: the observer watches for it.
fn abandon(context: &Context, gathered: &Gathered, intent: &Intent) {
    let owner = gathered.facts.manifest.owner.clone();
    let create = AbandonedCreate { owner, intent: intent.clone(), at: gathered.now() };
    gathered.account.orphans.abandon(create);
    context.metrics.lost_creates.get_or_create(&[("resolved", "nothing")]).inc();
}

/// The object may be gone now: what it owned is free, and whoever waits for it is triggered.
fn forget(context: &Context, gathered: &Gathered) {
    context.states.forget(gathered.uid());
    gathered.account.claims.release(gathered.uid());
    gathered.account.call_queue.leave(gathered.uid());
}

fn priority(gathered: &Gathered, entry: &Entry, action: &Action) -> Priority {
    let manifest = &gathered.facts.manifest;
    let awaited = manifest.deleting || entry.state.request_pending(manifest);
    match action {
        Action::Update { origin: Origin::Drift, .. } => Priority::DriftCorrection,
        Action::Get { .. } if !awaited => Priority::DriftCorrection,
        _ => Priority::UserChange,
    }
}
