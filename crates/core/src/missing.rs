//! The bound stream is known to be gone: another takes its place, or a person
//! has to say so first.

use jiff::Timestamp;

use super::{
    create,
    memory::Memory,
    model::{Manifest, StreamId},
    observed::AccountView,
    plan::{Plan, suspended},
    policy::{DriftPolicy, OnRemoteMissing},
    remedy,
    verdict::Reason,
};

pub(super) fn plan(
    manifest: &Manifest,
    memory: &Memory,
    id: &StreamId,
    account: &AccountView,
    now: Timestamp,
) -> Plan {
    let confirmed = manifest.confirms_recreation_of(id);
    let stalled = |why: String| Plan::rest(Reason::RemoteMissing, why);
    if manifest.suspend {
        return suspended(&format!("{id} is gone from the account"));
    }
    if manifest.drift_policy == DriftPolicy::Report {
        return stalled(format!(
            "{id} is gone from the account; driftPolicy is Report, so it is not re-created; set it to Correct for a new stream"
        ));
    }
    if account.guarded && !confirmed {
        return stalled(format!(
            "{id} is gone from the account together with many others, so nothing is re-created: check that the API key \
             belongs to the right project; if they are really gone, confirm this one with: {}; or every one that says so in \
             this namespace with: {}",
            confirm(manifest, id),
            confirm_all(manifest),
        ));
    }
    if !account.judged && !confirmed && manifest.on_remote_missing == OnRemoteMissing::Recreate {
        let message =
            format!("{id} is gone from the account; a look at all streams tells whether it is the only one");
        return Plan::rest(Reason::Creating, message);
    }
    if manifest.on_remote_missing == OnRemoteMissing::Fail && !confirmed {
        return stalled(format!(
            "{id} is gone from the account and onRemoteMissing is Fail; for a new stream (with a new id, stream key and \
             URLs): {}",
            confirm(manifest, id),
        ));
    }
    create::start(manifest, memory, account, Some(id), now)
}

/// The command that confirms one missing stream.
fn confirm(manifest: &Manifest, id: &StreamId) -> String {
    remedy::annotate(&manifest.place, &format!("api.video/confirm-recreate={id}"))
}

/// The command that confirms all of a namespace. kubectl gives all of them one
/// value, so the value names the missing id of each. It names no stream that is
/// still there: nobody has confirmed that for the day on which it vanishes.
fn confirm_all(manifest: &Manifest) -> String {
    let namespace = &manifest.place.namespace;
    format!(
        "kubectl annotate livestreams -n {namespace} --all --overwrite api.video/confirm-recreate=\"$(kubectl get \
         livestreams -n {namespace} -o jsonpath='{{.items[?(@.status.conditions[0].reason==\"RemoteMissing\")]\
         .status.liveStreamId}}')\""
    )
}
