//! What came of an action, folded into what is known.

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;

use super::{
    action::{Action, Cause, Farewell},
    backoff::backoff,
    binding::Binding,
    diff,
    intent::{Finding, Request, Search},
    memory::{Create, Memory, Refusal, Trouble},
    model::{Manifest, Remote, StreamId},
    observed::{Observed, Sight},
};

/// What came of an action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The object was written.
    Stored,
    /// The API answered with the stream.
    Stream(Box<Remote>),
    /// The API answered that there is no such stream.
    NotFound,
    /// The stream is deleted.
    Deleted,
    /// A complete look was had.
    Looked(Finding),
    /// The call failed.
    Failed(CallFailure),
}

/// How a call failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallFailure {
    /// Whether it may have taken effect all the same.
    pub effect_unknown: bool,
    /// Why.
    pub why: Why,
    /// When it is tried again.
    pub again: Again,
}

/// When a call that failed is tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Again {
    /// After a wait that grows with each failure.
    Later,
    /// When it is its turn: it waits in the account's queue, and is expected to
    /// wait for so long.
    OnItsTurn(Duration),
}

/// Why a call failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    /// The API refused the request's values.
    Refused(Refusal),
    /// The account is in trouble.
    Trouble(Trouble),
}

/// Something that a person should be told: an event on the object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Note {
    /// A stream was created (or a lost one found again).
    Created(StreamId),
    /// A stream was created in place of one that is gone.
    Recreated {
        /// The stream that is gone.
        old: StreamId,
        /// The new one.
        new: StreamId,
    },
    /// An existing stream was bound.
    Adopted(StreamId),
    /// The binding was stored again after a restore or a move.
    Rebound(StreamId),
    /// The annotations were another LiveStream's.
    CopyDetected(StreamId),
    /// The manifest's change was written.
    Updated(StreamId, String),
    /// A change made elsewhere was undone.
    DriftCorrected(StreamId, String),
    /// A create that was given up has made this stream after all.
    CameLate(StreamId),
    /// Such a stream, which carried the marker, was deleted.
    LateDeleted(StreamId),
    /// The stream was deleted.
    Deleted(StreamId),
    /// The stream stays though the LiveStream goes.
    Retained(Option<StreamId>, &'static str),
}

/// Folds what came of an action into what is known, and says what a person
/// should be told.
pub fn absorb(
    manifest: &Manifest,
    memory: &mut Memory,
    observed: &mut Observed,
    action: Action,
    outcome: Outcome,
    now: Timestamp,
) -> Option<Note> {
    match outcome {
        Outcome::Failed(failure) => {
            failed(manifest, memory, &action, failure, now);
            None
        }
        Outcome::Stored => stored(memory, action),
        Outcome::Stream(remote) => {
            memory.failure = None;
            seen(manifest, memory, observed, action, *remote, now)
        }
        Outcome::NotFound | Outcome::Deleted => {
            memory.failure = None;
            if let Action::DeleteLate { id } = action {
                observed.late = None;
                return Some(Note::LateDeleted(id));
            }
            observed.stream = Sight::Gone;
            None
        }
        Outcome::Looked(finding) => {
            memory.failure = None;
            looked(memory, observed, finding, now)
        }
    }
}

fn stored(memory: &mut Memory, action: Action) -> Option<Note> {
    match action {
        Action::RecordIntent { intent, .. } => {
            memory.create = Some(Create::Open(intent, Request::NotSent));
            let before = memory.binding.clone();
            match before {
                Binding::Copy { id, .. } => {
                    memory.binding = Binding::Unbound;
                    Some(Note::CopyDetected(id))
                }
                _ => None,
            }
        }
        Action::DropIntent => {
            memory.create = None;
            None
        }
        Action::Bind { id, .. } => {
            let asked_for = matches!(memory.binding, Binding::Wanted(_));
            let adopted = asked_for || matches!(memory.binding, Binding::Bound { adopted: true, .. });
            let made_here = memory.unstored.take().is_some();
            memory.replaced = None;
            memory.create = None;
            memory.binding = Binding::Bound { id: id.clone(), stored: true, adopted };
            match (asked_for, made_here) {
                (true, _) => Some(Note::Adopted(id)),
                (false, true) => None,
                (false, false) => Some(Note::Rebound(id)),
            }
        }
        Action::Release { farewell: Farewell::Deleted(id) } => Some(Note::Deleted(id)),
        Action::Release { farewell: Farewell::Retained(id, why) } => Some(Note::Retained(id, why)),
        _ => None,
    }
}

fn seen(
    manifest: &Manifest,
    memory: &mut Memory,
    observed: &mut Observed,
    action: Action,
    remote: Remote,
    now: Timestamp,
) -> Option<Note> {
    let note = match action {
        Action::Create { .. } => Some(created(memory, remote.id.clone())),
        Action::Update { id, changes, cause } => {
            let still_differs = diff::changes(&manifest.desired, &remote).is_some();
            if still_differs {
                let why = format!("it accepted {} but still shows other values", changes.fields());
                memory
                    .fail(Trouble::Unavailable(why), |attempts| later(now, backoff(attempts, &manifest.uid)));
            }
            match cause {
                _ if still_differs => None,
                Cause::Manifest => Some(Note::Updated(id, changes.fields())),
                Cause::Drift => {
                    memory.fight.corrected(now);
                    Some(Note::DriftCorrected(id, changes.fields()))
                }
            }
        }
        _ => None,
    };
    observed.stream = Sight::Present { remote: Arc::new(remote), fresh: true };
    note
}

/// A stream was made for the object, or found again: it is bound from here on,
/// whatever becomes of the write that stores it.
fn created(memory: &mut Memory, id: StreamId) -> Note {
    let old = memory.binding.id().cloned();
    memory.create = None;
    memory.replaced = old.clone().filter(|old| *old != id);
    memory.unstored = Some(id.clone());
    memory.binding = Binding::Bound { id: id.clone(), stored: false, adopted: false };
    match old {
        Some(old) if old != id => Note::Recreated { old, new: id },
        _ => Note::Created(id),
    }
}

fn looked(memory: &mut Memory, observed: &mut Observed, finding: Finding, now: Timestamp) -> Option<Note> {
    if let Finding::Ours(remote) = finding {
        let note = created(memory, remote.id.clone());
        observed.stream = Sight::Present { remote: remote.into(), fresh: true };
        return Some(note);
    }
    if let Some(Create::Open(_, Request::Unknown(search))) = &mut memory.create {
        search.looked_at = Some(now);
        match finding {
            Finding::Ambiguous(ids) => search.ambiguous = ids,
            _ => search.clean_looks = search.clean_looks.saturating_add(1),
        }
    }
    None
}

fn failed(manifest: &Manifest, memory: &mut Memory, action: &Action, failure: CallFailure, now: Timestamp) {
    if let (Action::Create { .. }, Some(Create::Open(_, request))) = (action, &mut memory.create) {
        *request =
            if failure.effect_unknown { Request::Unknown(Search::since(now)) } else { Request::NotCreated };
    }
    let trouble = match failure.why {
        Why::Trouble(trouble) => trouble,
        Why::Refused(refusal) if matches!(action, Action::Create { .. } | Action::Update { .. }) => {
            memory.refusal = Some(refusal);
            return;
        }
        // No manifest's value is at fault: only time can mend it.
        Why::Refused(refusal) => Trouble::Unavailable(format!("it refused the request: {}", refusal.message)),
    };
    match failure.again {
        Again::Later => memory.fail(trouble, |attempts| later(now, backoff(attempts, &manifest.uid))),
        Again::OnItsTurn(wait) => memory.hold_back(trouble, wait, &manifest.uid, now),
    }
}

fn later(now: Timestamp, wait: Duration) -> Timestamp {
    now.saturating_add(wait).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
#[path = "outcome_tests.rs"]
mod tests;
