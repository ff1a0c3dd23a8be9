//! The calls of the operator, and what each is about.

use bytes::Bytes;
use http::Request;
use serde_json::Value;
use tokio::time::Instant;

use crate::outcome::Call;

/// A call that left the operator.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub at: Instant,
    pub call: Call,
    /// The id or the name of a stream, or the name of an object; empty: the account.
    pub about: String,
}

impl Entry {
    pub(crate) fn to_the_api(call: Call, request: &Request<Bytes>) -> Self {
        let about = match call {
            Call::Get | Call::Update | Call::Delete => last(request.uri().path()).to_owned(),
            Call::Create => body(request)["name"].as_str().unwrap_or_default().to_owned(),
            Call::Look => named(request.uri().query().unwrap_or_default()),
            _ => String::new(),
        };
        Self { at: Instant::now(), call, about }
    }

    pub(crate) fn to_the_cluster(call: Call, request: &Request<Bytes>) -> Self {
        let path = request.uri().path();
        let about = match call {
            Call::Metadata => last(path).to_owned(),
            Call::Status => last(path.trim_end_matches("/status")).to_owned(),
            Call::Event => body(request)["regarding"]["name"].as_str().unwrap_or_default().to_owned(),
            _ => String::new(),
        };
        Self { at: Instant::now(), call, about }
    }
}

fn last(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or_default()
}

fn body(request: &Request<Bytes>) -> Value {
    serde_json::from_slice(request.body()).unwrap_or_default()
}

/// The name that a list is filtered by. The names here need no other decoding.
fn named(query: &str) -> String {
    let name = query.split('&').find_map(|pair| pair.strip_prefix("name="));
    name.unwrap_or_default().replace(['+'], " ").replace("%20", " ")
}
