//! The fields of a LiveStream, from the schema that the API server has.

use apivideo_operator::kinds as crd;
use serde_json::Value;

use crate::{code, table};

pub(crate) fn text() -> String {
    let crds = serde_json::to_value(crd::all()).expect("CRDs");
    let mut text = String::new();
    for crd in crds.as_array().expect("a list") {
        let kind = crd["spec"]["names"]["kind"].as_str().expect("a kind");
        for version in crd["spec"]["versions"].as_array().expect("versions") {
            let name = version["name"].as_str().expect("a name");
            let schema = &version["schema"]["openAPIV3Schema"];
            for (part, about) in [
                (
                    "spec",
                    "A field that is left out and has no default is *not managed*: its remote value stays as it is.",
                ),
                ("status", "What the operator last observed; never a stream key or a URL with a token."),
            ] {
                let mut rows = Vec::new();
                collect("", &schema["properties"][part], &mut rows);
                text.push_str(&format!(
                    "## {kind} {name}: `{part}`\n\n{about}\n\n{}\n",
                    table(&["field", "type", "default", "meaning"], &rows)
                ));
                text.push_str(&rules(&schema["properties"][part]));
            }
            text.push_str(&rules(schema));
        }
    }
    text.trim_end().to_owned() + "\n"
}

fn collect(path: &str, schema: &Value, rows: &mut Vec<Vec<String>>) {
    let required: Vec<_> = schema["required"].as_array().into_iter().flatten().collect();
    for (name, field) in schema["properties"].as_object().into_iter().flatten() {
        let here = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        let default = match &field["default"] {
            Value::Null if required.iter().any(|one| *one == name) => "required".to_owned(),
            Value::Null => "–".to_owned(),
            Value::String(text) => code(text),
            other => code(&other.to_string()),
        };
        let meaning = field["description"].as_str().unwrap_or_default().to_owned();
        rows.push(vec![code(&here), kind(field), default, meaning]);
        collect(&here, field, rows);
        collect(&format!("{here}[]"), &field["items"], rows);
    }
}

fn kind(field: &Value) -> String {
    let plain = field["type"].as_str().unwrap_or("any").to_owned();
    let mut words = vec![match field["enum"].as_array() {
        Some(values) => {
            let values: Vec<_> = values.iter().filter_map(Value::as_str).map(code).collect();
            values.join(" or ")
        }
        None => plain,
    }];
    words.extend(field["format"].as_str().map(str::to_owned));
    words.extend(field["pattern"].as_str().map(code));
    let bound = |key: &str| field[key].as_u64();
    match (bound("minLength"), bound("maxLength")) {
        (Some(least), Some(most)) => words.push(format!("{least} to {most} characters")),
        (None, Some(most)) => words.push(format!("at most {most} characters")),
        _ => {}
    }
    words.join(", ")
}

/// What the API server refuses beyond the types.
fn rules(schema: &Value) -> String {
    let rules = schema["x-kubernetes-validations"].as_array().into_iter().flatten();
    let lines: String = rules.filter_map(words).map(|text| format!("* {text}\n")).collect();
    if lines.is_empty() { lines } else { format!("Refused by the API server with these words:\n\n{lines}\n") }
}

/// The message of a rule; of one that is an expression, its texts and, in their places,
/// the names of the fields.
fn words(rule: &Value) -> Option<String> {
    if let Some(message) = rule["message"].as_str() {
        return Some(message.to_owned());
    }
    let parts = rule["messageExpression"].as_str()?.split(" + ").map(|part| {
        let text = part.strip_prefix('\'').and_then(|part| part.strip_suffix('\''));
        text.map_or_else(|| format!("<{part}>").replace("oldSelf.", ""), |text| text.replace("\\'", "'"))
    });
    Some(parts.collect())
}
