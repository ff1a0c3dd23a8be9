//! The create intent: what is stored on the object before a stream is created.
//!
//! The API has no idempotency key. So the request is stored before it is sent,
//! and an unknown outcome is resolved by searching for a stream that has exactly
//! the stored payload, was created within the intent's window, and has no owner.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{diff::has_payload, manifest::Desired, stream::Remote};
use crate::text::truncate;

/// How far the clock behind `createdAt` may be behind the one behind `Date`.
/// Both are the API's, in whole seconds.
const CLOCK_SKEW: Duration = Duration::from_secs(2);

/// The longest name that the API accepts, in characters.
const MAX_NAME: usize = 255;

/// The longest player id of a manifest, and the longest nonce, in characters.
const MAX_PART: usize = 64;

/// The longest reason why an intent can't be read, in characters.
const MAX_REASON: usize = 200;

/// A create request, as stored in the annotation `api.video/create-intent`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Intent {
    /// When it was stored, just before the request was sent, by the API's clock.
    pub sent_at: Timestamp,
    /// The payload of the request.
    pub payload: Desired,
    /// Unique to this request. With `--create-marker` it ends the payload's name.
    pub nonce: String,
}

impl Intent {
    /// Reads a stored intent, which somebody may have edited.
    ///
    /// # Errors
    /// The reason: it is not the JSON of an intent, or asks for what no manifest can ask.
    /// Such an intent does not say what was requested, and a search for it could
    /// find somebody else's stream or, with a name that fits into no URL, none at all.
    pub fn read(text: &str) -> Result<Self, String> {
        let intent: Self =
            serde_json::from_str(text).map_err(|error| truncate(&error.to_string(), MAX_REASON))?;
        let fits = |text: &str, max: usize| (1..=max).contains(&text.chars().count());
        if !fits(&intent.payload.name, MAX_NAME) {
            return Err(format!("payload.name does not have 1 to {MAX_NAME} characters"));
        }
        if !intent.payload.player_id.as_deref().is_none_or(|player| fits(player, MAX_PART)) {
            return Err(format!("payload.playerId does not have 1 to {MAX_PART} characters"));
        }
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '-';
        if !fits(&intent.nonce, MAX_PART) || !intent.nonce.chars().all(plain) {
            return Err(format!("nonce is not made of 1 to {MAX_PART} letters, digits and dashes"));
        }
        Ok(intent)
    }

    /// The intent to create a stream with these attributes, now.
    ///
    /// With `marker` the name carries the nonce, so that a search for it
    /// finds exactly this stream; the drift path sets the true name afterwards.
    #[must_use]
    pub fn new(desired: &Desired, uid: &str, now: Timestamp, marker: bool) -> Self {
        let uid_part: String = uid.chars().filter(char::is_ascii_alphanumeric).take(8).collect();
        let nonce = format!("{uid_part}-{:x}", now.as_microsecond());
        let mut payload = desired.clone();
        if marker {
            let suffix = format!(" ~{nonce}");
            let room = MAX_NAME.saturating_sub(suffix.chars().count());
            payload.name = desired.name.chars().take(room).chain(suffix.chars()).collect();
        }
        Self { sent_at: now, payload, nonce }
    }

    /// Whether the payload's name carries the nonce.
    #[must_use]
    pub fn marked(&self) -> bool {
        self.payload.name.ends_with(&format!(" ~{}", self.nonce))
    }

    /// The text to search the list's names for.
    #[must_use]
    pub fn search_name(&self) -> &str {
        if self.marked() { &self.nonce } else { &self.payload.name }
    }

    /// The earliest `createdAt` that a stream of this request can have.
    #[must_use]
    pub fn window_start(&self) -> Timestamp {
        let sent = Timestamp::from_second(self.sent_at.as_second()).unwrap_or(self.sent_at);
        sent.saturating_sub(CLOCK_SKEW).unwrap_or(Timestamp::MIN)
    }

    /// Whether a stream can be the result of this request, which had ended at
    /// `ended_at` and may take effect up to the settle time later.
    #[must_use]
    pub fn matches(&self, remote: &Remote, ended_at: Timestamp, settle: Duration) -> bool {
        let latest = ended_at.saturating_add(settle.saturating_add(CLOCK_SKEW)).unwrap_or(Timestamp::MAX);
        has_payload(&self.payload, remote)
            && (self.marked() || remote.created_at.is_some_and(|t| t >= self.window_start() && t <= latest))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{at, desired, remote};

    const SETTLE: Duration = Duration::from_secs(30);

    fn created(id: &str, second: i64) -> Remote {
        Remote { created_at: Some(at(second)), ..remote(id) }
    }

    #[test]
    fn a_stream_of_the_same_payload_within_the_window_matches() {
        let intent = Intent::new(&desired(), "uid", at(100), false);
        let matches = |second| intent.matches(&created("li1", second), at(115), SETTLE);
        assert_eq!([97, 98, 100, 147, 148].map(matches), [false, true, true, true, false]);
    }

    #[test]
    fn another_payload_or_no_time_does_not_match() {
        let intent = Intent::new(&desired(), "uid", at(100), false);
        let other = Remote { public: Some(false), ..created("li1", 100) };
        let timeless = Remote { created_at: None, ..remote("li1") };
        assert!(!intent.matches(&other, at(100), SETTLE));
        assert!(!intent.matches(&timeless, at(100), SETTLE));
    }

    #[test]
    fn a_marked_stream_matches_however_late_it_appeared() {
        let intent = Intent::new(&desired(), "0b7c-1", at(100), true);
        let late = Remote { name: Some(intent.payload.name.clone()), ..created("li1", 9999) };
        assert!(intent.marked() && intent.matches(&late, at(100), SETTLE));
        assert!(intent.payload.name.ends_with(intent.search_name()));
    }

    #[test]
    fn a_marked_name_stays_within_the_limit() {
        let long = Desired { name: "ä".repeat(255), ..desired() };
        let intent = Intent::new(&long, "0b7c", at(100), true);
        assert_eq!(intent.payload.name.chars().count(), 255);
        assert!(intent.marked());
    }

    #[test]
    fn it_reads_back_what_it_wrote() {
        let intent = Intent::new(&desired(), "uid", at(100), false);
        let text = serde_json::to_string(&intent).unwrap();
        assert!(text.starts_with(r#"{"sentAt":"#), "{text}");
        assert_eq!(Intent::read(&text), Ok(intent));
        let marked = Intent::new(&Desired { name: "ä".repeat(255), ..desired() }, "0b7c", at(100), true);
        assert_eq!(Intent::read(&serde_json::to_string(&marked).unwrap()), Ok(marked));
    }

    #[test]
    fn an_impossible_intent_is_refused_with_a_short_reason() {
        let with = |name: &str, player: &str, nonce: &str| {
            serde_json::json!({ "sentAt": "2026-01-01T00:00:00Z", "nonce": nonce,
                "payload": { "name": name, "playerId": player } })
            .to_string()
        };
        let long = "x".repeat(200_000);
        assert!(Intent::read(&with("x", "pl1", "0b7c-1")).is_ok());
        for (text, part) in [
            (with("", "pl1", "n"), "payload.name"),
            (with(&long, "pl1", "n"), "payload.name"),
            (with("x", "", "n"), "payload.playerId"),
            (with("x", &long, "n"), "payload.playerId"),
            (with("x", "pl1", ""), "nonce"),
            (with("x", "pl1", "a b"), "nonce"),
            (with("x", "pl1", &long), "nonce"),
            (format!("{long:?}"), "invalid type"),
            (r#"{"payload":{"name":"x"},"nonce":"n"}"#.to_owned(), "sentAt"),
            (with("x", "pl1", "n").replace("2026-", "12026-"), "parse"),
            ("[".repeat(100_000), "invalid type"),
        ] {
            let why = Intent::read(&text).unwrap_err();
            assert!(why.contains(part) && why.chars().count() <= MAX_REASON + 1, "{part}: {why}");
        }
    }
}
