//! How long a change of a stream went unseen.

use std::time::Duration;

use jiff::Timestamp;

/// How long ago, at the most, a stream changed that is seen to have changed.
///
/// It had not yet when it was seen last, `since_seen` ago. Where the time of its
/// last change (`updated_at`) is another than it was (`known`), that tells it
/// better, by the API's clock (`now`); what is told from before the stream was
/// seen last, or from the future, is nonsense and counts as the nearest that can be.
/// Going on or off the air does not touch that time, so there `since_seen` is all.
#[must_use]
pub fn lag(
    since_seen: Duration,
    known: Option<Timestamp>,
    updated_at: Option<Timestamp>,
    now: Timestamp,
) -> Duration {
    let told = updated_at.filter(|_| updated_at != known);
    let ago = |at| Duration::try_from(now.duration_since(at)).unwrap_or_default();
    told.map_or(since_seen, |at| ago(at).min(since_seen))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::at;

    #[test]
    fn a_change_is_as_old_as_it_may_be_at_the_most() {
        for (what, known, updated_at, seconds) in [
            ("on the air", Some(100), Some(100), 60),
            ("no time told", Some(100), None, 60),
            ("changed just now", Some(100), Some(995), 5),
            ("told for the first time", None, Some(995), 5),
            ("changed before it was seen last", Some(100), Some(200), 60),
            ("changed in the future", Some(100), Some(2000), 0),
        ] {
            let (known, updated_at) = (known.map(at), updated_at.map(at));
            assert_eq!(
                lag(Duration::from_secs(60), known, updated_at, at(1000)).as_secs(),
                seconds,
                "{what}"
            );
        }
    }
}
