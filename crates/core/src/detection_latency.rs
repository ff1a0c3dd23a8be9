//! The delay between a remote change and its detection.

use std::time::Duration;

use jiff::Timestamp;

/// An upper bound of the delay between a remote change and its detection.
///
/// The stream had not changed when it was observed last, `since_observed` ago. Where
/// the time of its last change (`updated_at`) differs from the one `known`, it is the
/// better bound, by the API's clock (`now`); a time before the last observation,
/// or in the future, is nonsense and counts as the nearest possible one.
/// A broadcast that begins or ends does not change that time, so there `since_observed`
/// is the bound.
#[must_use]
pub fn detection_latency(
    since_observed: Duration,
    known: Option<Timestamp>,
    updated_at: Option<Timestamp>,
    now: Timestamp,
) -> Duration {
    let changed_at = updated_at.filter(|_| updated_at != known);
    let ago = |at| Duration::try_from(now.duration_since(at)).unwrap_or_default();
    changed_at.map_or(since_observed, |at| ago(at).min(since_observed))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::at;

    #[test]
    fn it_is_an_upper_bound() {
        for (what, known, updated_at, seconds) in [
            ("on the air", Some(100), Some(100), 60),
            ("no time", Some(100), None, 60),
            ("changed just now", Some(100), Some(995), 5),
            ("a time for the first time", None, Some(995), 5),
            ("changed before the last observation", Some(100), Some(200), 60),
            ("changed in the future", Some(100), Some(2000), 0),
        ] {
            let (known, updated_at) = (known.map(at), updated_at.map(at));
            assert_eq!(
                detection_latency(Duration::from_secs(60), known, updated_at, at(1000)).as_secs(),
                seconds,
                "{what}"
            );
        }
    }
}
