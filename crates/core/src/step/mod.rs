//! A plan as a value: the next step and the condition that is reported with it.

pub mod action;
pub mod conditions;

use jiff::Timestamp;

use self::{
    action::Action,
    conditions::{ReadyCondition, Reason},
};
use crate::facts::diff::FieldDrift;

/// The next step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Do this, then plan again.
    Do(Action),
    /// Nothing is to be done until something changes.
    Wait {
        /// Plan again at this time at the latest.
        until: Option<Timestamp>,
        /// Whether a call waits in the account's queue: otherwise the LiveStream leaves it.
        queued: bool,
    },
}

/// The next step, and what the LiveStream reports meanwhile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The next step.
    pub step: Step,
    /// The condition to report; `None` leaves the one that was reported before.
    pub ready: Option<ReadyCondition>,
    /// The fields that differ.
    pub drift: Vec<FieldDrift>,
}

impl Plan {
    /// Do this, and report that meanwhile.
    #[must_use]
    pub fn act(action: Action, ready: ReadyCondition) -> Self {
        Self { step: Step::Do(action), ready: Some(ready), drift: Vec::new() }
    }

    /// Wait for a change, and report that, if anything.
    #[must_use]
    pub fn wait(ready: impl Into<Option<ReadyCondition>>) -> Self {
        Self { step: Step::Wait { until: None, queued: false }, ready: ready.into(), drift: Vec::new() }
    }

    /// The same plan, at this time at the latest.
    #[must_use]
    pub fn until(self, time: Timestamp) -> Self {
        Self { step: Step::Wait { until: Some(time), queued: false }, ..self }
    }

    /// Whether it only reports drift.
    #[must_use]
    pub fn reports_drift(&self) -> bool {
        self.ready.as_ref().is_some_and(|ready| ready.reason == Reason::DriftDetected)
    }

    /// The same plan, with the fields that differ.
    #[must_use]
    pub fn with_drift(self, drift: Vec<FieldDrift>) -> Self {
        Self { drift, ..self }
    }
}
