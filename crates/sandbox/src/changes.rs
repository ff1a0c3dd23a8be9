//! Settings that can change while the sandbox runs.

use std::time::Duration;

use serde::{Deserialize, Deserializer};

use crate::config::{Config, parse_duration};
use crate::secret::Secret;

/// New settings; what is left out stays as it is. In JSON, durations are texts
/// like `500ms` or `60s`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Changes {
    /// A new key; another one than before revokes every token.
    #[serde(default, deserialize_with = "secret")]
    pub api_key: Option<Secret>,
    /// See [`Config::reads`].
    #[serde(default)]
    pub reads: Option<u64>,
    /// See [`Config::writes`].
    #[serde(default)]
    pub writes: Option<u64>,
    /// See [`Config::window`].
    #[serde(default, deserialize_with = "duration")]
    pub window: Option<Duration>,
    /// See [`Config::list_lag`].
    #[serde(default, deserialize_with = "duration")]
    pub list_lag: Option<Duration>,
    /// See [`Config::token_ttl`]; holds for tokens made from now on.
    #[serde(default, deserialize_with = "duration")]
    pub token_ttl: Option<Duration>,
    /// See [`Options::latency`](crate::Options::latency).
    #[serde(default, deserialize_with = "duration")]
    pub latency: Option<Duration>,
}

impl Changes {
    /// Overwrites what is given; the key and the latency are not the config's.
    pub(crate) fn apply(&self, config: &mut Config) {
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
    let text = Option::<String>::deserialize(deserializer)?;
    text.map(|text| {
        parse_duration(&text).map_err(|error| serde::de::Error::custom(format!("{text:?}: {error}")))
    })
    .transpose()
}
