//! Whose turn it is when calls are scarce.

/// Why a call is made; the first is served first. None of the later ones
/// starves, though: see [`Priority::starvation_limit`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Priority {
    /// A person changed or deleted something that exists, and waits for it.
    UserChange,
    /// Something new is made. There may be thousands of them at once, and a
    /// person who corrects one stream does not wait behind them.
    Creation,
    /// Somebody else changed the stream, and it is set right.
    DriftCorrection,
    /// The account's own list is read. The only priority whose calls may probe an
    /// account in trouble.
    Background,
}

impl Priority {
    /// All of them, the first to be served first.
    pub const ALL: [Self; 4] = [Self::UserChange, Self::Creation, Self::DriftCorrection, Self::Background];

    /// In words, for metrics and messages.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::UserChange => "user_change",
            Self::Creation => "creation",
            Self::DriftCorrection => "drift_correction",
            Self::Background => "background",
        }
    }

    /// Whether such a call may be the one that finds out whether an account in
    /// trouble works again. A call for one stream is not: its failure says
    /// nothing about the account.
    pub(crate) fn may_probe(self) -> bool {
        self == Self::Background
    }

    /// So many calls of a higher priority may be served in a row while one of
    /// this priority waits; then it is its turn. `None`: nothing is higher.
    pub(crate) fn starvation_limit(self) -> Option<u32> {
        match self {
            Self::UserChange => None,
            Self::Creation => Some(4),
            Self::DriftCorrection | Self::Background => Some(9),
        }
    }
}
