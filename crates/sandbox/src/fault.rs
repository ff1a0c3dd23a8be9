//! Faults as values: what can go wrong with a call, and when it does.

use std::time::Duration;

use http::Method;

/// What goes wrong with a call. "Effect" is what the call does to the account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// The connection closes without an answer; no effect.
    LostBefore,
    /// The connection closes without an answer, after the effect.
    LostAfter,
    /// This status with an HTML body, as a proxy answers; no effect.
    ErrorBefore {
        /// The status of the answer.
        status: u16,
    },
    /// This status with an HTML body, after the effect.
    ErrorAfter {
        /// The status of the answer.
        status: u16,
    },
    /// The effect and the answer come late, even if the client has gone.
    Delay {
        /// How late.
        duration: Duration,
    },
    /// The effect is at once, the answer late.
    DelayAfter {
        /// How late.
        duration: Duration,
    },
    /// 401; no effect.
    Unauthorized,
    /// 403; no effect.
    Forbidden,
    /// 429; no effect.
    RateLimited {
        /// What the header tells to wait, in seconds.
        retry_after: u64,
    },
    /// The effect, then a body that is shorter than its Content-Length.
    Truncated,
    /// The effect, then 200 with a body of HTML.
    NotJson,
    /// The effect, then 200 with a body of many MiB.
    Huge,
}

impl Fault {
    /// The name in JSON and in the log.
    pub fn name(&self) -> &'static str {
        match self {
            Self::LostBefore => "lost-before",
            Self::LostAfter => "lost-after",
            Self::ErrorBefore { .. } => "error-before",
            Self::ErrorAfter { .. } => "error-after",
            Self::Delay { .. } => "delay",
            Self::DelayAfter { .. } => "delay-after",
            Self::Unauthorized => "unauthorized",
            Self::Forbidden => "forbidden",
            Self::RateLimited { .. } => "rate-limited",
            Self::Truncated => "truncated",
            Self::NotJson => "not-json",
            Self::Huge => "huge",
        }
    }

    /// Whether the call takes effect.
    pub fn has_effect(&self) -> bool {
        match self {
            Self::LostAfter
            | Self::ErrorAfter { .. }
            | Self::Delay { .. }
            | Self::DelayAfter { .. }
            | Self::Truncated
            | Self::NotJson
            | Self::Huge => true,
            Self::LostBefore
            | Self::ErrorBefore { .. }
            | Self::Unauthorized
            | Self::Forbidden
            | Self::RateLimited { .. } => false,
        }
    }
}

/// A fault, and which calls it befalls.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    /// Only this method; `None`: any.
    pub method: Option<String>,
    /// Only paths that contain this text (the query is not looked at); `None`:
    /// any, `/auth` too.
    pub path: Option<String>,
    /// What goes wrong.
    pub fault: Fault,
    /// How many calls it befalls; `None`: all, until it is removed.
    pub times: Option<u64>,
    /// The chance that it befalls a call that matches, 0 to 1.
    pub probability: f64,
    /// How many calls that match are spared first.
    pub after: u64,
}

impl Rule {
    /// The next call, whatever it is.
    pub fn once(fault: Fault) -> Self {
        Self { method: None, path: None, fault, times: Some(1), probability: 1.0, after: 0 }
    }

    /// Every call, until it is removed.
    pub fn always(fault: Fault) -> Self {
        Self { times: None, ..Self::once(fault) }
    }

    /// Only calls of this method to paths that contain `path`.
    #[must_use]
    pub fn on(mut self, method: impl Into<String>, path: impl Into<String>) -> Self {
        self.method = Some(method.into());
        self.path = Some(path.into());
        self
    }

    /// Only paths that contain this text, whatever the method.
    #[must_use]
    pub fn on_path(mut self, path: impl Into<String>) -> Self {
        self.path = Some(path.into());
        self
    }

    /// So many calls.
    #[must_use]
    pub fn times(mut self, times: u64) -> Self {
        self.times = Some(times);
        self
    }

    /// Spares the first so many calls that match.
    #[must_use]
    pub fn after(mut self, spared: u64) -> Self {
        self.after = spared;
        self
    }

    /// With this chance, 0 to 1.
    #[must_use]
    pub fn with_probability(mut self, probability: f64) -> Self {
        self.probability = probability;
        self
    }

    pub(crate) fn matches(&self, method: &Method, path: &str) -> bool {
        self.method.as_deref().is_none_or(|wanted| wanted.eq_ignore_ascii_case(method.as_str()))
            && self.path.as_deref().is_none_or(|part| path.contains(part))
    }
}
