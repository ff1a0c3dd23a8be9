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

/// The longest write to the cluster. Later than that after an intent was stored its
/// request is not sent any more: the intent is stored anew.
pub const MAX_CLUSTER_WRITE: Duration = Duration::from_secs(15);

/// How long a create request and its effect can take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CreateTiming {
    /// The longest time that a call to the API may take.
    pub request_timeout: Duration,
    /// How long after the request ended its stream may still appear.
    pub settle: Duration,
}

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
        self.is_marked_in(&self.payload.name)
    }

    /// Whether a name carries the nonce, whatever the API has made of the rest of it.
    #[must_use]
    pub fn is_marked_in(&self, name: &str) -> bool {
        name.trim_end().ends_with(&format!(" ~{}", self.nonce))
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

    /// The latest `createdAt` that a stream of this request can have: a stream that was
    /// created later is a stranger's, however long nobody searched.
    #[must_use]
    pub fn window_end(&self, timing: CreateTiming) -> Timestamp {
        let longest = [MAX_CLUSTER_WRITE, timing.request_timeout, timing.settle, CLOCK_SKEW];
        let longest = longest.into_iter().fold(Duration::ZERO, Duration::saturating_add);
        self.sent_at.saturating_add(longest).unwrap_or(Timestamp::MAX)
    }

    /// Whether its request may still be sent.
    #[must_use]
    pub fn may_be_sent(&self, now: Timestamp) -> bool {
        self.sent_at.saturating_add(MAX_CLUSTER_WRITE).unwrap_or(Timestamp::MAX) >= now
    }

    /// Whether a stream that a search lists can be the result of this request. With the
    /// marker only the marked name counts, whatever else was changed meanwhile.
    #[must_use]
    pub fn matches(&self, remote: &Remote, timing: CreateTiming) -> bool {
        if self.marked() {
            return remote.name.as_deref().is_some_and(|name| self.is_marked_in(name));
        }
        let in_window = |t: Timestamp| t >= self.window_start() && t <= self.window_end(timing);
        has_payload(&self.payload, remote) && remote.created_at.is_some_and(in_window)
    }

    /// Whether the answer to this request can be about its own stream: one that was created
    /// outside of the window is another's, which a proxy answered with.
    #[must_use]
    pub fn is_answered_by(&self, remote: &Remote, timing: CreateTiming) -> bool {
        remote.created_at.is_none_or(|t| t >= self.window_start() && t <= self.window_end(timing))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{at, desired, remote};

    const TIMING: CreateTiming =
        CreateTiming { request_timeout: Duration::from_secs(15), settle: Duration::from_secs(30) };

    fn created(id: &str, second: i64) -> Remote {
        Remote { created_at: Some(at(second)), ..remote(id) }
    }

    #[test]
    fn a_stream_of_the_same_payload_within_the_window_matches() {
        let intent = Intent::new(&desired(), "uid", at(100), false);
        let matches = |second| intent.matches(&created("li1", second), TIMING);
        assert_eq!([97, 98, 100, 162, 163].map(matches), [false, true, true, true, false]);
        let answers = |second| intent.is_answered_by(&created("li1", second), TIMING);
        assert_eq!([97, 98, 100, 162, 163].map(answers), [false, true, true, true, false]);
        assert_eq!([115, 116].map(|now| intent.may_be_sent(at(now))), [true, false]);
    }

    #[test]
    fn another_payload_or_no_time_does_not_match() {
        let intent = Intent::new(&desired(), "uid", at(100), false);
        let other = Remote { public: Some(false), ..created("li1", 100) };
        let timeless = Remote { created_at: None, ..remote("li1") };
        assert!(!intent.matches(&other, TIMING));
        assert!(!intent.matches(&timeless, TIMING));
    }

    #[test]
    fn a_marked_stream_matches_however_late_it_appeared() {
        let intent = Intent::new(&desired(), "0b7c-1", at(100), true);
        let late = Remote { name: Some(intent.payload.name.clone()), ..created("li1", 9999) };
        assert!(intent.marked() && intent.matches(&late, TIMING));
        let edited = Remote { public: Some(false), player_id: Some("ptOther".into()), ..late.clone() };
        assert!(intent.matches(&edited, TIMING), "only the marked name counts");
        let renamed = Remote { name: Some("Town hall".into()), ..late };
        assert!(!intent.matches(&renamed, TIMING));
        assert!(intent.payload.name.ends_with(intent.search_name()));
        let normalised = intent.payload.name.replacen("Town", "town", 1);
        let normalised = Remote { name: Some(normalised), ..remote("li1") };
        assert!(intent.matches(&normalised, TIMING), "whatever the API has made of the rest");
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
