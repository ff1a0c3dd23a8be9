//! Telling what is so: the status, written only where it differs.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition as K8sCondition, Time};
use serde_json::{Map, Value};

use super::{
    Context, cluster, cluster::ClusterError, entries::Entry, reconcile::looked_afresh, subject::Subject,
};
use crate::{
    core::{
        binding::Binding,
        model::Remote,
        observed::Sight,
        plan::Plan,
        verdict::{Condition, Outlook, Reason, Verdict, conditions},
    },
    crd::{Assets, Drift, LiveStreamStatus},
};

/// Writes the status that follows from a plan, if it differs, and tells of a refusal.
pub(super) async fn report(
    context: &Context,
    subject: &mut Subject,
    entry: &mut Entry,
    plan: Plan,
) -> Result<(), ClusterError> {
    let Some(verdict) = &plan.verdict else { return Ok(()) };
    if verdict.reason == Reason::Synced {
        entry.memory.synced_generation = Some(subject.manifest.generation);
    }
    if entry.memory.request_pending(&subject.manifest) && request_done(subject, entry, verdict) {
        entry.memory.handled_request.clone_from(&subject.manifest.requested_at);
    }
    let before = subject.object.status.clone().unwrap_or_default();
    let after = status(subject, entry, verdict, &plan, &before);
    let fields = difference(&before, &after)?;
    if fields.is_empty() {
        return Ok(());
    }
    match cluster::patch_status(&subject.api, &subject.object, fields).await {
        Ok(written) => {
            entry.wrote(&subject.object, &written);
            subject.object = written;
        }
        Err(error) if error.is_not_found() => return Ok(()),
        Err(error) => return Err(error),
    }
    if verdict.reason == Reason::Synced && !was_ready(&before, subject.manifest.generation) {
        let since = entry.seen.map(|(_, since)| since.elapsed());
        since.into_iter().for_each(|since| context.metrics.progress().became_ready(since));
    }
    if entry.memory.announces(verdict, ready_reason(&before)) {
        context.events.refused(&subject.object, verdict).await;
    }
    Ok(())
}

/// A request to reconcile is done once the stream was looked at afresh, or
/// what stands in the way of it is for a person to mend.
fn request_done(subject: &Subject, entry: &Entry, verdict: &Verdict) -> bool {
    let bound = matches!(entry.memory.binding, Binding::Bound { .. });
    (looked_afresh(&subject.observed) || !bound) && verdict.outlook != Outlook::Reconciling
}

/// Whether it said before that this generation of the manifest is Ready.
fn was_ready(status: &LiveStreamStatus, generation: i64) -> bool {
    let ready = |c: &K8sCondition| c.type_ == "Ready" && c.status == "True";
    status.conditions.iter().any(|c| ready(c) && c.observed_generation == Some(generation))
}

fn ready_reason(status: &LiveStreamStatus) -> Option<&str> {
    status.conditions.iter().find(|c| c.type_ == "Ready").map(|c| c.reason.as_str())
}

fn status(
    subject: &Subject,
    entry: &Entry,
    verdict: &Verdict,
    plan: &Plan,
    before: &LiveStreamStatus,
) -> LiveStreamStatus {
    let generation = subject.manifest.generation;
    let told: Vec<_> = before.conditions.iter().map(from_k8s).collect();
    let mut status = LiveStreamStatus {
        observed_generation: Some(generation),
        conditions: conditions(verdict, generation, &told, subject.now()).into_iter().map(to_k8s).collect(),
        live_stream_id: match &entry.memory.binding {
            Binding::Bound { id, .. } | Binding::Mismatch { bound: id, .. } => Some(id.to_string()),
            _ => None,
        },
        drift: plan
            .drift
            .iter()
            .map(|d| Drift {
                field: d.field.into(),
                desired: d.desired.clone(),
                observed: d.observed.clone(),
            })
            .collect(),
        last_handled_reconcile_at: entry.memory.handled_request.clone(),
        ..LiveStreamStatus::default()
    };
    match (&subject.observed.stream, &status.live_stream_id) {
        (Sight::Present { remote, .. }, Some(_)) => describe(&mut status, remote),
        // Nothing was seen yet: what was seen before the restart still stands.
        (Sight::NotYet, Some(_)) => {
            status.broadcasting = before.broadcasting;
            status.assets.clone_from(&before.assets);
            status.created_at.clone_from(&before.created_at);
            status.updated_at.clone_from(&before.updated_at);
        }
        _ => {}
    }
    status
}

fn describe(status: &mut LiveStreamStatus, remote: &Remote) {
    let assets = Assets {
        hls: remote.assets.hls.clone(),
        iframe: remote.assets.iframe.clone(),
        player: remote.assets.player.clone(),
        thumbnail: remote.assets.thumbnail.clone(),
    };
    status.broadcasting = Some(remote.broadcasting);
    status.assets = (assets != Assets::default()).then_some(assets);
    status.created_at = remote.created_at.map(|t| t.to_string());
    status.updated_at = remote.updated_at.map(|t| t.to_string());
}

/// The fields of the status that differ; one that goes becomes null, as a
/// merge patch wants it.
fn difference(
    before: &LiveStreamStatus,
    after: &LiveStreamStatus,
) -> Result<Map<String, Value>, serde_json::Error> {
    let object = |status: &LiveStreamStatus| {
        serde_json::to_value(status).map(|v| v.as_object().cloned().unwrap_or_default())
    };
    Ok(merge_patch(&object(before)?, &object(after)?))
}

/// The merge patch from one object to another. It goes into objects, for a
/// merge patch does: what a nested one lacks would stay.
fn merge_patch(before: &Map<String, Value>, after: &Map<String, Value>) -> Map<String, Value> {
    let gone = before.keys().filter(|key| !after.contains_key(*key)).map(|key| (key.clone(), Value::Null));
    let new = after.iter().filter_map(|(key, value)| match (before.get(key), value) {
        (Some(before), after) if before == after => None,
        (Some(Value::Object(before)), Value::Object(after)) => {
            Some((key.clone(), merge_patch(before, after).into()))
        }
        (_, after) => Some((key.clone(), after.clone())),
    });
    gone.chain(new).collect()
}

fn to_k8s(condition: Condition) -> K8sCondition {
    K8sCondition {
        type_: condition.type_,
        status: if condition.status { "True" } else { "False" }.into(),
        reason: condition.reason,
        message: condition.message,
        observed_generation: Some(condition.observed_generation),
        // The API server keeps whole seconds: a finer time would differ from what it gives back.
        last_transition_time: Time(
            jiff::Timestamp::from_second(condition.last_transition.as_second())
                .unwrap_or(condition.last_transition),
        ),
    }
}

fn from_k8s(condition: &K8sCondition) -> Condition {
    Condition {
        type_: condition.type_.clone(),
        status: condition.status == "True",
        reason: condition.reason.clone(),
        message: condition.message.clone(),
        observed_generation: condition.observed_generation.unwrap_or_default(),
        last_transition: condition.last_transition_time.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_equal_status_is_not_written_and_a_field_that_goes_becomes_null() {
        let before = LiveStreamStatus {
            live_stream_id: Some("li1".into()),
            broadcasting: Some(true),
            ..Default::default()
        };
        assert!(difference(&before, &before).unwrap().is_empty());
        let after = LiveStreamStatus { live_stream_id: Some("li2".into()), ..Default::default() };
        let expected = serde_json::json!({ "liveStreamId": "li2", "broadcasting": null });
        assert_eq!(Value::Object(difference(&before, &after).unwrap()), expected);
        let with = |hls: Option<&str>| LiveStreamStatus {
            assets: Some(Assets {
                hls: hls.map(str::to_owned),
                player: Some("p".into()),
                ..Assets::default()
            }),
            ..Default::default()
        };
        let expected = serde_json::json!({ "assets": { "hls": null } });
        assert_eq!(Value::Object(difference(&with(Some("h")), &with(None)).unwrap()), expected);
    }
}
