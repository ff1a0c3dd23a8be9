//! Streams that come too late: a create whose answer was lost, whose stream
//! two complete looks after the settle time did not find, and which took effect
//! after all.
//!
//! Nobody can promise that this never happens, for the API has no idempotency
//! key. What can be promised is that it is seen and told: by then the LiveStream
//! has another stream, so the late one is nobody's, and is left to a person. With
//! `--create-marker` it is known for certain whose it was, and is deleted.

use std::time::Duration;

use jiff::Timestamp;

use super::{
    diff::made_from,
    intent::Intent,
    model::{Place, Remote},
};

/// How long after it was given up a create may still be told to have made a
/// stream. A request that a proxy holds for an hour is not known of anywhere.
const REMEMBERED: Duration = Duration::from_secs(3600);

/// A create that was given up: two looks had found no stream of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GivenUp {
    /// The uid of the LiveStream that it was for.
    pub uid: String,
    /// Where that is.
    pub place: Place,
    /// What was asked for.
    pub intent: Intent,
    /// When it was given up, by the API's clock.
    pub at: Timestamp,
}

impl GivenUp {
    /// Whether a stream, which nobody holds, seems to be its.
    #[must_use]
    pub fn made(&self, remote: &Remote) -> bool {
        let in_time = remote.created_at.is_some_and(|t| t >= self.intent.window_start() && t <= self.end());
        made_from(&self.intent.payload, remote) && in_time
    }

    /// Whether a stream that it seems to have made is its for certain: no one else
    /// knows its nonce.
    #[must_use]
    pub fn made_for_certain(&self, remote: &Remote) -> bool {
        self.intent.marked() && self.made(remote)
    }

    /// Whether it is too long ago to be told apart from a stranger's.
    #[must_use]
    pub fn is_past(&self, now: Timestamp) -> bool {
        now > self.end()
    }

    fn end(&self) -> Timestamp {
        self.at.saturating_add(REMEMBERED).unwrap_or(Timestamp::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{at, desired, manifest, remote};

    #[test]
    fn a_stream_of_the_same_payload_is_late_from_the_intents_window_until_an_hour_after_it_was_given_up() {
        let intent = Intent::new(&desired(), "me", at(100), false);
        let given_up = GivenUp { uid: "me".into(), place: manifest().place, intent, at: at(200) };
        let made_at = |second| given_up.made(&Remote { created_at: Some(at(second)), ..remote("li1") });
        assert_eq!([97, 98, 300, 3800, 3801].map(made_at), [false, true, true, true, false]);
        assert!(!given_up.made(&Remote { created_at: None, ..remote("li1") }));
        let other = Remote { public: Some(false), created_at: Some(at(300)), ..remote("li1") };
        assert!(!given_up.made(&other));
        assert!(!given_up.made_for_certain(&Remote { created_at: Some(at(300)), ..remote("li1") }));
        let intent = Intent::new(&desired(), "me", at(100), true);
        let (name, created_at) = (Some(intent.payload.name.clone()), Some(at(300)));
        let marked = GivenUp { intent, ..given_up.clone() };
        assert!(marked.made_for_certain(&Remote { name, created_at, ..remote("li1") }));
        assert!(!marked.made_for_certain(&Remote { created_at, ..remote("li1") }), "it has its true name");
        assert_eq!([3800, 3801].map(|now| given_up.is_past(at(now))), [false, true]);
    }
}
