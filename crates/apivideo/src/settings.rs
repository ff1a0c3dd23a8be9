//! What a client is made of, checked once and then trusted.

use http::{HeaderValue, Uri};

use crate::Secret;
use crate::share::Share;

/// The production host.
pub const PRODUCTION: &str = "https://ws.api.video";

/// The sandbox host: streams are watermarked, 30 s long, and removed after 24 h.
pub const SANDBOX: &str = "https://sandbox.api.video";

/// What a [`crate::Client`] is made of.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where the API is, [`PRODUCTION`] or [`SANDBOX`]: `http` or `https`, a host, maybe a path, no query.
    pub base_url: String,
    /// The API key of one project.
    pub api_key: Secret,
    /// The share of the limit for reads that this client may use, above 0 and at most 1.
    pub read_share: f64,
    /// The share of the limit for writes, likewise.
    pub write_share: f64,
    /// The `User-Agent` of every call.
    pub user_agent: String,
    /// What the spread of the probes of an account in trouble begins with; `None`: by chance.
    pub jitter_seed: Option<u64>,
}

/// Settings that no client can be made of.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum SettingsError {
    /// The base URL can't be used.
    #[error("the base URL {url:?} can't be used: {why}; give one like {PRODUCTION}")]
    BaseUrl {
        /// The value, or a stand-in when it holds a password.
        url: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// The API key is empty.
    #[error("the API key is empty; copy it from the api.video dashboard")]
    ApiKey,
    /// A share isn't one.
    #[error("the share of {class} is {value}; it must be above 0 and at most 1")]
    Share {
        /// Reads or writes.
        class: crate::Class,
        /// The value.
        value: f64,
    },
    /// The user agent can't be sent.
    #[error("the user agent {0:?} can't be a header value; use plain ASCII text")]
    UserAgent(String),
}

/// The settings after the check.
#[derive(Debug)]
pub(crate) struct Checked {
    /// Without a slash at the end, so that a path can be put behind it.
    pub(crate) base_url: String,
    pub(crate) user_agent: HeaderValue,
    pub(crate) reads: Share,
    pub(crate) writes: Share,
}

pub(crate) fn check(settings: &Settings) -> Result<Checked, SettingsError> {
    if settings.api_key.expose().trim().is_empty() {
        return Err(SettingsError::ApiKey);
    }
    for (class, value) in
        [(crate::Class::Read, settings.read_share), (crate::Class::Write, settings.write_share)]
    {
        if !(value > 0.0 && value <= 1.0) {
            return Err(SettingsError::Share { class, value });
        }
    }
    let user_agent = HeaderValue::from_str(&settings.user_agent)
        .map_err(|_| SettingsError::UserAgent(settings.user_agent.clone()))?;
    Ok(Checked {
        base_url: base_url(&settings.base_url)?,
        user_agent,
        reads: Share(settings.read_share),
        writes: Share(settings.write_share),
    })
}

fn base_url(url: &str) -> Result<String, SettingsError> {
    let why = match url.parse::<Uri>() {
        _ if url.contains('@') => "it has a user name",
        // http::Uri drops a fragment without a word.
        _ if url.contains(['?', '#']) => "it has a query or a fragment",
        Err(_) => "it is not a URL",
        Ok(uri) if !matches!(uri.scheme_str(), Some("http" | "https")) => {
            "it doesn't begin with http:// or https://"
        }
        Ok(uri) if uri.host().is_none_or(str::is_empty) => "it has no host",
        Ok(_) => return Ok(url.trim_end_matches('/').to_owned()),
    };
    let shown = if url.contains('@') { "(not shown, for it may hold a password)" } else { url };
    Err(SettingsError::BaseUrl { url: shown.to_owned(), why })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings() -> Settings {
        Settings {
            base_url: PRODUCTION.into(),
            api_key: "key".into(),
            read_share: 0.9,
            write_share: 1.0,
            user_agent: "tests/1".into(),
            jitter_seed: None,
        }
    }

    #[test]
    fn both_hosts_and_a_path_are_good() {
        for url in [PRODUCTION, SANDBOX, "http://127.0.0.1:8990/", "https://proxy.example/apivideo/"] {
            let checked = check(&Settings { base_url: url.into(), ..settings() }).unwrap();
            assert_eq!(checked.base_url, url.trim_end_matches('/'));
        }
    }

    #[test]
    fn a_base_url_that_is_none_is_refused_with_its_reason() {
        for (url, why) in [
            ("", "not a URL"),
            ("ws.api.video", "doesn't begin"),
            ("ftp://ws.api.video", "doesn't begin"),
            ("https://", "not a URL"),
            ("https://ws.api.video?x=1", "query"),
            ("https://ws.api.video#x", "query"),
        ] {
            let error = check(&Settings { base_url: url.into(), ..settings() }).unwrap_err().to_string();
            assert!(error.contains(why), "{url:?}: {error}");
        }
    }

    #[test]
    fn a_password_in_the_base_url_is_not_repeated() {
        let error =
            check(&Settings { base_url: "https://me:hunter2@host".into(), ..settings() }).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("hunter2"));
    }

    #[test]
    fn a_share_is_above_zero_and_at_most_one() {
        for share in [0.0, -0.1, 1.1, f64::NAN, f64::INFINITY] {
            assert!(check(&Settings { read_share: share, ..settings() }).is_err(), "{share}");
            assert!(check(&Settings { write_share: share, ..settings() }).is_err(), "{share}");
        }
    }

    #[test]
    fn an_empty_key_and_a_broken_user_agent_are_refused() {
        assert_eq!(
            check(&Settings { api_key: " \n".into(), ..settings() }).unwrap_err(),
            SettingsError::ApiKey
        );
        assert!(check(&Settings { user_agent: "a\r\nb".into(), ..settings() }).is_err());
    }

    #[test]
    fn settings_never_show_the_key() {
        let settings = Settings { api_key: "hunter2".into(), ..settings() };
        assert!(!format!("{settings:?}").contains("hunter2"));
    }
}
