//! Orphans: streams that no LiveStream owns, and that an abandoned create request
//! made. Its answer was lost, two searches after the settle time found no stream of
//! it, and it had its effect after all.
//!
//! Nobody can promise that this never happens, for the API has no idempotency
//! key. What can be promised is that it is found and reported: by then the LiveStream
//! has another stream, so the orphan is left to a person. With `--create-marker` its
//! origin is certain, and it is deleted.

use std::time::Duration;

use jiff::Timestamp;

use crate::{
    facts::{diff::has_payload, ids::Owner, intent::Intent, stream::Remote},
    state::backoff::later,
};

/// How long an abandoned create is remembered. No proxy is known to delay a request by an hour.
const RETENTION: Duration = Duration::from_secs(3600);

/// A create that was abandoned: two searches had found no stream of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AbandonedCreate {
    /// The LiveStream that it was for.
    pub owner: Owner,
    /// What was requested.
    pub intent: Intent,
    /// When it was abandoned, by the API's clock.
    pub at: Timestamp,
}

impl AbandonedCreate {
    /// Whether it seems to have created a stream that has no owner.
    #[must_use]
    pub fn created(&self, remote: &Remote) -> bool {
        let in_time = remote.created_at.is_some_and(|t| t >= self.intent.window_start() && t <= self.end());
        let named = || remote.name.as_deref().is_some_and(|name| self.intent.is_marked_in(name));
        in_time && if self.intent.marked() { named() } else { has_payload(&self.intent.payload, remote) }
    }

    /// Whether it created the stream for certain: nobody else knows its nonce.
    #[must_use]
    pub fn created_for_certain(&self, remote: &Remote) -> bool {
        self.intent.marked() && self.created(remote)
    }

    /// Whether a stream that appears now could as well be a stranger's.
    #[must_use]
    pub fn is_past(&self, now: Timestamp) -> bool {
        now > self.end()
    }

    fn end(&self) -> Timestamp {
        later(self.at, RETENTION)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{at, desired, manifest, remote};

    #[test]
    fn an_orphan_has_the_payload_and_is_at_most_an_hour_late() {
        let intent = Intent::new(&desired(), "me", at(100), false);
        let abandoned = AbandonedCreate { owner: manifest().owner, intent, at: at(200) };
        let created_at_second =
            |second| abandoned.created(&Remote { created_at: Some(at(second)), ..remote("li1") });
        assert_eq!([97, 98, 300, 3800, 3801].map(created_at_second), [false, true, true, true, false]);
        assert!(!abandoned.created(&Remote { created_at: None, ..remote("li1") }));
        let other = Remote { public: Some(false), created_at: Some(at(300)), ..remote("li1") };
        assert!(!abandoned.created(&other));
        assert!(!abandoned.created_for_certain(&Remote { created_at: Some(at(300)), ..remote("li1") }));
        let intent = Intent::new(&desired(), "me", at(100), true);
        let (name, created_at) = (Some(intent.payload.name.clone()), Some(at(300)));
        let marked = AbandonedCreate { intent, ..abandoned.clone() };
        assert!(marked.created_for_certain(&Remote { name, created_at, ..remote("li1") }));
        assert!(!marked.created_for_certain(&Remote { created_at, ..remote("li1") }), "it has its true name");
        assert_eq!([3800, 3801].map(|now| abandoned.is_past(at(now))), [false, true]);
    }
}
