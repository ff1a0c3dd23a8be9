//! One reconcile: gather, plan, execute, until there is nothing to do; then report.

use std::{convert::Infallible, sync::Arc, time::Duration};

use kube::{Resource, runtime::controller::Action as Requeue};
use tokio::time::Instant;
use tracing::{debug, error, info, instrument};

use super::{
    context::Context,
    events,
    execute::execute,
    gather::{Gathered, gather},
    invalid,
    object_writes::ClusterError,
    startup,
    state_store::Entry,
    status,
    watch::Guarded,
};
use crate::{
    core::{
        plan::messages,
        state::{
            backoff::{backoff, later},
            notice::Notice,
            outcome::{CallFailure, Cause, Outcome},
        },
        step::{Plan, Step},
    },
    kinds::live_stream::{LiveStream, parse},
};

/// More steps than any reconcile needs: beyond it the decisions repeat themselves.
const MAX_STEPS: usize = 16;

/// When a reconcile that makes no progress is retried.
const RETRY_NO_PROGRESS: Duration = Duration::from_secs(60);

/// How soon a reconcile starts again whose object has changed since it was read.
const RETRY_CONFLICT: Duration = Duration::from_millis(200);

/// A reconcile starts again after this time at least.
const MIN_REQUEUE: Duration = Duration::from_millis(50);

/// Reconciles one object. It knows the attempts, and decides itself when to retry.
#[instrument(skip_all, fields(namespace = object.meta().namespace, name = object.meta().name))]
pub(super) async fn reconcile(object: Arc<Guarded>, context: Arc<Context>) -> Result<Requeue, Infallible> {
    startup::start(&context).await;
    let Some(uid) = object.meta().uid.clone() else { return Ok(Requeue::await_change()) };
    let entry = context.states.of(&uid);
    let mut entry = entry.lock().await;
    let began = Instant::now();
    let result = match &object.0 {
        Ok(live_stream) => reconcile_readable(&context, live_stream, &mut entry).await,
        Err(invalid) => invalid::report(&context, &invalid.metadata, &invalid.error).await,
    };
    let label = ("result", if result.is_ok() { "ok" } else { "error" });
    context.metrics.reconciles.get_or_create(&[label]).inc();
    context.metrics.reconcile_duration_seconds.observe(began.elapsed().as_secs_f64());
    match result {
        Ok(next) => {
            entry.failures = 0;
            if entry.state.failure.is_none() {
                entry.conflicts = 0;
            }
            Ok(next.map_or_else(Requeue::await_change, |wait| Requeue::requeue(wait.max(MIN_REQUEUE))))
        }
        Err(error) if error.is_conflict() => {
            debug!("the object has changed since it was read; starting again");
            entry.conflicts = entry.conflicts.saturating_add(1);
            Ok(Requeue::requeue(match entry.lasting_conflicts() {
                None | Some(0) => RETRY_CONFLICT,
                Some(more) => backoff(more, &uid),
            }))
        }
        Err(error) => {
            entry.failures = entry.failures.saturating_add(1);
            error!(%error, "reconcile failed");
            Ok(Requeue::requeue(backoff(entry.failures, &uid)))
        }
    }
}

async fn reconcile_readable(
    context: &Context,
    watched: &LiveStream,
    entry: &mut Entry,
) -> Result<Option<Duration>, ClusterError> {
    context.prune();
    let object = entry.newest(watched);
    match parse::manifest(&object) {
        Ok(manifest) => {
            entry.saw(manifest.generation);
            let mut gathered = gather(context, object, manifest, entry);
            let plan = converge(context, &mut gathered, entry).await?;
            finish(context, &mut gathered, entry, plan).await
        }
        Err(invalid) => invalid::report(context, &object.metadata, &invalid.to_string()).await,
    }
}

/// Brings one LiveStream as far as it gets now, to the plan that waits.
pub(super) async fn converge(
    context: &Context,
    gathered: &mut Gathered,
    entry: &mut Entry,
) -> Result<Plan, ClusterError> {
    entry.state.refresh(&gathered.facts, gathered.now());
    gathered.account.claims.note_intent(&gathered.facts.manifest.owner, entry.state.open_intent());
    for id in gathered.account.orphans.take_unreported(gathered.uid()) {
        events::publish(&context.client, &gathered.object, Notice::OrphanFound(id).event()).await;
    }
    let mut last = String::new();
    for _ in 0..MAX_STEPS {
        let plan = (context.decisions.plan)(&gathered.facts, &entry.state, gathered.now());
        let Step::Do(action) = plan.step else { return Ok(plan) };
        last = format!("{action:?}");
        let outcome = execute(context, gathered, entry, &action).await?;
        let call_failed = matches!(&outcome, Outcome::Failed(CallFailure { cause: Cause::Call(_), .. }));
        let now = gathered.now();
        let notice = entry.state.apply(&mut gathered.facts, action, outcome, now);
        // The call may have brought a token of another project.
        gathered.facts.account = gathered.account.view(entry.state.binding.id());
        // Once for each incident: the failure of one call says little.
        if call_failed && entry.state.attempts == 1 {
            gathered.account.check_list.notify_one();
        }
        if let Some(notice) = notice {
            let event = notice.event();
            info!("{}", event.note);
            events::publish(&context.client, &gathered.object, event).await;
        }
    }
    error!(steps = MAX_STEPS, last, "a reconcile makes no progress; please report this");
    let until = later(gathered.now(), RETRY_NO_PROGRESS);
    Ok(Plan::wait(messages::no_progress(&last)).until(until))
}

/// Reports the plan that waits, and says when to reconcile again.
async fn finish(
    context: &Context,
    gathered: &mut Gathered,
    entry: &mut Entry,
    plan: Plan,
) -> Result<Option<Duration>, ClusterError> {
    let Step::Wait { until, queued } = plan.step else { return Ok(Some(MIN_REQUEUE)) };
    // Without a call to make it leaves its place to others.
    if !queued {
        gathered.account.call_queue.leave(gathered.uid());
    }
    let manifest = &gathered.facts.manifest;
    // A deleted object without the operator's finalizer is no longer the operator's to report on.
    if !manifest.deleting || manifest.finalizer {
        status::report(context, gathered, entry, &plan).await?;
    }
    let now = gathered.now();
    Ok(until.map(|time| Duration::try_from(time.duration_since(now)).unwrap_or_default()))
}
