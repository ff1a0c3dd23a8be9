//! A fault, the calls that it is for, and how often it strikes.

use crate::fault::Fault;
use crate::scope::Scope;

/// A fault, and which calls it strikes.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    /// The calls that it is for.
    pub scope: Scope,
    /// What goes wrong.
    pub fault: Fault,
    /// How many calls it strikes; `None`: all, until it is removed.
    pub times: Option<u64>,
    /// The chance that it strikes a call that matches, 0 to 1.
    pub probability: f64,
    /// How many calls that match are spared first.
    pub after: u64,
}

impl Rule {
    /// The next call, whatever it is.
    pub fn once(fault: Fault) -> Self {
        Self { scope: Scope::default(), fault, times: Some(1), probability: 1.0, after: 0 }
    }

    /// Every call, until it is removed.
    pub fn always(fault: Fault) -> Self {
        Self { times: None, ..Self::once(fault) }
    }

    /// Only calls of this method to paths that fit the pattern `path`.
    #[must_use]
    pub fn on(mut self, method: impl Into<String>, path: impl Into<String>) -> Self {
        self.scope.method = Some(method.into());
        self.on_path(path)
    }

    /// Only paths that fit this pattern, whatever the method.
    #[must_use]
    pub fn on_path(mut self, path: impl Into<String>) -> Self {
        self.scope.path = Some(path.into());
        self
    }

    /// Only calls of the stream with this id.
    #[must_use]
    pub fn on_stream(mut self, id: impl Into<String>) -> Self {
        self.scope.stream = Some(id.into());
        self
    }

    /// Only calls of streams whose name fits this pattern.
    #[must_use]
    pub fn on_name(mut self, name: impl Into<String>) -> Self {
        self.scope.name = Some(name.into());
        self
    }

    /// Only the calls of this scope, instead of those of before.
    #[must_use]
    pub fn within(self, scope: Scope) -> Self {
        Self { scope, ..self }
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
}
