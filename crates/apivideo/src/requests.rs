//! Every request that this crate can make, as data.
//!
//! A [`Request`] is a value: what to send and how to read the answer. Nothing
//! is sent here, so what the crate may ever ask of the API is visible in this
//! one file.

use std::fmt;

use bytes::Bytes;
use http::{Method, StatusCode};
use serde::Serialize;

use crate::decode;
use crate::model::{ListLiveStreams, LiveStream, Page};
use crate::operation::Subject;
pub use crate::operation::{Class, Operation};

/// How the body of a 2xx becomes a value. The second argument is the id that the
/// request named: an answer about another stream is no answer.
pub(crate) type Reader<T> = fn(&[u8], Option<&str>) -> Result<T, String>;

/// A request as data. `T` is what its answer is read into.
pub struct Request<T> {
    operation: Operation,
    method: Method,
    path: String,
    body: Option<Bytes>,
    subject: Subject,
    reader: Reader<T>,
}

impl<T> Request<T> {
    /// What it does.
    #[must_use]
    pub fn operation(&self) -> Operation {
        self.operation
    }

    /// Its HTTP method.
    #[must_use]
    pub fn method(&self) -> &Method {
        &self.method
    }

    /// Its path, with the query, below the base URL. Holds no secret.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Its JSON body.
    #[must_use]
    pub fn body(&self) -> Option<&Bytes> {
        self.body.as_ref()
    }

    /// The id that it names, when it is about one stream.
    #[must_use]
    pub fn id(&self) -> Option<&str> {
        match &self.subject {
            Subject::Stream(id) => Some(id),
            Subject::Account | Subject::FurtherPage | Subject::Search | Subject::NewStream => None,
        }
    }

    /// What it is about.
    pub(crate) fn subject(&self) -> &Subject {
        &self.subject
    }

    /// Whether the id that it names can be one. An empty one or one of dots would
    /// be resolved by URL rules to another resource, `DELETE /live-streams/..`
    /// above all, so such a request is never sent.
    pub(crate) fn names_a_possible_id(&self) -> bool {
        self.id().is_none_or(|id| !matches!(id, "" | "." | ".."))
    }

    /// Whether a 2xx of this status answers the request. A deletion is 204 and
    /// nothing else: 200 with a page of some proxy is no word of the API, and a
    /// stream that is taken for deleted is never looked after again.
    pub(crate) fn is_answered_by(&self, status: StatusCode) -> bool {
        self.operation != Operation::Delete || status == StatusCode::NO_CONTENT
    }

    pub(crate) fn read(&self, body: &[u8]) -> Result<T, String> {
        (self.reader)(body, self.id())
    }
}

impl<T> fmt::Debug for Request<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} {} {}", self.operation, self.method, self.path)
    }
}

/// A page of live streams.
#[must_use]
pub fn list(query: &ListLiveStreams) -> Request<Page<LiveStream>> {
    let ListLiveStreams { name, sort_by, sort_order, page, page_size } = query;
    let mut path = format!(
        "/live-streams?sortBy={}&sortOrder={}&currentPage={page}&pageSize={page_size}",
        sort_by.as_str(),
        sort_order.as_str()
    );
    let subject = match name {
        Some(name) => {
            path.push_str("&name=");
            path.push_str(&percent_encoded(name));
            Subject::Search
        }
        None if *page == 1 => Subject::Account,
        None => Subject::FurtherPage,
    };
    Request {
        operation: Operation::List,
        method: Method::GET,
        path,
        body: None,
        subject,
        reader: decode::page,
    }
}

/// One live stream by its id.
#[must_use]
pub fn get(id: &str) -> Request<LiveStream> {
    about(Operation::Get, Method::GET, id, "", None, decode::live_stream)
}

/// A new live stream. The API has no idempotency key: whoever sends it again
/// after an unknown outcome may make two.
#[must_use]
pub fn create(new: &impl serde::Serialize) -> Request<LiveStream> {
    Request {
        operation: Operation::Create,
        method: Method::POST,
        path: "/live-streams".to_owned(),
        body: Some(json(new)),
        subject: Subject::NewStream,
        reader: decode::live_stream,
    }
}

/// A partial change. The answer is the whole stream, as good as a [`get`].
#[must_use]
pub fn update(id: &str, change: &impl serde::Serialize) -> Request<LiveStream> {
    about(Operation::Update, Method::PATCH, id, "", Some(json(change)), decode::live_stream)
}

/// The permanent end of a stream. Of one that doesn't exist: [`crate::Error::NotFound`].
#[must_use]
pub fn delete(id: &str) -> Request<()> {
    about(Operation::Delete, Method::DELETE, id, "", None, decode::nothing)
}

/// The end of the broadcast that is under way in a stream.
#[must_use]
pub fn complete(id: &str) -> Request<()> {
    about(Operation::Complete, Method::PUT, id, "/complete", None, decode::nothing)
}

fn about<T>(
    operation: Operation,
    method: Method,
    id: &str,
    suffix: &str,
    body: Option<Bytes>,
    reader: Reader<T>,
) -> Request<T> {
    let path = format!("/live-streams/{}{suffix}", percent_encoded(id));
    Request { operation, method, path, body, subject: Subject::Stream(id.to_owned()), reader }
}

/// A body of strings and booleans; writing those to memory has no way to fail.
fn json(body: &impl Serialize) -> Bytes {
    Bytes::from(serde_json::to_vec(body).unwrap_or_default())
}

/// One path segment or query value: all but the unreserved characters of RFC 3986 are encoded.
fn percent_encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                encoded.push(char::from(byte))
            }
            other => encoded.push_str(&format!("%{other:02X}")),
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{SortBy, SortOrder};

    #[test]
    fn an_id_stays_one_path_segment() {
        assert_eq!(get("li1").path(), "/live-streams/li1");
        assert_eq!(delete("a/../b?c#d%").path(), "/live-streams/a%2F..%2Fb%3Fc%23d%25");
        assert_eq!(complete("é").path(), "/live-streams/%C3%A9/complete");
    }

    #[test]
    fn an_id_that_would_name_another_resource_is_refused() {
        for id in ["", ".", ".."] {
            assert!(!delete(id).names_a_possible_id(), "{id:?}");
        }
        assert!(delete("li1").names_a_possible_id());
        assert!(list(&ListLiveStreams::default()).names_a_possible_id());
    }

    #[test]
    fn a_list_names_its_page_its_order_and_its_filter() {
        assert_eq!(
            list(&ListLiveStreams::default()).path(),
            "/live-streams?sortBy=createdAt&sortOrder=asc&currentPage=1&pageSize=100"
        );
        let query = ListLiveStreams {
            name: Some("Town hall & more".into()),
            sort_by: SortBy::UpdatedAt,
            sort_order: SortOrder::Desc,
            page: 3,
            page_size: 7,
        };
        assert_eq!(
            list(&query).path(),
            "/live-streams?sortBy=updatedAt&sortOrder=desc&currentPage=3&pageSize=7&name=Town%20hall%20%26%20more"
        );
    }

    #[test]
    fn every_operation_has_its_method() {
        let update = update("li1", &serde_json::json!({"public": true}));
        assert_eq!(format!("{update:?}"), "Update PATCH /live-streams/li1");
        assert_eq!(update.body().unwrap().as_ref(), br#"{"public":true}"#);
        let create = create(&serde_json::json!({"name": "a"}));
        assert_eq!((create.method(), create.operation().class()), (&Method::POST, Class::Write));
        assert_eq!((delete("li1").method(), complete("li1").method()), (&Method::DELETE, &Method::PUT));
        assert_eq!((get("li1").method(), get("li1").operation().class()), (&Method::GET, Class::Read));
    }
}
