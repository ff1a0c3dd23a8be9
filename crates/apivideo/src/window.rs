//! What is known of the server's current window of one limit.
//!
//! When the window resets is known to lie between two moments only: an answer is
//! written at some time between the call and its coming, and its seconds are
//! rounded up. Answers also overtake each other. So there are calls of which
//! it is unknown whether the server counted them in this window or in the
//! next; they count in both. That is what keeps the guarantee of [`crate::budget`].
//!
//! Pure: time is an argument.

use std::time::Duration;

use tokio::time::Instant;

use crate::rate_limit::{RateLimit, WINDOW};

/// `retry_after` is rounded up to whole seconds.
const ROUNDING: Duration = Duration::from_secs(1);

/// One window of the server, as the answers described it.
#[derive(Debug, Clone)]
pub(crate) struct Window {
    /// Calls to a window.
    pub(crate) limit: u64,
    /// Calls left in it, those under way not taken off.
    pub(crate) remaining: u64,
    /// So many of our calls were counted in it at the most, those under way not among them.
    pub(crate) ours: u64,
    /// The longest reset that was heard of it, and of the one before: no window is
    /// shorter than that.
    lengths: (Duration, Duration),
    resets_after: Instant,
    resets_before: Instant,
    /// When the answer that began it came.
    since: Instant,
    /// The window is over and no answer described the next one: that is taken to be unused, and to end here.
    assumed_until: Option<Instant>,
    /// Those of our calls that may have been counted in the next window.
    perhaps_next: Vec<Ended>,
}

/// One of our calls that has ended.
#[derive(Debug, Clone, Copy)]
struct Ended {
    at: Instant,
    said: Option<Said>,
}

/// What an answer said of some window.
#[derive(Debug, Clone, Copy)]
struct Said {
    remaining: u64,
    resets_after: Instant,
    resets_before: Instant,
}

/// The window that an answer describes.
enum Described {
    /// The one after this.
    Next,
    /// The current one, which resets earlier than was known: an answer was wrong.
    Corrected,
    /// One that ended at about the time when this one was assumed to begin: its
    /// call may have been counted in either.
    Assumed,
    /// This one. `newest`: no answer that arrived before was sent later.
    This { newest: bool },
    /// One that is over.
    Past,
}

impl Window {
    /// The window that the answer at `now`, to a call sent at `sent_at`, speaks of.
    pub(crate) fn of(heard: RateLimit, sent_at: Instant, now: Instant) -> Self {
        Self {
            limit: heard.limit,
            remaining: heard.remaining,
            ours: 1,
            lengths: (heard.retry_after, Duration::ZERO),
            resets_after: sent_at + heard.retry_after.saturating_sub(ROUNDING),
            resets_before: now + heard.retry_after,
            since: now,
            assumed_until: None,
            perhaps_next: Vec::new(),
        }
    }

    /// How long such windows are. The first answer of a window may have come late in
    /// it, so that the one before it counts as well; a nonsense one is over with it.
    pub(crate) fn length(&self) -> Duration {
        self.lengths.0.max(self.lengths.1.min(WINDOW))
    }

    /// When it is surely over.
    pub(crate) fn end(&self) -> Instant {
        self.assumed_until.unwrap_or(self.resets_before)
    }

    /// Once it is surely over its numbers are stale: a new, unused window is
    /// assumed, less the calls that may have been counted in it already.
    pub(crate) fn roll_over(&mut self, now: Instant) {
        if now < self.end() {
            return;
        }
        if self.assumed_until.is_some() {
            self.perhaps_next.clear();
        }
        self.ours = self.perhaps_next();
        self.remaining = self.limit.saturating_sub(self.ours);
        self.since = now;
        self.assumed_until = Some(now + WINDOW.max(self.length()));
    }

    /// One of our calls ended, and what is left after it is unknown.
    pub(crate) fn charge(&mut self, now: Instant) {
        self.count(None, now);
    }

    /// Takes in one more answer.
    pub(crate) fn hear(&mut self, heard: RateLimit, sent_at: Instant, now: Instant) {
        let fresh = Self::of(heard, sent_at, now);
        match self.described_by(&fresh, sent_at) {
            Described::Next => self.replace(fresh, now),
            Described::Corrected => {
                // It may be this very window, in which our calls were counted.
                let ours = self.ours + 1;
                self.replace(fresh, now);
                self.ours = ours;
            }
            Described::Assumed => self.count(Some(fresh.said()), now),
            Described::This { newest } => self.confirm(&fresh, newest, now),
            Described::Past => {}
        }
    }

    /// Which window an answer describes that would begin `fresh`.
    fn described_by(&self, fresh: &Self, sent_at: Instant) -> Described {
        let resets_later = fresh.resets_after >= self.resets_before;
        let resets_earlier = fresh.resets_before <= self.resets_after;
        // Sent after the answer that began this window: the window that it describes is the current one.
        let newest = sent_at >= self.since;
        let assumed = self.assumed_until.is_some();
        match () {
            () if resets_later || (newest && assumed) => Described::Next,
            () if assumed => Described::Assumed,
            () if !resets_earlier => Described::This { newest },
            () if newest => Described::Corrected,
            () => Described::Past,
        }
    }

    fn replace(&mut self, mut fresh: Self, now: Instant) {
        self.note(None, now);
        fresh.take_over(self);
        *self = fresh;
    }

    /// What the calls that may have been counted in this window say about it, and
    /// those of them that may have been counted in the one after it.
    fn take_over(&mut self, before: &mut Self) {
        let overlaps =
            |said: &Said| said.resets_after < self.resets_before && self.resets_after < said.resets_before;
        let said = before.perhaps_next.iter().filter_map(|ended| ended.said);
        let least = said.filter(overlaps).map(|said| said.remaining).min();
        // The call whose answer described this window is among them, unless the reset is known too well for that.
        self.ours = before.perhaps_next().max(1);
        let left = self.limit.saturating_sub(before.perhaps_next());
        self.remaining = self.remaining.min(left).min(least.unwrap_or(u64::MAX));
        self.lengths.1 = before.lengths.0;
        self.perhaps_next = std::mem::take(&mut before.perhaps_next);
        self.perhaps_next.retain(|ended| ended.at >= self.resets_after);
    }

    fn said(&self) -> Said {
        let Self { remaining, resets_after, resets_before, .. } = *self;
        Said { remaining, resets_after, resets_before }
    }

    /// An answer about this window, as far as is known.
    fn confirm(&mut self, fresh: &Self, newest: bool, now: Instant) {
        self.limit = fresh.limit;
        self.remaining = self.remaining.min(fresh.remaining);
        self.ours += 1;
        self.lengths.0 = self.lengths.0.max(fresh.lengths.0);
        if newest {
            // One that was overtaken may speak of the window before, which ended earlier.
            self.resets_before = self.resets_before.min(fresh.resets_before);
        }
        if now < self.resets_after {
            // It came before the window could end, so it surely speaks of this one.
            self.resets_after = self.resets_after.max(fresh.resets_after);
        }
        self.note(Some(fresh.said()), now);
    }

    /// One of our calls has ended, which may have been counted in this window.
    fn count(&mut self, said: Option<Said>, now: Instant) {
        self.remaining = self.remaining.saturating_sub(1);
        self.ours += 1;
        self.note(said, now);
    }

    fn note(&mut self, said: Option<Said>, now: Instant) {
        if now >= self.resets_after {
            self.perhaps_next.push(Ended { at: now, said });
        }
    }

    /// How many of our calls may have been counted in the next window.
    fn perhaps_next(&self) -> u64 {
        u64::try_from(self.perhaps_next.len()).unwrap_or(u64::MAX)
    }
}
