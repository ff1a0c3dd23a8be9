//! The way to the account: the wire of the operator's client.

use std::{sync::Arc, time::Duration};

use apivideo::{Wire, WireError};
use apivideo_sandbox::Delivery;
use bytes::Bytes;
use futures::future::{BoxFuture, FutureExt};
use http::{Method, Request, Response, StatusCode};

use crate::{
    opaque::{hidden, shown},
    outcome::{Call, Outcome},
    world::{LATE, TOO_LATE, World},
};

/// How long a call takes each way.
const WAY: Duration = Duration::from_millis(10);

/// The door of one process.
pub(crate) struct ApiDoor {
    pub world: Arc<World>,
    pub process: u32,
}

impl Wire for ApiDoor {
    fn send(&self, request: Request<Bytes>) -> BoxFuture<'_, Result<Response<Bytes>, WireError>> {
        pass(Arc::clone(&self.world), self.process, request).boxed()
    }
}

async fn pass(
    world: Arc<World>,
    process: u32,
    request: Request<Bytes>,
) -> Result<Response<Bytes>, WireError> {
    let call = understood(&request);
    let outcome = world.arrive(process, call).await;
    world.send(call, &request);
    tokio::time::sleep(WAY).await;
    match outcome {
        Outcome::NotSent | Outcome::Outage => return Err(WireError::NotSent("connection refused".into())),
        Outcome::ErrorBefore => return Ok(page_of_a_proxy()),
        Outcome::Limited => return Ok(limited()),
        Outcome::Unauthorized => return Ok(unauthorized()),
        Outcome::TooLate => {
            take_effect_later(&world, call, request, TOO_LATE);
            return Err(WireError::Lost("connection reset".into()));
        }
        Outcome::Late | Outcome::CrashLate => {
            take_effect_later(&world, call, request, LATE);
            if outcome == Outcome::CrashLate {
                die(&world).await;
            }
            return Err(WireError::Lost("connection reset".into()));
        }
        _ => {}
    }
    let trails = matches!(outcome, Outcome::Trails | Outcome::LostTrails);
    let opaque = world.lock().opaque;
    let request = if opaque { shown(request) } else { request };
    let Some(delivery) = world.reach_api(Some(process), call, &request, trails) else {
        return std::future::pending().await;
    };
    if outcome == Outcome::CrashAfter {
        die(&world).await;
    }
    tokio::time::sleep(WAY).await;
    let answer = match delivery {
        Delivery::Answer(answer) | Delivery::CutShort(answer) | Delivery::Huge(answer) => answer,
        Delivery::Closed => return Err(WireError::Lost("connection reset".into())),
    };
    let answer = if opaque && call == Call::Auth { hidden(answer) } else { answer };
    match outcome {
        Outcome::LostAfter | Outcome::LostTrails => Err(WireError::Lost("connection reset".into())),
        Outcome::ErrorAfter => Ok(page_of_a_proxy()),
        Outcome::Unreadable => Ok(answer.map(|body| body.slice(..body.len() / 2))),
        Outcome::ShowsNothing => Ok(answer.map(|_| Bytes::from_static(NOTHING))),
        _ => Ok(answer),
    }
}

/// The process crashes at this very call.
async fn die(world: &World) -> std::convert::Infallible {
    world.crash(&mut world.lock());
    std::future::pending().await
}

fn take_effect_later(world: &Arc<World>, call: Call, request: Request<Bytes>, wait: Duration) {
    let world = Arc::clone(world);
    tokio::spawn(async move {
        tokio::time::sleep(wait).await;
        world.reach_api(None, call, &request, false);
    });
}

fn understood(request: &Request<Bytes>) -> Call {
    let of_one = request.uri().path().starts_with("/live-streams/");
    let by_name = request.uri().query().is_some_and(|query| query.contains("name="));
    match *request.method() {
        Method::GET if of_one => Call::Get,
        Method::GET if by_name => Call::Look,
        Method::GET => Call::Page,
        Method::PATCH => Call::Update,
        Method::DELETE => Call::Delete,
        _ if request.uri().path().starts_with("/auth") => Call::Auth,
        _ => Call::Create,
    }
}

const NOTHING: &[u8] =
    br#"{"data": [], "pagination": {"currentPage": 1, "currentPageItems": 0, "pageSize": 100,
    "pagesTotal": 1, "itemsTotal": 0, "links": []}}"#;

fn page_of_a_proxy() -> Response<Bytes> {
    answer(StatusCode::SERVICE_UNAVAILABLE, "<h1>Service unavailable</h1>")
}

fn limited() -> Response<Bytes> {
    let mut answer =
        answer(StatusCode::TOO_MANY_REQUESTS, r#"{"status": 429, "title": "Too many requests."}"#);
    for (name, value) in
        [("x-ratelimit-limit", "200"), ("x-ratelimit-remaining", "0"), ("x-ratelimit-retry-after", "5")]
    {
        answer.headers_mut().insert(name, http::HeaderValue::from_static(value));
    }
    answer
}

fn unauthorized() -> Response<Bytes> {
    answer(StatusCode::UNAUTHORIZED, r#"{"status": 401, "title": "The access token is expired."}"#)
}

fn answer(status: StatusCode, body: &'static str) -> Response<Bytes> {
    let mut answer = Response::new(Bytes::from_static(body.as_bytes()));
    *answer.status_mut() = status;
    answer
}
