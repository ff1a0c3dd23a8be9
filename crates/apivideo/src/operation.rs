//! What a request does, what it is about, and so what follows from its failure.

use std::fmt;

use crate::error::Effect;

/// What a request does; retries and budgets are chosen by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Operation {
    /// A page of live streams.
    List,
    /// One live stream.
    Get,
    /// A new live stream. Not idempotent: sent twice, it makes two.
    Create,
    /// A partial change of a live stream.
    Update,
    /// The end of a live stream, for good.
    Delete,
    /// The end of the broadcast that is under way.
    Complete,
    /// A token for the API key, or for the token before.
    Authenticate,
}

impl Operation {
    /// The budget that the operation is counted in.
    #[must_use]
    pub fn class(self) -> Class {
        match self {
            Self::List | Self::Get => Class::Read,
            Self::Create | Self::Update | Self::Delete | Self::Complete | Self::Authenticate => Class::Write,
        }
    }

    /// What it may have done where the answer leaves that open.
    pub(crate) fn possible_effect(self) -> Effect {
        match self.class() {
            Class::Read => Effect::None,
            Class::Write => Effect::Unknown,
        }
    }
}

/// What a request is about, and so what its failure says of the account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Subject {
    /// The account as a whole: a token, or the first page of its whole list. Only
    /// these speak for the account.
    Account,
    /// A further page of the account's list.
    FurtherPage,
    /// A part of the account's list, by name.
    Search,
    /// A stream that does not exist yet.
    NewStream,
    /// The stream with this id.
    Stream(String),
}

impl Subject {
    /// Whether a failure of the call says something about the account.
    pub(crate) fn speaks_for_account(&self) -> bool {
        *self == Self::Account
    }

    /// Whether the call may find out whether an account in trouble works again. A
    /// further page may, so that whoever reads the list page by page can go on.
    pub(crate) fn may_probe(&self) -> bool {
        matches!(self, Self::Account | Self::FurtherPage)
    }
}

/// The two kinds of calls that the API limits apart from each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Class {
    /// GET.
    Read,
    /// POST, PATCH, PUT and DELETE.
    Write,
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Read => "reads",
            Self::Write => "writes",
        })
    }
}
