//! Whether a LiveStream is settled, and if not, why not.

use apivideo_operator::kinds::LiveStream;

/// The stream id of a LiveStream that is Ready for its current generation.
///
/// # Errors
/// The current state, for a person.
pub(crate) fn settled(object: &LiveStream) -> Result<String, String> {
    let status = object.status.as_ref().ok_or("the LiveStream has no status yet")?;
    let generation = object.metadata.generation;
    let ready = status.conditions.iter().find(|condition| condition.type_ == "Ready");
    let ready =
        ready.filter(|condition| condition.status == "True" && condition.observed_generation == generation);
    if ready.is_none() || status.observed_generation != generation {
        return Err(readiness(object));
    }
    status.live_stream_id.clone().ok_or_else(|| "it is Ready, but has no status.liveStreamId".to_owned())
}

/// The Ready condition in words.
pub(crate) fn readiness(object: &LiveStream) -> String {
    let conditions = object.status.iter().flat_map(|status| &status.conditions);
    let Some(ready) = conditions.into_iter().find(|condition| condition.type_ == "Ready") else {
        return "no Ready condition".to_owned();
    };
    let text = format!("Ready is {} ({}: {})", ready.status, ready.reason, ready.message);
    match (ready.observed_generation, object.metadata.generation) {
        (observed, now) if observed == now => text,
        (observed, now) => {
            format!("{text}, for generation {} instead of {}", shown(observed), shown(now))
        }
    }
}

fn shown(generation: Option<i64>) -> String {
    generation.map_or_else(|| "none".to_owned(), |generation| generation.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn object(status: &Value) -> LiveStream {
        serde_json::from_value(json!({
            "apiVersion": "api.video/v1alpha1", "kind": "LiveStream",
            "metadata": {"name": "a", "generation": 2}, "spec": {"name": "A"}, "status": status,
        }))
        .unwrap()
    }

    fn status(ready: &str, condition: i64, observed: i64, id: Option<&str>) -> LiveStream {
        object(&json!({
            "observedGeneration": observed, "liveStreamId": id,
            "conditions": [{
                "type": "Ready", "status": ready, "reason": "Why", "message": "because",
                "observedGeneration": condition, "lastTransitionTime": "2026-01-01T00:00:00Z",
            }],
        }))
    }

    #[test]
    fn settled_is_ready_for_this_manifest_with_an_id() {
        assert_eq!(settled(&status("True", 2, 2, Some("li1"))), Ok("li1".into()));
    }

    #[test]
    fn anything_less_is_not_settled_and_says_why() {
        for (object, seen) in [
            (object(&Value::Null), "no status"),
            (object(&json!({"observedGeneration": 2, "liveStreamId": "li1"})), "no Ready"),
            (status("False", 2, 2, Some("li1")), "Ready is False (Why: because)"),
            (status("True", 1, 2, Some("li1")), "for generation 1 instead of 2"),
            (status("True", 2, 1, Some("li1")), "Ready is True"),
            (status("True", 2, 2, None), "no status.liveStreamId"),
        ] {
            let instead = settled(&object).unwrap_err();
            assert!(instead.contains(seen), "{instead}");
        }
    }
}
