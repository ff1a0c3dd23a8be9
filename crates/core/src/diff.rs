//! What differs between a manifest and its remote stream.

use super::model::{Desired, Remote};

/// The most characters that are told of a value: the API's longest name, and a
/// sign of what else there was.
const LONGEST_SHOWN: usize = 255;

/// One managed field whose remote value is not the desired one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldDrift {
    /// The field of `spec`.
    pub field: &'static str,
    /// What the manifest wants.
    pub desired: String,
    /// What the API has; empty if it has none.
    pub observed: String,
}

/// The fields to write; a `None` is left alone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// The new name.
    pub name: Option<String>,
    /// The new public flag.
    pub public: Option<bool>,
    /// The new player.
    pub player_id: Option<String>,
}

/// The managed fields that differ, in the order of the spec. Fields that the
/// manifest leaves out are not managed and never differ.
#[must_use]
pub fn drift(desired: &Desired, remote: &Remote) -> Vec<FieldDrift> {
    let text = |value: Option<bool>| value.map_or_else(String::new, |b| b.to_string());
    let mut found = Vec::new();
    if remote.name.as_deref() != Some(desired.name.as_str()) {
        let observed = shown(remote.name.as_deref());
        found.push(FieldDrift { field: "name", desired: desired.name.clone(), observed });
    }
    if desired.public.is_some() && desired.public != remote.public {
        let (desired, observed) = (text(desired.public), text(remote.public));
        found.push(FieldDrift { field: "public", desired, observed });
    }
    if let Some(player) = &desired.player_id
        && remote.player_id.as_ref() != Some(player)
    {
        let observed = shown(remote.player_id.as_deref());
        found.push(FieldDrift { field: "playerId", desired: player.clone(), observed });
    }
    found
}

/// A value of the API as it is told, which may be longer than a status can hold.
fn shown(value: Option<&str>) -> String {
    let value = value.unwrap_or_default();
    match value.char_indices().nth(LONGEST_SHOWN) {
        Some((end, _)) => value.get(..end).unwrap_or_default().to_owned() + "…",
        None => value.to_owned(),
    }
}

/// The smallest write that makes the remote stream equal to the manifest, or
/// `None` if nothing differs.
#[must_use]
pub fn changes(desired: &Desired, remote: &Remote) -> Option<Changes> {
    let differs = drift(desired, remote);
    let touches = |field: &str| differs.iter().any(|d| d.field == field);
    (!differs.is_empty()).then(|| Changes {
        name: touches("name").then(|| desired.name.clone()),
        public: desired.public.filter(|_| touches("public")),
        player_id: desired.player_id.clone().filter(|_| touches("playerId")),
    })
}

impl Changes {
    /// The names of the fields that are written, for messages: `name, public`.
    #[must_use]
    pub fn fields(&self) -> String {
        let set = [
            ("name", self.name.is_some()),
            ("public", self.public.is_some()),
            ("playerId", self.player_id.is_some()),
        ];
        set.iter().filter(|(_, is_set)| *is_set).map(|(field, _)| *field).collect::<Vec<_>>().join(", ")
    }
}

/// Whether a stream is exactly what a create request asked for. A field that
/// the request left out may have any value.
#[must_use]
pub fn made_from(payload: &Desired, remote: &Remote) -> bool {
    drift(payload, remote).is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{desired, remote};

    #[test]
    fn a_value_longer_than_any_is_told_by_its_beginning() {
        let endless = Remote { name: Some("ä".repeat(1_000_000)), ..remote("li1") };
        let told = drift(&desired(), &endless).remove(0).observed;
        assert_eq!((told.chars().count(), told.ends_with('…')), (LONGEST_SHOWN + 1, true));
        let longest = Remote { name: Some("ä".repeat(255)), ..remote("li1") };
        assert_eq!(Some(drift(&desired(), &longest).remove(0).observed), longest.name);
    }

    #[test]
    fn equal_values_and_unmanaged_fields_do_not_differ() {
        let wanted = Desired { public: None, player_id: None, ..desired() };
        assert_eq!(changes(&wanted, &remote("li1")), None);
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
            assert_eq!(changes(&wanted, &base).map(|c| c.fields()).as_deref(), Some(field));
        }
    }

    #[test]
    fn a_field_the_api_does_not_tell_differs_from_a_managed_one() {
        let bare = Remote { name: None, public: None, player_id: None, ..remote("li1") };
        let wanted = Desired { player_id: Some("pt1".into()), public: Some(true), ..desired() };
        assert_eq!(changes(&wanted, &bare).map(|c| c.fields()).as_deref(), Some("name, public, playerId"));
    }
}
