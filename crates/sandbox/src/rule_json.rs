//! Rules as JSON, for `/_sandbox/faults`.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::fault::Fault;
use crate::faults::RuleId;
use crate::rule::Rule;
use crate::scope::Scope;

#[derive(Serialize, Deserialize)]
struct RuleJson {
    #[serde(default, rename = "match")]
    scope: Scope,
    #[serde(default = "once")]
    times: Option<u64>,
    #[serde(default, skip_serializing)]
    forever: bool,
    #[serde(default = "certain")]
    probability: f64,
    #[serde(default)]
    after: u64,
    /// The fault's name and its parameters: everything else.
    #[serde(flatten)]
    fault: Map<String, Value>,
}

fn once() -> Option<u64> {
    Some(1)
}

fn certain() -> f64 {
    1.0
}

/// Reads a rule; the error names the wrong value and what is accepted.
pub(crate) fn read(body: &[u8]) -> Result<Rule, String> {
    let rule: RuleJson = serde_json::from_slice(body).map_err(|error| error.to_string())?;
    if !(0.0..=1.0).contains(&rule.probability) {
        return Err(format!("probability {}: accepted are numbers from 0 to 1", rule.probability));
    }
    if rule.times == Some(0) {
        return Err("times 0: accepted are numbers above 0, or null for no end".to_owned());
    }
    Ok(Rule {
        fault: fault(rule.fault)?,
        scope: rule.scope,
        times: if rule.forever { None } else { rule.times },
        probability: rule.probability,
        after: rule.after,
    })
}

/// A parameter of another fault is a mistake, not something to ignore.
fn fault(given: Map<String, Value>) -> Result<Fault, String> {
    let names: Vec<String> = given.keys().cloned().collect();
    let fault: Fault =
        serde_json::from_value(Value::Object(given)).map_err(|error| match error.to_string() {
            missing if missing.contains("`duration`") => format!("{missing}: a text like 500ms, 60s or 5m"),
            other => other,
        })?;
    let taken = parameters(&fault);
    match names.iter().find(|name| !taken.contains_key(*name)) {
        None => Ok(fault),
        Some(foreign) => {
            let taken: Vec<&str> = taken.keys().map(String::as_str).filter(|name| *name != "fault").collect();
            Err(format!("{foreign}: {} takes only [{}]", fault.name(), taken.join(", ")))
        }
    }
}

fn parameters(fault: &Fault) -> Map<String, Value> {
    match serde_json::to_value(fault) {
        Ok(Value::Object(parameters)) => parameters,
        _ => Map::new(),
    }
}

/// The rule as it is now: `times` and `after` are what is left.
pub(crate) fn show(id: RuleId, rule: &Rule) -> Value {
    let Rule { scope, fault, times, probability, after } = rule.clone();
    let fault = parameters(&fault);
    let mut shown = json!(RuleJson { scope, times, forever: false, probability, after, fault });
    if let Some(fields) = shown.as_object_mut() {
        fields.insert("id".into(), id.into());
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_is_read_and_shown_by_its_name() {
        let faults = [
            json!({"fault": "lost-before"}),
            json!({"fault": "lost-after"}),
            json!({"fault": "error-before", "status": 502}),
            json!({"fault": "error-after", "status": 500}),
            json!({"fault": "problem-before", "status": 409}),
            json!({"fault": "problem-after", "status": 499}),
            json!({"fault": "delay", "duration": "2s"}),
            json!({"fault": "delay-after", "duration": "500ms"}),
            json!({"fault": "unauthorized"}),
            json!({"fault": "forbidden"}),
            json!({"fault": "rate-limited", "retry_after": 7}),
            json!({"fault": "truncated"}),
            json!({"fault": "not-json"}),
            json!({"fault": "huge"}),
            json!({"fault": "answer-with", "answer_with": "li1"}),
            json!({"fault": "forget-field", "field": "public"}),
            json!({"fault": "trim-field", "field": "name"}),
            json!({"fault": "lower-case-field", "field": "playerId"}),
            json!({"fault": "ignore-sort-by"}),
            json!({"fault": "wrong-items-total", "by": -1}),
            json!({"fault": "unreadable-item", "stream": "li1", "field": "public"}),
        ];
        for fault in faults {
            let rule = read(fault.to_string().as_bytes()).unwrap();
            let shown = show(3, &rule);
            for (name, value) in fault.as_object().unwrap() {
                assert_eq!(&shown[name], value, "{fault}");
            }
            assert_eq!((&shown["times"], &shown["id"]), (&json!(1), &json!(3)));
            assert_eq!(rule.fault.name(), fault["fault"]);
        }
    }

    #[test]
    fn a_parameter_that_is_left_out_has_a_default() {
        for (fault, name, value) in [
            (json!({"fault": "error-before"}), "status", json!(503)),
            (json!({"fault": "rate-limited"}), "retry_after", json!(1)),
            (json!({"fault": "unreadable-item", "stream": "li1"}), "field", json!("name")),
        ] {
            assert_eq!(show(1, &read(fault.to_string().as_bytes()).unwrap())[name], value);
        }
    }

    #[test]
    fn mistakes_are_refused_with_what_is_accepted() {
        let cases = [
            (json!({"fault": "explode"}), "lost-before"),
            (json!({}), "fault"),
            (json!({"fault": "huge", "oops": 1}), "oops"),
            (json!({"fault": "huge", "status": 500}), "status: huge takes only []"),
            (json!({"fault": "delay", "duration": "1s", "status": 500}), "only [duration]"),
            (json!({"fault": "error-after", "status": 200}), "300 to 599"),
            (json!({"fault": "delay"}), "500ms"),
            (json!({"fault": "delay", "duration": "soon"}), "500ms"),
            (json!({"fault": "huge", "probability": 2}), "0 to 1"),
            (json!({"fault": "huge", "times": 0}), "null"),
            (json!({"fault": "huge", "match": {"verb": "GET"}}), "verb"),
        ];
        for (rule, expected) in cases {
            let error = read(rule.to_string().as_bytes()).unwrap_err();
            assert!(error.contains(expected), "{rule}: {error}");
        }
    }

    #[test]
    fn null_times_and_forever_mean_without_end() {
        assert_eq!(read(br#"{"fault": "huge"}"#).unwrap().times, Some(1));
        assert_eq!(read(br#"{"fault": "huge", "times": null}"#).unwrap().times, None);
        assert_eq!(read(br#"{"fault": "huge", "forever": true}"#).unwrap().times, None);
    }
}
