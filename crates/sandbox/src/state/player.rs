//! One player theme.

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::attribute::{boolean, text};
use crate::answer::{Invalid, atom};

/// The player that every account has from the start.
pub const DEFAULT_PLAYER_ID: &str = "pt3Lony8J6NozV71";

const MAX_NAME: usize = 100;

/// Colours, with the defaults that the specification names.
const COLOURS: [(&str, &str); 10] = [
    ("text", "rgba(255, 255, 255, 1)"),
    ("link", "rgba(255, 255, 255, 1)"),
    ("linkHover", "rgba(255, 255, 255, 1)"),
    ("linkActive", "rgba(255, 255, 255, 1)"),
    ("trackPlayed", "rgba(88, 131, 255, .95)"),
    ("trackUnplayed", "rgba(255, 255, 255, .35)"),
    ("trackBackground", "rgba(255, 255, 255, .2)"),
    ("backgroundTop", "rgba(0, 0, 0, .7)"),
    ("backgroundBottom", "rgba(0, 0, 0, .7)"),
    ("backgroundText", "rgba(255, 255, 255, 1)"),
];

const SWITCHES: [(&str, bool); 5] = [
    ("enableApi", true),
    ("enableControls", true),
    ("forceAutoplay", false),
    ("hideTitle", false),
    ("forceLoop", false),
];

/// A player theme of the account.
#[derive(Debug, Clone)]
pub(crate) struct Player {
    pub(crate) id: String,
    theme: Map<String, Value>,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
}

impl Player {
    pub(crate) fn new(id: String, now: Timestamp) -> Self {
        let colours = COLOURS.map(|(name, colour)| (name.to_owned(), Value::from(colour)));
        let switches = SWITCHES.map(|(name, on)| (name.to_owned(), Value::from(on)));
        let theme = colours.into_iter().chain(switches).collect();
        Self { id, theme, created_at: now, updated_at: now }
    }

    pub(crate) fn name(&self) -> &str {
        self.theme.get("name").and_then(Value::as_str).unwrap_or_default()
    }

    /// Overwrites what `theme` names.
    pub(crate) fn update(&mut self, theme: Map<String, Value>, now: Timestamp) {
        let before = self.theme.clone();
        self.theme.extend(theme);
        if self.theme != before {
            self.updated_at = now;
        }
    }

    pub(crate) fn to_json(&self) -> Value {
        let mut object = self.theme.clone();
        object.insert("playerId".into(), self.id.clone().into());
        object.insert("createdAt".into(), atom(self.created_at).into());
        object.insert("updatedAt".into(), atom(self.updated_at).into());
        Value::Object(object)
    }
}

/// The fields of a theme that a body names, checked; unknown ones are ignored.
pub(crate) fn read_theme(body: &Map<String, Value>) -> Result<Map<String, Value>, Vec<Invalid>> {
    let mut theme = Map::new();
    let mut refused = Vec::new();
    for (field, value) in body {
        match check(field, value) {
            Some(Ok(())) => drop(theme.insert(field.clone(), value.clone())),
            Some(Err(invalid)) => refused.push(invalid),
            None => {}
        }
    }
    if refused.is_empty() { Ok(theme) } else { Err(refused) }
}

/// `None`: no field of a theme.
fn check(field: &str, value: &Value) -> Option<Result<(), Invalid>> {
    if SWITCHES.iter().any(|(name, _)| *name == field) {
        return Some(boolean(field, value).map(drop));
    }
    if COLOURS.iter().any(|(name, _)| *name == field) {
        return Some(text(field, value).map(drop));
    }
    (field == "name").then(|| {
        let name = text(field, value)?;
        if name.chars().count() > MAX_NAME {
            let detail = format!("This value is too long. It should have {MAX_NAME} characters or less.");
            return Err(Invalid::new(field, detail));
        }
        Ok(())
    })
}
