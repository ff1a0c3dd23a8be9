//! The create intent: what is written down before a stream is created, and
//! how the stream is found again when the answer was lost.
//!
//! The API has no idempotency key. So the request is stored on the object
//! before it is sent, and an unknown outcome is resolved by looking for a
//! stream that has exactly the stored payload, was made within the intent's
//! window, and is held by nobody.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    diff::made_from,
    model::{Desired, Remote, StreamId},
};

/// How far the clock behind `createdAt` may be behind the one behind `Date`.
/// Both are the API's and tell whole seconds.
const SKEW: Duration = Duration::from_secs(2);

/// The longest name that the API takes, in characters.
const LONGEST_NAME: usize = 255;

/// The longest player id that a manifest takes, and the longest nonce.
const LONGEST_PART: usize = 64;

/// How much is told of why an intent can't be read, in characters: what is wrong
/// about a text may repeat all of it.
const LONGEST_COMPLAINT: usize = 200;

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

/// What this process knows of the request behind a stored intent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// It was not sent yet: this process has just stored the intent.
    NotSent,
    /// It certainly created nothing: the intent can go.
    NotCreated,
    /// An earlier process may have sent it, and the API's clock, by which a
    /// search is timed, has not been heard yet.
    Inherited,
    /// Nobody knows whether it created a stream.
    Unknown(Search),
}

/// The search for the stream of a request whose outcome is unknown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Search {
    /// When the request had ended at the latest: when the answer was given
    /// up, or, after a restart, when the intent was first seen.
    pub ended_at: Timestamp,
    /// How many complete looks found nothing.
    pub clean_looks: u8,
    /// When the last look ended.
    pub looked_at: Option<Timestamp>,
    /// What the last look found, if it was more than could be ours.
    pub ambiguous: Vec<StreamId>,
}

impl Search {
    /// A search that has not looked yet.
    #[must_use]
    pub fn since(ended_at: Timestamp) -> Self {
        Self { ended_at, clean_looks: 0, looked_at: None, ambiguous: Vec::new() }
    }

    /// When the next look is due: once the settle time has passed since the
    /// request ended, and then again after half of it.
    #[must_use]
    pub fn next_look(&self, settle: Duration) -> Timestamp {
        match self.looked_at {
            None => self.ended_at.saturating_add(settle).unwrap_or(Timestamp::MAX),
            Some(last) => last.saturating_add(settle / 2).unwrap_or(Timestamp::MAX),
        }
    }
}

impl Intent {
    /// Reads a stored intent, which somebody may have edited.
    ///
    /// # Errors
    /// What is wrong, in a few words: it is no JSON of an intent, or asks for what no manifest asks.
    /// Such an intent says nothing of what was asked for, and a search for it
    /// could find somebody else's stream or, with a name that fits into no URL, none at all.
    pub fn read(text: &str) -> Result<Self, String> {
        let intent: Self = serde_json::from_str(text)
            .map_err(|error| error.to_string().chars().take(LONGEST_COMPLAINT).collect::<String>())?;
        let fits = |text: &str, longest: usize| (1..=longest).contains(&text.chars().count());
        if !fits(&intent.payload.name, LONGEST_NAME) {
            return Err(format!("payload.name is not of 1 to {LONGEST_NAME} characters"));
        }
        if !intent.payload.player_id.as_deref().is_none_or(|player| fits(player, LONGEST_PART)) {
            return Err(format!("payload.playerId is not of 1 to {LONGEST_PART} characters"));
        }
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '-';
        if !fits(&intent.nonce, LONGEST_PART) || !intent.nonce.chars().all(plain) {
            return Err(format!("nonce is not of 1 to {LONGEST_PART} letters, digits and dashes"));
        }
        Ok(intent)
    }

    /// The intent to create a stream as desired, now.
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
            let room = LONGEST_NAME.saturating_sub(suffix.chars().count());
            payload.name = desired.name.chars().take(room).chain(suffix.chars()).collect();
        }
        Self { sent_at: now, payload, nonce }
    }

    /// The payload's name without the marker, if it carries one.
    #[must_use]
    pub fn unmarked_name(&self) -> &str {
        let name = &self.payload.name;
        name.strip_suffix(&format!(" ~{}", self.nonce)).unwrap_or(name)
    }

    /// Whether the payload's name carries the nonce.
    #[must_use]
    pub fn marked(&self) -> bool {
        self.payload.name.ends_with(&format!(" ~{}", self.nonce))
    }

    /// What to search the list's names for.
    #[must_use]
    pub fn search_name(&self) -> &str {
        if self.marked() { &self.nonce } else { &self.payload.name }
    }

    /// The earliest `createdAt` that a stream of this request can have.
    #[must_use]
    pub fn window_start(&self) -> Timestamp {
        let sent = Timestamp::from_second(self.sent_at.as_second()).unwrap_or(self.sent_at);
        sent.saturating_sub(SKEW).unwrap_or(Timestamp::MIN)
    }

    /// Whether a stream can have come from this request, which had ended at
    /// `ended_at` and may take effect up to the settle time later.
    #[must_use]
    pub fn could_have_made(&self, remote: &Remote, ended_at: Timestamp, settle: Duration) -> bool {
        let latest = ended_at.saturating_add(settle.saturating_add(SKEW)).unwrap_or(Timestamp::MAX);
        made_from(&self.payload, remote)
            && (self.marked() || remote.created_at.is_some_and(|t| t >= self.window_start() && t <= latest))
    }
}

/// What one complete look means, given the streams that could be ours and
/// are held by nobody, and how many open intents of this payload there are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// This stream is ours: the oldest, if several requests wait for one each.
    Ours(Box<Remote>),
    /// There is none.
    Nothing,
    /// There are more than requests that could have made them.
    Ambiguous(Vec<StreamId>),
}

/// Judges the candidates of a look. A stream that two pages showed is one.
#[must_use]
pub fn judge(mut candidates: Vec<Remote>, open_intents: usize) -> Finding {
    candidates.sort_by(|a, b| a.id.cmp(&b.id));
    candidates.dedup_by(|a, b| a.id == b.id);
    candidates.sort_by(|a, b| (a.created_at, &a.id).cmp(&(b.created_at, &b.id)));
    if candidates.len() > open_intents.max(1) {
        return Finding::Ambiguous(candidates.into_iter().map(|c| c.id).collect());
    }
    candidates.into_iter().next().map_or(Finding::Nothing, |oldest| Finding::Ours(Box::new(oldest)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{at, desired, remote};

    const SETTLE: Duration = Duration::from_secs(30);

    fn made(id: &str, second: i64) -> Remote {
        Remote { created_at: Some(at(second)), ..remote(id) }
    }

    #[test]
    fn a_stream_of_the_same_payload_within_the_window_could_be_ours() {
        let intent = Intent::new(&desired(), "uid", at(100), false);
        let ours = |second| intent.could_have_made(&made("li1", second), at(115), SETTLE);
        assert_eq!([97, 98, 100, 147, 148].map(ours), [false, true, true, true, false]);
    }

    #[test]
    fn another_payload_or_no_time_is_not_ours() {
        let intent = Intent::new(&desired(), "uid", at(100), false);
        let other = Remote { public: Some(false), ..made("li1", 100) };
        let timeless = Remote { created_at: None, ..remote("li1") };
        assert!(!intent.could_have_made(&other, at(100), SETTLE));
        assert!(!intent.could_have_made(&timeless, at(100), SETTLE));
    }

    #[test]
    fn a_marked_stream_is_ours_however_late_it_came() {
        let intent = Intent::new(&desired(), "0b7c-1", at(100), true);
        let late = Remote { name: Some(intent.payload.name.clone()), ..made("li1", 9999) };
        assert!(intent.marked() && intent.could_have_made(&late, at(100), SETTLE));
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
    fn a_look_binds_the_oldest_and_refuses_more_than_were_asked_for() {
        let two = vec![made("liB", 102), made("liA", 101)];
        assert_eq!(judge(vec![], 1), Finding::Nothing);
        let shown_twice = vec![made("liA", 101), made("liB", 102), made("liA", 101)];
        assert_eq!(judge(shown_twice, 2), Finding::Ours(Box::new(made("liA", 101))));
        assert_eq!(judge(two.clone(), 2), Finding::Ours(Box::new(made("liA", 101))));
        let ids = |finding| match finding {
            Finding::Ambiguous(ids) => ids.len(),
            _ => 0,
        };
        assert_eq!(ids(judge(two, 1)), 2);
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
    fn what_no_manifest_asks_for_is_no_intent_and_is_told_in_few_words() {
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
            assert!(why.contains(part) && why.chars().count() <= LONGEST_COMPLAINT, "{part}: {why}");
        }
    }
}
