//! One reconcile: gather, plan, do, until there is nothing to do; then report.

use std::{sync::Arc, time::Duration};

use kube::{Resource, runtime::controller::Action};
use tracing::{debug, error, info, instrument};

use super::{
    Context, Guarded, cluster::ClusterError, entries::Entry, execute, foreign, malformed, report,
    requeue_after, startup, subject::Subject,
};
use crate::{
    core::{
        action,
        backoff::backoff,
        observed::{Observed, Sight},
        outcome::{Note, absorb},
        plan::{Plan, Step},
    },
    crd::LiveStream,
};

/// More steps than any life needs: beyond it the decisions go in circles.
const MOST_STEPS: usize = 16;

/// How often a deletion that waits looks whether the CRD goes, at the least. All
/// that wait share a look.
const HELD_UP_LOOK: Duration = Duration::from_secs(60);

/// Why a reconcile could not be finished.
#[derive(Debug, thiserror::Error)]
pub enum ReconcileError {
    /// The cluster did not take a write.
    #[error(transparent)]
    Cluster(#[from] ClusterError),
    /// The object can't be read.
    #[error("the LiveStream can't be handled: {0}")]
    Malformed(#[from] crate::crd::manifest::Malformed),
    /// The decisions go in circles: an error of the operator.
    #[error("gave up after {MOST_STEPS} steps, the last of them: {0}; please report this")]
    Circles(String),
}

/// Reconciles one object.
#[instrument(skip_all, fields(namespace = object.meta().namespace, name = object.meta().name))]
pub(super) async fn reconcile(object: Arc<Guarded>, context: Arc<Context>) -> Result<Action, ReconcileError> {
    startup::load(&context).await;
    let Some(uid) = object.meta().uid.clone() else { return Ok(Action::await_change()) };
    if !foreign::handles(context.shard, &object) {
        foreign::note(&context, &object);
        return Ok(Action::await_change());
    }
    let entry = context.entries.of(&uid);
    let mut entry = entry.lock().await;
    let timer = context.metrics.reconcile_started();
    let result = match &object.0 {
        Ok(live_stream) => converge(&context, live_stream, &mut entry).await,
        Err(invalid) => malformed::handle(&context, invalid).await,
    };
    timer.ended(result.is_ok());
    match result {
        Ok(action) => {
            entry.cluster_failures = 0;
            Ok(action)
        }
        Err(ReconcileError::Cluster(error)) if error.is_conflict() => {
            debug!("the object has changed since it was read: starting again");
            Ok(requeue_after(Duration::from_millis(200)))
        }
        Err(error) => {
            entry.cluster_failures = entry.cluster_failures.saturating_add(1);
            error!(%error, "a reconcile failed");
            Ok(requeue_after(backoff(entry.cluster_failures, &uid)))
        }
    }
}

/// Never called: [`reconcile`] knows the attempts and decides for itself.
pub(super) fn error_policy(_: Arc<Guarded>, _: &ReconcileError, _: Arc<Context>) -> Action {
    requeue_after(Duration::from_secs(60))
}

/// Brings one LiveStream as far as it goes now.
async fn converge(
    context: &Context,
    watched: &LiveStream,
    entry: &mut Entry,
) -> Result<Action, ReconcileError> {
    let count = context.stores.iter().map(kube::runtime::reflector::Store::len).sum();
    if context.entries.prune(|| context.known(), count) {
        for account in context.accounts.iter() {
            account.call_queue.retain(|owner| context.is_known(owner));
        }
    }
    let mut subject = Subject::gather(context, watched, entry)?;
    for id in subject.account.late.untold(&subject.manifest.uid) {
        context.events.did(&subject.object, &Note::CameLate(id)).await;
    }
    let (mut last, mut asked) = (String::new(), false);
    for _ in 0..MOST_STEPS {
        let plan =
            (context.decisions.plan)(&subject.manifest, &entry.memory, &subject.observed, subject.now());
        if needs_crd(&subject, &plan.step, asked) {
            asked = true;
            subject.observed.crd_terminating = crd_goes(context, &subject, &plan.step).await?;
            if subject.observed.crd_terminating {
                continue;
            }
        }
        let action = match &plan.step {
            Step::Do(action) => action.clone(),
            Step::Rest | Step::RestUntil(_) => return rest(context, &mut subject, entry, plan).await,
        };
        last = format!("{action:?}");
        let done = execute::execute(context, &mut subject, entry, &action).await?;
        let now = subject.now();
        let note = absorb(&subject.manifest, &mut entry.memory, &mut subject.observed, action, done, now);
        if let Some(note) = note {
            info!(?note, "done");
            context.events.did(&subject.object, &note).await;
        }
    }
    Err(ReconcileError::Circles(last))
}

/// Whether to ask if the CRD itself goes, which retains every stream: just
/// before one is deleted, and where a deletion would have to wait.
fn needs_crd(subject: &Subject, step: &Step, asked: bool) -> bool {
    let going = subject.manifest.deleting && subject.manifest.finalizer;
    going
        && !subject.observed.crd_terminating
        && match step {
            Step::Do(action) => matches!(action, action::Action::Delete { .. }),
            Step::Rest | Step::RestUntil(_) => !asked,
        }
}

/// Whether the CRD goes: asked afresh by one that is about to delete its stream.
async fn crd_goes(context: &Context, subject: &Subject, step: &Step) -> Result<bool, ClusterError> {
    match step {
        Step::Do(_) => context.crd.afresh(&context.client).await,
        Step::Rest | Step::RestUntil(_) => {
            context.crd.while_waiting(&context.client, look_each(subject)).await
        }
    }
}

/// How often a deletion that waits looks.
fn look_each(subject: &Subject) -> Duration {
    subject.account.policy.drift_interval.min(HELD_UP_LOOK)
}

async fn rest(
    context: &Context,
    subject: &mut Subject,
    entry: &mut Entry,
    plan: Plan,
) -> Result<Action, ReconcileError> {
    let until = match plan.step {
        Step::RestUntil(time) => Some(time),
        Step::Do(_) | Step::Rest => None,
    };
    // One that has no call to make any more leaves the queue.
    if entry.memory.failure.as_ref().is_none_or(|failure| until != Some(failure.retry_at)) {
        subject.account.call_queue.leave(&subject.manifest.uid);
    }
    let held_up = subject.manifest.deleting && subject.manifest.finalizer;
    // A deleted object that carries no finalizer of ours is no longer ours to speak of.
    if !subject.manifest.deleting || held_up {
        report::report(context, subject, entry, plan).await?;
    }
    let now = subject.now();
    // Nothing wakes a LiveStream whose deletion waits already when its CRD goes.
    let look = now.saturating_add(look_each(subject)).ok().filter(|_| held_up);
    let until = until.into_iter().chain(look).min();
    Ok(until.map_or_else(Action::await_change, |time| {
        requeue_after(Duration::try_from(time.duration_since(now)).unwrap_or_default())
    }))
}

/// Whether the stream was read, or there is none to read: a request to look
/// afresh is then done.
pub(super) fn looked_afresh(observed: &Observed) -> bool {
    matches!(observed.stream, Sight::Present { fresh: true, .. } | Sight::Gone)
}
