//! What is remembered of a LiveStream from one reconcile to the next.
//!
//! What must survive a crash is stored on the object (the binding, the
//! intent); the rest is this process's own and may be lost: losing it costs a
//! search or a second try, never a stream.

use std::time::Duration;

use jiff::Timestamp;

use super::{
    backoff::spread,
    binding::Binding,
    fight::Fight,
    intent::{Intent, Request, Search},
    model::{Manifest, StreamId},
    verdict::Verdict,
};

/// The longest that any call is held back for: the API's limit resets within the hour.
const LONGEST_WAIT: Duration = Duration::from_secs(3700);

/// A shorter wait for the account is not worth a word, nor the write that says it.
const LEAST_WAIT: Duration = Duration::from_secs(2);

/// How much later than told a turn may come before a new time is told: a
/// window's calls don't all go in its first second.
const SLACK: Duration = Duration::from_secs(30);

/// How long a LiveStream that waits for its turn goes without a look at what
/// keeps it, where that is no question of the budget.
const LOOK_AGAIN: Duration = Duration::from_secs(300);

/// How far ahead of the API's clock an intent may have been sent: that clock may
/// have been set back since.
const AHEAD: Duration = Duration::from_secs(3600);

/// The memory of one LiveStream.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Memory {
    /// The stream that belongs to it.
    pub binding: Binding,
    /// The create that is under way.
    pub create: Option<Create>,
    /// The stream that was made or found and is not stored on the object yet.
    pub unstored: Option<StreamId>,
    /// The stream whose place `unstored` takes.
    pub replaced: Option<StreamId>,
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
    /// When to try again, unless its turn comes before.
    pub retry_at: Timestamp,
    /// When it is expected to go on, for people; `None`: so soon that it is not worth a word.
    pub expected_at: Option<Timestamp>,
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
        let bound_since = has_bound(&self.binding, &binding);
        self.binding = binding;
        self.create = match (stored, self.create.take()) {
            _ if self.unstored.is_some() => None,
            // Somebody has taken the annotation away: this process still knows that
            // a request was sent, and searches. The next one would not.
            (None, Some(Create::Open(intent, Request::Inherited))) if !bound_since => {
                Some(unheard_of(intent, clock))
            }
            (None, Some(open @ Create::Open(_, Request::Unknown(_)))) if !bound_since => Some(open),
            (None, _) => None,
            (Some(Err(why)), _) => Some(Create::Unreadable(why)),
            (Some(Ok(intent)), Some(Create::Open(known, request)))
                if known.nonce == intent.nonce
                    && request != Request::Inherited
                    && !clock.is_some_and(|now| of_the_future(&intent, &request, now)) =>
            {
                Some(Create::Open(intent, request))
            }
            (Some(Ok(intent)), _) => Some(unheard_of(intent, clock)),
        };
        if let Some(now) = clock {
            self.forget_the_future(now);
        }
        let now_met = Some((manifest.generation, manifest.requested_at.clone()));
        if self.met != now_met {
            if self.met.as_ref().is_none_or(|(generation, _)| *generation != manifest.generation) {
                self.fight = Fight::default();
            }
            self.met = now_met;
            self.refusal = None;
            self.failure = None;
            // Unless the change is the person's answer to the ambiguity.
            if let Some(Create::Open(_, Request::Unknown(search))) = &mut self.create
                && !matches!(self.binding, Binding::Wanted(_))
            {
                search.ambiguous.clear();
            }
        }
    }

    /// Whether a create may have made a stream that only a search can find: then
    /// a wish for another stream waits until it is found or known not to be. Where
    /// the search has found too many, the wish is a person's answer.
    #[must_use]
    pub fn searches(&self) -> bool {
        match &self.create {
            Some(Create::Open(_, Request::Inherited)) => true,
            Some(Create::Open(_, Request::Unknown(search))) => search.ambiguous.is_empty(),
            _ => false,
        }
    }

    /// The API's clock may have been wrong, in a single answer: what is remembered
    /// from then lies in the future, and would be waited for until it comes.
    fn forget_the_future(&mut self, now: Timestamp) {
        if let Some(failure) = self.failure.as_mut().filter(|f| f.retry_at > later(now, LONGEST_WAIT)) {
            failure.retry_at = now;
        }
        if let Some(Create::Open(_, Request::Unknown(search))) = &mut self.create {
            search.ended_at = search.ended_at.min(now);
            search.looked_at = search.looked_at.map(|at| at.min(now));
        }
        if self.fight.is_of_the_future(now) {
            self.fight = Fight::default();
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
        let attempts = self.attempts();
        let retry_at = retry_at(attempts);
        self.failure = Some(Failure { trouble, attempts, retry_at, expected_at: Some(retry_at) });
    }

    /// Notes that a call waits in the account's queue, where it is expected to
    /// wait for `wait`. It is woken when its turn comes. Should the time told be
    /// wrong, it looks again a while after that, and tells a new one: so the
    /// status is written for the time told, and not for every tick.
    pub fn hold_back(&mut self, trouble: Trouble, wait: Duration, uid: &str, now: Timestamp) {
        let attempts = self.attempts();
        let look_after = match trouble {
            Trouble::RateLimited => wait.saturating_add(SLACK.max(wait / 10)),
            // Nobody knows how long this takes.
            Trouble::Unavailable(_) | Trouble::Unauthorized(_) => LOOK_AGAIN,
        };
        // Those that were held back together look again apart.
        let retry_at = later(now, look_after.mul_f64(1.0 + 0.1 * spread(uid, attempts)));
        let brief = trouble == Trouble::RateLimited && wait < LEAST_WAIT && attempts == 1;
        let expected_at = (!brief).then(|| later(now, wait));
        self.failure = Some(Failure { trouble, attempts, retry_at, expected_at });
    }

    /// Its turn has come: what held the call back is over.
    pub fn its_turn(&mut self, now: Timestamp) {
        if let Some(failure) = &mut self.failure {
            failure.retry_at = failure.retry_at.min(now);
        }
    }

    fn attempts(&self) -> u32 {
        self.failure.as_ref().map_or(0, |f| f.attempts).saturating_add(1)
    }
}

/// Whether a stream was bound, and stored so, since the LiveStream was met last.
fn has_bound(before: &Binding, now: &Binding) -> bool {
    let Binding::Bound { id, stored: true, .. } = now else { return false };
    !matches!(before, Binding::Bound { id: known, .. } if known == id)
}

/// Whether a search for an intent's stream would look for it in a time that has not come.
fn of_the_future(intent: &Intent, request: &Request, now: Timestamp) -> bool {
    matches!(request, Request::Unknown(_)) && intent.sent_at > later(now, AHEAD)
}

/// An intent that this process did not send, or whose time was never right.
fn unheard_of(intent: Intent, clock: Option<Timestamp>) -> Create {
    let Some(now) = clock else { return Create::Open(intent, Request::Inherited) };
    let request = Request::Unknown(Search::since(now));
    if of_the_future(&intent, &request, now) {
        let why = format!("sentAt, {}, lies in the future, so when it was sent is not known", intent.sent_at);
        return Create::Unreadable(why);
    }
    Create::Open(intent, request)
}

fn later(now: Timestamp, wait: Duration) -> Timestamp {
    now.saturating_add(wait).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
#[path = "memory_tests.rs"]
mod tests;
