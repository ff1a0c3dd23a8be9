//! What is remembered of a LiveStream from one reconcile to the next.
//!
//! What must survive a crash is stored on the object (the binding, the
//! intent); the rest is this process's own and may be lost: losing it costs a
//! search or a second try, never a stream.

use jiff::Timestamp;

use super::{
    binding::Binding,
    fight::Fight,
    intent::{Intent, Request, Search},
    model::{Manifest, StreamId},
    verdict::Verdict,
};

/// The memory of one LiveStream.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Memory {
    /// The stream that belongs to it.
    pub binding: Binding,
    /// The create that is under way.
    pub create: Option<Create>,
    /// The stream that was made or found and is not stored on the object yet.
    pub unstored: Option<StreamId>,
    /// What the API refused; not asked again until the manifest changes.
    pub refusal: Option<Refusal>,
    /// The last call's failure, if it failed.
    pub failure: Option<Failure>,
    /// The generation at which manifest and stream were last seen equal. A
    /// difference at the same generation is drift; at another it is the user's change.
    pub synced_generation: Option<i64>,
    /// The corrections of drift that may be a fight with another writer.
    pub fight: Fight,
    /// The value of `requestedAt` that was last done.
    pub handled_request: Option<String>,
    /// The generation and the `requestedAt` that were last seen.
    pub(super) met: Option<(i64, Option<String>)>,
}

/// A create that is under way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Create {
    /// The intent and what is known of its request.
    Open(Intent, Request),
    /// The annotation can't be read: what was asked for is unknown.
    Unreadable(String),
}

/// A request that the API refused as invalid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The field that the API blames, if it names one.
    pub field: Option<String>,
    /// Its message.
    pub message: String,
}

/// A call that could not be made or answered, and when to try again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// What the matter is.
    pub trouble: Trouble,
    /// How many calls have failed in a row.
    pub attempts: u32,
    /// When to try again.
    pub retry_at: Timestamp,
}

/// What keeps a call from being made or answered. None of it is the manifest's fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// The account's budget is used up.
    RateLimited,
    /// No answer, or none that makes sense.
    Unavailable(String),
    /// The key is wrong, expired or not allowed.
    Unauthorized(String),
}

impl Memory {
    /// Takes in the object as it is now stored.
    ///
    /// An intent that this process knows nothing of has an unknown outcome, and
    /// its request has ended by now: whoever sent it is gone. "Now" is the API's
    /// time: by the machine's clock, which may be hours ahead, the search would
    /// not begin for hours. So until the API has told its time (`clock`), the
    /// search does not begin. A changed manifest, or a new `requestedAt`, is a
    /// reason to try again what was refused.
    /// A fight was about the manifest as it was: a changed one starts without.
    pub fn meet(
        &mut self,
        manifest: &Manifest,
        binding: Binding,
        stored: Option<Result<Intent, String>>,
        clock: Option<Timestamp>,
    ) {
        self.binding = binding;
        self.create = match (stored, self.create.take()) {
            _ if self.unstored.is_some() => None,
            (None, _) => None,
            (Some(Err(why)), _) => Some(Create::Unreadable(why)),
            (Some(Ok(intent)), Some(Create::Open(known, request)))
                if known.nonce == intent.nonce && request != Request::Inherited =>
            {
                Some(Create::Open(intent, request))
            }
            (Some(Ok(intent)), _) => {
                let request = clock.map_or(Request::Inherited, |now| Request::Unknown(Search::since(now)));
                Some(Create::Open(intent, request))
            }
        };
        let now_met = Some((manifest.generation, manifest.requested_at.clone()));
        if self.met != now_met {
            if self.met.as_ref().is_none_or(|(generation, _)| *generation != manifest.generation) {
                self.fight = Fight::default();
            }
            self.met = now_met;
            self.refusal = None;
            self.failure = None;
            if let Some(Create::Open(_, Request::Unknown(search))) = &mut self.create {
                search.ambiguous.clear();
            }
        }
    }

    /// Whether a person asked for a reconcile that was not done yet.
    #[must_use]
    pub fn request_pending(&self, manifest: &Manifest) -> bool {
        manifest.requested_at.is_some() && manifest.requested_at != self.handled_request
    }

    /// Whether a person is to be told of a verdict by an event, given the reason
    /// that was told before: of a refusal when it comes up; of a fight once,
    /// although the stream is as it should be after each correction.
    pub fn announces(&mut self, verdict: &Verdict, before: Option<&str>) -> bool {
        if verdict.is_fight() {
            return self.fight.declare();
        }
        verdict.reason.is_refusal() && before != Some(verdict.reason.as_str())
    }

    /// Notes a failed call.
    pub fn fail(&mut self, trouble: Trouble, retry_at: impl FnOnce(u32) -> Timestamp) {
        let attempts = self.failure.as_ref().map_or(0, |f| f.attempts).saturating_add(1);
        self.failure = Some(Failure { trouble, attempts, retry_at: retry_at(attempts) });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::fixture::{at, desired, manifest};

    fn request_after(meetings: &[Option<i64>]) -> Option<Request> {
        let intent = Intent::new(&desired(), "me", at(90), false);
        let mut memory = Memory::default();
        for clock in meetings {
            memory.meet(&manifest(), Binding::Unbound, Some(Ok(intent.clone())), clock.map(at));
        }
        match memory.create {
            Some(Create::Open(_, request)) => Some(request),
            _ => None,
        }
    }

    #[test]
    fn a_search_after_a_restart_begins_when_the_apis_clock_is_first_heard() {
        assert_eq!(request_after(&[None, None]), Some(Request::Inherited));
        let begun = Some(Request::Unknown(Search::since(at(100))));
        assert_eq!(request_after(&[None, Some(100), Some(200)]), begun);
        assert_eq!(request_after(&[Some(100), None]), begun);
    }
}
