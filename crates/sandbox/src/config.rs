//! The settings: of the state machine, and of the server around it.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use crate::key::{ApiKey, ProjectClaim};
use crate::secret::Secret;

/// The settings of the state machine.
#[derive(Debug, Clone)]
pub struct Config {
    /// The key that `/auth/api-key` and HTTP Basic accept.
    pub api_key: Secret,
    /// The project that the key opens; `None`: the unnamed one, with opaque
    /// tokens. The token of a named project is a JWT.
    pub project: Option<String>,
    /// More keys, each with its project.
    pub more_keys: Vec<ApiKey>,
    /// Where the tokens of named projects have the project's id.
    pub project_claim: ProjectClaim,
    /// Calls of GET that a window allows, for each project. Production's limit by
    /// default.
    pub reads: u64,
    /// Calls of POST, PATCH, PUT and DELETE that a window allows.
    pub writes: u64,
    /// How long a rate limit window lasts, from the first call in it.
    pub window: Duration,
    /// How far lists trail behind what a GET by id shows.
    pub list_lag: Duration,
    /// How long an access token is valid.
    pub token_ttl: Duration,
    /// How many calls the log keeps; the counters go on.
    pub call_log: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            api_key: Secret::from("sandbox-key"),
            project: None,
            more_keys: Vec::new(),
            project_claim: ProjectClaim::default(),
            reads: 500,
            writes: 200,
            window: Duration::from_secs(60),
            list_lag: Duration::ZERO,
            token_ttl: Duration::from_secs(3600),
            call_log: 2_000,
        }
    }
}

/// The settings of a [`Sandbox`](crate::Sandbox): the flags of the command line
/// as values.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where to listen. Loopback by default: the control endpoints ask for no key.
    pub address: IpAddr,
    /// The port; 0 takes a free one.
    pub port: u16,
    /// See [`Config::api_key`].
    pub api_key: Secret,
    /// See [`Config::project`].
    pub project: Option<String>,
    /// See [`Config::more_keys`].
    pub more_keys: Vec<ApiKey>,
    /// See [`Config::project_claim`].
    pub project_claim: ProjectClaim,
    /// See [`Config::reads`].
    pub reads: u64,
    /// See [`Config::writes`].
    pub writes: u64,
    /// See [`Config::window`].
    pub window: Duration,
    /// See [`Config::list_lag`].
    pub list_lag: Duration,
    /// See [`Config::token_ttl`].
    pub token_ttl: Duration,
    /// See [`Config::call_log`].
    pub call_log: usize,
    /// How long every answer of the API is held back. The effect is at once.
    pub latency: Duration,
    /// The seed of ids, keys and chances: the same seed and the same calls give
    /// the same answers.
    pub seed: u64,
}

impl Default for Options {
    fn default() -> Self {
        let config = Config::default();
        Self {
            address: IpAddr::V4(Ipv4Addr::LOCALHOST),
            port: 0,
            api_key: config.api_key,
            project: config.project,
            more_keys: config.more_keys,
            project_claim: config.project_claim,
            reads: config.reads,
            writes: config.writes,
            window: config.window,
            list_lag: config.list_lag,
            token_ttl: config.token_ttl,
            call_log: config.call_log,
            latency: Duration::ZERO,
            seed: 1,
        }
    }
}

impl Options {
    /// The part of the settings that the state machine needs.
    pub fn config(&self) -> Config {
        Config {
            api_key: self.api_key.clone(),
            project: self.project.clone(),
            more_keys: self.more_keys.clone(),
            project_claim: self.project_claim,
            reads: self.reads,
            writes: self.writes,
            window: self.window,
            list_lag: self.list_lag,
            token_ttl: self.token_ttl,
            call_log: self.call_log,
        }
    }
}

/// A text that is not a duration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("accepted are durations of zero or more, like 500ms, 60s or 5m")]
pub struct DurationError;

/// Reads a duration like `500ms`, `60s`, `5m` or `1h 30m`.
///
/// # Errors
/// When the text is something else, or below zero.
pub fn parse_duration(text: &str) -> Result<Duration, DurationError> {
    let signed: jiff::SignedDuration = text.trim().parse().map_err(|_| DurationError)?;
    Duration::try_from(signed).map_err(|_| DurationError)
}

/// Durations in JSON: the texts that [`parse_duration`] reads.
pub(crate) mod duration_text {
    use std::time::Duration;

    use serde::de::Error as _;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use super::parse_duration;

    pub(crate) fn serialize<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
        let signed = jiff::SignedDuration::try_from(*duration).unwrap_or(jiff::SignedDuration::MAX);
        format!("{signed:#}").serialize(serializer)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
        let text = String::deserialize(deserializer)?;
        parse_duration(&text).map_err(|error| D::Error::custom(format!("{text:?}: {error}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_as_people_write_them() {
        assert_eq!(parse_duration("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(parse_duration("60s"), Ok(Duration::from_secs(60)));
        assert_eq!(parse_duration("5m"), Ok(Duration::from_secs(300)));
        for wrong in ["", "5", "-1s", "soon", "5 parsecs"] {
            assert_eq!(parse_duration(wrong), Err(DurationError), "{wrong:?}");
        }
    }

    #[test]
    fn a_shown_duration_can_be_read_again() {
        for duration in [Duration::ZERO, Duration::from_millis(1_500), Duration::from_secs(3_725)] {
            let shown = duration_text::serialize(&duration, serde_json::value::Serializer).unwrap();
            assert_eq!(duration_text::deserialize(shown).unwrap(), duration);
        }
    }

    #[test]
    fn the_key_is_not_printed() {
        let options = Options { api_key: "very-private".into(), ..Options::default() };
        assert!(!format!("{options:?} {:?}", options.config()).contains("very-private"));
    }
}
