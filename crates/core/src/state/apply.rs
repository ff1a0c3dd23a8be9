//! The outcome of an action, taken into the state.

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;

use super::{
    backoff::{backoff, later, spread},
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

/// A shorter wait for the rate limit is not reported, which saves the status write.
const MIN_REPORTED_WAIT: Duration = Duration::from_secs(2);

/// How much later than expected the queue may call before a new time is
/// reported: a window's calls are not all made in its first second.
const REPORT_SLACK: Duration = Duration::from_secs(30);

/// How soon what the API refused is sent again without a change of the manifest.
const RETRY_REFUSED: Duration = Duration::from_secs(600);

/// How soon a LiveStream that waits for the account to recover checks it again
/// without being called.
const RECHECK: Duration = Duration::from_secs(300);

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
            Outcome::Stream(_) | Outcome::NotFound | Outcome::Deleted | Outcome::Searched(_) => {}
        }
        // A search that finds nothing says nothing of the request that failed.
        let searched = matches!(outcome, Outcome::Searched(SearchResult::Nothing));
        self.failure.take_if(|failure| match failure.cause {
            Cause::Refused(_) | Cause::NotApplied(_) => false,
            Cause::Call(_) => !searched,
            Cause::Account(_) | Cause::Cluster(_) => true,
        });
        match outcome {
            Outcome::Stream(remote) => self.observed(facts, action, *remote, now),
            Outcome::Searched(result) => self.searched(facts, result, now),
            _ => match action {
                Action::DeleteOrphan { id } => {
                    facts.orphan = None;
                    Some(Notice::OrphanDeleted(id))
                }
                _ => {
                    facts.observation = Observation::Gone;
                    None
                }
            },
        }
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
            Action::Claim { id } => Some(self.created(id)),
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
            Action::Create { .. } => Some(self.created(remote.id.clone())),
            Action::Get { .. } => {
                self.read_at = Some(now);
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
    fn created(&mut self, id: StreamId) -> Notice {
        let old = self.binding.id().cloned().filter(|old| *old != id);
        self.create = None;
        self.replaced.clone_from(&old);
        self.unstored = Some(id.clone());
        self.binding = Binding::Bound { id: id.clone(), stored: false, adopted: false };
        match old {
            Some(old) => Notice::Recreated { old, new: id },
            None => Notice::Created(id),
        }
    }

    fn searched(&mut self, facts: &mut Facts, result: SearchResult, now: Timestamp) -> Option<Notice> {
        if let SearchResult::Found(remote) = result {
            let notice = self.created(remote.id.clone());
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

    /// An attempt failed: the next one waits, longer each time.
    fn back_off(&mut self, cause: Cause, uid: &str, now: Timestamp) {
        self.attempts = self.attempts.saturating_add(1);
        let retry_at = later(now, backoff(self.attempts, uid));
        self.failure = Some(Failure { cause, retry_at, expected_at: Some(retry_at) });
    }

    /// The call waits in the account's queue, which is expected to call after `wait`.
    /// Should that be wrong, the LiveStream is planned again a while after that, and
    /// reports a new time: so the status is written once for each reported time. This is no
    /// attempt: the whole account waits.
    pub(super) fn wait_for_call(&mut self, cause: Cause, wait: Duration, uid: &str, now: Timestamp) {
        let waits_already = self.failure.as_ref().is_some_and(|failure| failure.cause == cause);
        let limited = cause == Cause::Account(AccountError::RateLimited);
        let replan = if limited { wait.saturating_add(REPORT_SLACK.max(wait / 10)) } else { RECHECK };
        // Those that were throttled together are planned again apart.
        let retry_at = later(now, replan.mul_f64(1.0 + 0.1 * spread(uid, 0)));
        let brief = limited && wait < MIN_REPORTED_WAIT && !waits_already;
        let expected_at = (!brief).then(|| later(now, wait));
        self.failure = Some(Failure { cause, retry_at, expected_at });
    }
}

#[cfg(test)]
#[path = "apply_tests.rs"]
mod tests;
