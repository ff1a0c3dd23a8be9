//! Checks of single attributes, with the messages of the API.

use serde_json::Value;

use crate::answer::Invalid;

pub(crate) const BLANK: &str = "This value should not be blank.";
pub(crate) const NULL: &str = "This value should not be null.";

/// A text that isn't empty.
pub(crate) fn text(name: &str, value: &Value) -> Result<String, Invalid> {
    match value {
        Value::Null => Err(Invalid::new(name, NULL)),
        Value::String(text) if text.is_empty() => Err(Invalid::new(name, BLANK)),
        Value::String(text) => Ok(text.clone()),
        _ => Err(Invalid::new(name, "This value should be of type string.")),
    }
}

pub(crate) fn boolean(name: &str, value: &Value) -> Result<bool, Invalid> {
    match value {
        Value::Bool(value) => Ok(*value),
        Value::Null => Err(Invalid::new(name, NULL)),
        _ => Err(Invalid::new(name, "This value should be of type boolean.")),
    }
}
