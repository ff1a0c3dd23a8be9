//! The streams and players of a project, as the API answers them.

use bytes::Bytes;
use http::{Request, StatusCode};
use serde_json::{Map, Value};

use super::listing::{ListQuery, SortBy, base};
use super::player::{Player, read_theme};
use super::project::{NotChanged, Project};
use super::stream::LiveStream;
use super::streams::Moment;
use super::upload;
use crate::answer::{self, Answer};
use crate::generator::Generator;

/// A call that was admitted to a project.
pub(crate) struct Admitted<'a> {
    pub(crate) project: &'a mut Project,
    pub(crate) generator: &'a mut Generator,
    pub(crate) request: &'a Request<Bytes>,
    pub(crate) moment: Moment,
}

impl Admitted<'_> {
    /// Answers the call; `segments` is its path.
    pub(crate) fn answer(&mut self, segments: &[&str]) -> Answer {
        let method = self.request.method().as_str();
        match (segments, method) {
            (["live-streams"], "GET") => self.list_streams(),
            (["live-streams"], "POST") => self.post_stream(),
            (["live-streams", id], "GET") => self.get_stream(id),
            (["live-streams", id], "PATCH") => self.patch_stream(id),
            (["live-streams", id], "DELETE") => self.delete_stream(id),
            (["live-streams", id, "complete"], "PUT") => self.complete_stream(id),
            (["live-streams", id, "thumbnail"], "POST") => self.post_thumbnail(id),
            (["live-streams", id, "thumbnail"], "DELETE") => self.get_stream(id),
            (["players"], "GET") => self.list_players(),
            (["players"], "POST") => self.post_player(),
            (["players", id], "GET") => self.get_player(id),
            (["players", id], "PATCH") => self.patch_player(id),
            (["players", id], "DELETE") => self.delete_player(id),
            (["live-streams"] | ["players"], _) => answer::method_not_allowed("GET, POST"),
            (["live-streams", _] | ["players", _], _) => answer::method_not_allowed("GET, PATCH, DELETE"),
            (["live-streams", _, "complete"], _) => answer::method_not_allowed("PUT"),
            (["live-streams", _, "thumbnail"], _) => answer::method_not_allowed("POST, DELETE"),
            _ => answer::not_found(None),
        }
    }

    fn list_streams(&self) -> Answer {
        let query = match ListQuery::read(self.request.uri()) {
            Ok(query) => query,
            Err(refused) => return answer::invalid(&refused),
        };
        let chosen = self.project.streams.listed(self.moment.now).filter(|stream| matches(stream, &query));
        let page = match (query.sort_by, query.descending) {
            (SortBy::CreatedAt, false) => query.pick(chosen),
            (SortBy::CreatedAt, true) => query.pick(chosen.rev()),
            (SortBy::Name, _) => query.pick(sorted(chosen, &query, |one| one.settings.name.as_str())),
            // By the time as it is shown: whole seconds.
            (SortBy::UpdatedAt, _) => query.pick(sorted(chosen, &query, |one| one.updated_at.as_second())),
        };
        let base = base(self.request.headers(), "/live-streams");
        answer::json(StatusCode::OK, &query.body(&page, &base, LiveStream::to_json))
    }

    fn get_stream(&self, id: &str) -> Answer {
        match self.project.streams.get(id) {
            Some(stream) => answer::json(StatusCode::OK, &stream.to_json()),
            None => no_stream(),
        }
    }

    fn post_stream(&mut self) -> Answer {
        let Some(body) = object(self.request.body()) else { return answer::unreadable_body() };
        stream_answer(self.project.create_stream(&body, self.generator, self.moment))
    }

    fn patch_stream(&mut self, id: &str) -> Answer {
        let Some(body) = object(self.request.body()) else { return answer::unreadable_body() };
        stream_answer(self.project.update_stream(id, &body, false, self.moment))
    }

    fn delete_stream(&mut self, id: &str) -> Answer {
        match self.project.delete_stream(id, self.moment) {
            Ok(()) => answer::empty(StatusCode::NO_CONTENT),
            Err(_) => no_stream(),
        }
    }

    fn complete_stream(&mut self, id: &str) -> Answer {
        match self.project.set_broadcasting(id, false, self.moment) {
            Ok(_) => answer::empty(StatusCode::ACCEPTED),
            Err(_) => no_stream(),
        }
    }

    fn post_thumbnail(&self, id: &str) -> Answer {
        let Some(stream) = self.project.streams.get(id) else { return no_stream() };
        match upload::refusal(self.request) {
            Some(why) => answer::invalid_file(why),
            None => answer::json(StatusCode::CREATED, &stream.to_json()),
        }
    }

    fn list_players(&self) -> Answer {
        let query = match ListQuery::read(self.request.uri()) {
            Ok(query) => query,
            Err(refused) => return answer::invalid(&refused),
        };
        let all = self.project.players.all();
        let page = match query.sort_by {
            SortBy::Name => query.pick(sorted(all, &query, Player::name)),
            SortBy::CreatedAt => query.pick(sorted(all, &query, |player| player.created_at)),
            SortBy::UpdatedAt => query.pick(sorted(all, &query, |player| player.updated_at.as_second())),
        };
        let base = base(self.request.headers(), "/players");
        answer::json(StatusCode::OK, &query.body(&page, &base, Player::to_json))
    }

    fn get_player(&self, id: &str) -> Answer {
        match self.project.players.get(id) {
            Some(player) => answer::json(StatusCode::OK, &player.to_json()),
            None => no_player(),
        }
    }

    fn post_player(&mut self) -> Answer {
        let Some(body) = object(self.request.body()) else { return answer::unreadable_body() };
        let theme = match read_theme(&body) {
            Ok(theme) => theme,
            Err(refused) => return answer::invalid(&refused),
        };
        let mut player = Player::new(format!("pt{}", self.generator.alphanumeric(22)), self.moment.now);
        player.update(theme, self.moment.now);
        let answer = answer::json(StatusCode::CREATED, &player.to_json());
        self.project.players.insert(player);
        answer
    }

    fn patch_player(&mut self, id: &str) -> Answer {
        let Some(body) = object(self.request.body()) else { return answer::unreadable_body() };
        let Some(player) = self.project.players.get_mut(id) else { return no_player() };
        match read_theme(&body) {
            Ok(theme) => {
                player.update(theme, self.moment.now);
                answer::json(StatusCode::OK, &player.to_json())
            }
            Err(refused) => answer::invalid(&refused),
        }
    }

    fn delete_player(&mut self, id: &str) -> Answer {
        if self.project.players.remove(id) { answer::empty(StatusCode::NO_CONTENT) } else { no_player() }
    }
}

fn stream_answer(result: Result<LiveStream, NotChanged>) -> Answer {
    match result {
        Ok(stream) => answer::json(StatusCode::OK, &stream.to_json()),
        Err(error) => refusal(&error),
    }
}

/// The answer to a change that was not made.
pub(crate) fn refusal(error: &NotChanged) -> Answer {
    match error {
        NotChanged::NotFound => no_stream(),
        NotChanged::Refused(refused) => answer::invalid(refused),
    }
}

/// The JSON object in a body, or `None` if it is anything else.
pub(crate) fn object(body: &Bytes) -> Option<Map<String, Value>> {
    serde_json::from_slice(body).ok()
}

fn no_stream() -> Answer {
    answer::not_found(Some("liveStreamId"))
}

fn no_player() -> Answer {
    answer::not_found(Some("playerId"))
}

fn matches(stream: &LiveStream, query: &ListQuery) -> bool {
    let name = query.name.as_ref().is_none_or(|part| stream.settings.name.to_lowercase().contains(part));
    name && query.stream_key.as_ref().is_none_or(|key| stream.stream_key.expose() == key)
}

/// Equal keys stay in the order of creation (its reverse, when descending), so
/// that pages neither repeat nor skip an item.
fn sorted<'a, T: 'a, K: Ord>(
    items: impl Iterator<Item = &'a T>,
    query: &ListQuery,
    key: impl Fn(&'a T) -> K,
) -> impl Iterator<Item = &'a T> {
    let mut items: Vec<&T> = items.collect();
    items.sort_by_key(|item| key(item));
    if query.descending {
        items.reverse();
    }
    items.into_iter()
}
