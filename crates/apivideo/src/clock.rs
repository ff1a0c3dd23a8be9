//! The server's clock, as its answers show it.

use http::HeaderMap;
use http::header::DATE;
use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

/// Further back than this is no rounding: the server's clock was set back, or another host answers.
const SET_BACK: SignedDuration = SignedDuration::from_secs(5);

/// The latest `Date` plus the time that passed since by the monotonic clock.
///
/// A `Date` is the time of the answer rounded down to whole seconds, so what is
/// read here is never ahead of the server. It doesn't go back because of that
/// rounding or because answers overtake each other: a `Date` up to 5 s behind
/// is passed over. One further behind is believed, so that a single wrong
/// `Date` in the future is not kept for ever.
#[derive(Debug, Default)]
pub(crate) struct ServerClock {
    heard: Option<(Timestamp, Instant)>,
}

impl ServerClock {
    pub(crate) fn hear(&mut self, date: Timestamp, now: Instant) {
        let behind = self.read(now).map(|time| time.duration_since(date));
        if behind.is_none_or(|behind| behind <= SignedDuration::ZERO || behind > SET_BACK) {
            self.heard = Some((date, now));
        }
    }

    /// `None` until an answer carried a `Date`.
    pub(crate) fn read(&self, now: Instant) -> Option<Timestamp> {
        let (date, at) = self.heard?;
        let passed = SignedDuration::try_from(now.saturating_duration_since(at)).ok()?;
        date.checked_add(passed).ok()
    }
}

/// The `Date` of an answer; `None` when it has none that can be read, or one before 1970.
pub(crate) fn date_of(headers: &HeaderMap) -> Option<Timestamp> {
    let text = headers.get(DATE)?.to_str().ok()?;
    let date = jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(text).ok();
    date.filter(|date| *date >= Timestamp::UNIX_EPOCH)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + seconds).unwrap()
    }

    #[test]
    fn it_runs_on_from_the_last_date() {
        let start = Instant::now();
        let mut clock = ServerClock::default();
        assert_eq!(clock.read(start), None);
        clock.hear(at(0), start);
        assert_eq!(clock.read(start + Duration::from_secs(90)), Some(at(90)));
    }

    #[test]
    fn rounding_and_overtaking_never_turn_it_back() {
        let start = Instant::now();
        let mut clock = ServerClock::default();
        clock.hear(at(0), start);
        clock.hear(at(1), start + Duration::from_millis(1900));
        assert_eq!(clock.read(start + Duration::from_secs(2)), Some(at(2)));
        clock.hear(at(-4), start + Duration::from_secs(1));
        assert_eq!(clock.read(start + Duration::from_secs(2)), Some(at(2)));
        clock.hear(at(5), start + Duration::from_secs(2));
        assert_eq!(clock.read(start + Duration::from_secs(2)), Some(at(5)));
    }

    #[test]
    fn a_clock_that_was_wrong_is_set_right() {
        let start = Instant::now();
        let mut clock = ServerClock::default();
        clock.hear(at(1_000_000), start);
        clock.hear(at(0), start + Duration::from_secs(1));
        assert_eq!(clock.read(start + Duration::from_secs(1)), Some(at(0)));
    }

    #[test]
    fn a_date_header_is_read_and_nonsense_is_not() {
        let date = |text: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(DATE, text.parse().unwrap());
            date_of(&headers)
        };
        assert_eq!(date("Tue, 24 Nov 2026 00:30:56 GMT"), Some("2026-11-24T00:30:56Z".parse().unwrap()));
        assert_eq!(date("yesterday"), None);
        assert_eq!(date_of(&HeaderMap::new()), None);
    }
}
