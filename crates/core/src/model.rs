//! The values that the decisions are about: a manifest and a remote stream.

use std::{fmt, sync::Arc};

use jiff::Timestamp;
use serde::{Deserialize, Serialize, Serializer};

use super::policy::{DeletionPolicy, DriftPolicy, OnRemoteMissing, WhileBroadcasting};

/// The longest id that is taken from a manifest, an annotation or the API, in bytes.
const LONGEST_ID: usize = 64;

/// The id of a remote stream: `li` and then letters and digits.
///
/// Parsed once, where it comes in, so that nothing that is no id can reach a
/// URL or be taken for a binding. Clones share the text: an id is kept by the
/// snapshot, the holders and the memory of a LiveStream, each for ten thousand.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StreamId(Arc<str>);

/// A text that is no stream id.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "not a live stream id: it must be `li` followed by letters and digits, at most {LONGEST_ID} characters"
)]
pub struct NotAStreamId;

impl StreamId {
    /// Reads an id.
    ///
    /// # Errors
    /// [`NotAStreamId`] unless it matches `^li[A-Za-z0-9]+$` within 64 characters.
    pub fn parse(text: &str) -> Result<Self, NotAStreamId> {
        let tail = text.strip_prefix("li").ok_or(NotAStreamId)?;
        let well_formed = !tail.is_empty() && tail.bytes().all(|b| b.is_ascii_alphanumeric());
        if well_formed && text.len() <= LONGEST_ID { Ok(Self(text.into())) } else { Err(NotAStreamId) }
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Serialize for StreamId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl fmt::Display for StreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a manifest wants of its stream. A `None` is not managed: its remote
/// value stays as it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Desired {
    /// The stream's name.
    pub name: String,
    /// Whether everybody may watch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub public: Option<bool>,
    /// The player that shows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub player_id: Option<String>,
}

/// Where a public stream is watched. Empty for a private one: its URLs carry a token.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Assets {
    /// The HLS playlist.
    pub hls: Option<String>,
    /// The HTML that embeds the player.
    pub iframe: Option<String>,
    /// The player's page.
    pub player: Option<String>,
    /// The still image.
    pub thumbnail: Option<String>,
}

/// A remote stream as it was last seen, without its secrets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remote {
    /// Its id.
    pub id: StreamId,
    /// Its name, if the API told one.
    pub name: Option<String>,
    /// Whether everybody may watch.
    pub public: Option<bool>,
    /// Its player.
    pub player_id: Option<String>,
    /// Whether it is on the air.
    pub broadcasting: bool,
    /// When it was made, by the API's clock, in whole seconds.
    pub created_at: Option<Timestamp>,
    /// When a setting of it last changed, likewise.
    pub updated_at: Option<Timestamp>,
    /// Its URLs, if it is public.
    pub assets: Assets,
}

/// A LiveStream as the decisions see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    /// The object's uid, which no other object ever has.
    pub uid: String,
    /// `namespace/name`, for messages.
    pub place: Place,
    /// The generation of the spec.
    pub generation: i64,
    /// Whether the object is being deleted.
    pub deleting: bool,
    /// Whether the object carries our finalizer.
    pub finalizer: bool,
    /// What it wants.
    pub desired: Desired,
    /// The existing stream that it asks for.
    pub adopt: Option<StreamId>,
    /// What happens on deletion, if the manifest says so.
    pub deletion_policy: Option<DeletionPolicy>,
    /// What happens on drift.
    pub drift_policy: DriftPolicy,
    /// What happens when the stream is gone.
    pub on_remote_missing: OnRemoteMissing,
    /// Whether nothing may be written to the API.
    pub suspend: bool,
    /// Whether a deletion may cut a broadcast.
    pub while_broadcasting: WhileBroadcasting,
    /// The value of `reconcile.api.video/requestedAt`.
    pub requested_at: Option<String>,
    /// The value of `api.video/confirm-recreate`.
    pub confirm_recreate: Option<String>,
}

impl Manifest {
    /// Whether a person allows this missing stream to be re-created. The
    /// annotation may name several, for `kubectl annotate --all` gives every
    /// LiveStream the same value.
    #[must_use]
    pub fn confirms_recreation_of(&self, id: &StreamId) -> bool {
        let named = self.confirm_recreate.iter().flat_map(|text| text.split([' ', ',']));
        named.into_iter().any(|text| text == id.as_str())
    }
}

/// Where an object lives: its namespace and name.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Place {
    /// The namespace.
    pub namespace: String,
    /// The name.
    pub name: String,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.namespace, self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_li_and_then_letters_and_digits() {
        assert_eq!(StreamId::parse("li4pqNqGUk").map(|id| id.to_string()), Ok("li4pqNqGUk".into()));
        for bad in ["", "li", "vi4pq", "li4pq/../x", "li 4", "LI4pq", "liä", "li4pq\n"] {
            assert_eq!(StreamId::parse(bad), Err(NotAStreamId), "{bad:?}");
        }
        assert_eq!(StreamId::parse(&format!("li{}", "a".repeat(63))), Err(NotAStreamId));
    }
}
