//! One call: admitted, given a token, sent, read, and reported.

use std::sync::Arc;

use bytes::Bytes;
use jiff::Timestamp;

use crate::circuit_breaker::Signal;
use crate::clock::date_of;
use crate::error::Error;
use crate::failure::Failure;
use crate::governor::Governor;
use crate::map_error::{self, Asked};
use crate::permit::Permit;
use crate::priority::Priority;
use crate::rate_limit::RateLimit;
use crate::requests::Request;
use crate::retry;
use crate::ticket;
use crate::token::{Token, Tokens};
use crate::transport::{Exchange, Transport};
use crate::wire::WireError;

/// What was asked for, and what came along with it.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer<T> {
    /// What was asked for.
    pub value: T,
    /// What the answer said about the limit of its class.
    pub limits: Option<RateLimit>,
    /// The server's clock when it answered, in whole seconds.
    pub date: Option<Timestamp>,
}

/// What a call needs of its account.
#[derive(Clone)]
pub(crate) struct Sender {
    pub(crate) transport: Arc<Transport>,
    pub(crate) tokens: Arc<Tokens>,
    pub(crate) governor: Arc<Governor>,
}

impl Sender {
    /// Makes a call, with a permit or one of its own, and repeats it where [`retry`] says so.
    pub(crate) async fn send<T>(
        &self,
        request: Request<T>,
        priority: Priority,
        mut permit: Option<Permit>,
    ) -> Result<Answer<T>, Error> {
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
            let Some(pause) = retry::pause(request.subject(), &result, attempt) else { return result };
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
    ) -> Result<Answer<T>, Error> {
        let mut permit = match permit {
            Some(permit) => permit,
            None => {
                let class = request.operation().class();
                let admission = self.governor.admit(class, priority).await?;
                Permit::new(&self.governor, class, priority, admission)
            }
        };
        if permit.is_probe() && !request.subject().may_probe() {
            // Given back before the reason is asked for.
            drop(permit);
            return Err(self.governor.rejection().map_or_else(ticket::busy, Error::from));
        }
        let result = self.authorized(request, priority, &mut permit).await;
        let heard = permit.is_probe() || request.subject().speaks_for_account();
        match result {
            Ok(answer) => {
                permit.conclude(if heard { Signal::Healthy } else { Signal::Neutral });
                Ok(answer)
            }
            Err(Failure { error, signal, of_token }) => {
                permit.conclude(if heard || of_token { signal } else { Signal::Neutral });
                Err(error)
            }
        }
    }

    async fn authorized<T>(
        &self,
        request: &Request<T>,
        priority: Priority,
        permit: &mut Permit,
    ) -> Result<Answer<T>, Failure> {
        let token = self.tokens.current().await.map_err(Failure::from)?;
        let error = match self.exchange(request, priority, &token, permit).await {
            Ok(answer) => return Ok(answer),
            Err(error) => error,
        };
        let renew = request.subject().may_probe() || !self.tokens.was_refused_anew(&token);
        let another = match &error {
            Error::Unauthorized { status: 401, .. } if renew => Some(self.tokens.instead_of(&token).await),
            // The key was changed on the way, and says nothing about the one that is in use.
            Error::Unauthorized { .. } | Error::Forbidden { .. } if !self.tokens.is_of_this_key(&token) => {
                Some(self.tokens.current().await)
            }
            _ => None,
        };
        let Some(another) = another else { return Err(Failure::of(error, true)) };
        let other = another.map_err(Failure::from)?;
        if other.project != token.project {
            // What was decided for one project must not be done in another.
            return Err(Failure { error, signal: Signal::Neutral, of_token: false });
        }
        let token = other;
        self.exchange(request, priority, &token, permit).await.map_err(|error| {
            if let Error::Unauthorized { status: 401, .. } = error {
                self.tokens.note_refused_anew(&token);
            }
            Failure::of(error, self.tokens.is_of_this_key(&token))
        })
    }

    /// One HTTP exchange, with what it says about the limit.
    async fn exchange<T>(
        &self,
        request: &Request<T>,
        priority: Priority,
        token: &Token,
        permit: &mut Permit,
    ) -> Result<Answer<T>, Error> {
        permit.sending();
        let exchange = Exchange {
            operation: request.operation(),
            priority: Some(priority),
            method: request.method(),
            path: request.path(),
            body: request.body().cloned(),
            authorization: Some(token.header.clone()),
        };
        match self.transport.exchange(exchange).await {
            Ok(response) => self.read(request, &response, permit),
            Err(error) => {
                match &error {
                    WireError::NotSent(_) => permit.unsent(),
                    WireError::Lost(_) => permit.charged(),
                }
                Err(map_error::of_wire(request.operation(), error, &self.tokens.secrets()))
            }
        }
    }

    fn read<T>(
        &self,
        request: &Request<T>,
        response: &http::Response<Bytes>,
        permit: &mut Permit,
    ) -> Result<Answer<T>, Error> {
        let (status, headers) = (response.status(), response.headers());
        let limits = RateLimit::of(headers);
        // Without headers, only an answer that is surely the API's own shows that there is no limit.
        let of_the_api = status.is_success() || matches!(status.as_u16(), 400 | 404);
        if limits.is_some() || of_the_api {
            permit.answered(limits)
        } else {
            permit.charged()
        }
        if status.is_success() {
            let read = match request.is_answered_by(status) {
                true => request.read(response.body()),
                false => Err("it is not the 204 that answers a deletion".to_owned()),
            };
            return match read {
                Ok(value) => Ok(Answer { value, limits, date: date_of(headers) }),
                Err(why) => {
                    let effect = request.operation().possible_effect();
                    Err(Error::Unreadable { status: status.as_u16(), why, effect })
                }
            };
        }
        let asked = Asked { operation: request.operation(), subject: request.subject() };
        let error = map_error::of_response(asked, status, headers, response.body(), &self.tokens.secrets());
        if let Error::RateLimited { retry_in } = &error {
            permit.limited(*retry_in);
        }
        Err(error)
    }
}
