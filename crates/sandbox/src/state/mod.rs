//! The API as a pure state machine: requests and times in, answers out.

mod edit;
mod fields;
mod limits;
mod listing;
mod player;
mod players;
mod routes;
mod stream;
mod streams;
mod tokens;
mod upload;

use bytes::Bytes;
use http::{Request, Response};
use jiff::Timestamp;

pub(crate) use edit::NotChanged;
pub use edit::{EditError, NewStream, StreamPatch};
pub use limits::{Budget, Window};
pub use player::DEFAULT_PLAYER_ID;
pub(crate) use routes::{object, stream_answer};
pub use stream::StreamView;

use crate::answer::{Answer, with_date};
use crate::changes::Changes;
use crate::config::Config;
use crate::generator::Generator;
use crate::secret::Secret;
use limits::{Class, Limits};
use players::Players;
use streams::Streams;
use tokens::Tokens;

/// One api.video account.
///
/// Deterministic: equal seeds, requests and times give equal answers. Time
/// never goes back: an earlier `now` than one seen before counts as that one.
#[derive(Debug)]
pub struct State {
    config: Config,
    generator: Generator,
    clock: Timestamp,
    tokens: Tokens,
    limits: Limits,
    streams: Streams,
    players: Players,
}

impl State {
    /// An account without streams, with one player ([`DEFAULT_PLAYER_ID`]).
    pub fn new(config: Config, seed: u64) -> Self {
        Self {
            config,
            generator: Generator::new(seed),
            clock: Timestamp::MIN,
            tokens: Tokens::default(),
            limits: Limits::default(),
            streams: Streams::default(),
            players: Players::with_default(),
        }
    }

    /// Answers one request to the API at the time `now`.
    pub fn handle(&mut self, request: &Request<Bytes>, now: Timestamp) -> Response<Bytes> {
        let now = self.advance(now);
        with_date(self.route(request, now), now)
    }

    /// The settings in force.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Changes settings; a new key is a revocation of the old one. The latency
    /// is the caller's: the state machine doesn't wait.
    pub fn configure(&mut self, changes: &Changes) {
        changes.apply(&mut self.config);
        if let Some(key) = &changes.api_key {
            self.set_api_key(key.clone());
        }
    }

    /// Revokes the old key and every token; from now on `key` is accepted.
    pub fn set_api_key(&mut self, key: Secret) {
        if key != self.config.api_key {
            self.config.api_key = key;
            self.tokens.revoke_all();
        }
    }

    /// What is left of the rate limits at `now`.
    pub fn budget(&self, now: Timestamp) -> Budget {
        self.limits.budget(&self.config, now.max(self.clock))
    }

    /// Every secret that is in force now: the key, tokens, stream keys and the
    /// tokens in the URLs of private streams. For tests that search logs,
    /// events and statuses for what must not be there.
    pub fn secrets(&self) -> Vec<String> {
        let mut secrets = vec![self.config.api_key.expose().to_owned()];
        secrets.extend(self.tokens.secrets());
        secrets.extend(self.streams.current().flat_map(|stream| stream.secrets()));
        secrets
    }

    /// The number of the access token that a call carries; see [`crate::CallEntry::token`].
    pub(crate) fn token_of(&self, request: &Request<Bytes>) -> Option<u64> {
        self.tokens.number(request.headers())
    }

    /// The number of the last access token that was made; 0: none was.
    pub(crate) fn last_token(&self) -> u64 {
        self.tokens.issued()
    }

    /// The answer with the headers that tell what is left of its limit.
    pub(crate) fn with_limits(&self, answer: Answer, request: &Request<Bytes>, now: Timestamp) -> Answer {
        let window = self.limits.window(Class::of(request.method()), &self.config, now.max(self.clock));
        window.tell(answer)
    }

    /// The answer with headers that tell of a limit that is used up, whatever
    /// is left of it.
    pub(crate) fn with_spent_limits(
        &self,
        answer: Answer,
        request: &Request<Bytes>,
        retry_after: u64,
        now: Timestamp,
    ) -> Answer {
        let window = self.limits.window(Class::of(request.method()), &self.config, now.max(self.clock));
        Window { remaining: 0, retry_after, ..window }.tell(answer)
    }

    fn advance(&mut self, now: Timestamp) -> Timestamp {
        self.clock = self.clock.max(now);
        self.streams.settle(self.clock);
        self.clock
    }
}
