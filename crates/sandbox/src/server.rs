//! The thin shell: sockets, waiting, and sending what [`Api`] decided.
//!
//! [`Api`]: crate::Api

use std::convert::Infallible;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_LENGTH, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderValue};
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use jiff::Timestamp;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use crate::answer::{self, Answer};
use crate::body::{AnswerBody, Closed};
use crate::calls::shown_path;
use crate::control::{self, Core};
use crate::delivery::Delivery;

const PAGE: &str = include_str!("page.html");
/// The page may run its own script and style and call its own server, no more.
const PAGE_POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; connect-src 'self'; \
     base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
);
/// Room for the largest thumbnail and its form.
const MAX_BODY: usize = 10 * 1024 * 1024;
/// How long to wait after a failed accept: too many open files won't pass at once.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// What connections share with the handles of [`Sandbox`](crate::Sandbox).
#[derive(Debug)]
pub(crate) struct Shared(Mutex<Core>);

impl Shared {
    pub(crate) fn new(core: Core) -> Self {
        Self(Mutex::new(core))
    }

    /// Never held across a wait. A panic of one call is not passed on to all
    /// later ones: a test that finds it still wants to read the state.
    pub(crate) fn lock(&self) -> MutexGuard<'_, Core> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Accepts connections until the task is aborted; its end closes all of them.
pub(crate) async fn serve(listener: TcpListener, shared: Arc<Shared>) -> Infallible {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => drop(connections.spawn(connection(stream, Arc::clone(&shared)))),
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn connection(stream: TcpStream, shared: Arc<Shared>) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "answers may be late");
    }
    let service = service_fn(|request| respond(Arc::clone(&shared), request));
    // An error is a client that went away, or a fault that closed the
    // connection; both are expected.
    if let Err(error) = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await {
        tracing::debug!(%error, "a connection ended early");
    }
}

/// An error makes hyper close the connection without an answer.
async fn respond(shared: Arc<Shared>, request: Request<Incoming>) -> Result<Response<AnswerBody>, Closed> {
    let (parts, body) = request.into_parts();
    let body = match Limited::new(body, MAX_BODY).collect().await {
        Ok(body) => body.to_bytes(),
        Err(error) if error.is::<LengthLimitError>() => return Ok(whole(answer::too_large())),
        Err(_) => return Err(Closed),
    };
    let request = Request::from_parts(parts, body);
    let segments: Vec<&str> = request.uri().path().trim_matches('/').split('/').collect();
    match segments.as_slice() {
        [""] if request.method() == Method::GET => Ok(whole(page())),
        ["favicon.ico"] => Ok(whole(answer::empty(StatusCode::NO_CONTENT))),
        ["_sandbox", rest @ ..] => {
            Ok(whole(control::handle(&mut shared.lock(), rest, &request, Timestamp::now())))
        }
        // A task of its own: a call that has arrived takes effect, even if its
        // client has closed the connection.
        _ => tokio::spawn(call(shared, request)).await.map_err(|_| Closed)?,
    }
}

async fn call(shared: Arc<Shared>, request: Request<Bytes>) -> Result<Response<AnswerBody>, Closed> {
    let arrival = shared.lock().api.arrive(&request);
    wait(arrival.delay_before()).await;
    let (delivery, latency) = {
        let mut core = shared.lock();
        (core.api.complete(&arrival, &request, Timestamp::now()), core.latency)
    };
    tracing::debug!(
        method = %request.method(),
        path = shown_path(request.uri()),
        status = delivery.status().map(|status| status.as_u16()),
        fault = arrival.fault().map(|fault| fault.name()),
        "call"
    );
    wait(latency + arrival.delay_after()).await;
    match delivery {
        Delivery::Answer(answer) => Ok(whole(answer)),
        Delivery::Closed => Err(Closed),
        Delivery::CutShort(answer) => Ok(cut_short(answer)),
        Delivery::Huge(answer) => Ok(answer.map(|_| AnswerBody::huge())),
    }
}

async fn wait(duration: Duration) {
    if !duration.is_zero() {
        tokio::time::sleep(duration).await;
    }
}

fn whole(answer: Answer) -> Response<AnswerBody> {
    answer.map(AnswerBody::Whole)
}

/// Announces the whole body and sends half of it.
fn cut_short(mut answer: Answer) -> Response<AnswerBody> {
    let announced = answer.body().len();
    answer.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(announced));
    answer.map(|body| AnswerBody::cut(body.slice(..announced / 2)))
}

fn page() -> Answer {
    let mut answer = Response::new(Bytes::from_static(PAGE.as_bytes()));
    let headers = answer.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(CONTENT_SECURITY_POLICY, PAGE_POLICY);
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    answer
}
