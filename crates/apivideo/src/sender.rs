//! One call of a [`Client`]: admitted, given a token, sent, read, and reported.

use bytes::Bytes;
use http::Response;
use tokio::time::Instant;

use crate::budget::Charge;
use crate::circuit_breaker::Signal;
use crate::client::Client;
use crate::error::Error;
use crate::failure::Failure;
use crate::outcome::outcome;
use crate::permit::Permit;
use crate::priority::Priority;
use crate::rate_limit::RateLimit;
use crate::requests::Request;
use crate::retry;
use crate::ticket;
use crate::token::Token;
use crate::wire::WireError;

impl Client {
    /// Makes the call, when the breaker and the budget let it through, and reads its answer.
    ///
    /// The account's own list is repeated up to twice after a failure that may pass;
    /// nothing else ever is, save for a call that met a 401, which did nothing: it
    /// is made once more with a new token. The future may be dropped at any time.
    ///
    /// # Errors
    /// See [`Error`]; [`Error::effect`] says whether the call may have taken effect.
    pub async fn send<T>(&self, request: Request<T>, priority: Priority) -> Result<T, Error> {
        self.repeat(request, priority, None).await
    }

    /// Like [`Client::send`], with a permit. A list that is repeated takes another one for that.
    ///
    /// # Errors
    /// See [`Error`]. A permit of the other class is dropped: then it is as with [`Client::send`].
    pub async fn send_with<T>(&self, permit: Permit, request: Request<T>) -> Result<T, Error> {
        let priority = permit.priority;
        let permit = Some(permit).filter(|permit| permit.class == request.class());
        self.repeat(request, priority, permit).await
    }

    /// Makes a call, with a permit or one of its own, and repeats it where [`retry`] says so.
    async fn repeat<T>(
        &self,
        request: Request<T>,
        priority: Priority,
        mut permit: Option<Permit>,
    ) -> Result<T, Error> {
        if !request.names_a_possible_id() {
            return Err(Error::Refused {
                status: 400,
                field: Some("liveStreamId".to_owned()),
                message: "this can't be the id of a stream, so nothing was sent".to_owned(),
            });
        }
        let mut attempt = 1;
        loop {
            let result = self.attempt(&request, priority, permit.take()).await;
            let Some(pause) = retry::pause(&request.subject, &result, attempt) else { return result };
            tokio::time::sleep(pause).await;
            attempt += 1;
        }
    }

    /// One attempt: admitted, made (twice, if the first met a 401), and reported.
    async fn attempt<T>(
        &self,
        request: &Request<T>,
        priority: Priority,
        permit: Option<Permit>,
    ) -> Result<T, Error> {
        let mut permit = match permit {
            Some(permit) => permit,
            None => {
                let admission = self.governor.admit(request.class(), priority).await?;
                Permit::new(&self.governor, request.class(), priority, admission)
            }
        };
        if permit.is_probe() && !request.subject.may_probe() {
            // Given back before the reason is asked for.
            drop(permit);
            let rejected = self.governor.lock().breaker.check(Instant::now(), false);
            return Err(rejected.err().unwrap_or_else(ticket::busy));
        }
        let heard = permit.is_probe() || request.subject.speaks_for_account();
        let (result, signal, of_token) = match self.authorized(request, &mut permit).await {
            Ok(value) => (Ok(value), Signal::Healthy, false),
            Err(Failure { error, signal, of_token }) => (Err(error), signal, of_token),
        };
        permit.conclude(if heard || of_token { signal } else { Signal::Neutral });
        result
    }

    async fn authorized<T>(&self, request: &Request<T>, permit: &mut Permit) -> Result<T, Failure> {
        let token = self.tokens.obtain(None).await?;
        let error = match self.exchange(request, &token, permit).await {
            Ok(answer) => return Ok(answer),
            Err(error) => error,
        };
        let renew = request.subject.may_probe() || !self.tokens.was_refused_anew(&token);
        let another = match &error {
            Error::Unauthorized { status: 401, .. } if renew => Some(self.tokens.obtain(Some(&token)).await),
            // The key was changed on the way, and says nothing about the one that is in use.
            Error::Unauthorized { .. } | Error::Forbidden { .. } if !self.tokens.is_of_this_key(&token) => {
                Some(self.tokens.obtain(None).await)
            }
            _ => None,
        };
        let Some(another) = another else { return Err(Failure::of_call(error, true)) };
        let other = another?;
        if other.project != token.project {
            // What was decided for one project must not be done in another.
            return Err(Failure { error, signal: Signal::Neutral, of_token: false });
        }
        let token = other;
        self.exchange(request, &token, permit).await.map_err(|error| {
            if let Error::Unauthorized { status: 401, .. } = error {
                self.tokens.note_refused_anew(&token);
            }
            Failure::of_call(error, self.tokens.is_of_this_key(&token))
        })
    }

    /// One HTTP exchange, with what it says about the limit.
    async fn exchange<T>(
        &self,
        request: &Request<T>,
        token: &Token,
        permit: &mut Permit,
    ) -> Result<T, Error> {
        if let Some(why) = request.withheld(token.project.as_deref(), Instant::now()) {
            return Err(Error::NotSent { why });
        }
        let sent_at = permit.sending();
        let result = self.transport.exchange(request, Some(permit.priority), Some(&token.header)).await;
        permit.settle(charge(&result, sent_at));
        let outcome = outcome(request, result, &self.tokens.secrets());
        if let Err(Error::RateLimited { retry_in }) = &outcome {
            permit.limited(*retry_in);
        }
        outcome
    }
}

/// What became of a call that was sent at this moment, as far as the limit goes.
fn charge(result: &Result<Response<Bytes>, WireError>, sent_at: Instant) -> Charge {
    match result {
        Ok(response) => {
            let (status, limits) = (response.status(), RateLimit::of(response.headers()));
            // Without headers, only an answer that is surely the API's own shows that there is no limit.
            let of_the_api = status.is_success() || matches!(status.as_u16(), 400 | 404);
            if limits.is_some() || of_the_api {
                Charge::Answered { sent_at, limits }
            } else {
                Charge::Unknown
            }
        }
        Err(WireError::NotSent(_)) => Charge::None,
        Err(WireError::Lost(_)) => Charge::Unknown,
    }
}
