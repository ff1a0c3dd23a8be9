//! The rate limits: one window for reads and one for writes.

use std::time::Duration;

use http::Method;
use jiff::Timestamp;
use serde::Serialize;

use crate::answer::{Answer, with_number};
use crate::config::Config;

/// The two limits of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    Read,
    Write,
}

impl Class {
    pub(crate) fn of(method: &Method) -> Self {
        if method.is_safe() { Self::Read } else { Self::Write }
    }

    fn limit(self, config: &Config) -> u64 {
        match self {
            Self::Read => config.reads,
            Self::Write => config.writes,
        }
    }
}

/// What is left of both limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Budget {
    /// GET.
    pub reads: Window,
    /// POST, PATCH, PUT and DELETE.
    pub writes: Window,
}

/// One limit, as the headers show it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Window {
    /// Calls that a window allows.
    pub limit: u64,
    /// Calls that are left in it.
    pub remaining: u64,
    /// Seconds until it resets, rounded up, at least 1.
    pub retry_after: u64,
}

impl Window {
    /// The answer with this window in its headers.
    pub(crate) fn show(self, answer: Answer) -> Answer {
        let answer = with_number(answer, "x-ratelimit-limit", self.limit);
        let answer = with_number(answer, "x-ratelimit-remaining", self.remaining);
        with_number(answer, "x-ratelimit-retry-after", self.retry_after)
    }
}

/// Fixed windows: one starts with the first call after the last one ended.
#[derive(Debug, Default)]
pub(crate) struct Limits {
    reads: Usage,
    writes: Usage,
}

#[derive(Debug, Default, Clone, Copy)]
struct Usage {
    started: Option<Timestamp>,
    used: u64,
}

impl Limits {
    /// Counts one call. False: the window is used up, and the call must be
    /// refused without an effect.
    pub(crate) fn take(&mut self, class: Class, config: &Config, now: Timestamp) -> bool {
        let mut usage = self.usage(class).at(config.window, now);
        let allowed = usage.used < class.limit(config);
        if allowed {
            usage.used += 1;
        }
        usage.started.get_or_insert(now);
        match class {
            Class::Read => self.reads = usage,
            Class::Write => self.writes = usage,
        }
        allowed
    }

    pub(crate) fn window(&self, class: Class, config: &Config, now: Timestamp) -> Window {
        let usage = self.usage(class).at(config.window, now);
        let limit = class.limit(config);
        Window {
            limit,
            remaining: limit.saturating_sub(usage.used),
            retry_after: usage.resets_in(config.window, now),
        }
    }

    pub(crate) fn budget(&self, config: &Config, now: Timestamp) -> Budget {
        Budget {
            reads: self.window(Class::Read, config, now),
            writes: self.window(Class::Write, config, now),
        }
    }

    fn usage(&self, class: Class) -> Usage {
        match class {
            Class::Read => self.reads,
            Class::Write => self.writes,
        }
    }
}

impl Usage {
    /// This usage, or none if its window has ended.
    fn at(self, window: Duration, now: Timestamp) -> Self {
        match self.started {
            Some(started) if elapsed(started, now) < window => self,
            _ => Self::default(),
        }
    }

    fn resets_in(self, window: Duration, now: Timestamp) -> u64 {
        let left = self.started.map_or(window, |started| window.saturating_sub(elapsed(started, now)));
        let rounded_up = left.as_secs() + u64::from(left.subsec_nanos() > 0);
        rounded_up.max(1)
    }
}

fn elapsed(from: Timestamp, to: Timestamp) -> Duration {
    Duration::try_from(to.duration_since(from)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config() -> Config {
        Config { reads: 2, writes: 1, window: Duration::from_secs(10), ..Config::default() }
    }

    fn at(milliseconds: i64) -> Timestamp {
        Timestamp::from_millisecond(1_600_000_000_000 + milliseconds).unwrap()
    }

    #[test]
    fn a_window_allows_its_limit_and_then_refuses_until_it_ends() {
        let (mut limits, config) = (Limits::default(), config());
        assert!(limits.take(Class::Read, &config, at(0)));
        assert!(limits.take(Class::Read, &config, at(9_000)));
        assert!(!limits.take(Class::Read, &config, at(9_999)));
        assert!(limits.take(Class::Read, &config, at(10_000)));
    }

    #[test]
    fn reads_and_writes_have_windows_of_their_own() {
        let (mut limits, config) = (Limits::default(), config());
        assert!(limits.take(Class::Write, &config, at(0)));
        assert!(!limits.take(Class::Write, &config, at(1)));
        assert!(limits.take(Class::Read, &config, at(2)));
        let budget = limits.budget(&config, at(3));
        assert_eq!((budget.reads.remaining, budget.writes.remaining), (1, 0));
    }

    #[test]
    fn the_reset_is_rounded_up_to_whole_seconds() {
        let (mut limits, config) = (Limits::default(), config());
        limits.take(Class::Read, &config, at(0));
        assert_eq!(limits.window(Class::Read, &config, at(0)).retry_after, 10);
        assert_eq!(limits.window(Class::Read, &config, at(8_001)).retry_after, 2);
        assert_eq!(limits.window(Class::Read, &config, at(9_999)).retry_after, 1);
    }

    #[test]
    fn a_limit_of_zero_refuses_all() {
        let (mut limits, config) = (Limits::default(), Config { writes: 0, ..config() });
        assert!(!limits.take(Class::Write, &config, at(0)));
        assert_eq!(limits.window(Class::Write, &config, at(4_000)).retry_after, 6);
    }
}
