//! A wire that plays answers by a script, and keeps what was asked.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use apivideo::{Client, PRODUCTION, Secret, Settings, Wire, WireError};
use bytes::Bytes;
use futures::FutureExt;
use futures::future::BoxFuture;
use http::{HeaderMap, Request, Response};

/// What comes back.
pub(crate) type Reply = Result<Response<Bytes>, WireError>;

/// One request as it came to the wire.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    /// Method and path with query.
    pub(crate) line: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Seen {
    pub(crate) fn authorization(&self) -> &str {
        self.headers.get("authorization").map_or("", |value| value.to_str().unwrap())
    }
}

type Script = Box<dyn Fn(&Seen) -> Reply + Send + Sync>;

/// Answers after a latency, as the script says.
pub(crate) struct Scripted {
    script: Script,
    latency: Duration,
    seen: Mutex<Vec<Seen>>,
    tokens: AtomicUsize,
}

impl Scripted {
    /// `script` answers everything but `/auth/…`, which gives `token-1`, `token-2` ….
    pub(crate) fn new(script: impl Fn(&Seen) -> Reply + Send + Sync + 'static) -> Arc<Self> {
        Self::slow(Duration::from_millis(20), script)
    }

    pub(crate) fn slow(
        latency: Duration,
        script: impl Fn(&Seen) -> Reply + Send + Sync + 'static,
    ) -> Arc<Self> {
        Arc::new(Self {
            script: Box::new(script),
            latency,
            seen: Mutex::default(),
            tokens: AtomicUsize::new(0),
        })
    }

    pub(crate) fn lines(&self) -> Vec<String> {
        self.seen.lock().unwrap().iter().map(|seen| seen.line.clone()).collect()
    }

    pub(crate) fn count(&self, beginning: &str) -> usize {
        self.lines().iter().filter(|line| line.starts_with(beginning)).count()
    }

    pub(crate) fn last(&self) -> Seen {
        self.seen.lock().unwrap().last().cloned().expect("nothing was asked")
    }

    fn reply(&self, seen: &Seen) -> Reply {
        let reply = (self.script)(seen);
        // 599 stands for "as usual" on the way to a token.
        match &reply {
            Ok(response) if seen.line.starts_with("POST /auth/") && response.status() == 599 => {
                let serial = self.tokens.fetch_add(1, Ordering::SeqCst) + 1;
                json(
                    200,
                    &format!(
                        r#"{{"token_type":"Bearer","expires_in":3600,"access_token":"token-{serial}","refresh_token":"refresh-{serial}"}}"#
                    ),
                )
            }
            _ => reply,
        }
    }
}

impl Wire for Scripted {
    fn send(&self, request: Request<Bytes>) -> BoxFuture<'_, Reply> {
        let line = format!("{} {}", request.method(), request.uri().path_and_query().unwrap());
        let body = String::from_utf8(request.body().to_vec()).unwrap();
        let seen = Seen { line, headers: request.headers().clone(), body };
        self.seen.lock().unwrap().push(seen.clone());
        async move {
            tokio::time::sleep(self.latency).await;
            self.reply(&seen)
        }
        .boxed()
    }
}

/// The answer of a script that leaves `/auth/…` as usual.
pub(crate) fn as_usual() -> Reply {
    json(599, "")
}

pub(crate) fn json(status: u16, body: &str) -> Reply {
    Ok(Response::builder().status(status).body(Bytes::from(body.to_owned())).unwrap())
}

/// An answer with what it says about the limit.
pub(crate) fn limited(status: u16, body: &str, limit: u64, remaining: u64, retry_after: u64) -> Reply {
    let response = Response::builder()
        .status(status)
        .header("x-ratelimit-limit", limit)
        .header("x-ratelimit-remaining", remaining)
        .header("x-ratelimit-retry-after", retry_after);
    Ok(response.body(Bytes::from(body.to_owned())).unwrap())
}

/// A stream that is called `li1`.
pub(crate) fn stream() -> Reply {
    json(200, r#"{"liveStreamId": "li1", "name": "Hall", "public": true}"#)
}

/// The only page of an empty list.
pub(crate) fn page() -> Reply {
    json(200, r#"{"data": [], "pagination": {"currentPage": 1, "pagesTotal": 1, "itemsTotal": 0}}"#)
}

pub(crate) fn lost() -> Reply {
    Err(WireError::Lost("no whole answer came in time".to_owned()))
}

pub(crate) fn not_sent() -> Reply {
    Err(WireError::NotSent("connection refused".to_owned()))
}

pub(crate) fn settings() -> Settings {
    Settings {
        base_url: PRODUCTION.to_owned(),
        api_key: Secret::from("the-api-key"),
        read_share: 1.0,
        write_share: 1.0,
        user_agent: "tests/1".to_owned(),
        jitter_seed: None,
    }
}

pub(crate) fn client(wire: &Arc<Scripted>) -> Client {
    Client::new(settings(), Arc::clone(wire) as Arc<dyn Wire>, None).unwrap()
}
