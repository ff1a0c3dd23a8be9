//! A field is left out by leaving it out or by a null: the API server drops the null of a
//! field that is not `nullable`, or writes the default in its place. The derive marks
//! each optional field as `nullable`, which keeps the null, and an enum then refuses it.

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::{
    CustomResourceDefinition, JSONSchemaProps, JSONSchemaPropsOrArray, JSONSchemaPropsOrBool,
};

/// The CRD without a `nullable` field.
pub(super) fn dropped(mut crd: CustomResourceDefinition) -> CustomResourceDefinition {
    let schemas = crd.spec.versions.iter_mut().filter_map(|version| version.schema.as_mut());
    schemas.filter_map(|schema| schema.open_api_v3_schema.as_mut()).for_each(not_nullable);
    crd
}

fn not_nullable(schema: &mut JSONSchemaProps) {
    schema.nullable = None;
    schema.properties.iter_mut().flatten().for_each(|(_, field)| not_nullable(field));
    if let Some(JSONSchemaPropsOrArray::Schema(item)) = &mut schema.items {
        not_nullable(item);
    }
    if let Some(JSONSchemaPropsOrBool::Schema(value)) = &mut schema.additional_properties {
        not_nullable(value);
    }
}
