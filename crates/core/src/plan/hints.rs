//! The commands that conditions name: a person copies them as they are.

use crate::facts::ids::{ObjectKey, StreamId};

/// Sets fields of the spec; `spec` is their JSON.
pub(super) fn patch_spec(key: &ObjectKey, spec: &str) -> String {
    let ObjectKey { namespace, name } = key;
    format!("kubectl patch livestream -n {namespace} {name} --type merge -p '{{\"spec\":{spec}}}'")
}

/// Sets an annotation, as `key=value`, or removes it, as `key-`.
pub(super) fn annotate(key: &ObjectKey, change: &str) -> String {
    let ObjectKey { namespace, name } = key;
    format!("kubectl annotate livestream -n {namespace} {name} --overwrite {change}")
}

/// Keeps the stream, so that a deletion has nothing to wait for.
pub(super) fn retain(key: &ObjectKey) -> String {
    patch_spec(key, r#"{"deletionPolicy":"Retain"}"#)
}

/// Confirms that one missing stream may be re-created.
pub(super) fn confirm(key: &ObjectKey, id: &StreamId) -> String {
    annotate(key, &format!("api.video/confirm-recreate={id}"))
}

/// Confirms all missing streams of a namespace. kubectl gives all objects one
/// value, so the value names the missing id of each. It names no stream that
/// exists: nobody has confirmed that for the day on which it vanishes.
pub(super) fn confirm_all(namespace: &str) -> String {
    format!(
        "kubectl annotate livestreams -n {namespace} --all --overwrite api.video/confirm-recreate=\"$(kubectl get \
         livestreams -n {namespace} -o jsonpath='{{.items[?(@.status.conditions[0].reason==\"RemoteMissing\")]\
         .status.liveStreamId}}')\""
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::manifest;

    #[test]
    fn a_command_names_the_object_and_is_quoted_for_a_shell() {
        let key = manifest().owner.key;
        assert_eq!(
            retain(&key),
            r#"kubectl patch livestream -n ns town-hall --type merge -p '{"spec":{"deletionPolicy":"Retain"}}'"#
        );
        assert_eq!(annotate(&key, "key-"), "kubectl annotate livestream -n ns town-hall --overwrite key-");
    }
}
