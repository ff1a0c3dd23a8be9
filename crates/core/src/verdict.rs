//! What a LiveStream says of itself: the conditions, true to kstatus.
//!
//! `Ready` always; `Reconciling` while the operator will go on by itself;
//! `Stalled` when only a person can help; never either beside Ready=True.
//! <https://github.com/kubernetes-sigs/cli-utils/blob/master/pkg/kstatus/README.md>

use jiff::Timestamp;

/// The longest message, in characters. The API server takes four times as much,
/// and refuses the whole status beyond that.
const LONGEST_MESSAGE: usize = 8 * 1024;

/// The reason of `Ready`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reason {
    /// The remote stream equals the manifest.
    Synced,
    /// The remote stream is being created.
    Creating,
    /// The remote stream is being changed.
    Updating,
    /// The remote stream is being deleted.
    Deleting,
    /// It differs, and is left so: for good by `driftPolicy: Report`, for a
    /// while in a fight with another writer.
    DriftDetected,
    /// `suspend` is set.
    Suspended,
    /// The deletion waits for the end of the broadcast.
    DeferredWhileBroadcasting,
    /// The account's budget is used up.
    RateLimited,
    /// The API does not answer, or not sensibly.
    AccountUnavailable,
    /// The API key is not accepted.
    Unauthorized,
    /// The API refused the manifest's values, or the object can't be read.
    Rejected,
    /// There are several streams that a lost create may have made.
    CreateAmbiguous,
    /// Another LiveStream holds the stream.
    IdConflict,
    /// The stream is gone and is not re-created.
    RemoteMissing,
}

/// Which condition stands beside `Ready`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outlook {
    /// None: there is nothing to do.
    Settled,
    /// `Reconciling`: it goes on by itself.
    Reconciling,
    /// `Stalled`: only a person can help.
    Stalled,
}

impl Reason {
    /// Every reason, for documents and tests.
    pub const ALL: [Self; 14] = [
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
    ];

    /// The reason as it stands in the condition.
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
        }
    }

    /// Which condition stands beside `Ready`, unless the verdict says otherwise.
    #[must_use]
    pub fn outlook(self) -> Outlook {
        match self {
            Self::Synced | Self::DriftDetected | Self::Suspended => Outlook::Settled,
            Self::Creating
            | Self::Updating
            | Self::Deleting
            | Self::DeferredWhileBroadcasting
            | Self::RateLimited
            | Self::AccountUnavailable
            | Self::Unauthorized => Outlook::Reconciling,
            Self::Rejected | Self::CreateAmbiguous | Self::IdConflict | Self::RemoteMissing => {
                Outlook::Stalled
            }
        }
    }

    /// Whether coming to this reason is worth an event: a refusal, which
    /// somebody should see without asking.
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

/// What a LiveStream says of itself, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The reason of `Ready`.
    pub reason: Reason,
    /// What is so, and what a person can do about it.
    pub message: String,
    /// Which condition stands beside `Ready`.
    pub outlook: Outlook,
}

impl Verdict {
    /// A verdict with the outlook that its reason has by itself. What a message
    /// repeats of others' words may be of any length; it is cut.
    pub fn new(reason: Reason, message: impl Into<String>) -> Self {
        let mut message = message.into();
        if let Some((end, _)) = message.char_indices().nth(LONGEST_MESSAGE) {
            message.truncate(end);
            message.push('…');
        }
        Self { reason, message, outlook: reason.outlook() }
    }

    /// Drift that is left for a while, because something else keeps undoing
    /// its correction. Unlike drift that is only reported it goes on by itself.
    pub fn fight(message: impl Into<String>) -> Self {
        Self { outlook: Outlook::Reconciling, ..Self::new(Reason::DriftDetected, message) }
    }

    /// Whether it speaks of a fight.
    #[must_use]
    pub fn is_fight(&self) -> bool {
        self.reason == Reason::DriftDetected && self.outlook == Outlook::Reconciling
    }
}

/// A condition of the Kubernetes convention.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    /// `Ready`, `Reconciling` or `Stalled`.
    pub type_: String,
    /// `True` or `False`.
    pub status: bool,
    /// The reason.
    pub reason: String,
    /// The message.
    pub message: String,
    /// The generation that it speaks of.
    pub observed_generation: i64,
    /// When `status` last changed.
    pub last_transition: Timestamp,
}

/// The conditions that follow from a verdict. A condition that keeps its
/// status keeps its transition time.
#[must_use]
pub fn conditions(
    verdict: &Verdict,
    generation: i64,
    before: &[Condition],
    now: Timestamp,
) -> Vec<Condition> {
    let condition = |type_: &str, status: bool| Condition {
        type_: type_.to_owned(),
        status,
        reason: verdict.reason.as_str().to_owned(),
        message: verdict.message.clone(),
        observed_generation: generation,
        last_transition: before
            .iter()
            .find(|c| c.type_ == type_ && c.status == status)
            .map_or(now, |c| c.last_transition),
    };
    let ready = condition("Ready", verdict.reason == Reason::Synced);
    match verdict.outlook {
        Outlook::Settled => vec![ready],
        Outlook::Reconciling => vec![ready, condition("Reconciling", true)],
        Outlook::Stalled => vec![ready, condition("Stalled", true)],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::at;

    #[test]
    fn conditions_are_true_to_kstatus() {
        for reason in Reason::ALL {
            let all = conditions(&Verdict::new(reason, "why"), 7, &[], at(1));
            let has = |type_: &str| all.iter().any(|c| c.type_ == type_ && c.status);
            let ready = has("Ready");
            assert_eq!(ready, reason == Reason::Synced);
            assert!(!(ready && (has("Reconciling") || has("Stalled"))), "{reason:?}");
            assert!(!(has("Reconciling") && has("Stalled")), "{reason:?}");
            assert!(all.iter().all(|c| c.observed_generation == 7));
        }
    }

    #[test]
    fn a_message_is_cut_to_what_the_api_server_takes() {
        let verdict = Verdict::new(Reason::Rejected, "ä".repeat(100_000));
        assert_eq!(verdict.message.chars().count(), LONGEST_MESSAGE + 1);
        assert_eq!(Verdict::new(Reason::Rejected, "short").message, "short");
    }

    #[test]
    fn a_fight_goes_on_by_itself_unlike_drift_that_is_only_reported() {
        let types = |verdict: &Verdict| -> Vec<String> {
            conditions(verdict, 1, &[], at(1)).into_iter().map(|c| c.type_).collect()
        };
        let fight = Verdict::fight("why");
        assert_eq!((types(&fight), fight.is_fight()), (vec!["Ready".into(), "Reconciling".into()], true));
        let reported = Verdict::new(Reason::DriftDetected, "why");
        assert_eq!((types(&reported), reported.is_fight()), (vec!["Ready".to_owned()], false));
    }

    #[test]
    fn only_these_stall() {
        let stalled: Vec<_> =
            Reason::ALL.into_iter().filter(|r| r.outlook() == Outlook::Stalled).map(Reason::as_str).collect();
        assert_eq!(stalled, ["Rejected", "CreateAmbiguous", "IdConflict", "RemoteMissing"]);
    }

    #[test]
    fn the_transition_time_moves_with_the_status_alone() {
        let first = conditions(&Verdict::new(Reason::Creating, "a"), 1, &[], at(1));
        let second = conditions(&Verdict::new(Reason::Unauthorized, "b"), 2, &first, at(2));
        let third = conditions(&Verdict::new(Reason::Synced, "c"), 2, &second, at(3));
        assert_eq!(second[0].last_transition, at(1));
        assert_eq!(third[0].last_transition, at(3));
    }
}
