//! The calls to the API, and what their answers mean for the LiveStream.

use std::time::Duration;

use apivideo::{Effect, Priority, Request};
use tokio::time::Instant;

use super::gather::Gathered;
use crate::{
    account::{CallKind, answers},
    core::{
        facts::{
            ids::StreamId,
            intent::{Intent, MAX_CLUSTER_WRITE},
            observation::AccountError,
        },
        state::{
            outcome::{CallFailure, Cause, Outcome, Retry},
            reconcile_state::ReconcileState,
        },
    },
    ops::moment::Moment,
};

/// The kinds of calls whose priority is always the same.
pub(super) const CREATION: CallKind = CallKind::write(Priority::Creation);
const DELETION: CallKind = CallKind::write(Priority::UserChange);

/// Sends the create request of a stored intent.
pub(super) async fn create(
    gathered: &Gathered,
    state: &mut ReconcileState,
    intent: &Intent,
) -> Result<Outcome, CallFailure> {
    let account = &gathered.account;
    // A search of that name may take long: no permit is held and no time is taken meanwhile.
    let _creating = account.create_locks.create(&intent.payload.name).await;
    let permit = account.call_queue.permit(&gathered.facts.manifest.owner, CREATION)?;
    // By two clocks: a process that was suspended since must not send it.
    let elapsed = gathered.recorded.map_or(Duration::ZERO, |moment| Moment::now().since(&moment));
    let Some(left) = MAX_CLUSTER_WRITE.checked_sub(elapsed) else { return Ok(Outcome::TooLate) };
    // Whatever becomes of this process or this future from here on, the request
    // may have been sent.
    state.sending(gathered.now());
    let began = Instant::now();
    let request = in_project(gathered, apivideo::create(&intent.payload)).before(began + left);
    let answer = account.client.send_with(permit, request).await;
    let stream = answer.map_err(|error| failed(gathered, CREATION, &error))?;
    let remote = answers::remote(stream).ok_or_else(unusable_id)?;
    // An answer about a stream that can't be this request's is no answer: a proxy may have
    // answered with another's.
    let can_be_ours = !account.snapshot().knew(&remote.id, began)
        && intent.is_answered_by(&remote, gathered.facts.account.timing());
    if !can_be_ours || !account.claims.created(&gathered.facts.manifest.owner, &remote.id) {
        return Err(unusable(format!(
            "the answer to the create request is about {}, a stream of another",
            remote.id
        )));
    }
    account.answered(&remote);
    Ok(Outcome::Stream(Box::new(remote)))
}

/// A call about one stream that is answered with the stream.
pub(super) async fn about_stream(
    gathered: &Gathered,
    id: &StreamId,
    request: Request<apivideo::LiveStream>,
    kind: CallKind,
) -> Result<Outcome, CallFailure> {
    let account = &gathered.account;
    let permit = account.call_queue.permit(&gathered.facts.manifest.owner, kind)?;
    let stream = match account.client.send_with(permit, in_project(gathered, request)).await {
        Ok(stream) => stream,
        Err(error @ apivideo::Error::NotFound { .. }) => {
            // Of an update it is no word on the stream: a read decides.
            if error.effect() == Effect::None {
                account.unexpectedly_gone(id);
            }
            return Ok(Outcome::NotFound);
        }
        Err(error) => return Err(failed(gathered, kind, &error)),
    };
    let remote = answers::remote(stream).filter(|remote| remote.id == *id).ok_or_else(unusable_id)?;
    account.answered(&remote);
    Ok(Outcome::Stream(Box::new(remote)))
}

/// Deletes a stream.
pub(super) async fn delete(gathered: &Gathered, id: &StreamId) -> Result<Outcome, CallFailure> {
    let account = &gathered.account;
    let permit = account.call_queue.permit(&gathered.facts.manifest.owner, DELETION)?;
    match account.client.send_with(permit, in_project(gathered, apivideo::delete(id.as_str()))).await {
        Ok(_) => account.deleted(id),
        Err(apivideo::Error::NotFound { .. }) => account.gone(id),
        Err(error) => return Err(failed(gathered, DELETION, &error)),
    }
    account.orphans.deleted(id);
    Ok(Outcome::Deleted)
}

/// A request for the project that it was decided for. While no token is known, the
/// one that is asked for may be of another.
fn in_project<T>(gathered: &Gathered, request: Request<T>) -> Request<T> {
    let facts = &gathered.facts;
    let decided_for = facts.account.project.opened.clone().or_else(|| gathered.account.last_project());
    let project = decided_for.or_else(|| facts.stored.project.clone());
    request.in_project(project.and_then(|project| project.split_once('/').map(|(_, id)| id.to_owned())))
}

fn unusable_id() -> CallFailure {
    unusable("the answer does not name the stream by an id".into())
}

/// An answer arrived that can't be relied on.
pub(super) fn unusable(why: String) -> CallFailure {
    let cause = Cause::Call(AccountError::Unavailable(why));
    CallFailure { effect_unknown: true, cause, retry: Retry::AfterBackoff }
}

/// What an error of the client means for the LiveStream.
pub(super) fn failed(gathered: &Gathered, kind: CallKind, error: &apivideo::Error) -> CallFailure {
    let cause = answers::cause(error);
    let retry = match &cause {
        Cause::Account(AccountError::RateLimited) => {
            Retry::WhenCalled(gathered.account.call_queue.enqueue(&gathered.facts.manifest.owner, kind))
        }
        _ => Retry::AfterBackoff,
    };
    CallFailure { effect_unknown: error.effect() == Effect::Unknown, cause, retry }
}
