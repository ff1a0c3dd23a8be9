//! The calls to the API, and what their answers mean for the LiveStream.

use apivideo::{Effect, Permit, Priority, Request};

use super::gather::Gathered;
use crate::{
    account::{CallKind, Throttled, answers},
    core::{
        facts::{
            ids::StreamId,
            intent::{Intent, MAX_CLUSTER_WRITE},
            observation::AccountError,
            stream::Remote,
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

/// Whether a call of this kind can be made now; otherwise it waits in the queue.
pub(super) fn admit(gathered: &Gathered, kind: CallKind) -> Result<(), Outcome> {
    let admitted = gathered.account.call_queue.admit(&gathered.facts.manifest.owner, kind);
    admitted.map_err(|throttled| held_back(&throttled))
}

/// A permit for a call of this kind; otherwise it waits in the queue.
pub(super) fn permit(gathered: &Gathered, kind: CallKind) -> Result<Permit, Outcome> {
    let permit = gathered.account.call_queue.permit(&gathered.facts.manifest.owner, kind);
    permit.map_err(|throttled| held_back(&throttled))
}

fn held_back(throttled: &Throttled) -> Outcome {
    let retry = Retry::WhenCalled(throttled.expected);
    Outcome::Failed(CallFailure { effect_unknown: false, cause: answers::cause(&throttled.error), retry })
}

/// Sends the create request of a stored intent.
pub(super) async fn create(gathered: &Gathered, state: &mut ReconcileState, intent: &Intent) -> Outcome {
    let permit = match permit(gathered, CREATION) {
        Ok(permit) => permit,
        Err(throttled) => return throttled,
    };
    // By two clocks: a process that was suspended since must not send it.
    let late = |moment: Moment| Moment::now().since(&moment) > MAX_CLUSTER_WRITE;
    if gathered.recorded.is_some_and(late) {
        return Outcome::TooLate;
    }
    // Whatever becomes of this process or this future from here on, the request
    // may have been sent.
    state.sending(gathered.now());
    let account = &gathered.account;
    let _creating = account.create_locks.create(&intent.payload.name).await;
    match account.client.send_with(permit, apivideo::create(&intent.payload)).await {
        Ok(answer) => match answers::remote(answer.value) {
            Some(remote) => created(gathered, intent, remote),
            None => unusable_id(),
        },
        Err(error) => failed(gathered, CREATION, &error),
    }
}

/// An answer about a stream that can't be this request's is no answer: a proxy may have
/// answered with another's.
fn created(gathered: &Gathered, intent: &Intent, remote: Remote) -> Outcome {
    let account = &gathered.account;
    let can_be_ours = !account.snapshot().knows(&remote.id)
        && intent.is_answered_by(&remote, gathered.facts.account.timing());
    if !can_be_ours || !account.claims.created(&gathered.facts.manifest.owner, &remote.id) {
        return unusable(format!(
            "the answer to the create request is about {}, a stream of another",
            remote.id
        ));
    }
    account.answered(&remote);
    Outcome::Stream(Box::new(remote))
}

/// A call about one stream that is answered with the stream.
pub(super) async fn about_stream(
    gathered: &Gathered,
    id: &StreamId,
    request: Request<apivideo::LiveStream>,
    kind: CallKind,
) -> Outcome {
    let permit = match permit(gathered, kind) {
        Ok(permit) => permit,
        Err(throttled) => return throttled,
    };
    let account = &gathered.account;
    match account.client.send_with(permit, request).await {
        Ok(answer) => match answers::remote(answer.value).filter(|remote| remote.id == *id) {
            Some(remote) => {
                account.answered(&remote);
                Outcome::Stream(Box::new(remote))
            }
            None => unusable_id(),
        },
        Err(apivideo::Error::NotFound { .. }) => {
            account.unexpectedly_gone(id);
            Outcome::NotFound
        }
        Err(error) => failed(gathered, kind, &error),
    }
}

/// Deletes a stream.
pub(super) async fn delete(gathered: &Gathered, id: &StreamId) -> Outcome {
    let permit = match permit(gathered, DELETION) {
        Ok(permit) => permit,
        Err(throttled) => return throttled,
    };
    let account = &gathered.account;
    match account.client.send_with(permit, apivideo::delete(id.as_str())).await {
        Ok(_) => {
            account.deleted(id);
            account.orphans.deleted(id);
            Outcome::Deleted
        }
        Err(apivideo::Error::NotFound { .. }) => {
            account.gone(id);
            account.orphans.deleted(id);
            Outcome::Deleted
        }
        Err(error) => failed(gathered, DELETION, &error),
    }
}

fn unusable_id() -> Outcome {
    unusable("the answer does not name the stream by an id".into())
}

/// An answer arrived that can't be relied on.
pub(super) fn unusable(why: String) -> Outcome {
    let cause = Cause::Call(AccountError::Unavailable(why));
    Outcome::Failed(CallFailure { effect_unknown: true, cause, retry: Retry::AfterBackoff })
}

/// What an error of the client means for the LiveStream.
pub(super) fn failed(gathered: &Gathered, kind: CallKind, error: &apivideo::Error) -> Outcome {
    let account = &gathered.account;
    let cause = answers::cause(error);
    let retry = match &cause {
        Cause::Account(AccountError::RateLimited) => {
            Retry::WhenCalled(account.call_queue.enqueue(&gathered.facts.manifest.owner, kind))
        }
        _ => Retry::AfterBackoff,
    };
    Outcome::Failed(CallFailure { effect_unknown: error.effect() == Effect::Unknown, cause, retry })
}
