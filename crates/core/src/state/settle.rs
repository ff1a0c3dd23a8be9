//! The plan that ends a reconcile, taken into the state.

use super::reconcile_state::ReconcileState;
use crate::{
    facts::{Facts, binding::Binding, observation::Observation},
    step::{
        Plan,
        conditions::{KstatusState, ReadyCondition, Reason},
    },
};

impl ReconcileState {
    /// Takes in the plan that ends a reconcile, before its condition is reported;
    /// `reported` is the reason of Ready that stands in the status. Gives back
    /// whether an event is due: for a refusal when its reason is new; for a
    /// backoff of corrections once, although the stream is in sync in between.
    pub fn settle(&mut self, facts: &Facts, plan: &Plan, reported: Option<&str>) -> bool {
        let Some(ready) = &plan.ready else { return false };
        if ready.reason == Reason::Synced {
            self.synced_generation = Some(facts.manifest.generation);
            (self.failure, self.attempts) = (None, 0);
        }
        if self.request_pending(&facts.manifest) && self.request_handled(facts, ready) {
            self.handled_request.clone_from(&facts.manifest.requested_at);
        }
        if ready.is_drift_backoff() {
            return self.drift_backoff.report();
        }
        ready.reason.is_refusal() && reported != Some(ready.reason.as_str())
    }

    /// A requested reconcile is handled once the stream was observed afresh, or
    /// only a person can remove what prevents that.
    fn request_handled(&self, facts: &Facts, ready: &ReadyCondition) -> bool {
        let afresh =
            matches!(facts.observation, Observation::Present { fresh: true, .. } | Observation::Gone);
        let bound = matches!(self.binding, Binding::Bound { .. });
        (afresh || !bound) && ready.state != KstatusState::Reconciling
    }
}
