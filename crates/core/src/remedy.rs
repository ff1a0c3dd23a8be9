//! The commands that conditions name: a person copies them as they are.

use super::model::Place;

/// Sets fields of the spec; `spec` is their JSON.
pub(super) fn patch_spec(place: &Place, spec: &str) -> String {
    let Place { namespace, name } = place;
    format!("kubectl patch livestream -n {namespace} {name} --type merge -p '{{\"spec\":{spec}}}'")
}

/// Sets an annotation, as `key=value`, or removes it, as `key-`.
pub(super) fn annotate(place: &Place, change: &str) -> String {
    let Place { namespace, name } = place;
    format!("kubectl annotate livestream -n {namespace} {name} --overwrite {change}")
}

/// Keeps the stream, so that a deletion has nothing to wait for.
pub(super) fn retain(place: &Place) -> String {
    patch_spec(place, r#"{"deletionPolicy":"Retain"}"#)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::manifest;

    #[test]
    fn a_command_names_the_object_and_is_quoted_for_a_shell() {
        let place = manifest().place;
        assert_eq!(
            retain(&place),
            r#"kubectl patch livestream -n ns town-hall --type merge -p '{"spec":{"deletionPolicy":"Retain"}}'"#
        );
        assert_eq!(annotate(&place, "key-"), "kubectl annotate livestream -n ns town-hall --overwrite key-");
    }
}
