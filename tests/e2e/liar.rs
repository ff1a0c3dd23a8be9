//! A proxy before the sandbox that rewrites what it answers: an API that lies.

use std::sync::{Arc, Mutex, PoisonError};

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::{Request, State},
    response::Response,
};
use serde_json::Value;
use tokio::{net::TcpListener, task::JoinHandle};

/// An answer on its way to the operator.
pub(crate) struct Told<'a> {
    /// Of the request.
    pub method: &'a str,
    /// Of the request, without its query.
    pub path: &'a str,
    /// `null` if the answer has no JSON.
    pub body: &'a mut Value,
    /// The `Date`, if it is to be another.
    pub date: Option<&'static str>,
}

impl Told<'_> {
    /// Every stream that the answer shows.
    pub(crate) fn streams(&mut self) -> Vec<&mut Value> {
        match self.body.get("data").is_some() {
            true => self.body["data"].as_array_mut().expect("a list").iter_mut().collect(),
            false if self.body.get("liveStreamId").is_some() => vec![&mut *self.body],
            false => Vec::new(),
        }
    }

    /// Whether it is a page of the list.
    pub(crate) fn is_page(&self) -> bool {
        self.body.get("pagination").is_some()
    }
}

type Lie = Arc<dyn Fn(&mut Told<'_>) + Send + Sync>;

/// A running liar. Dropping it stops it.
pub(crate) struct Liar {
    /// Where the operator is to call.
    pub url: String,
    shared: Arc<Shared>,
    server: JoinHandle<()>,
}

struct Shared {
    truth: String,
    client: reqwest::Client,
    lie: Mutex<Lie>,
}

impl Liar {
    /// One that tells the truth so far.
    pub(crate) async fn before(truth: String) -> Self {
        let shared = Shared {
            truth,
            client: reqwest::Client::new(),
            lie: Mutex::new(Arc::new(|_: &mut Told<'_>| {})),
        };
        let shared = Arc::new(shared);
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let router = Router::new().fallback(answer).with_state(Arc::clone(&shared));
        let server = tokio::spawn(async move { axum::serve(listener, router).await.expect("it serves") });
        Self { url, shared, server }
    }

    /// Tells this lie from here on, instead of the one before.
    pub(crate) fn tell(&self, lie: impl Fn(&mut Told<'_>) + Send + Sync + 'static) {
        *self.shared.lie.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(lie);
    }

    /// Tells the truth from here on.
    pub(crate) fn repent(&self) {
        self.tell(|_| {});
    }
}

impl Drop for Liar {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn answer(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, usize::MAX).await.expect("a body");
    let mut headers = parts.headers.clone();
    headers.remove("host");
    let url = format!("{}{}", shared.truth, parts.uri);
    let asked = shared.client.request(parts.method.clone(), url).headers(headers).body(body).send().await;
    let Ok(truth) = asked else {
        return Response::builder().status(502).body(Body::empty()).expect("an answer");
    };
    let (status, mut headers) = (truth.status(), truth.headers().clone());
    let bytes = truth.bytes().await.unwrap_or_default();
    let mut json = serde_json::from_slice(&bytes).unwrap_or_default();
    let mut told =
        Told { method: parts.method.as_str(), path: parts.uri.path(), body: &mut json, date: None };
    let lie = Arc::clone(&shared.lie.lock().unwrap_or_else(PoisonError::into_inner));
    lie(&mut told);
    if let Some(date) = told.date {
        headers.insert("date", date.parse().expect("a header"));
    }
    for of_the_connection in ["content-length", "transfer-encoding", "connection"] {
        headers.remove(of_the_connection);
    }
    let body = if json.is_null() { bytes } else { json.to_string().into() };
    let mut response = Response::new(Body::from(body));
    (*response.status_mut(), *response.headers_mut()) = (status, headers);
    response
}
