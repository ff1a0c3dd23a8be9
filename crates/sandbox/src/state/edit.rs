//! Changes behind the operator's back: no key, no limits, the same checks.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value};

use super::account::State;
use super::player::Player;
use super::project::{NotChanged, Project};
use super::stream::StreamView;
use crate::key::ProjectId;

/// The fields of a control request that the API doesn't have.
const PROJECT: &str = "project";
const HIDDEN: &str = "hidden";

/// A stream to create.
#[derive(Debug, Clone, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NewStream {
    /// 1 to 255 characters.
    pub name: String,
    /// Left out: true.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub public: Option<bool>,
    /// A player of the project.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub player_id: Option<String>,
    /// Left out: the project of the first key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub project: Option<String>,
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
    /// A player of the project; `Some(None)` clears it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub player_id: Option<Option<String>>,
    /// Whether `updatedAt` stays as it is, so that the change can't be found by it.
    pub hidden: bool,
}

/// Why a change behind the operator's back was not made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EditError {
    /// There is no stream with this id.
    #[error("there is no live stream {id}")]
    NotFound {
        /// The id that was not found.
        id: String,
    },
    /// The API would refuse these values as well.
    #[error("the values were refused: {why}")]
    Refused {
        /// Each field with what is wrong with it.
        why: String,
    },
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
    /// The streams of all projects, oldest first, whatever lists show.
    pub fn streams(&self) -> Vec<StreamView> {
        let of_one = |(id, project): (&ProjectId, &Project)| {
            project.streams.current().map(|stream| stream.view(id)).collect::<Vec<_>>()
        };
        let mut streams: Vec<StreamView> = self.projects.iter().flat_map(of_one).collect();
        streams.sort_by_key(|stream| stream.created_at);
        streams
    }

    /// One stream, whatever its project.
    pub fn stream(&self, id: &str) -> Option<StreamView> {
        self.projects.iter().find_map(|(project, each)| Some(each.streams.get(id)?.view(project)))
    }

    /// The stream as the API answers it, secrets included.
    pub(crate) fn stream_json(&self, id: &str) -> Option<Value> {
        self.projects.values().find_map(|project| Some(project.streams.get(id)?.to_json()))
    }

    /// Creates a stream.
    ///
    /// # Errors
    /// [`EditError::Refused`] when the API would refuse these values.
    pub fn create(&mut self, new: &NewStream, now: Timestamp) -> Result<StreamView, EditError> {
        self.create_from(&object(new), now).map_err(|error| error.worded(""))
    }

    /// Changes a stream.
    ///
    /// # Errors
    /// [`EditError`] when it does not exist or the API would refuse the values.
    pub fn edit(&mut self, id: &str, patch: &StreamPatch, now: Timestamp) -> Result<StreamView, EditError> {
        self.edit_from(id, &object(patch), now).map_err(|error| error.worded(id))
    }

    /// Deletes a stream.
    ///
    /// # Errors
    /// [`EditError::NotFound`].
    pub fn delete(&mut self, id: &str, now: Timestamp) -> Result<(), EditError> {
        let now = self.advance(now);
        let moment = self.moment(now);
        let deleted = self.holder(id).and_then(|(_, project)| project.delete_stream(id, moment));
        deleted.map_err(|error| error.worded(id))
    }

    /// Puts a stream on air, or ends its broadcast. No setting changes, so
    /// `updatedAt` stays.
    ///
    /// # Errors
    /// [`EditError::NotFound`].
    pub fn set_broadcasting(&mut self, id: &str, on: bool, now: Timestamp) -> Result<StreamView, EditError> {
        let now = self.advance(now);
        let moment = self.moment(now);
        let changed = self.holder(id).and_then(|(name, project)| {
            project.set_broadcasting(id, on, moment).map(|stream| stream.view(&name))
        });
        changed.map_err(|error| error.worded(id))
    }

    /// Deletes every stream of every project; lists show it at once.
    pub fn clear_streams(&mut self) {
        self.projects.values_mut().for_each(|project| project.streams.clear());
    }

    /// Adds a player with this id, with the default theme, to every project.
    pub fn add_player(&mut self, id: impl Into<String>, now: Timestamp) {
        let (id, now) = (id.into(), self.advance(now));
        for project in self.projects.values_mut() {
            project.players.insert(Player::new(id.clone(), now));
        }
    }

    /// Whether any project has this player.
    pub(crate) fn has_player(&self, id: &str) -> bool {
        self.projects.values().any(|project| project.players.get(id).is_some())
    }

    /// Creates a stream from a control request.
    pub(crate) fn create_from(
        &mut self,
        body: &Map<String, Value>,
        now: Timestamp,
    ) -> Result<StreamView, NotChanged> {
        let now = self.advance(now);
        let moment = self.moment(now);
        let named = body.get(PROJECT).and_then(Value::as_str).map(str::to_owned);
        let id = ProjectId::from(named.or_else(|| self.config.project.clone()));
        let project = self.projects.entry(id.clone()).or_default();
        project.create_stream(body, &mut self.generator, moment).map(|stream| stream.view(&id))
    }

    /// Changes a stream as a control request asks.
    pub(crate) fn edit_from(
        &mut self,
        id: &str,
        body: &Map<String, Value>,
        now: Timestamp,
    ) -> Result<StreamView, NotChanged> {
        let now = self.advance(now);
        let moment = self.moment(now);
        let hidden = body.get(HIDDEN).and_then(Value::as_bool).unwrap_or(false);
        let (name, project) = self.holder(id)?;
        project.update_stream(id, body, hidden, moment).map(|stream| stream.view(&name))
    }

    /// The project that a stream is in.
    fn holder(&mut self, id: &str) -> Result<(ProjectId, &mut Project), NotChanged> {
        let mut projects = self.projects.iter_mut();
        let found = projects.find(|(_, project)| project.streams.get(id).is_some());
        found.map(|(name, project)| (name.clone(), project)).ok_or(NotChanged::NotFound)
    }
}

fn object(value: &impl Serialize) -> Map<String, Value> {
    match serde_json::to_value(value) {
        Ok(Value::Object(object)) => object,
        _ => Map::new(),
    }
}
