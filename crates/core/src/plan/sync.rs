//! Keeping the stream of a bound LiveStream equal to the manifest.

use jiff::Timestamp;

use super::{messages, recreate};
use crate::{
    facts::{
        Facts,
        diff::{self, FieldDrift},
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
        Observation::Gone => recreate::plan(facts, state, id, now),
        Observation::Present { remote, fresh } => {
            let drift = diff::drift(&facts.manifest.desired, remote);
            if !fresh && (state.doubted || state.request_pending(&facts.manifest)) {
                return read().with_drift(drift);
            }
            // While the key is refused, what was observed last may be so no longer.
            let refused = facts
                .account
                .error
                .clone()
                .filter(|error| !fresh && matches!(error, AccountError::Unauthorized(_)));
            let plan =
                if drift.is_empty() { in_sync(facts, id) } else { correct(facts, state, id, &drift, now) };
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
    drift: &[FieldDrift],
    now: Timestamp,
) -> Plan {
    let manifest = &facts.manifest;
    if manifest.suspend {
        return Plan::wait(messages::suspended(&format!("{id} differs in {}", names(drift))));
    }
    if manifest.drift_policy == DriftPolicy::Report {
        return Plan::wait(messages::drift_reported(id, drift));
    }
    let drifted = state.synced_generation == Some(manifest.generation);
    let origin = if drifted { Origin::Drift } else { Origin::Manifest };
    // A person who requests it, or changes the manifest, does not wait.
    let waits = drifted && !state.request_pending(manifest);
    let window = |field: &&FieldDrift| state.drift_backoff.window(field, now).filter(|_| waits);
    let due = drift.iter().filter(|field| window(field).is_none());
    if let Some(changes) = diff::changes(&manifest.desired, due) {
        let doing = messages::working(Reason::Updating, format!("updating {} of {id}", changes.fields()));
        return Plan::act(Action::Update { id: id.clone(), changes, origin }, doing);
    }
    let windows = drift.iter().filter_map(|field| window(&field)).min_by_key(|window| window.until);
    match windows {
        Some(window) => Plan::wait(messages::drift_backoff(manifest, id, drift, &window)).until(window.until),
        None => in_sync(facts, id),
    }
}

fn names(drift: &[FieldDrift]) -> String {
    drift.iter().map(|field| field.field.as_ref()).collect::<Vec<_>>().join(", ")
}
