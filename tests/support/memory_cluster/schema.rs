//! What a structural schema does to an object: unknown fields are pruned and
//! missing ones get their default.

use serde_json::Value;

/// The schemas of `spec` and `status`.
pub(super) struct Schema(Value);

impl Schema {
    /// Of the only version of a CRD.
    pub(super) fn of(crd: &Value) -> Self {
        Self(crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"].clone())
    }

    pub(super) fn conform(&self, object: &mut Value) {
        for part in ["spec", "status"] {
            let schema = &self.0["properties"][part];
            match (object.get_mut(part), schema.get("default")) {
                (Some(value), _) => conform(value, schema),
                (None, Some(default)) => object[part] = default.clone(),
                (None, None) => {}
            }
        }
    }
}

fn conform(value: &mut Value, schema: &Value) {
    match value {
        Value::Object(fields) => {
            let Some(known) = schema["properties"].as_object() else { return };
            fields.retain(|name, _| known.contains_key(name));
            for (name, field) in known {
                match (fields.get_mut(name), field.get("default")) {
                    (Some(value), _) => conform(value, field),
                    (None, Some(default)) => drop(fields.insert(name.clone(), default.clone())),
                    (None, None) => {}
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| conform(item, &schema["items"])),
        _ => {}
    }
}
