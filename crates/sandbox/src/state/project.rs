//! One project: its streams, its players, its rate limits.

use serde_json::{Map, Value};

use super::fields::StreamFields;
use super::limits::Limits;
use super::players::Players;
use super::stream::LiveStream;
use super::streams::{Moment, Streams};
use crate::answer::Invalid;
use crate::generator::Generator;

/// What a key opens. No project sees anything of another one.
#[derive(Debug, Default)]
pub(crate) struct Project {
    pub(crate) limits: Limits,
    pub(crate) streams: Streams,
    pub(crate) players: Players,
}

/// Why a change was not made, before it is worded for a person or a client.
#[derive(Debug)]
pub(crate) enum NotChanged {
    NotFound,
    Refused(Vec<Invalid>),
}

impl Project {
    pub(crate) fn create_stream(
        &mut self,
        body: &Map<String, Value>,
        generator: &mut Generator,
        moment: Moment,
    ) -> Result<LiveStream, NotChanged> {
        let settings = StreamFields::read(body, &self.players).and_then(StreamFields::create);
        let stream = LiveStream::new(settings.map_err(NotChanged::Refused)?, generator, moment.now);
        self.streams.insert(stream.clone(), moment);
        Ok(stream)
    }

    /// `hidden`: `updatedAt` stays as it is, though a setting changes.
    pub(crate) fn update_stream(
        &mut self,
        id: &str,
        body: &Map<String, Value>,
        hidden: bool,
        moment: Moment,
    ) -> Result<LiveStream, NotChanged> {
        let before = self.streams.get(id).ok_or(NotChanged::NotFound)?;
        let fields = StreamFields::read(body, &self.players).map_err(NotChanged::Refused)?;
        let mut stream = before.clone();
        stream.settings = fields.update(&before.settings);
        if stream.settings != before.settings {
            if !hidden {
                stream.updated_at = moment.now;
            }
            self.streams.replace(stream.clone(), moment);
        }
        Ok(stream)
    }

    pub(crate) fn delete_stream(&mut self, id: &str, moment: Moment) -> Result<(), NotChanged> {
        if self.streams.remove(id, moment) { Ok(()) } else { Err(NotChanged::NotFound) }
    }

    /// Puts a stream on air, or ends its broadcast. No setting changes, so
    /// `updatedAt` stays.
    pub(crate) fn set_broadcasting(
        &mut self,
        id: &str,
        on: bool,
        moment: Moment,
    ) -> Result<LiveStream, NotChanged> {
        let stream = self.streams.get(id).ok_or(NotChanged::NotFound)?;
        let mut changed = stream.clone();
        changed.broadcasting = on;
        if *stream != changed {
            self.streams.replace(changed.clone(), moment);
        }
        Ok(changed)
    }
}
