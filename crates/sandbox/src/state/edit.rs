//! Changes behind the operator's back: no key, no limits, the same checks.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value};

use super::State;
use super::fields::StreamFields;
use super::player::Player;
use super::stream::{LiveStream, StreamView};
use super::streams::Moment;
use crate::answer::Invalid;

/// A stream to create.
#[derive(Debug, Clone, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NewStream {
    /// 1 to 255 characters.
    pub name: String,
    /// Left out: true.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub public: Option<bool>,
    /// A player of the account.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub player_id: Option<String>,
}

impl NewStream {
    /// A public stream without a player.
    pub fn named(name: impl Into<String>) -> Self {
        Self { name: name.into(), ..Self::default() }
    }
}

/// What to change of a stream; what is left out stays as it is.
#[derive(Debug, Clone, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StreamPatch {
    /// 1 to 255 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Whether it can be watched without a token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub public: Option<bool>,
    /// A player of the account; `Some(None)` clears it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub player_id: Option<Option<String>>,
}

/// Why a change behind the operator's back was not made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EditError {
    /// There is no stream with this id.
    #[error("there is no live stream {id}")]
    NotFound {
        /// The id that led nowhere.
        id: String,
    },
    /// The API would refuse these values as well.
    #[error("the values were refused: {why}")]
    Refused {
        /// Each field with what is wrong with it.
        why: String,
    },
}

/// Why a change was not made, before it is worded for a person or a client.
#[derive(Debug)]
pub(crate) enum NotChanged {
    NotFound,
    Refused(Vec<Invalid>),
}

impl NotChanged {
    fn worded(self, id: &str) -> EditError {
        match self {
            Self::NotFound => EditError::NotFound { id: id.to_owned() },
            Self::Refused(refused) => {
                let each: Vec<String> =
                    refused.iter().map(|invalid| format!("{}: {}", invalid.name, invalid.detail)).collect();
                EditError::Refused { why: each.join(" ") }
            }
        }
    }
}

impl State {
    /// All streams that exist, oldest first, whatever lists show.
    pub fn streams(&self) -> Vec<StreamView> {
        self.streams.current().map(LiveStream::view).collect()
    }

    /// One stream.
    pub fn stream(&self, id: &str) -> Option<StreamView> {
        self.streams.get(id).map(LiveStream::view)
    }

    /// Creates a stream.
    ///
    /// # Errors
    /// [`EditError::Refused`] when the API would refuse these values.
    pub fn create(&mut self, new: &NewStream, now: Timestamp) -> Result<StreamView, EditError> {
        let now = self.advance(now);
        self.create_stream(&object(new), now).map(|stream| stream.view()).map_err(|error| error.worded(""))
    }

    /// Changes a stream.
    ///
    /// # Errors
    /// [`EditError`] when it does not exist or the API would refuse the values.
    pub fn edit(&mut self, id: &str, patch: &StreamPatch, now: Timestamp) -> Result<StreamView, EditError> {
        let now = self.advance(now);
        self.update_stream(id, &object(patch), now)
            .map(|stream| stream.view())
            .map_err(|error| error.worded(id))
    }

    /// Deletes a stream.
    ///
    /// # Errors
    /// [`EditError::NotFound`].
    pub fn delete(&mut self, id: &str, now: Timestamp) -> Result<(), EditError> {
        let now = self.advance(now);
        if self.streams.remove(id, self.moment(now)) { Ok(()) } else { Err(NotChanged::NotFound.worded(id)) }
    }

    /// Puts a stream on air, or ends its broadcast. No setting changes, so
    /// `updatedAt` stays.
    ///
    /// # Errors
    /// [`EditError::NotFound`].
    pub fn set_broadcasting(&mut self, id: &str, on: bool, now: Timestamp) -> Result<StreamView, EditError> {
        let now = self.advance(now);
        let Some(stream) = self.streams.get(id) else { return Err(NotChanged::NotFound.worded(id)) };
        let mut changed = stream.clone();
        changed.broadcasting = on;
        let view = changed.view();
        if *stream != changed {
            self.streams.replace(changed, self.moment(now));
        }
        Ok(view)
    }

    /// Deletes every stream; lists show it at once.
    pub fn clear_streams(&mut self) {
        self.streams.clear();
    }

    /// Adds a player with this id, with the default theme.
    pub fn add_player(&mut self, id: impl Into<String>, now: Timestamp) {
        let now = self.advance(now);
        self.players.insert(Player::new(id.into(), now));
    }

    pub(crate) fn create_stream(
        &mut self,
        body: &Map<String, Value>,
        now: Timestamp,
    ) -> Result<LiveStream, NotChanged> {
        let settings = StreamFields::read(body, &self.players).and_then(StreamFields::create);
        let stream = LiveStream::new(settings.map_err(NotChanged::Refused)?, &mut self.generator, now);
        self.streams.insert(stream.clone(), self.moment(now));
        Ok(stream)
    }

    pub(crate) fn update_stream(
        &mut self,
        id: &str,
        body: &Map<String, Value>,
        now: Timestamp,
    ) -> Result<LiveStream, NotChanged> {
        let before = self.streams.get(id).ok_or(NotChanged::NotFound)?;
        let fields = StreamFields::read(body, &self.players).map_err(NotChanged::Refused)?;
        let mut stream = before.clone();
        stream.settings = fields.update(&before.settings);
        if stream.settings != before.settings {
            stream.updated_at = now;
            self.streams.replace(stream.clone(), self.moment(now));
        }
        Ok(stream)
    }

    pub(crate) fn moment(&self, now: Timestamp) -> Moment {
        Moment { now, lag: self.config.list_lag }
    }
}

fn object(value: &impl Serialize) -> Map<String, Value> {
    match serde_json::to_value(value) {
        Ok(Value::Object(object)) => object,
        _ => Map::new(),
    }
}
