//! The two kinds of calls that the API limits apart from each other.

use std::fmt;

use http::Method;

use crate::error::Effect;

/// Reads or writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Class {
    /// GET.
    Read,
    /// POST, PATCH, PUT and DELETE.
    Write,
}

impl Class {
    /// The class that a call of this method is counted in.
    #[must_use]
    pub fn of(method: &Method) -> Self {
        if *method == Method::GET { Self::Read } else { Self::Write }
    }

    /// What a call may have done where the answer leaves that open.
    pub(crate) fn possible_effect(self) -> Effect {
        match self {
            Self::Read => Effect::None,
            Self::Write => Effect::Unknown,
        }
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Read => "reads",
            Self::Write => "writes",
        })
    }
}
