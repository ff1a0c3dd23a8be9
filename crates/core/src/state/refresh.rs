//! The facts at the start of a reconcile, taken into the state.

use std::time::Duration;

use jiff::Timestamp;

use super::{
    backoff::later,
    drift_backoff::DriftBackoff,
    outcome::Cause,
    reconcile_state::{PendingCreate, ReconcileState, Request, Wish},
    search::SearchProgress,
};
use crate::facts::{
    Facts,
    binding::{Binding, Stored},
    intent::Intent,
    manifest::{Manifest, Unmanaged},
    observation::{AccountError, Observation},
};

/// The longest that any call is held back: the API's limit resets within the hour.
const MAX_WAIT: Duration = Duration::from_secs(3700);

/// How far ahead of the API's clock an intent may have been sent: that clock may
/// have been set back since.
const MAX_AHEAD: Duration = Duration::from_secs(3600);

impl ReconcileState {
    /// Takes in the facts.
    ///
    /// An intent that this process did not send has an unknown outcome, and
    /// its request has ended by now: the process that sent it is gone. "Now" is the
    /// API's time: by the machine's clock, which may be hours ahead, the search would
    /// not begin for hours. So the search waits for the API's clock.
    ///
    /// A changed manifest, a new `requestedAt` or a deletion is a reason to retry what failed
    /// or was refused, and a changed manifest ends the backoff of corrections, which
    /// was about the manifest as it was. Nothing else is: neither a call that succeeded on
    /// the way nor a recovery elsewhere.
    pub fn refresh(&mut self, facts: &Facts, now: Timestamp) {
        self.inherit(&facts.stored, facts.manifest.generation);
        let newly_bound = newly_bound(&self.binding, &facts.binding);
        self.binding = facts.binding.clone();
        self.create = self.pending_create(&facts.stored, newly_bound, facts.account.clock);
        if let Some(clock) = facts.account.clock {
            self.clamp_to_clock(clock);
        }
        self.note_wish(&facts.manifest);
        if let Some(search) = self.search_mut().filter(|_| facts.manifest.adopt.is_none()) {
            search.asked = !search.ambiguous.is_empty();
        }
        if let Some(failure) = self.failure.as_mut().filter(|_| facts.admitted) {
            failure.retry_at = failure.retry_at.min(now);
        }
        self.note_recoveries(facts.account.recoveries);
        self.note_contradiction(facts, now);
        self.note_observed(&facts.stored, &facts.observation);
    }

    /// A read was answered 404, and a page shows the stream all the same: that may go on for
    /// ever, so the next read waits.
    fn note_contradiction(&mut self, facts: &Facts, now: Timestamp) {
        if self.found_gone && matches!(facts.observation, Observation::Present { .. }) {
            (self.found_gone, self.doubted) = (false, true);
            self.back_off(Cause::not_found("a read"), facts.manifest.uid(), now);
        }
    }

    /// What a stream that replaces this one must keep: the last observation counts, else
    /// the one that the status has from before this process.
    fn note_observed(&mut self, stored: &Stored, observation: &Observation) {
        if let Observation::Present { remote, .. } = observation {
            self.last_observed = Unmanaged { public: remote.public, player_id: remote.player_id.clone() };
        } else if self.last_observed == Unmanaged::default() {
            self.last_observed.clone_from(&stored.observed);
        }
    }

    /// What the status says of the time before this process.
    fn inherit(&mut self, stored: &Stored, generation: i64) {
        if self.handled_request.is_none() {
            self.handled_request.clone_from(&stored.handled_request);
        }
        if self.synced_generation.is_none() {
            self.synced_generation = stored.synced_generation.filter(|synced| *synced <= generation);
        }
    }

    /// The create that is not finished, by what is stored and what this process knows of it.
    fn pending_create(
        &mut self,
        stored: &Stored,
        newly_bound: bool,
        clock: Option<Timestamp>,
    ) -> Option<PendingCreate> {
        let known = self.create.take();
        if self.unstored.is_some() {
            return None;
        }
        match &stored.intent {
            Some(Err(reason)) => Some(PendingCreate::Unreadable(reason.clone())),
            Some(Ok(intent)) => {
                let known = known.and_then(|known| known.continued(intent, clock));
                Some(known.unwrap_or_else(|| inherited(intent.clone(), clock)))
            }
            // Somebody removed the annotation: this process still knows that a
            // request was sent, and searches. The next process would not.
            None => known.filter(|_| !newly_bound).and_then(|known| known.without_annotation(clock)),
        }
    }

    /// The API's clock may have been wrong in a single answer: what was noted then
    /// lies in the future, and would be waited for until that time.
    fn clamp_to_clock(&mut self, now: Timestamp) {
        if let Some(failure) = self.failure.as_mut().filter(|f| f.retry_at > later(now, MAX_WAIT)) {
            failure.retry_at = now;
        }
        if let Some(search) = self.search_mut() {
            search.ended_at = search.ended_at.min(now);
            search.searched_at = search.searched_at.map(|at| at.min(now));
        }
        if self.drift_backoff.lies_in_the_future(now) {
            self.drift_backoff = DriftBackoff::default();
        }
    }

    fn note_wish(&mut self, manifest: &Manifest) {
        let Manifest { generation, ref requested_at, deleting, .. } = *manifest;
        let wish = Wish { generation, requested_at: requested_at.clone(), deleting };
        if self.wish.as_ref() == Some(&wish) {
            return;
        }
        if self.wish.as_ref().is_none_or(|known| known.generation != generation) {
            self.drift_backoff = DriftBackoff::default();
        }
        self.wish = Some(wish);
        (self.failure, self.attempts, self.found_gone) = (None, 0, false);
        // Unless the change is the person's answer to the ambiguity.
        let wished = matches!(self.binding, Binding::Wanted(_));
        if let Some(search) = self.search_mut().filter(|search| !(wished && search.is_answered_by_wish())) {
            search.ambiguous.clear();
        }
    }

    /// What failed while the account was in trouble is worth another attempt now. A
    /// rate limit is not over for that: the queue calls.
    fn note_recoveries(&mut self, recoveries: u64) {
        if self.recoveries == recoveries {
            return;
        }
        self.recoveries = recoveries;
        self.failure.take_if(
            |failure| matches!(&failure.cause, Cause::Account(error) if *error != AccountError::RateLimited),
        );
    }
}

impl PendingCreate {
    /// This create, if it is that of the stored intent and its request is known.
    fn continued(self, intent: &Intent, clock: Option<Timestamp>) -> Option<Self> {
        let Self::Open(known, request) = self else { return None };
        let unusable = request == Request::Inherited
            || clock.is_some_and(|now| sent_in_the_future(intent, &request, now));
        (known.nonce == intent.nonce && !unusable).then(|| Self::Open(intent.clone(), request))
    }

    /// This create, if its request may have been sent.
    fn without_annotation(self, clock: Option<Timestamp>) -> Option<Self> {
        match self {
            Self::Open(intent, Request::Inherited) => Some(inherited(intent, clock)),
            Self::Open(_, Request::Unknown(_)) => Some(self),
            Self::Open(..) | Self::Unreadable(_) => None,
        }
    }
}

/// Whether a stream was bound, and stored so, since the last reconcile.
fn newly_bound(before: &Binding, now: &Binding) -> bool {
    let Binding::Bound { id, stored: true, .. } = now else { return false };
    !matches!(before, Binding::Bound { id: known, .. } if known == id)
}

/// Whether a search for an intent's stream would look for one of the future.
fn sent_in_the_future(intent: &Intent, request: &Request, now: Timestamp) -> bool {
    matches!(request, Request::Unknown(_)) && intent.sent_at > later(now, MAX_AHEAD)
}

/// The create of an intent that this process did not send, or whose time was never right.
fn inherited(intent: Intent, clock: Option<Timestamp>) -> PendingCreate {
    let Some(now) = clock else { return PendingCreate::Open(intent, Request::Inherited) };
    let request = Request::Unknown(SearchProgress::since(now));
    if sent_in_the_future(&intent, &request, now) {
        let reason =
            format!("sentAt, {}, lies in the future, so the time of the request is unknown", intent.sent_at);
        return PendingCreate::Unreadable(reason);
    }
    PendingCreate::Open(intent, request)
}

#[cfg(test)]
#[path = "refresh_tests.rs"]
mod tests;
