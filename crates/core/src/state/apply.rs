//! The outcome of an action, taken into the state.

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;

use super::{
    backoff::{later, spread},
    notice::Notice,
    outcome::{CallFailure, Cause, Outcome, Retry},
    reconcile_state::{Failure, PendingCreate, ReconcileState, Request},
    search::{SearchProgress, SearchResult},
};
use crate::{
    facts::{
        Facts,
        binding::Binding,
        diff::{self, Changes},
        ids::StreamId,
        observation::{AccountError, Observation},
        stream::Remote,
    },
    step::action::{Action, Origin, ReleaseReason},
};

/// How soon what the API refused is sent again without a change of the manifest.
const RETRY_REFUSED: Duration = Duration::from_secs(600);

impl ReconcileState {
    /// Takes in the outcome of an action; gives back what an event should report.
    pub fn apply(
        &mut self,
        facts: &mut Facts,
        action: Action,
        outcome: Outcome,
        now: Timestamp,
    ) -> Option<Notice> {
        match outcome {
            Outcome::Failed(failure) => {
                self.failed(facts.manifest.uid(), &action, failure, now);
                return None;
            }
            Outcome::CrdChecked(crd) => {
                facts.crd = crd;
                return None;
            }
            Outcome::TooLate => {
                self.set_request(Request::NotCreated);
                return None;
            }
            Outcome::Stored => return self.stored(facts, action),
            Outcome::NotFound if matches!(action, Action::Update { .. }) => {
                self.doubted = true;
                self.back_off(Cause::not_found("the update"), facts.manifest.uid(), now);
                return None;
            }
            Outcome::Stream(_) | Outcome::NotFound | Outcome::Deleted | Outcome::Searched(_) => {}
        }
        self.end_failure(&outcome);
        match outcome {
            Outcome::Stream(remote) => self.observed(facts, action, *remote, now),
            Outcome::Searched(result) => self.searched(facts, result, now),
            _ => match action {
                Action::DeleteOrphan { id } => {
                    facts.orphan = None;
                    Some(Notice::OrphanDeleted(id))
                }
                _ => {
                    self.found_gone = matches!(action, Action::Get { .. });
                    facts.observation = Observation::Gone;
                    None
                }
            },
        }
    }

    /// A call that was answered ends the failure that it shows to be over. A search that finds
    /// nothing, or a 404, says nothing of the request that failed.
    fn end_failure(&mut self, outcome: &Outcome) {
        let nothing = matches!(outcome, Outcome::Searched(SearchResult::Nothing) | Outcome::NotFound);
        self.failure.take_if(|failure| match failure.cause {
            Cause::Refused(_) | Cause::NotApplied(_) => false,
            Cause::Call(_) => !nothing,
            Cause::Account(_) | Cause::Cluster(_) => true,
        });
    }

    /// A create request is about to be sent: from here on its outcome is unknown,
    /// whatever becomes of this process.
    pub fn sending(&mut self, now: Timestamp) {
        self.set_request(Request::Unknown(SearchProgress::since(now)));
    }

    fn set_request(&mut self, now_known: Request) {
        if let Some(PendingCreate::Open(_, request)) = &mut self.create {
            *request = now_known;
        }
    }

    fn stored(&mut self, facts: &mut Facts, action: Action) -> Option<Notice> {
        self.failure.take_if(|failure| matches!(failure.cause, Cause::Cluster(_)));
        match action {
            Action::RecordIntent { intent, .. } => {
                facts.manifest.finalizer = true;
                self.create = Some(PendingCreate::Open(intent, Request::NotSent));
                let Binding::Copy { id, .. } = self.binding.clone() else { return None };
                self.binding = Binding::Unbound;
                Some(Notice::CopyDetected(id))
            }
            Action::DropIntent { .. } => {
                self.create = None;
                None
            }
            Action::Bind { id, project, .. } => {
                facts.manifest.finalizer = true;
                facts.stored.project = project;
                self.bound(id)
            }
            Action::Claim { id } => Some(self.created(facts, id)),
            Action::Release { reason } => {
                facts.manifest.finalizer = false;
                match reason {
                    ReleaseReason::NeverCreated => None,
                    ReleaseReason::Deleted(id) => Some(Notice::Deleted(id)),
                    ReleaseReason::Retained(id, why) => Some(Notice::Retained(id, why)),
                }
            }
            _ => None,
        }
    }

    /// The binding was stored.
    fn bound(&mut self, id: StreamId) -> Option<Notice> {
        let wanted = matches!(self.binding, Binding::Wanted(_));
        let adopted = wanted || matches!(self.binding, Binding::Bound { adopted: true, .. });
        let created_here = self.unstored.take().is_some();
        self.replaced = None;
        self.create = None;
        self.binding = Binding::Bound { id: id.clone(), stored: true, adopted };
        match (wanted, created_here) {
            (true, _) => Some(Notice::Adopted(id)),
            (false, true) => None,
            (false, false) => Some(Notice::Rebound(id)),
        }
    }

    /// The API answered with the stream.
    fn observed(
        &mut self,
        facts: &mut Facts,
        action: Action,
        remote: Remote,
        now: Timestamp,
    ) -> Option<Notice> {
        let notice = match action {
            Action::Create { .. } => Some(self.created(facts, remote.id.clone())),
            Action::Get { .. } => {
                (self.read_at, self.doubted, self.found_gone) = (Some(now), false, false);
                None
            }
            Action::Update { id, changes, origin } => self.updated(facts, id, &changes, origin, &remote, now),
            _ => None,
        };
        facts.observation = Observation::Present { remote: Arc::new(remote), fresh: true };
        notice
    }

    /// The API answered to an update.
    fn updated(
        &mut self,
        facts: &Facts,
        id: StreamId,
        changes: &Changes,
        origin: Origin,
        remote: &Remote,
        now: Timestamp,
    ) -> Option<Notice> {
        let desired = &facts.manifest.desired;
        let unapplied: Vec<_> =
            diff::drift(desired, remote).into_iter().filter(|field| changes.touches(&field.field)).collect();
        if !unapplied.is_empty() {
            self.back_off(Cause::NotApplied(unapplied), facts.manifest.uid(), now);
            return None;
        }
        if origin == Origin::Manifest {
            return Some(Notice::Updated(id, changes.fields()));
        }
        if let Observation::Present { remote: before, .. } = &facts.observation {
            let corrected = diff::drift(desired, before);
            corrected
                .iter()
                .filter(|field| changes.touches(&field.field))
                .for_each(|field| self.drift_backoff.corrected(field, now));
        }
        Some(Notice::DriftCorrected(id, changes.fields()))
    }

    /// A stream was created for the object, or that of a lost request was found:
    /// it is bound from here on, whatever becomes of the write that stores it.
    fn created(&mut self, facts: &Facts, id: StreamId) -> Notice {
        let old = self.binding.id().cloned().filter(|old| *old != id);
        self.create = None;
        self.replaced.clone_from(&old);
        (self.doubted, self.found_gone) = (false, false);
        self.unstored = Some(id.clone());
        self.created_in.clone_from(&facts.account.project.opened);
        self.binding = Binding::Bound { id: id.clone(), stored: false, adopted: false };
        match old {
            Some(old) => Notice::Recreated { old, new: id },
            None => Notice::Created(id),
        }
    }

    fn searched(&mut self, facts: &mut Facts, result: SearchResult, now: Timestamp) -> Option<Notice> {
        if let SearchResult::Found(remote) = result {
            let notice = self.created(facts, remote.id.clone());
            facts.observation = Observation::Present { remote: remote.into(), fresh: true };
            return Some(notice);
        }
        if let Some(search) = self.search_mut() {
            search.searched_at = Some(now);
            match result {
                SearchResult::Ambiguous(ids) => {
                    (search.ambiguous, search.asked) = (ids, false);
                }
                _ => search.empty_searches = search.empty_searches.saturating_add(1),
            }
        }
        None
    }

    fn failed(&mut self, uid: &str, action: &Action, failure: CallFailure, now: Timestamp) {
        if let (Action::Claim { .. }, Some(search)) = (action, self.search_mut()) {
            // It is another's by now: the search is repeated, and does not find it again.
            search.ambiguous.clear();
            return;
        }
        if let Action::Create { .. } = action {
            self.set_request(if failure.effect_unknown {
                Request::Unknown(SearchProgress::since(now))
            } else {
                Request::NotCreated
            });
        }
        let writes_values = matches!(action, Action::Create { .. } | Action::Update { .. });
        let cause = match failure.cause {
            // Not a value of the manifest: only time can help.
            Cause::Refused(refusal) if !writes_values => {
                let why = format!("it refused the request: {}", refusal.message);
                Cause::Call(AccountError::Unavailable(why))
            }
            // Retried after each change of the manifest, and rarely otherwise: what it refers
            // to, a player above all, may be created later.
            Cause::Refused(refusal) => {
                let wait = RETRY_REFUSED.mul_f64(1.0 + 0.2 * spread(uid, self.attempts));
                let retry_at = later(now, wait);
                self.failure = Some(Failure { cause: Cause::Refused(refusal), retry_at, expected_at: None });
                return;
            }
            cause => cause,
        };
        match failure.retry {
            Retry::AfterBackoff => self.back_off(cause, uid, now),
            Retry::WhenCalled(wait) => self.wait_for_call(cause, wait, uid, now),
        }
    }
}

#[cfg(test)]
#[path = "apply_tests.rs"]
mod tests;
