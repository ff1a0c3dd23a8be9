//! The account: its keys, its projects, and what they share.

use std::collections::BTreeMap;

use bytes::Bytes;
use http::Request;
use jiff::Timestamp;

use super::limits::{Budget, Class, Window};
use super::project::Project;
use super::resource::object;
use super::streams::Moment;
use super::tokens::Tokens;
use crate::answer::Answer;
use crate::changes::Changes;
use crate::config::Config;
use crate::generator::Generator;
use crate::key::ProjectId;
use crate::secret::Secret;

/// One api.video server.
///
/// Deterministic: equal seeds, requests and times give equal answers. Time
/// never goes back: an earlier `now` than one seen before counts as that one.
#[derive(Debug)]
pub struct State {
    pub(crate) config: Config,
    pub(crate) generator: Generator,
    clock: Timestamp,
    pub(crate) tokens: Tokens,
    /// The keys in force, and the project that each of them opens.
    pub(crate) keys: BTreeMap<Secret, ProjectId>,
    pub(crate) projects: BTreeMap<ProjectId, Project>,
}

impl State {
    /// Projects without streams, each with one player
    /// ([`DEFAULT_PLAYER_ID`](crate::DEFAULT_PLAYER_ID)).
    pub fn new(config: Config, seed: u64) -> Self {
        let mut state = Self {
            generator: Generator::new(seed),
            clock: Timestamp::MIN,
            tokens: Tokens::default(),
            keys: BTreeMap::new(),
            projects: BTreeMap::new(),
            config: config.clone(),
        };
        for more in config.more_keys {
            state.point_key(more.key, more.project);
        }
        state.point_key(config.api_key, config.project);
        state
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
        self.point_key(self.config.api_key.clone(), self.config.project.clone());
    }

    /// Revokes the first key and its tokens; from now on `key` is accepted in
    /// its place, for the same project.
    pub fn set_api_key(&mut self, key: Secret) {
        if key != self.config.api_key {
            let old = std::mem::replace(&mut self.config.api_key, key.clone());
            self.keys.remove(&old);
            self.tokens.revoke(&old);
            self.point_key(key, self.config.project.clone());
        }
    }

    /// Makes `key` open `project` from now on; a key that is unknown is added.
    /// Its access tokens keep their project until they expire; a refresh gives
    /// one of the new project.
    pub fn point_key(&mut self, key: Secret, project: Option<String>) {
        if key == self.config.api_key {
            self.config.project.clone_from(&project);
        }
        let project = ProjectId::from(project);
        self.projects.entry(project.clone()).or_default();
        self.keys.insert(key, project);
    }

    /// What is left at `now` of the rate limits of the first key's project.
    pub fn budget(&self, now: Timestamp) -> Budget {
        let now = now.max(self.clock);
        let project = self.projects.get(&self.first_project());
        project.map_or_else(
            || Project::default().limits.budget(&self.config, now),
            |project| project.limits.budget(&self.config, now),
        )
    }

    /// Every secret that is in force now: keys, tokens, stream keys and the
    /// tokens in the URLs of private streams. For tests that search logs,
    /// events and statuses for what must not be there.
    pub fn secrets(&self) -> Vec<String> {
        let mut secrets: Vec<String> = self.keys.keys().map(|key| key.expose().to_owned()).collect();
        secrets.extend(self.tokens.secrets());
        let streams = self.projects.values().flat_map(|project| project.streams.current());
        secrets.extend(streams.flat_map(|stream| stream.secrets()));
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

    /// The project that a call's key or token opens; `None`: neither is accepted.
    pub(crate) fn admitted(&self, request: &Request<Bytes>, now: Timestamp) -> Option<ProjectId> {
        self.tokens.admit(request.headers(), &self.keys, now.max(self.clock))
    }

    /// The project that a call is for: by its key or token, or by the key in the
    /// body of `/auth/api-key`.
    pub(crate) fn project_of(&self, request: &Request<Bytes>) -> Option<ProjectId> {
        if request.uri().path() != "/auth/api-key" {
            return self.admitted(request, self.clock);
        }
        let body = object(request.body())?;
        self.keys.get(&Secret::from(body.get("apiKey")?.as_str()?)).cloned()
    }

    /// The answer with the headers that show what is left of its limit.
    pub(crate) fn with_limits(&self, answer: Answer, request: &Request<Bytes>, now: Timestamp) -> Answer {
        self.window(request, now).show(answer)
    }

    /// The answer with headers that show a limit that is used up, whatever is
    /// left of it.
    pub(crate) fn with_spent_limits(
        &self,
        answer: Answer,
        request: &Request<Bytes>,
        retry_after: u64,
        now: Timestamp,
    ) -> Answer {
        Window { remaining: 0, retry_after, ..self.window(request, now) }.show(answer)
    }

    /// The window that a call spends; for a refused key, that of the first key.
    fn window(&self, request: &Request<Bytes>, now: Timestamp) -> Window {
        let id = self.admitted(request, now).unwrap_or_else(|| self.first_project());
        let (class, now) = (Class::of(request.method()), now.max(self.clock));
        let window = |project: &Project| project.limits.window(class, &self.config, now);
        self.projects.get(&id).map_or_else(|| window(&Project::default()), window)
    }

    fn first_project(&self) -> ProjectId {
        self.config.project.clone().into()
    }

    pub(crate) fn moment(&self, now: Timestamp) -> Moment {
        Moment { now, lag: self.config.list_lag }
    }

    pub(crate) fn advance(&mut self, now: Timestamp) -> Timestamp {
        self.clock = self.clock.max(now);
        for project in self.projects.values_mut() {
            project.streams.settle(self.clock);
        }
        self.clock
    }
}
