//! What a patch may and may not change.

use serde_json::Value;

/// What the server alone writes.
const SYSTEM: [&str; 5] =
    ["creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "generation", "selfLink"];

pub(super) fn remove(object: &mut Value, field: &str) {
    if let Some(fields) = object.as_object_mut() {
        fields.remove(field);
    }
}

/// A patch of the status changes nothing else, one of the object no status.
pub(super) fn keep_what_a_patch_cannot_change(before: &Value, after: &mut Value, status: bool) {
    if status {
        let changed = after.get("status").cloned();
        *after = before.clone();
        replace(after, "status", changed);
        return;
    }
    replace(after, "status", before.get("status").cloned());
    for field in SYSTEM {
        if let Some(metadata) = after.get_mut("metadata") {
            replace(metadata, field, before["metadata"].get(field).cloned());
        }
    }
    for list in ["finalizers", "annotations", "labels"] {
        let empty = match &after["metadata"][list] {
            Value::Array(items) => items.is_empty(),
            Value::Object(fields) => fields.is_empty(),
            _ => false,
        };
        if let Some(metadata) = after.get_mut("metadata").filter(|_| empty) {
            remove(metadata, list);
        }
    }
}

fn replace(object: &mut Value, field: &str, value: Option<Value>) {
    match value {
        Some(value) => object[field] = value,
        None => remove(object, field),
    }
}

/// Whether something other than metadata and status differs.
pub(super) fn is_new_generation(before: &Value, after: &Value) -> bool {
    before["spec"] != after["spec"]
}

pub(super) fn has_finalizers(object: &Value) -> bool {
    object["metadata"]["finalizers"].as_array().is_some_and(|finalizers| !finalizers.is_empty())
}

/// What is being deleted can only lose finalizers.
pub(super) fn finalizers_added_to_one_that_goes(before: &Value, after: &Value) -> bool {
    let finalizers =
        |object: &Value| object["metadata"]["finalizers"].as_array().cloned().unwrap_or_default();
    let known = finalizers(before);
    !before["metadata"]["deletionTimestamp"].is_null() && finalizers(after).iter().any(|f| !known.contains(f))
}
