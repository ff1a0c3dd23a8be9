//! The conditions of a LiveStream, as kstatus reads them.
//!
//! `Ready` always; `Reconciling` while the operator works or retries; `Stalled`
//! when only a person can help; neither beside Ready=True.
//! <https://github.com/kubernetes-sigs/cli-utils/blob/master/pkg/kstatus/README.md>

use jiff::Timestamp;

use crate::text::truncate;

/// The longest message, in characters. The API server accepts four times as much,
/// and refuses the whole status beyond that.
const MAX_MESSAGE: usize = 8 * 1024;

/// The type of the condition that says whether the stream matches the manifest.
pub const READY: &str = "Ready";
/// The type of the condition that says that the operator works or retries.
pub const RECONCILING: &str = "Reconciling";
/// The type of the condition that says that only a person can help.
pub const STALLED: &str = "Stalled";

/// The reason of `Ready`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reason {
    /// The remote stream matches the manifest.
    Synced,
    /// The remote stream is being created.
    Creating,
    /// The remote stream is being changed.
    Updating,
    /// The remote stream is being deleted.
    Deleting,
    /// It differs and is not corrected: by `driftPolicy: Report`, or for a
    /// while because another writer keeps reverting the corrections.
    DriftDetected,
    /// `suspend` is set.
    Suspended,
    /// The deletion waits for the end of the broadcast.
    DeferredWhileBroadcasting,
    /// The account's rate limit is used up.
    RateLimited,
    /// The API does not answer, or answers with errors.
    AccountUnavailable,
    /// The API refuses the API key.
    Unauthorized,
    /// The API refused the manifest's values, or the object can't be read.
    Rejected,
    /// Several streams match a create request whose answer was lost.
    CreateAmbiguous,
    /// Another LiveStream owns the stream.
    IdConflict,
    /// The stream is gone and is not re-created.
    RemoteMissing,
    /// The API key opens another project than the one of the binding.
    WrongProject,
    /// The API accepted a value and returns another.
    NotApplied,
    /// The cluster refuses the operator's write to the object.
    WriteRefused,
    /// The account may create nothing now.
    AccountNotReady,
}

/// Which condition is reported beside `Ready`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KstatusState {
    /// None: there is nothing to do.
    Settled,
    /// `Reconciling`: the operator works or retries.
    Reconciling,
    /// `Stalled`: only a person can help.
    Stalled,
}

impl Reason {
    /// Every reason, for documents and tests.
    pub const ALL: [Self; 18] = [
        Self::Synced,
        Self::Creating,
        Self::Updating,
        Self::Deleting,
        Self::DriftDetected,
        Self::Suspended,
        Self::DeferredWhileBroadcasting,
        Self::RateLimited,
        Self::AccountUnavailable,
        Self::Unauthorized,
        Self::Rejected,
        Self::CreateAmbiguous,
        Self::IdConflict,
        Self::RemoteMissing,
        Self::WrongProject,
        Self::NotApplied,
        Self::WriteRefused,
        Self::AccountNotReady,
    ];

    /// The reason as the condition has it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Synced => "Synced",
            Self::Creating => "Creating",
            Self::Updating => "Updating",
            Self::Deleting => "Deleting",
            Self::DriftDetected => "DriftDetected",
            Self::Suspended => "Suspended",
            Self::DeferredWhileBroadcasting => "DeferredWhileBroadcasting",
            Self::RateLimited => "RateLimited",
            Self::AccountUnavailable => "AccountUnavailable",
            Self::Unauthorized => "Unauthorized",
            Self::Rejected => "Rejected",
            Self::CreateAmbiguous => "CreateAmbiguous",
            Self::IdConflict => "IdConflict",
            Self::RemoteMissing => "RemoteMissing",
            Self::WrongProject => "WrongProject",
            Self::NotApplied => "NotApplied",
            Self::WriteRefused => "WriteRefused",
            Self::AccountNotReady => "AccountNotReady",
        }
    }

    /// Which condition is reported beside `Ready`, unless the planner says otherwise.
    #[must_use]
    pub fn state(self) -> KstatusState {
        match self {
            Self::Synced | Self::DriftDetected | Self::Suspended => KstatusState::Settled,
            Self::Creating
            | Self::Updating
            | Self::Deleting
            | Self::DeferredWhileBroadcasting
            | Self::RateLimited
            | Self::AccountUnavailable
            | Self::Unauthorized
            | Self::NotApplied
            | Self::WriteRefused
            | Self::AccountNotReady => KstatusState::Reconciling,
            Self::Rejected
            | Self::CreateAmbiguous
            | Self::IdConflict
            | Self::RemoteMissing
            | Self::WrongProject => KstatusState::Stalled,
        }
    }

    /// Whether an event reports the change to this reason: a person should
    /// notice it without asking.
    #[must_use]
    pub fn is_refusal(self) -> bool {
        !matches!(
            self,
            Self::Synced
                | Self::Creating
                | Self::Updating
                | Self::Deleting
                | Self::Suspended
                | Self::RateLimited
        )
    }
}

/// The `Ready` condition to report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadyCondition {
    /// Its reason.
    pub reason: Reason,
    /// What is wrong, why, and what a person can do.
    pub message: String,
    /// Which condition is reported beside it.
    pub state: KstatusState,
}

impl ReadyCondition {
    /// A condition with the state that its reason has. The message may repeat the
    /// words of others, of any length; it is cut.
    #[must_use]
    pub fn new(reason: Reason, message: impl AsRef<str>) -> Self {
        Self { reason, message: truncate(message.as_ref(), MAX_MESSAGE), state: reason.state() }
    }

    /// Drift that is not corrected for a while, because another writer keeps
    /// reverting the corrections. Unlike drift that is only reported it is retried.
    #[must_use]
    pub fn drift_backoff(message: impl AsRef<str>) -> Self {
        Self { state: KstatusState::Reconciling, ..Self::new(Reason::DriftDetected, message) }
    }

    /// Whether it is [`Self::drift_backoff`].
    #[must_use]
    pub fn is_drift_backoff(&self) -> bool {
        self.reason == Reason::DriftDetected && self.state == KstatusState::Reconciling
    }
}

/// One condition of the status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    /// Its type.
    pub type_: &'static str,
    /// Whether it is True rather than False.
    pub status: bool,
    /// When its status last changed.
    pub last_transition: Timestamp,
}

/// The conditions that follow from a [`ReadyCondition`]; all have its reason and
/// message. `since` says since when a condition has had a status, if it has it
/// already: then it keeps its transition time.
#[must_use]
pub fn conditions(
    ready: &ReadyCondition,
    since: impl Fn(&str, bool) -> Option<Timestamp>,
    now: Timestamp,
) -> Vec<Condition> {
    let condition = |type_: &'static str, status| {
        let last_transition = since(type_, status).unwrap_or(now);
        Condition { type_, status, last_transition }
    };
    let first = condition(READY, ready.reason == Reason::Synced);
    match ready.state {
        KstatusState::Settled => vec![first],
        KstatusState::Reconciling => vec![first, condition(RECONCILING, true)],
        KstatusState::Stalled => vec![first, condition(STALLED, true)],
    }
}

#[cfg(test)]
#[path = "conditions_tests.rs"]
mod tests;
