//! Who may call: the API key by HTTP Basic, or an access token made from it.

use std::collections::BTreeMap;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::HeaderMap;
use http::header::AUTHORIZATION;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::jwt;
use crate::config::Config;
use crate::generator::Generator;
use crate::key::ProjectId;
use crate::secret::Secret;

/// How long a refresh token can be used; it also bounds what is remembered.
const REFRESH_TTL: Duration = Duration::from_secs(14 * 24 * 3600);

/// The tokens in force.
#[derive(Debug, Default)]
pub(crate) struct Tokens {
    access: BTreeMap<Secret, Access>,
    refresh: BTreeMap<Secret, Refresh>,
    /// How many were made, ever: the number of the last one.
    issued: u64,
}

#[derive(Debug)]
struct Access {
    ends: Timestamp,
    number: u64,
    grant: Grant,
}

#[derive(Debug)]
struct Refresh {
    ends: Timestamp,
    /// The access token of the same pair.
    access: Secret,
    key: Secret,
}

/// What a pair of tokens is made for.
#[derive(Debug)]
pub(crate) struct Grant {
    pub(crate) key: Secret,
    pub(crate) project: ProjectId,
}

impl Tokens {
    /// Makes a pair, as the answer of `/auth` shows it. The token of a named
    /// project is a JWT; without a name it is opaque.
    pub(crate) fn issue(
        &mut self,
        grant: Grant,
        generator: &mut Generator,
        config: &Config,
        now: Timestamp,
    ) -> Value {
        self.access.retain(|_, access| access.ends > now);
        self.refresh.retain(|_, refresh| refresh.ends > now);
        let ends = after(now, config.token_ttl);
        let access = Secret::from(match grant.project.name() {
            Some(project) => jwt::token(project, config.project_claim, generator, now, ends),
            None => generator.alphanumeric(64),
        });
        let refresh = Secret::from(format!("def502{}", generator.alphanumeric(64)));
        let answer = json!({
            "token_type": "Bearer",
            "expires_in": config.token_ttl.as_secs(),
            "access_token": access.expose(),
            "refresh_token": refresh.expose(),
        });
        let (key, refresh_ends) = (grant.key.clone(), after(now, REFRESH_TTL));
        self.refresh.insert(refresh, Refresh { ends: refresh_ends, access: access.clone(), key });
        self.issued += 1;
        self.access.insert(access, Access { ends, number: self.issued, grant });
        answer
    }

    /// Uses a refresh token up: its whole pair is revoked. Returns the key that
    /// it was made from, or `None` if it is unknown.
    pub(crate) fn redeem(&mut self, refresh: &str, now: Timestamp) -> Option<Secret> {
        let Refresh { ends, access, key } = self.refresh.remove(&Secret::from(refresh))?;
        self.access.remove(&access);
        (ends > now).then_some(key)
    }

    /// Revokes the tokens that were made from a key.
    pub(crate) fn revoke(&mut self, key: &Secret) {
        self.access.retain(|_, access| access.grant.key != *key);
        self.refresh.retain(|_, refresh| refresh.key != *key);
    }

    /// The project that a key or a token in the headers opens, if it is in force.
    pub(crate) fn admit(
        &self,
        headers: &HeaderMap,
        keys: &BTreeMap<Secret, ProjectId>,
        now: Timestamp,
    ) -> Option<ProjectId> {
        let (scheme, credential) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
        if scheme.eq_ignore_ascii_case("bearer") {
            let access = self.access.get(&Secret::from(credential.trim()))?;
            (access.ends > now).then(|| access.grant.project.clone())
        } else if scheme.eq_ignore_ascii_case("basic") {
            keys.get(&Secret::from(basic_user(credential.trim())?)).cloned()
        } else {
            None
        }
    }

    /// How many access tokens were made, ever.
    pub(crate) fn issued(&self) -> u64 {
        self.issued
    }

    /// The number of the access token that the headers carry.
    pub(crate) fn number(&self, headers: &HeaderMap) -> Option<u64> {
        let (scheme, token) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
        let token = scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())?;
        self.access.get(&Secret::from(token)).map(|access| access.number)
    }

    pub(crate) fn secrets(&self) -> Vec<String> {
        self.access.keys().chain(self.refresh.keys()).map(|secret| secret.expose().to_owned()).collect()
    }
}

/// The user name of HTTP Basic: what stands before the first colon.
fn basic_user(encoded: &str) -> Option<String> {
    let decoded = String::from_utf8(STANDARD.decode(encoded).ok()?).ok()?;
    Some(decoded.split(':').next().unwrap_or_default().to_owned())
}

fn after(now: Timestamp, duration: Duration) -> Timestamp {
    now.saturating_add(duration).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bearer(token: &str) -> HeaderMap {
        HeaderMap::from_iter([(AUTHORIZATION, format!("Bearer {token}").parse().unwrap())])
    }

    fn keys() -> BTreeMap<Secret, ProjectId> {
        BTreeMap::from([(Secret::from("key"), ProjectId::default())])
    }

    fn issued(tokens: &mut Tokens, generator: &mut Generator) -> (String, String) {
        let config = Config { token_ttl: Duration::from_secs(60), ..Config::default() };
        let grant = Grant { key: "key".into(), project: ProjectId::default() };
        let answer = tokens.issue(grant, generator, &config, Timestamp::UNIX_EPOCH);
        let text = |name: &str| answer[name].as_str().unwrap().to_owned();
        (text("access_token"), text("refresh_token"))
    }

    #[test]
    fn a_token_is_accepted_until_it_expires() {
        let mut tokens = Tokens::default();
        let (access, _) = issued(&mut tokens, &mut Generator::new(1));
        let admit = |second| tokens.admit(&bearer(&access), &keys(), Timestamp::from_second(second).unwrap());
        assert!(admit(59).is_some());
        assert!(admit(60).is_none());
    }

    #[test]
    fn a_refresh_token_works_once_and_ends_its_pair() {
        let (mut tokens, now) = (Tokens::default(), Timestamp::UNIX_EPOCH);
        let (access, refresh) = issued(&mut tokens, &mut Generator::new(1));
        assert_eq!(tokens.redeem(&refresh, now), Some("key".into()));
        assert_eq!(tokens.redeem(&refresh, now), None);
        assert!(tokens.admit(&bearer(&access), &keys(), now).is_none());
    }

    #[test]
    fn only_the_tokens_of_a_revoked_key_end() {
        let mut tokens = Tokens::default();
        let (access, refresh) = issued(&mut tokens, &mut Generator::new(1));
        tokens.revoke(&"other".into());
        assert!(tokens.admit(&bearer(&access), &keys(), Timestamp::UNIX_EPOCH).is_some());
        tokens.revoke(&"key".into());
        assert!(tokens.admit(&bearer(&access), &keys(), Timestamp::UNIX_EPOCH).is_none());
        assert_eq!(tokens.redeem(&refresh, Timestamp::UNIX_EPOCH), None);
    }

    #[test]
    fn the_key_is_accepted_as_the_user_of_http_basic() {
        let tokens = Tokens::default();
        let basic = |text: &str| {
            let value = format!("Basic {}", STANDARD.encode(text)).parse().unwrap();
            let headers = HeaderMap::from_iter([(AUTHORIZATION, value)]);
            tokens.admit(&headers, &keys(), Timestamp::UNIX_EPOCH).is_some()
        };
        assert!(basic("key:"));
        assert!(basic("key"));
        assert!(!basic("other:"));
        assert!(tokens.admit(&HeaderMap::new(), &keys(), Timestamp::UNIX_EPOCH).is_none());
    }
}
