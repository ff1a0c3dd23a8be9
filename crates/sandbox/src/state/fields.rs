//! Reads and checks the settings that a client sends for a live stream.

use serde_json::{Map, Value};

use super::attribute::{BLANK, NULL, boolean, text};
use super::players::Players;
use super::stream::{Restream, Settings};
use crate::answer::Invalid;
use crate::secret::Secret;

const MAX_NAME: usize = 255;
const MAX_RESTREAMS: usize = 5;

/// The fields that a body names; unknown ones are ignored, as the API does.
#[derive(Debug, Default)]
pub(crate) struct StreamFields {
    name: Option<String>,
    public: Option<bool>,
    /// `Some(None)`: `null`, no player any more.
    player_id: Option<Option<String>>,
    /// The whole list, never a part of it.
    restreams: Option<Vec<Restream>>,
}

impl StreamFields {
    /// Reads a body. Every refused field is reported, not only the first.
    pub(crate) fn read(body: &Map<String, Value>, players: &Players) -> Result<Self, Vec<Invalid>> {
        let mut refused = Vec::new();
        let fields = Self {
            name: keep(body.get("name").map(name), &mut refused),
            public: keep(body.get("public").map(public), &mut refused),
            player_id: keep(body.get("playerId").map(|value| player_id(value, players)), &mut refused),
            restreams: body.get("restreams").and_then(|value| restreams(value, &mut refused)),
        };
        if refused.is_empty() { Ok(fields) } else { Err(refused) }
    }

    /// The settings of a new stream. Public unless said otherwise.
    pub(crate) fn create(self) -> Result<Settings, Vec<Invalid>> {
        let Some(name) = self.name else { return Err(vec![Invalid::new("name", BLANK)]) };
        Ok(Settings {
            name,
            public: self.public.unwrap_or(true),
            player_id: self.player_id.flatten(),
            restreams: self.restreams.unwrap_or_default(),
        })
    }

    /// The settings of a stream after a partial update.
    pub(crate) fn update(self, before: &Settings) -> Settings {
        Settings {
            name: self.name.unwrap_or_else(|| before.name.clone()),
            public: self.public.unwrap_or(before.public),
            player_id: self.player_id.unwrap_or_else(|| before.player_id.clone()),
            restreams: self.restreams.unwrap_or_else(|| before.restreams.clone()),
        }
    }
}

fn keep<T>(read: Option<Result<T, Invalid>>, refused: &mut Vec<Invalid>) -> Option<T> {
    match read? {
        Ok(value) => Some(value),
        Err(invalid) => {
            refused.push(invalid);
            None
        }
    }
}

fn name(value: &Value) -> Result<String, Invalid> {
    let name = text("name", value)?;
    if name.chars().count() > MAX_NAME {
        let detail = format!("This value is too long. It should have {MAX_NAME} characters or less.");
        return Err(Invalid::new("name", detail));
    }
    Ok(name)
}

fn public(value: &Value) -> Result<bool, Invalid> {
    boolean("public", value)
}

fn player_id(value: &Value, players: &Players) -> Result<Option<String>, Invalid> {
    if value.is_null() {
        return Ok(None);
    }
    let id = text("playerId", value)?;
    match players.get(&id) {
        Some(_) => Ok(Some(id)),
        None => Err(Invalid::new("playerId", "There is no player with this id.")),
    }
}

fn restreams(value: &Value, refused: &mut Vec<Invalid>) -> Option<Vec<Restream>> {
    let Value::Array(items) = value else {
        let detail = if value.is_null() { NULL } else { "This value should be of type array." };
        refused.push(Invalid::new("restreams", detail));
        return None;
    };
    if items.len() > MAX_RESTREAMS {
        let detail = format!("This collection should contain {MAX_RESTREAMS} elements or less.");
        refused.push(Invalid::new("restreams", detail));
        return None;
    }
    let read = items.iter().enumerate().map(|(index, item)| restream(index, item, refused));
    // Collected in full first, so that each wrong item is reported.
    let read: Vec<Option<Restream>> = read.collect();
    read.into_iter().collect()
}

fn restream(index: usize, value: &Value, refused: &mut Vec<Invalid>) -> Option<Restream> {
    let mut field = |key: &str, check: fn(&str, &Value) -> Result<String, Invalid>| {
        let name = format!("restreams[{index}][{key}]");
        let read =
            value.get(key).map_or_else(|| Err(Invalid::new(&name, BLANK)), |value| check(&name, value));
        keep(Some(read), refused)
    };
    let (name, server_url, stream_key) =
        (field("name", text), field("serverUrl", server_url), field("streamKey", text));
    Some(Restream { name: name?, server_url: server_url?, stream_key: Secret::from(stream_key?) })
}

/// `rtmp://host/app` or `rtmps://host/app`.
fn server_url(name: &str, value: &Value) -> Result<String, Invalid> {
    let url = text(name, value)?;
    let rest = url.strip_prefix("rtmp://").or_else(|| url.strip_prefix("rtmps://"));
    let (host, app) = rest.map_or(("", ""), |rest| rest.split_once('/').unwrap_or((rest, "")));
    if host.is_empty() || url.contains(char::is_whitespace) {
        let detail = "RTMP URL should have the following format: [rtmp|rtmps]://[host]/[app name].";
        return Err(Invalid::new(name, detail));
    }
    if app.trim_matches('/').is_empty() {
        return Err(Invalid::new(name, "Missing app name: [rtmp|rtmps]://[host]/[app name]."));
    }
    Ok(url)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::player::DEFAULT_PLAYER_ID;
    use super::*;

    fn read(body: &Value) -> Result<Settings, Vec<Invalid>> {
        StreamFields::read(body.as_object().unwrap(), &Players::default())?.create()
    }

    fn restream(field: &str, value: &Value) -> Value {
        let mut restream = json!({"name": "n", "serverUrl": "rtmp://h/app", "streamKey": "k"});
        restream[field] = value.clone();
        json!({"name": "n", "restreams": [restream]})
    }

    #[test]
    fn a_full_body_is_read() {
        let settings = read(&json!({
            "name": "é".repeat(255), "public": false, "playerId": DEFAULT_PLAYER_ID,
            "restreams": [{"name": "n", "serverUrl": "rtmps://h:1936/app/x", "streamKey": "k"}],
            "unknown": 1,
        }));
        let settings = settings.unwrap();
        assert!(!settings.public);
        assert_eq!(settings.player_id.as_deref(), Some(DEFAULT_PLAYER_ID));
        assert_eq!(settings.restreams[0].server_url, "rtmps://h:1936/app/x");
    }

    #[test]
    fn each_wrong_field_is_refused_by_its_name() {
        let cases = [
            (json!({}), "name"),
            (json!({"name": null}), "name"),
            (json!({"name": ""}), "name"),
            (json!({"name": 7}), "name"),
            (json!({"name": "é".repeat(256)}), "name"),
            (json!({"name": "n", "public": "yes"}), "public"),
            (json!({"name": "n", "public": null}), "public"),
            (json!({"name": "n", "playerId": "ptNobody"}), "playerId"),
            (json!({"name": "n", "playerId": 1}), "playerId"),
            (json!({"name": "n", "restreams": {}}), "restreams"),
            (json!({"name": "n", "restreams": [{}, {}, {}, {}, {}, {}]}), "restreams"),
            (json!({"name": "n", "restreams": ["x"]}), "restreams[0][name]"),
            (restream("name", &json!("")), "restreams[0][name]"),
            (restream("streamKey", &json!(null)), "restreams[0][streamKey]"),
            (restream("serverUrl", &json!("http://h/app")), "restreams[0][serverUrl]"),
            (restream("serverUrl", &json!("rtmp://h")), "restreams[0][serverUrl]"),
            (restream("serverUrl", &json!("rtmp:///app")), "restreams[0][serverUrl]"),
        ];
        for (body, name) in cases {
            assert_eq!(read(&body).unwrap_err()[0].name, name, "{body}");
        }
    }

    #[test]
    fn all_wrong_fields_are_reported_at_once() {
        let refused = read(&json!({"name": "", "public": 1, "playerId": "x"})).unwrap_err();
        let names: Vec<&str> = refused.iter().map(|invalid| invalid.name.as_str()).collect();
        assert_eq!(names, ["name", "public", "playerId"]);
    }
}
