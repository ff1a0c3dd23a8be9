//! The README's table of values is made of `values.yaml` and its comments, and
//! the schema knows the same keys. `UPDATE_DOCS=1` writes the table anew.

use std::{collections::BTreeMap, fs};

use serde_json::Value;

use crate::helm::chart;

const BEGIN: &str = "<!-- values: made by `UPDATE_DOCS=1 cargo test --test deploy` -->\n";
const END: &str = "<!-- /values -->";

/// A value that a person may set.
struct Row {
    key: String,
    default: Value,
    meaning: String,
}

fn values_text() -> String {
    fs::read_to_string(chart().join("values.yaml")).expect("values.yaml")
}

/// The comment above each key, by the key's path.
fn comments(text: &str) -> BTreeMap<String, String> {
    let (mut path, mut above, mut found) = (Vec::<String>::new(), Vec::new(), BTreeMap::new());
    for line in text.lines() {
        let depth = (line.len() - line.trim_start().len()) / 2;
        let line = line.trim();
        if let Some(comment) = line.strip_prefix('#') {
            above.push(comment.trim());
        } else if let Some((key, _)) = line.split_once(':') {
            path.truncate(depth);
            path.push(key.to_owned());
            if !above.is_empty() {
                found.insert(path.join("."), above.join(" "));
            }
            above.clear();
        } else {
            above.clear();
        }
    }
    found
}

/// A row for each key that has a comment and isn't just a heading for others.
fn rows(path: &str, value: &Value, comments: &BTreeMap<String, String>, rows: &mut Vec<Row>) {
    let inside = format!("{path}.");
    let heads = path.is_empty() || comments.keys().any(|key| key.starts_with(&inside));
    if let (true, Some(map)) = (heads, value.as_object()) {
        for (key, value) in map {
            let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
            self::rows(&path, value, comments, rows);
        }
        return;
    }
    let meaning = comments.get(path).unwrap_or_else(|| panic!("{path} has a comment in values.yaml")).clone();
    rows.push(Row { key: path.to_owned(), default: value.clone(), meaning });
}

fn all_rows() -> Vec<Row> {
    let text = values_text();
    let values: Value = serde_yaml::from_str(&text).expect("values");
    let mut found = Vec::new();
    rows("", &values, &comments(&text), &mut found);
    // In the order of the file, where JSON's is the alphabet's.
    let comments: Vec<_> = order(&text);
    found.sort_by_key(|row| comments.iter().position(|key| *key == row.key));
    found
}

fn order(text: &str) -> Vec<String> {
    let mut path = Vec::<String>::new();
    let mut found = Vec::new();
    for line in text.lines().filter(|line| !line.trim_start().starts_with('#')) {
        let depth = (line.len() - line.trim_start().len()) / 2;
        if let Some((key, _)) = line.trim().split_once(':') {
            path.truncate(depth);
            path.push(key.to_owned());
            found.push(path.join("."));
        }
    }
    found
}

fn table() -> String {
    let mut text = String::from("| value | default | meaning |\n|---|---|---|\n");
    for row in all_rows() {
        text.push_str(&format!("| `{}` | `{}` | {} |\n", row.key, row.default, row.meaning));
    }
    text
}

#[test]
fn the_readme_has_the_table_of_the_values() {
    let path = chart().join("README.md");
    let readme = fs::read_to_string(&path).expect("the README");
    let (before, rest) = readme.split_once(BEGIN).expect("where the table begins");
    let (_, after) = rest.split_once(END).expect("where the table ends");
    let fresh = format!("{before}{BEGIN}{}{END}{after}", table());
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&path, &fresh).expect("the README");
        return;
    }
    assert!(readme == fresh, "the table is stale: run UPDATE_DOCS=1 cargo test --test deploy");
}

/// Walks the schema beside the values.
fn known(path: &str, value: &Value, schema: &Value) {
    let (Some(map), Some(properties)) = (value.as_object(), schema["properties"].as_object()) else {
        assert!(!schema.is_null(), "the schema knows {path}");
        return;
    };
    assert_eq!(schema["additionalProperties"], false, "a typo in {path:?} is refused");
    for (key, value) in map {
        known(&format!("{path}.{key}"), value, properties.get(key).unwrap_or(&Value::Null));
    }
}

#[test]
fn the_schema_knows_every_value_and_refuses_all_others() {
    let schema = fs::read_to_string(chart().join("values.schema.json")).expect("the schema");
    let schema: Value = serde_json::from_str(&schema).expect("JSON");
    known("", &serde_yaml::from_str(&values_text()).expect("values"), &schema);
    closed("", &schema);
}

/// No object with properties of its own lets others in.
fn closed(path: &str, schema: &Value) {
    if let Some(properties) = schema["properties"].as_object() {
        assert_eq!(schema["additionalProperties"], false, "{path} is closed");
        properties.iter().for_each(|(key, inner)| closed(&format!("{path}/{key}"), inner));
    }
    if !schema["items"].is_null() {
        closed(&format!("{path}/0"), &schema["items"]);
    }
}
