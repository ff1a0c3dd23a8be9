//! A remote stream, without its secrets.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::ids::StreamId;

/// The URLs of a public stream. Empty for a private one, whose URLs carry a token.
// The text above is the field's description in the CRD.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Assets {
    /// The HLS playlist.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hls: Option<String>,
    /// The HTML that embeds the player.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub iframe: Option<String>,
    /// The page of the player.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub player: Option<String>,
    /// The thumbnail image.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thumbnail: Option<String>,
}

/// A remote stream as it was last observed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remote {
    /// Its id.
    pub id: StreamId,
    /// Its name, if the answer had one.
    pub name: Option<String>,
    /// Whether everybody may watch.
    pub public: Option<bool>,
    /// Its player.
    pub player_id: Option<String>,
    /// Whether it is on the air.
    pub broadcasting: bool,
    /// When it was created, by the API's clock, in whole seconds.
    pub created_at: Option<Timestamp>,
    /// When one of its attributes last changed, likewise.
    pub updated_at: Option<Timestamp>,
    /// Its URLs, if it is public.
    pub assets: Assets,
}
