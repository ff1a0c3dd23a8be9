//! Keeping the stream of a bound LiveStream equal to the manifest.

use jiff::Timestamp;

use super::{messages, recreate};
use crate::{
    facts::{
        Facts,
        diff::{self, Changes, FieldDrift},
        ids::StreamId,
        observation::{AccountError, Observation},
        policy::DriftPolicy,
    },
    state::{outcome::Cause, reconcile_state::ReconcileState},
    step::{
        Plan,
        action::{Action, Origin},
        conditions::{ReadyCondition, Reason},
    },
};

pub(super) fn plan(facts: &Facts, state: &ReconcileState, id: &StreamId, now: Timestamp) -> Plan {
    let read = || {
        let doing = messages::working(Reason::Updating, format!("reading {id}"));
        Plan::act(Action::Get { id: id.clone() }, doing)
    };
    match &facts.observation {
        Observation::Unknown => Plan::wait(facts.account.error.clone().map(|error| blocked(facts, error))),
        Observation::Absent => read(),
        Observation::Gone => recreate::plan(facts, id, now),
        Observation::Present { fresh: false, .. } if state.request_pending(&facts.manifest) => read(),
        Observation::Present { remote, fresh } => {
            let drift = diff::drift(&facts.manifest.desired, remote);
            // While the key is refused, what was observed last may be so no longer.
            let refused = facts
                .account
                .error
                .clone()
                .filter(|error| !fresh && matches!(error, AccountError::Unauthorized(_)));
            let plan = match diff::changes(&facts.manifest.desired, remote) {
                None => in_sync(facts, id),
                Some(changes) => correct(facts, state, id, changes, &drift, now),
            };
            let stale = drift.is_empty() || plan.reports_drift();
            match refused {
                Some(error) if stale => Plan::wait(blocked(facts, error)),
                _ => plan,
            }
            .with_drift(drift)
        }
    }
}

fn blocked(facts: &Facts, error: AccountError) -> ReadyCondition {
    messages::blocked(&Cause::Account(error), &facts.manifest, None)
}

fn in_sync(facts: &Facts, id: &StreamId) -> Plan {
    Plan::wait(if facts.manifest.suspend {
        messages::suspended("the stream matches the manifest")
    } else {
        messages::synced(id)
    })
}

fn correct(
    facts: &Facts,
    state: &ReconcileState,
    id: &StreamId,
    changes: Changes,
    drift: &[FieldDrift],
    now: Timestamp,
) -> Plan {
    let manifest = &facts.manifest;
    let fields = changes.fields();
    if manifest.suspend {
        return Plan::wait(messages::suspended(&format!("{id} differs in {fields}")));
    }
    if manifest.drift_policy == DriftPolicy::Report {
        return Plan::wait(messages::drift_reported(id, drift));
    }
    let drifted = state.synced_generation == Some(manifest.generation);
    let origin = if drifted { Origin::Drift } else { Origin::Manifest };
    // A person who requests it, or changes the manifest, does not wait.
    if drifted
        && !state.request_pending(manifest)
        && let Some(window) = state.drift_backoff.window(now)
    {
        return Plan::wait(messages::drift_backoff(manifest, id, &changes, &window)).until(window.until);
    }
    let doing = messages::working(Reason::Updating, format!("updating {fields} of {id}"));
    Plan::act(Action::Update { id: id.clone(), changes, origin }, doing)
}
