//! Version skew: which fields does an installed CRD of another release not have? The
//! API server silently drops those from manifests and from the status, so that a
//! policy in a manifest would be ignored.

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::{
    CustomResourceDefinition, CustomResourceDefinitionVersion, JSONSchemaProps, JSONSchemaPropsOrArray,
    JSONSchemaPropsOrBool,
};

/// What an installed CRD lacks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Skew {
    /// The version that this release reads is not served.
    NotServed(String),
    /// These fields are dropped, as paths like `spec.suspend` or `status.drift[].field`.
    MissingFields(Vec<String>),
}

/// Compares an installed CRD with this release's. One with more fields, as after a
/// rollback of the operator, lacks nothing.
pub(super) fn skew(own: &CustomResourceDefinition, installed: &CustomResourceDefinition) -> Option<Skew> {
    let mut missing = Vec::new();
    for version in &own.spec.versions {
        let same = |other: &&CustomResourceDefinitionVersion| other.name == version.name && other.served;
        let Some(other) = installed.spec.versions.iter().find(same) else {
            return Some(Skew::NotServed(version.name.clone()));
        };
        if let (Some(wanted), Some(found)) = (schema(version), schema(other)) {
            compare("", wanted, found, &mut missing);
        }
    }
    (!missing.is_empty()).then_some(Skew::MissingFields(missing))
}

fn schema(version: &CustomResourceDefinitionVersion) -> Option<&JSONSchemaProps> {
    version.schema.as_ref()?.open_api_v3_schema.as_ref()
}

/// Adds the fields that are missing below `path`. Of a field that is missing, the
/// fields in it are not listed.
fn compare(path: &str, wanted: &JSONSchemaProps, found: &JSONSchemaProps, missing: &mut Vec<String>) {
    if found.x_kubernetes_preserve_unknown_fields == Some(true) {
        return;
    }
    for (name, property) in wanted.properties.iter().flatten() {
        let here = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        match found.properties.as_ref().and_then(|properties| properties.get(name)) {
            Some(other) => compare(&here, property, other, missing),
            None => missing.push(here),
        }
    }
    if let (Some(wanted), Some(found)) = (items(wanted), items(found)) {
        compare(&format!("{path}[]"), wanted, found, missing);
    }
    if let (Some(wanted), Some(found)) = (values(wanted), values(found)) {
        compare(&format!("{path}.*"), wanted, found, missing);
    }
}

fn items(schema: &JSONSchemaProps) -> Option<&JSONSchemaProps> {
    match schema.items.as_ref()? {
        JSONSchemaPropsOrArray::Schema(schema) => Some(schema),
        JSONSchemaPropsOrArray::Schemas(_) => None,
    }
}

fn values(schema: &JSONSchemaProps) -> Option<&JSONSchemaProps> {
    match schema.additional_properties.as_ref()? {
        JSONSchemaPropsOrBool::Schema(schema) => Some(schema),
        JSONSchemaPropsOrBool::Bool(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn crd(version: &str, served: bool, schema: Value) -> CustomResourceDefinition {
        let names = json!({ "kind": "Thing", "plural": "things" });
        let schema = json!({ "openAPIV3Schema": schema });
        let versions = json!([{ "name": version, "served": served, "storage": true, "schema": schema }]);
        let spec = json!({ "group": "x", "scope": "Namespaced", "names": names, "versions": versions });
        serde_json::from_value(json!({ "metadata": { "name": "things.x" }, "spec": spec })).unwrap()
    }

    fn object(properties: Value) -> Value {
        json!({ "type": "object", "properties": properties })
    }

    #[test]
    fn a_missing_field_is_named_by_its_path() {
        let text = json!({ "type": "string" });
        let both = object(json!({ "a": text, "b": text }));
        let one = object(json!({ "a": text }));
        let list = |item: &Value| json!({ "type": "array", "items": item });
        let map = |value: &Value| json!({ "type": "object", "additionalProperties": value });
        let in_spec = |schema: Value| object(json!({ "spec": schema }));
        let open = json!({ "type": "object", "x-kubernetes-preserve-unknown-fields": true });
        let cases: [(&str, Value, Value, &[&str]); 8] = [
            ("the same", in_spec(both.clone()), in_spec(both.clone()), &[]),
            ("a newer one", in_spec(one.clone()), in_spec(both.clone()), &[]),
            ("a field", in_spec(both.clone()), in_spec(one.clone()), &["spec.b"]),
            ("in a list", in_spec(list(&both)), in_spec(list(&one)), &["spec[].b"]),
            ("in a map", in_spec(map(&both)), in_spec(map(&one)), &["spec.*.b"]),
            ("the whole of it", in_spec(both.clone()), object(json!({})), &["spec"]),
            ("all of its fields", in_spec(both.clone()), in_spec(object(json!({}))), &["spec.a", "spec.b"]),
            ("what keeps all", in_spec(both), in_spec(open), &[]),
        ];
        for (what, wanted, installed, missing) in cases {
            let found = match skew(&crd("v1", true, wanted), &crd("v1", true, installed)) {
                Some(Skew::MissingFields(fields)) => fields,
                other => other.map(|skew| vec![format!("{skew:?}")]).unwrap_or_default(),
            };
            assert_eq!(found, missing, "{what}");
        }
    }

    #[test]
    fn a_version_that_is_not_served_is_named() {
        let own = crd("v1", true, object(json!({})));
        for (version, served) in [("v1", false), ("v1beta1", true)] {
            let installed = crd(version, served, object(json!({})));
            assert_eq!(skew(&own, &installed), Some(Skew::NotServed("v1".into())), "{version} {served}");
        }
    }

    #[test]
    fn this_releases_crd_lacks_nothing_of_itself() {
        for crd in crate::kinds::all() {
            assert_eq!(skew(&crd, &crd), None);
        }
    }
}
