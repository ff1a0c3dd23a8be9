//! Which part of the API a request is for, and who may call it.

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use jiff::Timestamp;
use serde_json::Value;

use super::account::State;
use super::limits::Class;
use super::resource::{Admitted, object};
use super::streams::Moment;
use super::tokens::Grant;
use crate::answer::{self, Answer, with_date};
use crate::secret::Secret;

impl State {
    /// Answers one request to the API at the time `now`.
    pub fn handle(&mut self, request: &Request<Bytes>, now: Timestamp) -> Response<Bytes> {
        let now = self.advance(now);
        with_date(self.route(request, now), now)
    }

    fn route(&mut self, request: &Request<Bytes>, now: Timestamp) -> Answer {
        let path = request.uri().path();
        let segments: Vec<&str> = path.trim_matches('/').split('/').collect();
        match segments.as_slice() {
            ["auth", "api-key"] => self.exchange(request, "apiKey", now, |_, key| Some(Secret::from(key))),
            ["auth", "refresh"] => {
                self.exchange(request, "refreshToken", now, |state, token| state.tokens.redeem(token, now))
            }
            ["live-streams" | "players", ..] => self.limited(request, &segments, now),
            _ => answer::not_found(None),
        }
    }

    /// Gives a pair of tokens for the credential in `field`, if `key_of` finds a
    /// key for it that is in force.
    fn exchange(
        &mut self,
        request: &Request<Bytes>,
        field: &str,
        now: Timestamp,
        key_of: impl FnOnce(&mut Self, &str) -> Option<Secret>,
    ) -> Answer {
        if request.method() != Method::POST {
            return answer::method_not_allowed("POST");
        }
        let Some(body) = object(request.body()) else { return answer::unreadable_body() };
        let credential = body.get(field).and_then(Value::as_str).unwrap_or_default();
        let key = key_of(self, credential);
        let Some((key, project)) = key.and_then(|key| self.keys.get_key_value(&key)) else {
            return answer::wrong_credentials();
        };
        let grant = Grant { key: key.clone(), project: project.clone() };
        let pair = self.tokens.issue(grant, &mut self.generator, &self.config, now);
        answer::json(StatusCode::OK, &pair)
    }

    /// Everything behind the key. Only calls of the account spend its budget:
    /// a refused key spends nothing, a refused body does.
    fn limited(&mut self, request: &Request<Bytes>, segments: &[&str], now: Timestamp) -> Answer {
        let answer = match self.admitted(request, now) {
            None => answer::unauthorized(),
            Some(id) => {
                let moment = Moment { now, lag: self.config.list_lag };
                let (project, generator) = (self.projects.entry(id).or_default(), &mut self.generator);
                if project.limits.take(Class::of(request.method()), &self.config, now) {
                    Admitted { project, generator, request, moment }.answer(segments)
                } else {
                    answer::too_many_requests()
                }
            }
        };
        self.with_limits(answer, request, now)
    }
}
