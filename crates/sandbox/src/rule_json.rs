//! Rules as JSON, for `/_sandbox/faults`.

use std::time::Duration;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::config::{parse_duration, show_duration};
use crate::fault::{Fault, Rule};
use crate::faults::RuleId;

/// What a proxy answers whose upstream is gone.
const DEFAULT_STATUS: u16 = 503;
/// Seconds that an injected 429 tells to wait, unless the rule says otherwise.
const DEFAULT_RETRY_AFTER: u64 = 1;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleJson {
    #[serde(default, rename = "match")]
    matches: MatchJson,
    fault: Kind,
    status: Option<u16>,
    duration: Option<String>,
    retry_after: Option<u64>,
    #[serde(default = "once")]
    times: Option<u64>,
    #[serde(default = "certain")]
    probability: f64,
    #[serde(default)]
    after: u64,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct MatchJson {
    method: Option<String>,
    path: Option<String>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Kind {
    LostBefore,
    LostAfter,
    ErrorBefore,
    ErrorAfter,
    Delay,
    DelayAfter,
    Unauthorized,
    Forbidden,
    RateLimited,
    Truncated,
    NotJson,
    Huge,
}

fn once() -> Option<u64> {
    Some(1)
}

fn certain() -> f64 {
    1.0
}

/// Reads a rule; the error says which value is wrong and what is accepted.
pub(crate) fn read(body: &[u8]) -> Result<Rule, String> {
    let rule: RuleJson = serde_json::from_slice(body).map_err(|error| error.to_string())?;
    if !(0.0..=1.0).contains(&rule.probability) {
        return Err(format!("probability {}: accepted are numbers from 0 to 1", rule.probability));
    }
    if rule.times == Some(0) {
        return Err("times 0: accepted are numbers above 0, or null for no end".to_owned());
    }
    Ok(Rule {
        fault: rule.fault()?,
        method: rule.matches.method,
        path: rule.matches.path,
        times: rule.times,
        probability: rule.probability,
        after: rule.after,
    })
}

impl RuleJson {
    fn fault(&self) -> Result<Fault, String> {
        self.refuse_foreign_parameters()?;
        Ok(match self.fault {
            Kind::LostBefore => Fault::LostBefore,
            Kind::LostAfter => Fault::LostAfter,
            Kind::ErrorBefore => Fault::ErrorBefore { status: self.status()? },
            Kind::ErrorAfter => Fault::ErrorAfter { status: self.status()? },
            Kind::Delay => Fault::Delay { duration: self.duration()? },
            Kind::DelayAfter => Fault::DelayAfter { duration: self.duration()? },
            Kind::Unauthorized => Fault::Unauthorized,
            Kind::Forbidden => Fault::Forbidden,
            Kind::RateLimited => {
                Fault::RateLimited { retry_after: self.retry_after.unwrap_or(DEFAULT_RETRY_AFTER) }
            }
            Kind::Truncated => Fault::Truncated,
            Kind::NotJson => Fault::NotJson,
            Kind::Huge => Fault::Huge,
        })
    }

    /// A parameter of another fault is a mistake, not something to ignore.
    fn refuse_foreign_parameters(&self) -> Result<(), String> {
        let foreign = |name, takers| Err(format!("{name}: only {takers} take it"));
        if self.status.is_some() && !matches!(self.fault, Kind::ErrorBefore | Kind::ErrorAfter) {
            return foreign("status", "error-before and error-after");
        }
        if self.duration.is_some() && !matches!(self.fault, Kind::Delay | Kind::DelayAfter) {
            return foreign("duration", "delay and delay-after");
        }
        if self.retry_after.is_some() && !matches!(self.fault, Kind::RateLimited) {
            return foreign("retry_after", "rate-limited faults");
        }
        Ok(())
    }

    fn status(&self) -> Result<u16, String> {
        match self.status.unwrap_or(DEFAULT_STATUS) {
            status @ 400..=599 => Ok(status),
            status => Err(format!("status {status}: accepted are 400 to 599")),
        }
    }

    fn duration(&self) -> Result<Duration, String> {
        let text = self.duration.as_deref().ok_or("duration is missing: write one like 500ms, 60s or 5m")?;
        parse_duration(text).map_err(|error| format!("duration {text:?}: {error}"))
    }
}

/// The rule as it stands: `times` and `after` are what is left.
pub(crate) fn show(id: RuleId, rule: &Rule) -> Value {
    let mut shown = Map::new();
    shown.insert("id".into(), id.into());
    shown.insert("match".into(), json!({"method": rule.method, "path": rule.path}));
    shown.insert("fault".into(), rule.fault.name().into());
    match &rule.fault {
        Fault::ErrorBefore { status } | Fault::ErrorAfter { status } => {
            shown.insert("status".into(), (*status).into());
        }
        Fault::Delay { duration } | Fault::DelayAfter { duration } => {
            shown.insert("duration".into(), show_duration(*duration).into());
        }
        Fault::RateLimited { retry_after } => {
            shown.insert("retry_after".into(), (*retry_after).into());
        }
        _ => {}
    }
    shown.insert("times".into(), rule.times.into());
    shown.insert("probability".into(), rule.probability.into());
    shown.insert("after".into(), rule.after.into());
    Value::Object(shown)
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
            json!({"fault": "delay", "duration": "2s"}),
            json!({"fault": "delay-after", "duration": "500ms"}),
            json!({"fault": "unauthorized"}),
            json!({"fault": "forbidden"}),
            json!({"fault": "rate-limited", "retry_after": 7}),
            json!({"fault": "truncated"}),
            json!({"fault": "not-json"}),
            json!({"fault": "huge"}),
        ];
        for fault in faults {
            let shown = show(3, &read(fault.to_string().as_bytes()).unwrap());
            for (name, value) in fault.as_object().unwrap() {
                assert_eq!(&shown[name], value, "{fault}");
            }
            assert_eq!((&shown["times"], &shown["id"]), (&json!(1), &json!(3)));
        }
    }

    #[test]
    fn mistakes_are_refused_with_what_is_accepted() {
        let cases = [
            (json!({"fault": "explode"}), "lost-before"),
            (json!({}), "fault"),
            (json!({"fault": "huge", "oops": 1}), "oops"),
            (json!({"fault": "huge", "status": 500}), "error-before"),
            (json!({"fault": "error-after", "status": 200}), "400 to 599"),
            (json!({"fault": "delay"}), "500ms"),
            (json!({"fault": "delay", "duration": "soon"}), "500ms"),
            (json!({"fault": "huge", "probability": 2}), "0 to 1"),
            (json!({"fault": "huge", "times": 0}), "null"),
            (json!({"fault": "huge", "match": {"verb": "GET"}}), "verb"),
        ];
        for (rule, told) in cases {
            let error = read(rule.to_string().as_bytes()).unwrap_err();
            assert!(error.contains(told), "{rule}: {error}");
        }
    }

    #[test]
    fn null_times_means_without_end() {
        assert_eq!(read(br#"{"fault": "huge", "times": null}"#).unwrap().times, None);
    }
}
