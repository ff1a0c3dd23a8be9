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
    step::{Plan, conditions::Reason},
};

pub(super) fn plan(facts: &Facts, state: &ReconcileState, id: &StreamId, now: Timestamp) -> Plan {
    let Facts { manifest, account, .. } = facts;
    if manifest.suspend {
        return Plan::wait(messages::suspended(&format!("{id} is gone from the account")));
    }
    if manifest.drift_policy == DriftPolicy::Report {
        return Plan::wait(messages::missing_reported(id));
    }
    // After a restart the new binding is believed if the status names the stream that it
    // replaces. The status may still name an older one, which this one has replaced.
    if facts.stored.status.as_ref().is_some_and(|reported| reported != id) {
        let doing = format!("reporting that {id} is gone before it is re-created");
        return Plan::wait(messages::working(Reason::Creating, doing)).until(now);
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
        return Plan::wait(messages::confirming_absence(id));
    }
    create::start(facts, state, Some(id), now)
}
