//! Settings that can change while the sandbox runs.

use std::time::Duration;

use serde::{Deserialize, Deserializer};

use crate::config::{Config, duration_text};
use crate::key::ProjectClaim;
use crate::secret::Secret;

/// New settings; what is left out stays as it is. In JSON, durations are texts
/// like `500ms` or `60s`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Changes {
    /// A new key; another one than before revokes every token.
    #[serde(default, deserialize_with = "secret")]
    pub api_key: Option<Secret>,
    /// The project that the first key opens from now on.
    #[serde(default)]
    pub project: Option<String>,
    /// See [`Config::project_claim`]; holds for tokens made from now on.
    #[serde(default)]
    pub project_claim: Option<ProjectClaim>,
    /// See [`Config::reads`].
    #[serde(default)]
    pub reads: Option<u64>,
    /// See [`Config::writes`].
    #[serde(default)]
    pub writes: Option<u64>,
    /// See [`Config::window`].
    #[serde(default, deserialize_with = "above_zero")]
    pub window: Option<Duration>,
    /// See [`Config::list_lag`].
    #[serde(default, deserialize_with = "duration")]
    pub list_lag: Option<Duration>,
    /// See [`Config::token_ttl`]; holds for tokens made from now on.
    #[serde(default, deserialize_with = "above_zero")]
    pub token_ttl: Option<Duration>,
    /// See [`Options::latency`](crate::Options::latency).
    #[serde(default, deserialize_with = "duration")]
    pub latency: Option<Duration>,
}

impl Changes {
    /// Overwrites what is given; the key and the latency are not the config's.
    pub(crate) fn apply(&self, config: &mut Config) {
        if let Some(project) = &self.project {
            config.project = Some(project.clone());
        }
        config.project_claim = self.project_claim.unwrap_or(config.project_claim);
        config.reads = self.reads.unwrap_or(config.reads);
        config.writes = self.writes.unwrap_or(config.writes);
        config.window = self.window.unwrap_or(config.window);
        config.list_lag = self.list_lag.unwrap_or(config.list_lag);
        config.token_ttl = self.token_ttl.unwrap_or(config.token_ttl);
    }
}

fn secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Secret>, D::Error> {
    Ok(Option::<String>::deserialize(deserializer)?.map(Secret::from))
}

fn duration<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
    #[derive(Deserialize)]
    struct Text(#[serde(with = "duration_text")] Duration);
    Ok(Option::<Text>::deserialize(deserializer)?.map(|Text(duration)| duration))
}

fn above_zero<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
    match duration(deserializer)? {
        Some(Duration::ZERO) => Err(serde::de::Error::custom("accepted are durations above zero")),
        duration => Ok(duration),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_texts_and_mistakes_are_reported() {
        let changes: Changes = serde_json::from_str(r#"{"window": "2s", "list_lag": "0s"}"#).unwrap();
        assert_eq!(changes.window, Some(Duration::from_secs(2)));
        assert_eq!(changes.list_lag, Some(Duration::ZERO));
        for (json, expected) in [
            (r#"{"window": "0s"}"#, "above zero"),
            (r#"{"latency": "soon"}"#, "500ms"),
            (r#"{"speed": 1}"#, "speed"),
        ] {
            let error = serde_json::from_str::<Changes>(json).unwrap_err().to_string();
            assert!(error.contains(expected), "{json}: {error}");
        }
    }
}
