//! What a LiveStream says of itself.

use apivideo_operator::kinds::LiveStream;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;

/// The Ready condition.
pub(crate) fn ready(object: &LiveStream) -> Option<&Condition> {
    object.status.as_ref()?.conditions.iter().find(|c| c.type_ == "Ready")
}

/// The id in the status.
pub(crate) fn id(object: &LiveStream) -> String {
    object.status.as_ref().and_then(|s| s.live_stream_id.clone()).expect("an id in the status")
}

/// The message of Ready.
pub(crate) fn message(object: &LiveStream) -> String {
    ready(object).map(|c| c.message.clone()).unwrap_or_default()
}
