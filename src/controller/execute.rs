//! Doing what was planned: one arm an action.

use apivideo::{Class, CreateLiveStream, Effect, Permit, Priority, UpdateLiveStream};

use super::{Context, cluster, cluster::ClusterError, entries::Entry, search, subject::Subject};
use crate::{
    account::{self, CallKind, Throttled, lock},
    core::{
        action::{Action, Cause, Farewell},
        intent::{Intent, Request, Search},
        late::GivenUp,
        memory::{Create, Memory, Refusal, Trouble},
        model::{Desired, StreamId},
        outcome::{Again, CallFailure, Outcome, Why},
    },
    crd::LiveStream,
    ops::progress::Resolved,
};

/// The kinds of calls whose priority is always the same.
const CREATION: CallKind = (Class::Write, Priority::Creation);
const DELETION: CallKind = (Class::Write, Priority::UserChange);

/// Does one thing and says what came of it.
pub(super) async fn execute(
    context: &Context,
    subject: &mut Subject,
    entry: &mut Entry,
    action: &Action,
) -> Result<Outcome, ClusterError> {
    let object = &subject.object;
    let written = match action {
        Action::RecordIntent { intent, replaces } => {
            // A call is reserved before the intent is stored: an intent whose
            // request waits would have to be searched for after a crash.
            if let Err(throttled) = subject.account.call_queue.admit(&subject.claim(), CREATION) {
                return Ok(wait(&throttled));
            }
            cluster::record_intent(&subject.api, &subject.object, intent, replaces.is_some()).await?
        }
        Action::DropIntent => {
            if give_up(subject, &entry.memory) {
                context.metrics.progress().lost_create(Resolved::Nothing);
            }
            cluster::drop_intent(&subject.api, object).await?
        }
        Action::Bind { id, recreated_from } => {
            cluster::bind(&subject.api, object, id, recreated_from.as_ref()).await?
        }
        Action::Release { farewell } => return release(context, subject, farewell).await,
        Action::Create { intent } => return Ok(create(subject, &mut entry.memory, intent).await),
        Action::Look { intent, ended_at } => {
            let looked = search::look(context, subject, intent, *ended_at).await;
            search::count_end(context, &entry.memory, &looked);
            return Ok(looked);
        }
        Action::Get { id } => {
            let priority = priority(subject, &entry.memory, action);
            return Ok(outcome(subject, id, apivideo::get(id.as_str()), priority).await);
        }
        Action::Update { id, changes, .. } => {
            let body = UpdateLiveStream {
                name: changes.name.clone(),
                public: changes.public,
                player_id: changes.player_id.clone(),
            };
            let priority = priority(subject, &entry.memory, action);
            return Ok(outcome(subject, id, apivideo::update(id.as_str(), &body), priority).await);
        }
        Action::Delete { id } | Action::DeleteLate { id } => return Ok(delete(subject, id).await),
    };
    stored(subject, entry, action, written);
    Ok(Outcome::Stored)
}

/// A create that nobody found a stream of may have one yet: the observer looks out for it.
/// True if it was not known before that it made nothing.
fn give_up(subject: &Subject, memory: &Memory) -> bool {
    let Some(Create::Open(intent, Request::Unknown(_))) = &memory.create else { return false };
    subject.account.late.give_up(GivenUp {
        uid: subject.manifest.uid.clone(),
        place: subject.manifest.place.clone(),
        intent: intent.clone(),
        at: subject.now(),
    });
    true
}

fn stored(subject: &mut Subject, entry: &mut Entry, action: &Action, written: LiveStream) {
    entry.wrote(&subject.object, &written);
    subject.object = written;
    let open = match action {
        Action::RecordIntent { intent, .. } => Some(intent),
        _ => None,
    };
    subject.account.creates.note(&subject.claim(), open);
    subject.manifest.finalizer = crate::crd::metadata::has_finalizer(&subject.object.metadata);
}

/// Leave for a call of this kind now; or that it is throttled, and waits in the queue.
pub(super) fn permit(subject: &Subject, kind: CallKind) -> Result<Permit, Outcome> {
    subject.account.call_queue.permit(&subject.claim(), kind).map_err(|throttled| wait(&throttled))
}

fn wait(throttled: &Throttled) -> Outcome {
    let why = match account::trouble(&throttled.error) {
        Some(trouble) => Why::Trouble(trouble),
        None => Why::Refused(refusal(&throttled.error)),
    };
    let again = Again::OnItsTurn(throttled.expected);
    Outcome::Failed(CallFailure { effect_unknown: false, why, again })
}

fn priority(subject: &Subject, memory: &Memory, action: &Action) -> Priority {
    let waited_for = subject.manifest.deleting || memory.request_pending(&subject.manifest);
    match action {
        Action::Update { cause: Cause::Drift, .. } => Priority::DriftCorrection,
        Action::Get { .. } if !waited_for => Priority::DriftCorrection,
        _ => Priority::UserChange,
    }
}

async fn create(subject: &Subject, memory: &mut Memory, intent: &Intent) -> Outcome {
    let permit = match permit(subject, CREATION) {
        Ok(permit) => permit,
        Err(throttled) => return throttled,
    };
    // Whatever becomes of this process or this future from here on, the request
    // may have been sent.
    memory.create = Some(Create::Open(intent.clone(), Request::Unknown(Search::since(subject.now()))));
    let Desired { name, public, player_id } = intent.payload.clone();
    let request = apivideo::create(&CreateLiveStream { name, public, player_id });
    let _sending = subject.account.creates.sending(&intent.payload.name).await;
    match subject.account.client.send_with(permit, request).await {
        Ok(answer) => match account::remote(answer.value) {
            Some(remote) => {
                subject.account.saw(&remote);
                lock(&subject.account.holders).hold(&remote.id, subject.claim());
                Outcome::Stream(Box::new(remote))
            }
            None => unusable_id(),
        },
        Err(error) => failed(subject, CREATION, &error),
    }
}

fn unusable_id() -> Outcome {
    no_answer("the answer names a stream by something that is no id".into())
}

/// An answer came, and says nothing that could be relied on.
pub(super) fn no_answer(why: String) -> Outcome {
    let why = Why::Trouble(Trouble::Unavailable(why));
    Outcome::Failed(CallFailure { effect_unknown: true, why, again: Again::Later })
}

/// A call about one stream that is answered with the stream.
async fn outcome(
    subject: &Subject,
    id: &StreamId,
    request: apivideo::Request<apivideo::LiveStream>,
    priority: Priority,
) -> Outcome {
    let kind = (request.operation().class(), priority);
    let permit = match permit(subject, kind) {
        Ok(permit) => permit,
        Err(throttled) => return throttled,
    };
    match subject.account.client.send_with(permit, request).await {
        Ok(answer) => match account::remote(answer.value).filter(|remote| remote.id == *id) {
            Some(remote) => {
                subject.account.saw(&remote);
                Outcome::Stream(Box::new(remote))
            }
            None => unusable_id(),
        },
        Err(apivideo::Error::NotFound { .. }) => {
            subject.account.found_gone(id);
            Outcome::NotFound
        }
        Err(error) => failed(subject, kind, &error),
    }
}

async fn delete(subject: &Subject, id: &StreamId) -> Outcome {
    let permit = match permit(subject, DELETION) {
        Ok(permit) => permit,
        Err(throttled) => return throttled,
    };
    match subject.account.client.send_with(permit, apivideo::delete(id.as_str())).await {
        Ok(_) | Err(apivideo::Error::NotFound { .. }) => {
            subject.account.saw_gone(id);
            subject.account.late.deleted(id);
            Outcome::Deleted
        }
        Err(error) => failed(subject, DELETION, &error),
    }
}

/// What an error of the client means for the LiveStream.
pub(super) fn failed(subject: &Subject, kind: CallKind, error: &apivideo::Error) -> Outcome {
    let account = &subject.account;
    let (why, again) = match account::trouble(error) {
        Some(trouble @ Trouble::RateLimited) => {
            let expected = account.call_queue.enqueue(&subject.claim(), kind);
            (Why::Trouble(trouble), Again::OnItsTurn(expected))
        }
        Some(trouble) => {
            if matches!(trouble, Trouble::Unauthorized(_)) {
                account.observe_now.notify_one();
            }
            (Why::Trouble(trouble), Again::Later)
        }
        None => (Why::Refused(refusal(error)), Again::Later),
    };
    Outcome::Failed(CallFailure { effect_unknown: error.effect() == Effect::Unknown, why, again })
}

fn refusal(error: &apivideo::Error) -> Refusal {
    match error {
        apivideo::Error::Refused { field, message, .. } => {
            Refusal { field: field.clone(), message: message.clone() }
        }
        other => Refusal { field: None, message: other.to_string() },
    }
}

/// Removes the finalizer. The object may go with it: what it held is free, and
/// whoever waits for it comes next.
async fn release(
    context: &Context,
    subject: &mut Subject,
    farewell: &Farewell,
) -> Result<Outcome, ClusterError> {
    if let Farewell::Retained(Some(id), _) = farewell {
        subject.account.late.is_not(id);
    }
    match cluster::release(&subject.api, &subject.object).await {
        Ok(_) => {}
        Err(error) if error.is_not_found() => {}
        Err(error) => return Err(error),
    }
    let uid = &subject.manifest.uid;
    subject.account.creates.note(&subject.claim(), None);
    subject.account.call_queue.leave(uid);
    context.entries.forget(uid);
    let woken = lock(&subject.account.holders).release(uid);
    woken.iter().for_each(|place| subject.account.wakes.one(place));
    subject.manifest.finalizer = false;
    Ok(Outcome::Stored)
}
