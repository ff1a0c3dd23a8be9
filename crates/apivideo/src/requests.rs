//! Every request for live streams that this crate can make, as data.
//!
//! A [`Request`] is a value: what to send and how to read the answer. Nothing
//! is sent here, so what the crate may ever do to a stream is visible in this
//! one file. `authenticate` makes the two requests for a token.

use std::fmt;

use bytes::Bytes;
use http::{Method, StatusCode};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;
use tokio::time::Instant;

use crate::class::Class;
use crate::decode;
use crate::model::{ListLiveStreams, LiveStream, Page};

/// In a path segment or a query value, all but the unreserved characters of RFC 3986 are encoded.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// How the body of a 2xx becomes a value. The second argument is the id that the
/// request named: an answer about another stream is no answer.
pub(crate) type Reader<T> = fn(&[u8], Option<&str>) -> Result<T, String>;

/// A request as data. `T` is what its answer is read into.
pub struct Request<T> {
    pub(crate) method: Method,
    /// With the query, below the base URL. Holds no secret.
    pub(crate) path: String,
    /// JSON.
    pub(crate) body: Option<Bytes>,
    pub(crate) subject: Subject,
    pub(crate) reader: Reader<T>,
    /// The project that it is meant for.
    pub(crate) project: Option<String>,
    /// When it must have been sent.
    pub(crate) deadline: Option<Instant>,
}

/// What a request is about, and so what its failure says of the account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Subject {
    /// The account as a whole: a token, or the first page of its whole list. Only
    /// these speak for the account.
    Account,
    /// A further page of the account's list.
    FurtherPage,
    /// A part of the account's list, by name.
    Search,
    /// A stream that does not exist yet.
    NewStream,
    /// The stream with this id.
    Stream(String),
}

impl Subject {
    /// Whether a failure of the call says something about the account.
    pub(crate) fn speaks_for_account(&self) -> bool {
        *self == Self::Account
    }

    /// Whether the call may find out whether an account in trouble works again. A
    /// further page may, so that whoever reads the list page by page can go on.
    pub(crate) fn may_probe(&self) -> bool {
        matches!(self, Self::Account | Self::FurtherPage)
    }

    /// The id that the request names, when it is about one stream.
    fn id(&self) -> Option<&str> {
        match self {
            Self::Stream(id) => Some(id),
            Self::Account | Self::FurtherPage | Self::Search | Self::NewStream => None,
        }
    }
}

impl<T> Request<T> {
    /// The limit that it is counted in.
    pub(crate) fn class(&self) -> Class {
        Class::of(&self.method)
    }

    /// Sends it with a token of this project alone, or with one that names none. With
    /// another it is not sent: what was decided for one project must not be done in another.
    #[must_use]
    pub fn in_project(self, project: Option<String>) -> Self {
        Self { project, ..self }
    }

    /// Sends it before this moment or not at all.
    #[must_use]
    pub fn before(self, deadline: Instant) -> Self {
        Self { deadline: Some(deadline), ..self }
    }

    /// Why it is not sent with a token of this project, now.
    pub(crate) fn withheld(&self, project: Option<&str>, now: Instant) -> Option<String> {
        let other = self.project.as_deref().zip(project).filter(|(wanted, opened)| wanted != opened);
        if let Some((wanted, opened)) = other {
            return Some(format!("the API key opens project {opened}, and it is meant for {wanted}"));
        }
        self.deadline.filter(|deadline| now > *deadline).map(|_| "it is too late to send it".to_owned())
    }

    /// Whether the id that it names can be one. An empty one or one of dots would
    /// be resolved by URL rules to another resource, `DELETE /live-streams/..`
    /// above all, so such a request is never sent.
    pub(crate) fn names_a_possible_id(&self) -> bool {
        self.subject.id().is_none_or(|id| !matches!(id, "" | "." | ".."))
    }

    /// Reads the body of a 2xx. A deletion is answered by 204 and nothing else: 200
    /// with a page of some proxy is no word of the API, and a stream that is taken
    /// for deleted is never looked after again.
    pub(crate) fn read(&self, status: StatusCode, body: &[u8]) -> Result<T, String> {
        if self.method == Method::DELETE && status != StatusCode::NO_CONTENT {
            return Err("it is not the 204 that answers a deletion".to_owned());
        }
        (self.reader)(body, self.subject.id())
    }
}

impl<T> fmt::Debug for Request<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.path)
    }
}

/// A page of live streams.
#[must_use]
pub fn list(query: &ListLiveStreams) -> Request<Page> {
    let ListLiveStreams { name, newest_first, page, page_size } = query;
    let order = if *newest_first { "desc" } else { "asc" };
    let mut path =
        format!("/live-streams?sortBy=createdAt&sortOrder={order}&currentPage={page}&pageSize={page_size}");
    let subject = match name {
        Some(name) => {
            path.push_str(&format!("&name={}", utf8_percent_encode(name, ENCODED)));
            Subject::Search
        }
        None if *page == 1 => Subject::Account,
        None => Subject::FurtherPage,
    };
    request(Method::GET, path, None, subject, decode::page)
}

/// One live stream by its id.
#[must_use]
pub fn get(id: &str) -> Request<LiveStream> {
    about(Method::GET, id, None, decode::live_stream)
}

/// A new live stream. The API has no idempotency key: whoever sends it again
/// after an unknown outcome may make two.
#[must_use]
pub fn create(new: &impl Serialize) -> Request<LiveStream> {
    let path = "/live-streams".to_owned();
    request(Method::POST, path, Some(json(new)), Subject::NewStream, decode::live_stream)
}

/// A partial change. The answer is the whole stream, as good as a [`get`].
#[must_use]
pub fn update(id: &str, change: &impl Serialize) -> Request<LiveStream> {
    about(Method::PATCH, id, Some(json(change)), decode::live_stream)
}

/// The permanent end of a stream. Of one that doesn't exist: [`crate::Error::NotFound`].
#[must_use]
pub fn delete(id: &str) -> Request<()> {
    about(Method::DELETE, id, None, decode::nothing)
}

fn about<T>(method: Method, id: &str, body: Option<Bytes>, reader: Reader<T>) -> Request<T> {
    let path = format!("/live-streams/{}", utf8_percent_encode(id, ENCODED));
    request(method, path, body, Subject::Stream(id.to_owned()), reader)
}

/// A request that is sent with any token, at any time.
pub(crate) fn request<T>(
    method: Method,
    path: String,
    body: Option<Bytes>,
    subject: Subject,
    reader: Reader<T>,
) -> Request<T> {
    Request { method, path, body, subject, reader, project: None, deadline: None }
}

/// A body of strings and booleans; writing those to memory has no way to fail.
fn json(body: &impl Serialize) -> Bytes {
    Bytes::from(serde_json::to_vec(body).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_stays_one_path_segment() {
        assert_eq!(get("li1").path, "/live-streams/li1");
        assert_eq!(delete("a/../b?c#d%").path, "/live-streams/a%2F..%2Fb%3Fc%23d%25");
        assert_eq!(get("é-._~").path, "/live-streams/%C3%A9-._~");
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
            list(&ListLiveStreams::default()).path,
            "/live-streams?sortBy=createdAt&sortOrder=asc&currentPage=1&pageSize=100"
        );
        let query = ListLiveStreams {
            name: Some("Town hall & more".into()),
            newest_first: true,
            page: 3,
            page_size: 7,
        };
        assert_eq!(
            list(&query).path,
            "/live-streams?sortBy=createdAt&sortOrder=desc&currentPage=3&pageSize=7&name=Town%20hall%20%26%20more"
        );
    }

    #[test]
    fn every_request_has_its_method() {
        let update = update("li1", &serde_json::json!({"public": true}));
        assert_eq!(format!("{update:?}"), "PATCH /live-streams/li1");
        assert_eq!(update.body.as_ref().unwrap().as_ref(), br#"{"public":true}"#);
        let create = create(&serde_json::json!({"name": "a"}));
        assert_eq!((&create.method, create.class()), (&Method::POST, Class::Write));
        assert_eq!((delete("li1").method, update.class()), (Method::DELETE, Class::Write));
        assert_eq!((&get("li1").method, get("li1").class()), (&Method::GET, Class::Read));
    }
}
