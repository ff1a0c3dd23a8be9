//! Which part of the API a request is for, and what it answers.

use bytes::Bytes;
use http::{Method, Request, StatusCode};
use jiff::Timestamp;
use serde_json::{Map, Value};

use super::State;
use super::edit::NotChanged;
use super::limits::Class;
use super::listing::{ListQuery, SortBy, base};
use super::player::{Player, read_theme};
use super::stream::LiveStream;
use super::upload;
use crate::answer::{self, Answer};

impl State {
    pub(super) fn route(&mut self, request: &Request<Bytes>, now: Timestamp) -> Answer {
        let path = request.uri().path();
        let segments: Vec<&str> = path.trim_matches('/').split('/').collect();
        match segments.as_slice() {
            ["auth", "api-key"] => self.authenticate(request, now),
            ["auth", "refresh"] => self.refresh(request, now),
            ["live-streams" | "players", ..] => self.limited(request, &segments, now),
            _ => answer::not_found(None),
        }
    }

    fn authenticate(&mut self, request: &Request<Bytes>, now: Timestamp) -> Answer {
        self.exchange(request, "apiKey", now, |state, key| key == state.config.api_key.expose())
    }

    fn refresh(&mut self, request: &Request<Bytes>, now: Timestamp) -> Answer {
        self.exchange(request, "refreshToken", now, |state, token| state.tokens.redeem(token, now))
    }

    /// Gives a pair of tokens for the credential in `field`, if it is accepted.
    fn exchange(
        &mut self,
        request: &Request<Bytes>,
        field: &str,
        now: Timestamp,
        accept: impl FnOnce(&mut Self, &str) -> bool,
    ) -> Answer {
        if request.method() != Method::POST {
            return answer::method_not_allowed("POST");
        }
        let Some(body) = object(request.body()) else { return answer::unreadable_body() };
        let credential = body.get(field).and_then(Value::as_str).unwrap_or_default();
        if !accept(self, credential) {
            return answer::wrong_credentials();
        }
        answer::json(StatusCode::OK, &self.tokens.issue(&mut self.generator, self.config.token_ttl, now))
    }

    /// Everything behind the key. Only calls of the account spend its budget:
    /// a refused key spends nothing, a refused body does.
    fn limited(&mut self, request: &Request<Bytes>, segments: &[&str], now: Timestamp) -> Answer {
        let class = Class::of(request.method());
        let answer = if !self.tokens.admit(request.headers(), &self.config.api_key, now) {
            answer::unauthorized()
        } else if !self.limits.take(class, &self.config, now) {
            answer::too_many_requests()
        } else {
            self.resource(request, segments, now)
        };
        self.with_limits(answer, request, now)
    }

    fn resource(&mut self, request: &Request<Bytes>, segments: &[&str], now: Timestamp) -> Answer {
        let method = request.method().as_str();
        match (segments, method) {
            (["live-streams"], "GET") => self.list_streams(request, now),
            (["live-streams"], "POST") => self.post_stream(request, now),
            (["live-streams", id], "GET") => self.get_stream(id),
            (["live-streams", id], "PATCH") => self.patch_stream(id, request, now),
            (["live-streams", id], "DELETE") => self.delete_stream(id, now),
            (["live-streams", id, "complete"], "PUT") => self.complete_stream(id, now),
            (["live-streams", id, "thumbnail"], "POST") => self.post_thumbnail(id, request),
            (["live-streams", id, "thumbnail"], "DELETE") => self.get_stream(id),
            (["players"], "GET") => self.list_players(request),
            (["players"], "POST") => self.post_player(request, now),
            (["players", id], "GET") => self.get_player(id),
            (["players", id], "PATCH") => self.patch_player(id, request, now),
            (["players", id], "DELETE") => self.delete_player(id),
            (["live-streams"] | ["players"], _) => answer::method_not_allowed("GET, POST"),
            (["live-streams", _] | ["players", _], _) => answer::method_not_allowed("GET, PATCH, DELETE"),
            (["live-streams", _, "complete"], _) => answer::method_not_allowed("PUT"),
            (["live-streams", _, "thumbnail"], _) => answer::method_not_allowed("POST, DELETE"),
            _ => answer::not_found(None),
        }
    }

    fn list_streams(&self, request: &Request<Bytes>, now: Timestamp) -> Answer {
        let query = match ListQuery::read(request.uri()) {
            Ok(query) => query,
            Err(refused) => return answer::invalid(&refused),
        };
        let chosen = self.streams.listed(now).filter(|stream| matches(stream, &query));
        let page = match (query.sort_by, query.descending) {
            (SortBy::CreatedAt, false) => query.pick(chosen),
            (SortBy::CreatedAt, true) => query.pick(chosen.rev()),
            (SortBy::Name, _) => query.pick(sorted(chosen, &query, |one| one.settings.name.as_str())),
            (SortBy::UpdatedAt, _) => query.pick(sorted(chosen, &query, |one| one.updated_at)),
        };
        let base = base(request.headers(), "/live-streams");
        answer::json(StatusCode::OK, &query.body(&page, &base, LiveStream::to_json))
    }

    fn get_stream(&self, id: &str) -> Answer {
        match self.streams.get(id) {
            Some(stream) => answer::json(StatusCode::OK, &stream.to_json()),
            None => no_stream(),
        }
    }

    fn post_stream(&mut self, request: &Request<Bytes>, now: Timestamp) -> Answer {
        let Some(body) = object(request.body()) else { return answer::unreadable_body() };
        stream_answer(self.create_stream(&body, now))
    }

    fn patch_stream(&mut self, id: &str, request: &Request<Bytes>, now: Timestamp) -> Answer {
        let Some(body) = object(request.body()) else { return answer::unreadable_body() };
        stream_answer(self.update_stream(id, &body, now))
    }

    fn delete_stream(&mut self, id: &str, now: Timestamp) -> Answer {
        match self.delete(id, now) {
            Ok(()) => answer::empty(StatusCode::NO_CONTENT),
            Err(_) => no_stream(),
        }
    }

    fn complete_stream(&mut self, id: &str, now: Timestamp) -> Answer {
        match self.set_broadcasting(id, false, now) {
            Ok(_) => answer::empty(StatusCode::ACCEPTED),
            Err(_) => no_stream(),
        }
    }

    fn post_thumbnail(&self, id: &str, request: &Request<Bytes>) -> Answer {
        let Some(stream) = self.streams.get(id) else { return no_stream() };
        match upload::refusal(request) {
            Some(why) => answer::invalid_file(why),
            None => answer::json(StatusCode::CREATED, &stream.to_json()),
        }
    }

    fn list_players(&self, request: &Request<Bytes>) -> Answer {
        let query = match ListQuery::read(request.uri()) {
            Ok(query) => query,
            Err(refused) => return answer::invalid(&refused),
        };
        let all = self.players.all();
        let page = match query.sort_by {
            SortBy::Name => query.pick(sorted(all, &query, Player::name)),
            SortBy::CreatedAt => query.pick(sorted(all, &query, |player| player.created_at)),
            SortBy::UpdatedAt => query.pick(sorted(all, &query, |player| player.updated_at)),
        };
        let base = base(request.headers(), "/players");
        answer::json(StatusCode::OK, &query.body(&page, &base, Player::to_json))
    }

    fn get_player(&self, id: &str) -> Answer {
        match self.players.get(id) {
            Some(player) => answer::json(StatusCode::OK, &player.to_json()),
            None => no_player(),
        }
    }

    fn post_player(&mut self, request: &Request<Bytes>, now: Timestamp) -> Answer {
        let Some(body) = object(request.body()) else { return answer::unreadable_body() };
        let theme = match read_theme(&body) {
            Ok(theme) => theme,
            Err(refused) => return answer::invalid(&refused),
        };
        let mut player = Player::new(format!("pt{}", self.generator.alphanumeric(22)), now);
        player.update(theme, now);
        let answer = answer::json(StatusCode::CREATED, &player.to_json());
        self.players.insert(player);
        answer
    }

    fn patch_player(&mut self, id: &str, request: &Request<Bytes>, now: Timestamp) -> Answer {
        let Some(body) = object(request.body()) else { return answer::unreadable_body() };
        let Some(player) = self.players.get_mut(id) else { return no_player() };
        match read_theme(&body) {
            Ok(theme) => {
                player.update(theme, now);
                answer::json(StatusCode::OK, &player.to_json())
            }
            Err(refused) => answer::invalid(&refused),
        }
    }

    fn delete_player(&mut self, id: &str) -> Answer {
        if self.players.remove(id) { answer::empty(StatusCode::NO_CONTENT) } else { no_player() }
    }
}

/// The answer to a create or an update.
pub(crate) fn stream_answer(result: Result<LiveStream, NotChanged>) -> Answer {
    match result {
        Ok(stream) => answer::json(StatusCode::OK, &stream.to_json()),
        Err(NotChanged::NotFound) => no_stream(),
        Err(NotChanged::Refused(refused)) => answer::invalid(&refused),
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
