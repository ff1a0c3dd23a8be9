//! Doing what was planned: one arm an action.

use apivideo::{
    Class, CreateLiveStream, Effect, ListLiveStreams, Priority, SortOrder, Turn, UpdateLiveStream,
};

use super::{Context, cluster, cluster::ClusterError, entries::Entry, subject::Subject};
use crate::{
    account::{self, lock},
    core::{
        action::{Action, Cause, Farewell},
        intent::{Finding, Intent, Request, Search, judge},
        late::GivenUp,
        memory::{Create, Memory, Refusal, Trouble},
        model::{Desired, Remote, StreamId},
        outcome::{Again, CallFailure, Outcome, Why},
        paging::{Next, Reading, Shown},
    },
    crd::LiveStream,
};

/// The kinds of calls whose priority is always the same.
const CREATION: (Class, Priority) = (Class::Write, Priority::Creation);
const DELETION: (Class, Priority) = (Class::Write, Priority::UserChange);
const LOOK: (Class, Priority) = (Class::Read, Priority::DriftCorrection);

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
            // Had before the intent is stored: an intent whose request waits would
            // have to be searched for after a crash.
            let turn = match turn(context, subject, CREATION) {
                Ok(turn) => turn,
                Err(held_back) => return Ok(held_back),
            };
            let written =
                cluster::record_intent(&subject.api, &subject.object, intent, replaces.is_some()).await;
            if let Err(error) = written {
                subject.account.turns.keep(&subject.claim(), CREATION.1, turn);
                return Err(error);
            }
            subject.turn = Some(turn);
            written?
        }
        Action::DropIntent => {
            give_up(subject, &entry.memory);
            cluster::drop_intent(&subject.api, object).await?
        }
        Action::Bind { id, recreated_from } => {
            cluster::bind(&subject.api, object, id, recreated_from.as_ref()).await?
        }
        Action::Release { farewell } => return release(context, subject, farewell).await,
        Action::Create { intent } => return Ok(create(context, subject, &mut entry.memory, intent).await),
        Action::Look { intent, ended_at } => return Ok(look(context, subject, intent, *ended_at).await),
        Action::Get { id } => {
            let priority = priority(subject, &entry.memory, action);
            return Ok(outcome(context, subject, id, apivideo::get(id.as_str()), priority).await);
        }
        Action::Update { id, changes, .. } => {
            let body = UpdateLiveStream {
                name: changes.name.clone(),
                public: changes.public,
                player_id: changes.player_id.clone(),
            };
            let priority = priority(subject, &entry.memory, action);
            return Ok(outcome(context, subject, id, apivideo::update(id.as_str(), &body), priority).await);
        }
        Action::Delete { id } | Action::DeleteLate { id } => return Ok(delete(context, subject, id).await),
    };
    stored(subject, entry, action, written);
    Ok(Outcome::Stored)
}

/// A create that nobody found a stream of may have one yet: the observer looks out for it.
fn give_up(subject: &Subject, memory: &Memory) {
    if let Some(Create::Open(intent, Request::Unknown(_))) = &memory.create {
        subject.account.late.give_up(GivenUp {
            uid: subject.manifest.uid.clone(),
            place: subject.manifest.place.clone(),
            intent: intent.clone(),
            at: subject.now(),
        });
    }
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

/// A turn to make a call of this kind; or that it is held back, and waits in the queue.
fn turn(context: &Context, subject: &Subject, kind: (Class, Priority)) -> Result<Turn, Outcome> {
    subject.account.turn(&subject.claim(), kind, &context.alive).map_err(|held_back| {
        let why = match account::trouble(&held_back.error) {
            Some(trouble) => Why::Trouble(trouble),
            None => Why::Refused(refusal(&held_back.error)),
        };
        let again = Again::OnItsTurn(held_back.expected);
        Outcome::Failed(CallFailure { effect_unknown: false, why, again })
    })
}

fn priority(subject: &Subject, memory: &Memory, action: &Action) -> Priority {
    let waited_for = subject.manifest.deleting || memory.request_pending(&subject.manifest);
    match action {
        Action::Update { cause: Cause::Drift, .. } => Priority::DriftCorrection,
        Action::Get { .. } if !waited_for => Priority::DriftCorrection,
        _ => Priority::UserChange,
    }
}

async fn create(context: &Context, subject: &mut Subject, memory: &mut Memory, intent: &Intent) -> Outcome {
    let had = subject.turn.take();
    let turn = match had.map_or_else(|| turn(context, subject, CREATION), Ok) {
        Ok(turn) => turn,
        Err(held_back) => return held_back,
    };
    // Whatever becomes of this process or this future from here on, the request
    // may have been sent.
    memory.create = Some(Create::Open(intent.clone(), Request::Unknown(Search::since(subject.now()))));
    let Desired { name, public, player_id } = intent.payload.clone();
    let request = apivideo::create(&CreateLiveStream { name, public, player_id });
    let _sending = subject.account.creates.sending(&intent.payload.name).await;
    match subject.account.client.send_in(turn, request).await {
        Ok(answer) => match account::remote(answer.value) {
            Some(remote) => {
                subject.account.saw(&remote);
                lock(&subject.account.holders).hold(&remote.id, subject.claim());
                Outcome::Stream(Box::new(remote))
            }
            None => unusable_id(),
        },
        Err(error) => failed(context, subject, CREATION, &error),
    }
}

fn unusable_id() -> Outcome {
    no_answer("the answer names a stream by something that is no id".into())
}

/// An answer came, and says nothing that could be relied on.
fn no_answer(why: String) -> Outcome {
    let why = Why::Trouble(Trouble::Unavailable(why));
    Outcome::Failed(CallFailure { effect_unknown: true, why, again: Again::Later })
}

/// One complete look for the stream of a lost create. What it finds is claimed
/// before another look can see it.
async fn look(context: &Context, subject: &Subject, intent: &Intent, ended_at: jiff::Timestamp) -> Outcome {
    let account = &subject.account;
    let _looking = account.creates.looking(&intent.payload.name).await;
    let Found { mut candidates, unreadable } = match search(context, subject, intent, ended_at).await {
        Ok(found) => found,
        Err(outcome) => return outcome,
    };
    let mut holders = lock(&account.holders);
    candidates
        .retain(|s| holders.other(&s.id, &subject.manifest.uid, |claim| context.is_known(claim)).is_none());
    let finding =
        judge(candidates, account.creates.open_with(&intent.payload, |claim| context.is_known(claim)));
    match &finding {
        Finding::Ours(remote) => {
            holders.hold(&remote.id, subject.claim());
            account.saw(remote);
        }
        // What can't be read may be the very stream: this look was not a clean one.
        Finding::Nothing if unreadable > 0 => {
            let why = format!(
                "{unreadable} streams in the list of those named {:?} can't be read, and the one that is looked for \
                 may be among them",
                intent.payload.name
            );
            return no_answer(why);
        }
        Finding::Nothing | Finding::Ambiguous(_) => {}
    }
    Outcome::Looked(finding)
}

/// What a search has found.
struct Found {
    candidates: Vec<Remote>,
    unreadable: usize,
}

/// Reads the list by name, newest first, until the streams are older than the
/// intent. A list that makes no sense is no answer: a stream that it hides
/// would be made a second time.
async fn search(
    context: &Context,
    subject: &Subject,
    intent: &Intent,
    ended_at: jiff::Timestamp,
) -> Result<Found, Outcome> {
    let account = &subject.account;
    let mut found = Found { candidates: Vec::new(), unreadable: 0 };
    let mut reading = Reading::default();
    loop {
        let query = ListLiveStreams {
            name: Some(intent.search_name().to_owned()),
            sort_order: SortOrder::Desc,
            page: reading.page(),
            ..ListLiveStreams::default()
        };
        let turn = turn(context, subject, LOOK)?;
        let page = match account.client.send_in(turn, apivideo::list(&query)).await {
            Ok(answer) => answer.value,
            Err(error) => return Err(failed(context, subject, LOOK, &error)),
        };
        let ids: Vec<_> = page.items.iter().map(|item| item.live_stream_id.clone()).collect();
        let next =
            reading.after(Shown { ids: &ids, unreadable: page.unreadable, pages_total: page.pages_total });
        let streams: Vec<_> = page.items.into_iter().filter_map(account::remote).collect();
        found.unreadable += page.unreadable + (ids.len() - streams.len());
        let past = streams.iter().any(|s| s.created_at.is_some_and(|t| t < intent.window_start()));
        found.candidates.extend(
            streams.into_iter().filter(|s| intent.could_have_made(s, ended_at, account.policy.settle)),
        );
        match next {
            _ if past => return Ok(found),
            Next::Page => {}
            Next::End => return Ok(found),
            Next::Broken(why) => return Err(no_answer(why.to_owned())),
        }
    }
}

/// A call about one stream that is answered with the stream.
async fn outcome(
    context: &Context,
    subject: &Subject,
    id: &StreamId,
    request: apivideo::Request<apivideo::LiveStream>,
    priority: Priority,
) -> Outcome {
    let kind = (request.operation().class(), priority);
    let turn = match turn(context, subject, kind) {
        Ok(turn) => turn,
        Err(held_back) => return held_back,
    };
    match subject.account.client.send_in(turn, request).await {
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
        Err(error) => failed(context, subject, kind, &error),
    }
}

async fn delete(context: &Context, subject: &Subject, id: &StreamId) -> Outcome {
    let turn = match turn(context, subject, DELETION) {
        Ok(turn) => turn,
        Err(held_back) => return held_back,
    };
    match subject.account.client.send_in(turn, apivideo::delete(id.as_str())).await {
        Ok(_) | Err(apivideo::Error::NotFound { .. }) => {
            subject.account.saw_gone(id);
            subject.account.late.deleted(id);
            Outcome::Deleted
        }
        Err(error) => failed(context, subject, DELETION, &error),
    }
}

/// What an error of the client means for the LiveStream.
fn failed(context: &Context, subject: &Subject, kind: (Class, Priority), error: &apivideo::Error) -> Outcome {
    let account = &subject.account;
    let (why, again) = match account::trouble(error) {
        Some(trouble @ Trouble::RateLimited) => {
            let expected = account.line_up(&subject.claim(), kind, &context.alive);
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
    context.entries.forget(uid);
    let woken = lock(&subject.account.holders).release(uid);
    woken.iter().for_each(|place| subject.account.wakes.one(place));
    subject.manifest.finalizer = false;
    Ok(Outcome::Stored)
}
