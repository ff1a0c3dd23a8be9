//! How one object stands: what it holds, and whether it is as its manifest says.

use apivideo_operator::kinds::live_stream::metadata::{BOUND_UID, CREATE_INTENT, FINALIZER, LIVE_STREAM_ID};
use apivideo_sandbox::State;
use serde_json::Value;

use crate::memory_cluster::MemoryCluster;

pub(crate) fn annotation<'a>(object: &'a Value, key: &str) -> Option<&'a str> {
    object["metadata"]["annotations"][key].as_str()
}

/// The stream that an object's annotations hold, written for this very object.
pub(crate) fn held(object: &Value) -> Option<&str> {
    let own = annotation(object, BOUND_UID) == object["metadata"]["uid"].as_str();
    annotation(object, LIVE_STREAM_ID).filter(|_| own)
}

/// The stream of a deleted object that the guard holds back although it is really gone.
pub(crate) fn held_back<'a>(object: &'a Value, api: &State) -> Option<&'a str> {
    let guarded = object["status"]["conditions"].to_string().contains("together with many others");
    held(object).filter(|id| is_going(object) && guarded && api.stream(id).is_none())
}

pub(crate) fn is_going(object: &Value) -> bool {
    !object["metadata"]["deletionTimestamp"].is_null()
}

/// What an object and its stream lack of what the manifest asks for.
pub(crate) fn unsettled(object: &Value, cluster: &MemoryCluster, api: &State) -> Option<String> {
    let name = object["metadata"]["name"].as_str().unwrap_or_default();
    let not = |what: &str| Some(format!("{name} {what}: {}", object["status"]["conditions"]));
    if is_going(object) {
        return not("is still going");
    }
    let conditions = object["status"]["conditions"].as_array();
    let Some(ready) = conditions.into_iter().flatten().find(|c| c["type"] == "Ready") else {
        return not("says nothing");
    };
    if ready["observedGeneration"] != object["metadata"]["generation"] {
        return not("speaks of another generation");
    }
    let wanted = object["spec"]["liveStreamId"].as_str();
    // Bound to one stream, it was asked to adopt another: it says so, and keeps its own.
    if ready["reason"] == "Rejected" && wanted.is_some() && held(object).is_some() && held(object) != wanted {
        return None;
    }
    if ready["reason"] == "IdConflict" {
        let other = |other: &&Value| other["metadata"]["uid"] != object["metadata"]["uid"];
        let mut others = cluster.all("livestreams").filter(other);
        let holder = others.find(|other| held(other).is_some() && held(other) == wanted);
        return if holder.is_some() { None } else { not("sees a conflict with nobody") };
    }
    if ready["status"] != "True" || annotation(object, CREATE_INTENT).is_some() {
        return not("is not Ready");
    }
    let spec = &object["spec"];
    let finalizers = object["metadata"]["finalizers"].as_array();
    if !finalizers.is_some_and(|finalizers| finalizers.iter().any(|f| f == FINALIZER)) {
        return not("has no finalizer");
    }
    let Some(remote) = held(object).and_then(|id| api.stream(id)) else { return not("has no stream") };
    let equal = spec["name"] == remote.name.as_str()
        && spec["public"].as_bool().is_none_or(|public| public == remote.public)
        && object["status"]["liveStreamId"] == remote.live_stream_id.as_str();
    if equal { None } else { not("differs from its stream") }
}
