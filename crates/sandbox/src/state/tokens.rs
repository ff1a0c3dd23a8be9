//! Who may call: the API key by HTTP Basic, or an access token made from it.

use std::collections::BTreeMap;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::HeaderMap;
use http::header::AUTHORIZATION;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::generator::Generator;
use crate::secret::Secret;

/// How long a refresh token can be used; it also bounds what is remembered.
const REFRESH_TTL: Duration = Duration::from_secs(14 * 24 * 3600);

/// The tokens in force.
#[derive(Debug, Default)]
pub(crate) struct Tokens {
    /// Access token → when it ends, and its number.
    access: BTreeMap<Secret, (Timestamp, u64)>,
    /// Refresh token → its pair's access token and when it ends itself.
    refresh: BTreeMap<Secret, (Secret, Timestamp)>,
    /// How many were made, ever: the number of the last one.
    issued: u64,
}

impl Tokens {
    /// Makes a pair, as the answer of `/auth` shows it.
    pub(crate) fn issue(&mut self, generator: &mut Generator, ttl: Duration, now: Timestamp) -> Value {
        self.access.retain(|_, (ends, _)| *ends > now);
        self.refresh.retain(|_, (_, ends)| *ends > now);
        let access = Secret::from(generator.alphanumeric(64));
        let refresh = Secret::from(format!("def502{}", generator.alphanumeric(64)));
        let answer = json!({
            "token_type": "Bearer",
            "expires_in": ttl.as_secs(),
            "access_token": access.expose(),
            "refresh_token": refresh.expose(),
        });
        self.refresh.insert(refresh, (access.clone(), after(now, REFRESH_TTL)));
        self.issued += 1;
        self.access.insert(access, (after(now, ttl), self.issued));
        answer
    }

    /// Uses a refresh token up: its whole pair is revoked. False: it is unknown.
    pub(crate) fn redeem(&mut self, refresh: &str, now: Timestamp) -> bool {
        match self.refresh.remove(&Secret::from(refresh)) {
            Some((access, ends)) => {
                self.access.remove(&access);
                ends > now
            }
            None => false,
        }
    }

    pub(crate) fn revoke_all(&mut self) {
        *self = Self { issued: self.issued, ..Self::default() };
    }

    /// Whether the headers carry the key or a token that is in force.
    pub(crate) fn admit(&self, headers: &HeaderMap, api_key: &Secret, now: Timestamp) -> bool {
        let Some(value) = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()) else {
            return false;
        };
        match value.split_once(' ') {
            Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => {
                self.access.get(&Secret::from(token.trim())).is_some_and(|(ends, _)| *ends > now)
            }
            Some((scheme, encoded)) if scheme.eq_ignore_ascii_case("basic") => {
                basic_user(encoded.trim()).is_some_and(|user| user == api_key.expose())
            }
            _ => false,
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
        self.access.get(&Secret::from(token)).map(|(_, number)| *number)
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

    fn issued(tokens: &mut Tokens, generator: &mut Generator) -> (String, String) {
        let answer = tokens.issue(generator, Duration::from_secs(60), Timestamp::UNIX_EPOCH);
        let text = |name: &str| answer[name].as_str().unwrap().to_owned();
        (text("access_token"), text("refresh_token"))
    }

    #[test]
    fn a_token_is_accepted_until_it_expires() {
        let (mut tokens, key) = (Tokens::default(), Secret::from("key"));
        let (access, _) = issued(&mut tokens, &mut Generator::new(1));
        let admit = |second| tokens.admit(&bearer(&access), &key, Timestamp::from_second(second).unwrap());
        assert!(admit(59));
        assert!(!admit(60));
    }

    #[test]
    fn a_refresh_token_works_once_and_ends_its_pair() {
        let (mut tokens, key, now) = (Tokens::default(), Secret::from("key"), Timestamp::UNIX_EPOCH);
        let (access, refresh) = issued(&mut tokens, &mut Generator::new(1));
        assert!(tokens.redeem(&refresh, now));
        assert!(!tokens.redeem(&refresh, now));
        assert!(!tokens.admit(&bearer(&access), &key, now));
    }

    #[test]
    fn the_key_is_accepted_as_the_user_of_http_basic() {
        let (tokens, key) = (Tokens::default(), Secret::from("key"));
        let basic = |text: &str| {
            let value = format!("Basic {}", STANDARD.encode(text)).parse().unwrap();
            tokens.admit(&HeaderMap::from_iter([(AUTHORIZATION, value)]), &key, Timestamp::UNIX_EPOCH)
        };
        assert!(basic("key:"));
        assert!(basic("key"));
        assert!(!basic("other:"));
        assert!(!tokens.admit(&HeaderMap::new(), &key, Timestamp::UNIX_EPOCH));
    }
}
