//! The one place that computes and writes the status. It is written only where it differs.

use std::fmt::Debug;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};
use kube::{Api, core::ObjectMeta};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::{
    context::Context,
    events,
    gather::Gathered,
    object_writes::{self, ClusterError},
    state_store::Entry,
};
use crate::{
    core::{
        facts::{
            Facts,
            binding::Binding,
            observation::Observation,
            stream::{Assets, Remote},
        },
        state::{notice::EventBody, reconcile_state::ReconcileState},
        step::{
            Plan,
            conditions::{self, READY, ReadyCondition, Reason},
        },
    },
    kinds::live_stream::LiveStreamStatus,
};

/// Writes the status that follows from the plan that ends a reconcile, if it differs,
/// and an event where one is due.
pub(super) async fn report(
    context: &Context,
    gathered: &mut Gathered,
    entry: &mut Entry,
    plan: &Plan,
) -> Result<(), ClusterError> {
    let Some(ready) = &plan.ready else { return Ok(()) };
    let before = gathered.object.status.clone().unwrap_or_default();
    let reported = condition(&before, READY).map(|condition| condition.reason.as_str());
    let event_due = entry.state.settle(&gathered.facts, plan, reported);
    let generation = gathered.facts.manifest.generation;
    let after = describe(&gathered.facts, &entry.state, plan, &before);
    let after = with_conditions(after, ready, generation, &before, gathered.now());
    match write(&gathered.api, &gathered.object.metadata, &before, &after).await {
        Ok(None) => return Ok(()),
        Ok(Some(written)) => entry.wrote(&mut gathered.object, written),
        Err(error) if error.is_not_found() => return Ok(()),
        Err(error) => return Err(error),
    }
    if ready.reason == Reason::Synced
        && !was_ready(&before, generation)
        && let Some((_, since)) = entry.seen
    {
        context.metrics.time_to_ready_seconds.observe(since.elapsed().as_secs_f64());
    }
    if event_due {
        let note = ready.message.clone();
        let refusal = EventBody { warning: true, reason: ready.reason.as_str(), note };
        events::publish(&context.client, &gathered.object, refusal).await;
    }
    Ok(())
}

/// Writes a status, unless it is equal to the one before; gives back the object if it was written.
pub(super) async fn write<K: Clone + Debug + DeserializeOwned>(
    api: &Api<K>,
    metadata: &ObjectMeta,
    before: &LiveStreamStatus,
    after: &LiveStreamStatus,
) -> Result<Option<K>, ClusterError> {
    let fields = difference(before, after)?;
    if fields.is_empty() {
        return Ok(None);
    }
    object_writes::patch_status(api, metadata, fields).await.map(Some)
}

/// A status with the conditions that follow from `ready`.
pub(super) fn with_conditions(
    status: LiveStreamStatus,
    ready: &ReadyCondition,
    generation: i64,
    before: &LiveStreamStatus,
    now: jiff::Timestamp,
) -> LiveStreamStatus {
    let text = |status| if status { "True" } else { "False" };
    let since = |type_: &str, status: bool| {
        let condition = condition(before, type_).filter(|c| c.status == text(status));
        condition.map(|c| c.last_transition_time.0)
    };
    let conditions = conditions::conditions(ready, since, now).into_iter().map(|c| Condition {
        type_: c.type_.into(),
        status: text(c.status).into(),
        reason: ready.reason.as_str().into(),
        message: ready.message.clone(),
        observed_generation: Some(generation),
        // The API server keeps whole seconds: a finer time would differ from what it gives back.
        last_transition_time: Time(
            jiff::Timestamp::from_second(c.last_transition.as_second()).unwrap_or(c.last_transition),
        ),
    });
    LiveStreamStatus { observed_generation: Some(generation), conditions: conditions.collect(), ..status }
}

/// The condition of a type.
pub(super) fn condition<'a>(status: &'a LiveStreamStatus, type_: &str) -> Option<&'a Condition> {
    status.conditions.iter().find(|condition| condition.type_ == type_)
}

/// Whether this generation of the manifest was reported as Ready.
fn was_ready(status: &LiveStreamStatus, generation: i64) -> bool {
    condition(status, READY).is_some_and(|c| c.status == "True" && c.observed_generation == Some(generation))
}

/// The status without its conditions.
fn describe(
    facts: &Facts,
    state: &ReconcileState,
    plan: &Plan,
    before: &LiveStreamStatus,
) -> LiveStreamStatus {
    let id = match &state.binding {
        Binding::Bound { id, .. } | Binding::Mismatch { bound: id, .. } => Some(id.to_string()),
        _ => None,
    };
    let observed = match (&facts.observation, &id) {
        (Observation::Present { remote, .. }, Some(_)) => describe_stream(remote),
        // Of a stream that is gone only what its replacement must keep is still true.
        (Observation::Absent | Observation::Gone, Some(_)) if facts.account.confirmed => LiveStreamStatus {
            public: state.last_observed.public,
            player_id: state.last_observed.player_id.clone(),
            ..LiveStreamStatus::default()
        },
        // Nothing newer is known for certain: what was observed before is still the latest.
        (_, Some(_)) => before.clone(),
        (_, None) => LiveStreamStatus::default(),
    };
    LiveStreamStatus {
        live_stream_id: id,
        synced_generation: state.synced_generation,
        project_id: facts.stored.project.as_deref().and_then(|p| p.split_once('/')).map(|(_, id)| id.into()),
        drift: plan.drift.clone(),
        last_handled_reconcile_at: state.handled_request.clone(),
        ..observed
    }
}

fn describe_stream(remote: &Remote) -> LiveStreamStatus {
    LiveStreamStatus {
        public: remote.public,
        player_id: remote.player_id.clone(),
        broadcasting: Some(remote.broadcasting),
        assets: (remote.assets != Assets::default()).then(|| remote.assets.clone()),
        created_at: remote.created_at.map(|t| t.to_string()),
        updated_at: remote.updated_at.map(|t| t.to_string()),
        ..LiveStreamStatus::default()
    }
}

/// The fields of the status that differ; one that is removed becomes null, as a
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

/// The merge patch from one object to another. It descends into objects, because a
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::fixture::at;

    #[test]
    fn an_equal_status_is_not_written_and_a_removed_field_becomes_null() {
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

    #[test]
    fn each_condition_has_the_generation_and_keeps_its_transition_time() {
        let report = |reason, generation, before: &LiveStreamStatus, second| {
            let ready = ReadyCondition::new(reason, "why");
            with_conditions(LiveStreamStatus::default(), &ready, generation, before, at(second))
        };
        let first = report(Reason::Creating, 7, &LiveStreamStatus::default(), 1);
        assert!(first.conditions.iter().all(|c| c.observed_generation == Some(7)));
        let second = report(Reason::Unauthorized, 8, &first, 2);
        assert_eq!(condition(&second, READY).map(|c| c.last_transition_time.0), Some(at(1)));
        let third = report(Reason::Synced, 8, &second, 3);
        assert_eq!(condition(&third, READY).map(|c| c.last_transition_time.0), Some(at(3)));
        assert!(was_ready(&third, 8) && !was_ready(&third, 9) && !was_ready(&second, 8));
    }
}
