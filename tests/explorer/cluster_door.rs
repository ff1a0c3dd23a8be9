//! The way to the cluster: the service under the operator's kube client.

use std::{collections::VecDeque, io, sync::Arc, time::Duration};

use bytes::Bytes;
use futures::stream;
use http::{Method, Request, Response};
use http_body::Frame;
use http_body_util::{BodyExt, Full, StreamBody, combinators::UnsyncBoxBody};

use kube::{Client, client::Body};
use tower::{BoxError, service_fn};

use crate::{
    memory_cluster::{Reply, Selection, internal_error},
    outcome::{Call, Outcome},
    world::World,
};

/// How long a call takes each way.
const WAY: Duration = Duration::from_millis(1);

/// A whole body, or one that goes on.
type Answer = Response<UnsyncBoxBody<Bytes, io::Error>>;

/// The client of one process.
pub(crate) fn client(world: &Arc<World>, process: u32) -> Client {
    let world = Arc::clone(world);
    let service = service_fn(move |request: Request<Body>| {
        let world = Arc::clone(&world);
        async move { pass(world, process, request).await }
    });
    Client::new(service, "default")
}

async fn pass(world: Arc<World>, process: u32, request: Request<Body>) -> Result<Answer, BoxError> {
    let (parts, body) = request.into_parts();
    let request = Request::from_parts(parts, body.collect().await?.to_bytes());
    let call = understood(&request);
    let outcome = world.arrive(process, call).await;
    tokio::time::sleep(WAY).await;
    match outcome {
        Outcome::Refused => return Ok(whole(internal_error())),
        Outcome::Conflict => somebody_else_writes(&world, process, &request),
        _ => {}
    }
    let Some(reply) = world.reach_cluster(process, call, &request) else {
        return std::future::pending().await;
    };
    if outcome == Outcome::CrashAfter {
        world.crash(&mut world.lock());
        return std::future::pending().await;
    }
    tokio::time::sleep(WAY).await;
    if outcome == Outcome::AnswerLost {
        return Err(io::Error::from(io::ErrorKind::ConnectionReset).into());
    }
    Ok(match reply {
        Reply::Answer(answer) => whole(answer),
        Reply::Watch { selection, after } => watch(world, process, selection, after),
    })
}

fn whole(answer: Response<Bytes>) -> Answer {
    answer.map(|body| Full::new(body).map_err(|never| match never {}).boxed_unsync())
}

fn understood(request: &Request<Bytes>) -> Call {
    let path = request.uri().path();
    match *request.method() {
        Method::GET if path.contains("customresourcedefinitions") => Call::Crd,
        Method::GET if request.uri().query().is_some_and(|query| query.contains("watch=true")) => Call::Watch,
        Method::GET => Call::List,
        Method::POST => Call::Event,
        _ if path.ends_with("/status") => Call::Status,
        _ => Call::Metadata,
    }
}

/// A label on the object that is about to be written: its resourceVersion moves.
fn somebody_else_writes(world: &World, process: u32, request: &Request<Bytes>) {
    let label = Bytes::from_static(br#"{"metadata": {"labels": {"somebody": "else"}}}"#);
    let mut other = Request::new(label);
    *other.method_mut() = Method::PATCH;
    *other.uri_mut() = request.uri().clone();
    world.reach_cluster(process, Call::Crd, &other);
}

/// The changes, each when its time has come; a dead process sees no more of them.
fn watch(world: Arc<World>, process: u32, selection: Selection, after: u64) -> Answer {
    let next = world.lock().cluster.changes().iter().take_while(|change| change.version <= after).count();
    let lines = stream::unfold((world, next, VecDeque::new()), move |(world, mut next, mut ready)| {
        let selection = selection.clone();
        async move {
            loop {
                if let Some(line) = ready.pop_front() {
                    return Some((Ok::<_, io::Error>(Frame::data(line)), (world, next, ready)));
                }
                let (alive, shown_at) = {
                    let inner = world.lock();
                    (inner.process == process, inner.shown_at(next))
                };
                if !alive {
                    return std::future::pending().await;
                }
                match shown_at {
                    Some(time) => tokio::time::sleep_until(time).await,
                    None => {
                        world.changed.notified().await;
                        continue;
                    }
                }
                ready.extend(line(&world, next, &selection));
                next += 1;
            }
        }
    });
    Response::new(StreamBody::new(lines).boxed_unsync())
}

fn line(world: &World, number: usize, selection: &Selection) -> Option<Bytes> {
    let inner = world.lock();
    let change = inner.cluster.changes().get(number)?;
    change.told_to(selection)
}
