//! The rate-limit headers that every answer carries, read with suspicion.

use std::time::Duration;

use http::HeaderMap;

/// The window that the API publishes its limits for; assumed where an answer
/// names none, or one that can't be true.
pub const WINDOW: Duration = Duration::from_secs(60);

/// A longer wait than this is nonsense (a time stamp, a wrong unit): a window is a minute.
const MAX_RESET: u64 = 3600;

/// What one answer said about the limit of its class (reads or writes), which
/// all clients of the account share.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateLimit {
    /// Calls to a window, at least 1.
    pub limit: u64,
    /// Calls left in this window, at most `limit`.
    pub remaining: u64,
    /// Time until the window resets, in whole seconds rounded up: 1 s to 1 h.
    pub retry_after: Duration,
}

impl RateLimit {
    /// Reads `X-RateLimit-Limit`, `-Remaining` and `-Retry-After`.
    ///
    /// Without a limit above 0 and a number that remains there is nothing to be
    /// led by, and the headers are passed over. More left than the limit counts
    /// as the limit. A reset of 0 s is less than a second: 1 s. One that is no
    /// number, negative or above an hour is taken as [`WINDOW`].
    pub(crate) fn of(headers: &HeaderMap) -> Option<Self> {
        let limit = number(headers, "x-ratelimit-limit").filter(|limit| *limit > 0)?;
        let remaining = number(headers, "x-ratelimit-remaining")?.min(limit);
        let retry_after = reset(headers, "x-ratelimit-retry-after").unwrap_or(WINDOW);
        Some(Self { limit, remaining, retry_after })
    }
}

/// How long a 429 asks to wait: by the API's header, by the standard one, else [`WINDOW`].
pub(crate) fn wait_of_429(headers: &HeaderMap) -> Duration {
    reset(headers, "x-ratelimit-retry-after").or_else(|| reset(headers, "retry-after")).unwrap_or(WINDOW)
}

fn reset(headers: &HeaderMap, name: &str) -> Option<Duration> {
    number(headers, name).filter(|secs| *secs <= MAX_RESET).map(|secs| Duration::from_secs(secs.max(1)))
}

fn number(headers: &HeaderMap, name: &str) -> Option<u64> {
    headers.get(name)?.to_str().ok()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(limit: &str, remaining: &str, retry_after: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("x-ratelimit-limit", limit),
            ("x-ratelimit-remaining", remaining),
            ("x-ratelimit-retry-after", retry_after),
        ] {
            if !value.is_empty() {
                headers.insert(name, value.parse().unwrap());
            }
        }
        headers
    }

    fn read(limit: &str, remaining: &str, retry_after: &str) -> Option<(u64, u64, u64)> {
        RateLimit::of(&headers(limit, remaining, retry_after))
            .map(|read| (read.limit, read.remaining, read.retry_after.as_secs()))
    }

    #[test]
    fn sane_headers_are_taken_as_they_are() {
        assert_eq!(read("200", "199", "42"), Some((200, 199, 42)));
        assert_eq!(read(" 200", "0", "1"), Some((200, 0, 1)));
    }

    #[test]
    fn nonsense_is_passed_over_or_clamped() {
        assert_eq!(read("", "199", "42"), None);
        assert_eq!(read("0", "0", "42"), None);
        assert_eq!(read("-5", "1", "42"), None);
        assert_eq!(read("many", "1", "42"), None);
        assert_eq!(read("200", "", "42"), None);
        assert_eq!(read("200", "-1", "42"), None);
        assert_eq!(read("200", "900", "42"), Some((200, 200, 42)));
        assert_eq!(read("200", "5", "0"), Some((200, 5, 1)));
        for nonsense in ["", "-3", "soon", "1767225600", "99999999999999999999999"] {
            assert_eq!(read("200", "5", nonsense), Some((200, 5, 60)), "{nonsense}");
        }
    }

    #[test]
    fn a_429_waits_as_the_first_header_that_makes_sense_says() {
        let mut both = headers("", "", "7");
        both.insert("retry-after", "9".parse().unwrap());
        assert_eq!(wait_of_429(&both).as_secs(), 7);
        both.remove("x-ratelimit-retry-after");
        assert_eq!(wait_of_429(&both).as_secs(), 9);
        both.insert("retry-after", "Wed, 21 Oct 2026 07:28:00 GMT".parse().unwrap());
        assert_eq!(wait_of_429(&both), WINDOW);
    }
}
