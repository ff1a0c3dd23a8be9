//! The bearer token of an account: had for the key, renewed before it expires, once for all.
//!
//! Guarantees:
//! - At most one renewal is under way. Whoever needs a token meanwhile takes its
//!   result, also when it failed; fifty calls that meet a 401 cost one renewal.
//! - A call that met a 401 with a token that was replaced since gets the new one,
//!   without another renewal.
//! - What an earlier key brought is never kept after [`Tokens::set_key`].
//! - A call is never repeated with a token of another project than it was made with.
//! - Any future of this file may be dropped: the next one to wait takes over.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use http::HeaderValue;
use parking_lot::Mutex;
use tokio::time::Instant;

use crate::Secret;
use crate::authenticate::{Grant, authenticate, by_key, by_refresh};
use crate::error::Error;
use crate::failure::Failure;
use crate::transport::Transport;

/// A renewal that failed while the token is still good isn't tried again before this.
const RETRY_DELAY: Duration = Duration::from_secs(10);

/// So many secrets are remembered, those in use among them: two go with each token.
const MAX_REMEMBERED_SECRETS: usize = 8;

/// A token in use.
#[derive(Debug, Clone)]
pub(crate) struct Token {
    /// `Bearer …`, marked as sensitive.
    pub(crate) header: HeaderValue,
    /// The project that it names.
    pub(crate) project: Option<String>,
    serial: u64,
    key: u64,
    renew_at: Instant,
    expires_at: Instant,
}

/// The token of one account, and what it can be renewed with.
pub(crate) struct Tokens {
    transport: Arc<Transport>,
    state: Mutex<State>,
    renewal: tokio::sync::Mutex<()>,
}

struct State {
    key: Secret,
    /// Counts the keys.
    key_serial: u64,
    /// The last token of this key.
    token: Option<Token>,
    refresh: Option<Secret>,
    /// The last keys and tokens: a late answer may repeat one that was replaced since.
    past: VecDeque<Secret>,
    /// The new token with which a call was refused again: renewing it helps that call no more.
    refused_anew: Option<u64>,
    /// Counts the renewals that ended.
    round: u64,
    /// How the last of them failed, if it did.
    failure: Option<Error>,
}

impl Tokens {
    pub(crate) fn new(transport: Arc<Transport>, key: Secret) -> Self {
        let state = State {
            key,
            key_serial: 0,
            token: None,
            refresh: None,
            past: VecDeque::new(),
            refused_anew: None,
            round: 0,
            failure: None,
        };
        Self { transport, state: Mutex::new(state), renewal: tokio::sync::Mutex::default() }
    }

    /// Another key, in use from the next call on.
    pub(crate) fn set_key(&self, key: Secret) {
        let mut state = self.state.lock();
        let old = std::mem::replace(&mut state.key, key);
        state.remember(old);
        state.key_serial += 1;
        state.token = None;
        state.refresh = None;
        state.failure = None;
    }

    /// Whether the token was had for the key that is in use.
    pub(crate) fn is_of_this_key(&self, token: &Token) -> bool {
        self.state.lock().key_serial == token.key
    }

    /// What must not show in any text.
    pub(crate) fn secrets(&self) -> Vec<Secret> {
        let state = self.state.lock();
        std::iter::once(&state.key).chain(&state.past).cloned().collect()
    }

    /// Notes that a call was refused with a token that had just been renewed for it.
    pub(crate) fn note_refused_anew(&self, token: &Token) {
        self.state.lock().refused_anew = Some(token.serial);
    }

    /// Whether a call was refused with this token when it was new. The token is renewed
    /// for the account's own calls alone then: one stream that is refused for ever would
    /// cost a renewal each time.
    pub(crate) fn was_refused_anew(&self, token: &Token) -> bool {
        self.state.lock().refused_anew == Some(token.serial)
    }

    /// The project that the last token of the key in use names.
    pub(crate) fn project(&self) -> Option<String> {
        self.state.lock().token.as_ref().and_then(|token| token.project.clone())
    }

    /// A new token for the key itself, though there may be a good one. That one stays
    /// in use when there is none.
    pub(crate) async fn renew_by_key(&self) -> Result<(), Failure> {
        let _turn = self.renewal.lock().await;
        // A refresh token may open what the key opened when it was had.
        self.state.lock().refresh = None;
        self.renew(None).await?;
        let failure = self.state.lock().failure.clone();
        failure.map_or(Ok(()), |error| Err(Failure::of_token(error, true)))
    }

    /// A token to make a call with; another than this one, if the API `refused` one.
    pub(crate) async fn obtain(&self, refused: Option<&Token>) -> Result<Token, Failure> {
        let refused = refused.map(|token| token.serial);
        let (usable, round) = {
            let state = self.state.lock();
            (state.usable(refused, Instant::now()), state.round)
        };
        let _turn = match &usable {
            Some(token) if Instant::now() < token.renew_at => return Ok(token.clone()),
            // Good for a while yet: whoever is renewing it does so for all.
            Some(token) => match self.renewal.try_lock() {
                Ok(turn) => turn,
                Err(_) => return Ok(token.clone()),
            },
            None => self.renewal.lock().await,
        };
        if let Some(result) = self.settled_meanwhile(refused, round) {
            return result;
        }
        self.renew(refused).await
    }

    /// What another task achieved while this one waited for its turn.
    fn settled_meanwhile(&self, refused: Option<u64>, round: u64) -> Option<Result<Token, Failure>> {
        let state = self.state.lock();
        let now = Instant::now();
        match state.usable(refused, now) {
            Some(token) if now < token.renew_at => Some(Ok(token)),
            Some(_) | None if state.round != round => {
                state.failure.clone().map(|error| Err(Failure::of_token(error, false)))
            }
            Some(_) | None => None,
        }
    }

    async fn renew(&self, refused: Option<u64>) -> Result<Token, Failure> {
        loop {
            let (key, serial, refresh) = {
                let mut state = self.state.lock();
                // One that the API refused is no more use to anybody, whatever its time.
                if let Some(token) = &mut state.token
                    && refused.is_some_and(|refused| token.serial <= refused)
                {
                    token.expires_at = Instant::now();
                }
                // Taken out, for it is good only once: when its answer is lost, the key is next.
                (state.key.clone(), state.key_serial, state.refresh.take())
            };
            let result = self.ask(&key, refresh).await;
            // Another key was set meanwhile: what the old one brought or met is of no use.
            if let Some(result) = self.state.lock().settle(serial, result) {
                return result.map_err(|error| Failure::of_token(error, true));
            }
        }
    }

    /// With the refresh token, if there is one; with the key where the API refuses that.
    async fn ask(&self, key: &Secret, refresh: Option<Secret>) -> Result<Grant, Error> {
        let secrets: Vec<Secret> = refresh.iter().chain([key]).cloned().collect();
        if let Some(refresh) = refresh {
            let result = authenticate(&self.transport, &by_refresh(&refresh), &secrets).await;
            if !matches!(result, Err(Error::Unauthorized { .. })) {
                return result;
            }
        }
        authenticate(&self.transport, &by_key(key), &secrets).await
    }
}

impl State {
    /// The token, unless it is the refused one, or an older one, or has expired.
    fn usable(&self, refused: Option<u64>, now: Instant) -> Option<Token> {
        self.token
            .as_ref()
            .filter(|token| now < token.expires_at && refused.is_none_or(|refused| token.serial > refused))
            .cloned()
    }

    /// Keeps what a renewal brought; `None` when it was made with a key that is no longer in use.
    fn settle(&mut self, key: u64, result: Result<Grant, Error>) -> Option<Result<Token, Error>> {
        if key != self.key_serial {
            return None;
        }
        self.round += 1;
        self.failure = result.as_ref().err().cloned();
        Some(match result {
            Ok(grant) => Ok(self.keep(grant)),
            Err(error) => self.hold_on().ok_or(error),
        })
    }

    fn keep(&mut self, grant: Grant) -> Token {
        let now = Instant::now();
        let token = Token {
            header: grant.header,
            project: grant.project,
            serial: self.round,
            key: self.key_serial,
            renew_at: now + grant.expires_in.mul_f64(0.9),
            expires_at: now + grant.expires_in,
        };
        self.remember(grant.access);
        if let Some(refresh) = &grant.refresh {
            self.remember(refresh.clone());
        }
        self.refresh = grant.refresh;
        self.token = Some(token.clone());
        token
    }

    fn remember(&mut self, secret: Secret) {
        self.past.push_front(secret);
        self.past.truncate(MAX_REMEMBERED_SECRETS);
    }

    /// A renewal ahead of time that failed leaves the token in use until it expires.
    fn hold_on(&mut self) -> Option<Token> {
        let now = Instant::now();
        let token = self.token.as_mut().filter(|token| now < token.expires_at)?;
        token.renew_at = token.renew_at.max(now + RETRY_DELAY);
        Some(token.clone())
    }
}

#[cfg(test)]
#[path = "token_tests.rs"]
mod tests;
