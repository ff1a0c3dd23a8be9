//! The difference between a manifest and its remote stream.

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{manifest::Desired, stream::Remote};
use crate::text::truncate;

/// The longest observed value that is reported, in characters: the API's longest name.
const MAX_VALUE: usize = 255;

/// A field whose remote value differs from the manifest.
// The texts are the field's descriptions in the CRD.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FieldDrift {
    /// The field of spec.
    pub field: Cow<'static, str>,
    /// The value in the manifest.
    pub desired: String,
    /// The value of the remote stream; empty if it has none.
    pub observed: String,
}

/// The attributes to write; `None` is left alone.
///
/// Its JSON is the payload of api.video's update request, with the API's own names.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Changes {
    /// The new name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The new public flag.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub public: Option<bool>,
    /// The new player.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub player_id: Option<String>,
}

/// The managed fields that differ, in the order of the spec. Fields that the
/// manifest leaves out are not managed and never differ.
#[must_use]
pub fn drift(desired: &Desired, remote: &Remote) -> Vec<FieldDrift> {
    let text = |value: Option<bool>| value.map_or_else(String::new, |b| b.to_string());
    let value = |value: Option<&str>| truncate(value.unwrap_or_default(), MAX_VALUE);
    let mut found = Vec::new();
    let mut add = |field, desired, observed| {
        found.push(FieldDrift { field: Cow::Borrowed(field), desired, observed });
    };
    if remote.name.as_deref() != Some(desired.name.as_str()) {
        add("name", desired.name.clone(), value(remote.name.as_deref()));
    }
    if desired.public.is_some() && desired.public != remote.public {
        add("public", text(desired.public), text(remote.public));
    }
    if let Some(player) = &desired.player_id
        && remote.player_id.as_ref() != Some(player)
    {
        add("playerId", player.clone(), value(remote.player_id.as_deref()));
    }
    found
}

/// The smallest write that makes these fields equal to the manifest, or `None` if there are none.
#[must_use]
pub fn changes<'a>(desired: &Desired, fields: impl IntoIterator<Item = &'a FieldDrift>) -> Option<Changes> {
    let mut changes = Changes::default();
    for FieldDrift { field, .. } in fields {
        match field.as_ref() {
            "name" => changes.name = Some(desired.name.clone()),
            "public" => changes.public = desired.public,
            "playerId" => changes.player_id.clone_from(&desired.player_id),
            _ => {}
        }
    }
    (changes != Changes::default()).then_some(changes)
}

impl Changes {
    /// The names of the fields that are written, for messages: `name, public`.
    #[must_use]
    pub fn fields(&self) -> String {
        ["name", "public", "playerId"]
            .into_iter()
            .filter(|field| self.touches(field))
            .collect::<Vec<_>>()
            .join(", ")
    }

    /// Whether a field of the spec is written.
    #[must_use]
    pub fn touches(&self, field: &str) -> bool {
        match field {
            "name" => self.name.is_some(),
            "public" => self.public.is_some(),
            "playerId" => self.player_id.is_some(),
            _ => false,
        }
    }
}

/// Whether a stream has exactly the attributes of a create payload. An attribute
/// that the payload leaves out may have any value.
#[must_use]
pub fn has_payload(payload: &Desired, remote: &Remote) -> bool {
    drift(payload, remote).is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{desired, remote};

    #[test]
    fn a_long_value_is_truncated() {
        let endless = Remote { name: Some("ä".repeat(1_000_000)), ..remote("li1") };
        let shown = drift(&desired(), &endless).remove(0).observed;
        assert_eq!((shown.chars().count(), shown.ends_with('…')), (MAX_VALUE + 1, true));
        let longest = Remote { name: Some("ä".repeat(255)), ..remote("li1") };
        assert_eq!(Some(drift(&desired(), &longest).remove(0).observed), longest.name);
    }

    #[test]
    fn equal_values_and_unmanaged_fields_do_not_differ() {
        let wanted = Desired { public: None, player_id: None, ..desired() };
        assert_eq!(changes(&wanted, &drift(&wanted, &remote("li1"))), None);
    }

    #[test]
    fn each_managed_field_is_found_alone_and_written_alone() {
        let base = remote("li1");
        let cases = [
            (Desired { name: "Other".into(), ..desired() }, "name"),
            (Desired { public: Some(false), ..desired() }, "public"),
            (Desired { player_id: Some("ptOther".into()), ..desired() }, "playerId"),
        ];
        for (wanted, field) in cases {
            assert_eq!(changes(&wanted, &drift(&wanted, &base)).map(|c| c.fields()).as_deref(), Some(field));
        }
    }

    #[test]
    fn a_field_missing_from_the_answer_differs_if_managed() {
        let bare = Remote { name: None, public: None, player_id: None, ..remote("li1") };
        let wanted = Desired { player_id: Some("pt1".into()), public: Some(true), ..desired() };
        assert_eq!(
            changes(&wanted, &drift(&wanted, &bare)).map(|c| c.fields()).as_deref(),
            Some("name, public, playerId")
        );
    }
}
