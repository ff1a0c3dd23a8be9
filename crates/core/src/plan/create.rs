//! Creating a stream exactly once, though the API has no idempotency key.
//!
//! The order is: intent stored, request sent, binding stored. A request whose
//! outcome is unknown is never sent again before two complete searches, after the
//! settle time, have found no stream of it.

use std::time::Duration;

use jiff::Timestamp;

use super::{account_messages, messages};
use crate::{
    facts::{Facts, ids::StreamId, intent::Intent, policy::DriftPolicy},
    state::{
        backoff::later,
        outcome::Cause,
        reconcile_state::{PendingCreate, ReconcileState, Request},
        search::{REQUIRED_EMPTY_SEARCHES, SearchProgress},
    },
    step::{
        Plan,
        action::Action,
        conditions::{ReadyCondition, Reason},
    },
};

/// How soon a re-creation checks again whether the status names the stream that is gone.
const REPORTED: Duration = Duration::from_secs(5);

/// A stream is wanted and there is none: store the intent.
///
/// A stream that replaces another keeps the attributes that the manifest leaves out, and
/// is not created before a person decides whether it is public, where that is not known.
pub(super) fn start(
    facts: &Facts,
    state: &ReconcileState,
    replaces: Option<&StreamId>,
    now: Timestamp,
) -> Plan {
    let Facts { manifest, account, .. } = facts;
    if manifest.suspend {
        return Plan::wait(messages::suspended("the stream is not created yet"));
    }
    if !account.scanned {
        return wait_for_account(facts, "creating the stream");
    }
    let confirmed = replaces.is_some_and(|id| manifest.confirms_recreation_of(id));
    if account.guard_active && !confirmed {
        return Plan::wait(account_messages::account_with_many_missing());
    }
    let payload = match replaces {
        None => manifest.desired.clone(),
        // After a crash the new binding counts only if the status names the stream that it
        // replaced.
        Some(id) if facts.stored.status.as_ref() != Some(id) => {
            let wait = creating(&format!("reporting that {id} is gone, before it is created again"));
            return Plan::wait(wait).until(later(now, REPORTED));
        }
        Some(id) => {
            let payload = manifest.desired.replacing(&state.last_observed);
            if payload.public.is_none() {
                return Plan::wait(messages::visibility_unknown(manifest, id));
            }
            payload
        }
    };
    // With Report nothing would remove the marker from the name.
    let marker = account.marker && manifest.drift_policy != DriftPolicy::Report;
    let intent = Intent::new(&payload, manifest.uid(), now, marker);
    Plan::act(Action::RecordIntent { intent, replaces: replaces.cloned() }, creating("creating the stream"))
}

fn creating(doing: &str) -> ReadyCondition {
    messages::working(Reason::Creating, doing)
}

/// Nothing can be done before the account was scanned.
pub(super) fn wait_for_account(facts: &Facts, doing: &str) -> Plan {
    Plan::wait(match facts.account.error.clone() {
        Some(error) => messages::blocked(&Cause::Account(error), &facts.manifest, None),
        None => messages::waiting_for_first_scan(doing),
    })
}

/// Continues a create that is not finished. A live object and one that is deleted
/// differ only in what follows when certainly nothing was created: `None` then.
pub(super) fn resume(facts: &Facts, state: &ReconcileState, now: Timestamp) -> Option<Plan> {
    let (manifest, pending) = (&facts.manifest, state.create.as_ref()?);
    match pending {
        PendingCreate::Unreadable(why) => Some(Plan::wait(messages::unreadable_intent(manifest, why))),
        PendingCreate::Open(_, Request::NotCreated | Request::NotSent) if manifest.deleting => None,
        PendingCreate::Open(_, Request::NotCreated) => Some(drop_intent(None)),
        PendingCreate::Open(..) if manifest.suspend && !manifest.deleting => {
            Some(Plan::wait(messages::suspended("an unfinished create is not continued")))
        }
        PendingCreate::Open(_, Request::Inherited) => {
            Some(wait_for_account(facts, "searching for the stream of an unanswered create request"))
        }
        // Its stream would lie outside of the intent's window: the intent is stored anew.
        PendingCreate::Open(intent, Request::NotSent) if !intent.may_be_sent(now) => Some(drop_intent(None)),
        PendingCreate::Open(intent, Request::NotSent) => {
            Some(Plan::act(Action::Create { intent: intent.clone() }, creating("creating the stream")))
        }
        PendingCreate::Open(intent, Request::Unknown(progress)) => {
            Some(search(facts, state, intent, progress, now))
        }
    }
}

fn drop_intent(abandoned: Option<Intent>) -> Plan {
    Plan::act(Action::DropIntent { abandoned }, creating("the create request created nothing"))
}

/// Searches for the stream of a request whose outcome is unknown.
fn search(
    facts: &Facts,
    state: &ReconcileState,
    intent: &Intent,
    progress: &SearchProgress,
    now: Timestamp,
) -> Plan {
    if !progress.ambiguous.is_empty() {
        let settled = facts.manifest.settle_create.as_deref();
        if let Some(id) = progress.ambiguous.iter().find(|id| Some(id.as_str()) == settled) {
            return Plan::act(Action::Claim { id: id.clone() }, creating(&format!("binding {id}")));
        }
        if settled == Some("none") {
            return drop_intent(None);
        }
        return Plan::wait(messages::ambiguous(
            &facts.manifest,
            &progress.ambiguous,
            facts.binding.id().is_some(),
        ));
    }
    if progress.empty_searches >= REQUIRED_EMPTY_SEARCHES {
        return drop_intent(Some(intent.clone()));
    }
    // Why requests fail again and again says more than the search for what they may have
    // created, and the status stays as it is.
    let repeated = state.failure.as_ref().filter(|_| state.attempts > 1);
    let ready = match repeated {
        Some(failure) => messages::blocked(&failure.cause, &facts.manifest, None),
        None => creating("the answer to the last create request was lost; searching for its stream"),
    };
    let due = progress.next_search(facts.account.settle, state.attempts);
    if due > now {
        return Plan::wait(ready).until(due);
    }
    Plan::act(Action::Search { intent: intent.clone() }, ready)
}
