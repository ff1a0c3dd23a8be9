//! Rendered documents, and what can be read from them.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::Value;

/// The documents of a YAML stream.
pub(crate) fn parse(text: &str) -> Vec<Value> {
    let documents = serde_yaml::Deserializer::from_str(text);
    let values = documents.map(|document| Value::deserialize(document).expect("a YAML document"));
    values.filter(|value| !value.is_null()).collect()
}

/// The documents of a kind.
pub(crate) fn of_kind<'a>(documents: &'a [Value], kind: &str) -> Vec<&'a Value> {
    documents.iter().filter(|document| document["kind"] == kind).collect()
}

/// The only document of a kind.
pub(crate) fn one<'a>(documents: &'a [Value], kind: &str) -> &'a Value {
    let found = of_kind(documents, kind);
    assert_eq!(found.len(), 1, "one {kind}");
    found[0]
}

/// The variables of the operator's container that have a plain value.
pub(crate) fn environment(documents: &[Value]) -> Vec<(String, String)> {
    environment_of(one(documents, "Deployment"))
}

/// The same of one of several Deployments.
pub(crate) fn environment_of(deployment: &Value) -> Vec<(String, String)> {
    let variables = deployment["spec"]["template"]["spec"]["containers"][0]["env"].clone();
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let plain = variables.as_array().expect("variables").iter().filter(|v| v.get("value").is_some());
    plain.map(|v| (text(&v["name"]), text(&v["value"]))).collect()
}

/// One right: where it holds, and a verb on a resource.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Right {
    /// `Role` or `ClusterRole`.
    pub scope: String,
    pub group: String,
    pub resource: String,
    pub verb: String,
    /// The names that it is restricted to, none for all.
    pub names: Vec<String>,
}

/// Every right that the documents give.
pub(crate) fn rights(documents: &[Value]) -> BTreeSet<Right> {
    let roles = documents.iter().filter(|d| d["kind"] == "Role" || d["kind"] == "ClusterRole");
    roles.flat_map(|role| rules(role).into_iter().flat_map(|rule| rights_of(&role["kind"], rule))).collect()
}

fn rules(role: &Value) -> Vec<&Value> {
    role["rules"].as_array().expect("rules").iter().collect()
}

fn rights_of(scope: &Value, rule: &Value) -> Vec<Right> {
    let texts = |key: &str| -> Vec<String> { serde_json::from_value(rule[key].clone()).unwrap_or_default() };
    let mut found = Vec::new();
    for group in texts("apiGroups") {
        for resource in texts("resources") {
            for verb in texts("verbs") {
                found.push(Right {
                    scope: scope.as_str().expect("a kind").to_owned(),
                    group: group.clone(),
                    resource: resource.clone(),
                    verb,
                    names: texts("resourceNames"),
                });
            }
        }
    }
    found
}

/// Takes a verb on a resource away, wherever it is given. A rule without verbs goes.
pub(crate) fn take_away(documents: &mut [Value], resource: &str, verb: &str) {
    for role in documents.iter_mut().filter(|d| d["kind"] == "Role" || d["kind"] == "ClusterRole") {
        let rules = role["rules"].as_array_mut().expect("rules");
        for rule in rules.iter_mut().filter(|rule| rule["resources"] == serde_json::json!([resource])) {
            rule["verbs"].as_array_mut().expect("verbs").retain(|given| given != verb);
        }
        rules.retain(|rule| rule["verbs"] != serde_json::json!([]));
    }
}
