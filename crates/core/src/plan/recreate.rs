//! The bound stream is known to be gone: it is re-created, or a person has to
//! confirm that first.

use jiff::Timestamp;

use super::{create, messages};
use crate::{
    facts::{
        Facts,
        ids::StreamId,
        policy::{DriftPolicy, OnRemoteMissing},
    },
    state::reconcile_state::ReconcileState,
    step::Plan,
};

pub(super) fn plan(facts: &Facts, state: &ReconcileState, id: &StreamId, now: Timestamp) -> Plan {
    let Facts { manifest, account, .. } = facts;
    if manifest.suspend {
        return Plan::wait(messages::suspended(&format!("{id} is gone from the account")));
    }
    if manifest.drift_policy == DriftPolicy::Report {
        return Plan::wait(messages::missing_reported(id));
    }
    if manifest.confirms_recreation_of(id) {
        return create::start(facts, state, Some(id), now);
    }
    if account.guarded {
        return Plan::wait(messages::missing_guarded(manifest, id));
    }
    if manifest.on_remote_missing == OnRemoteMissing::Fail {
        return Plan::wait(messages::missing_failed(manifest, id));
    }
    if !account.confirmed {
        // One that a page contradicted before may do so again.
        return Plan::wait(match &state.failure {
            Some(failure) => messages::blocked(&failure.cause, manifest, None),
            None => messages::confirming_absence(id),
        });
    }
    create::start(facts, state, Some(id), now)
}
