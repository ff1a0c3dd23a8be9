//! Who is who: stream ids, objects and their uids.

use std::{fmt, sync::Arc};

use serde::{Serialize, Serializer};

/// The longest id that is accepted from a manifest, an annotation or the API, in bytes.
const MAX_ID: usize = 64;

/// The id of a remote stream: `li` followed by letters and digits.
///
/// Parsed once, at the boundary, so that no other text can reach a URL or be
/// taken for a binding. Clones share the text: the snapshot, the claims and the
/// state of a LiveStream each keep the id, for ten thousand streams.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StreamId(Arc<str>);

/// A text that is not a stream id.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a live stream id: it must be `li` followed by letters and digits, at most {MAX_ID} characters")]
pub struct InvalidStreamId;

impl StreamId {
    /// Parses an id.
    ///
    /// # Errors
    /// [`InvalidStreamId`] unless it matches `^li[A-Za-z0-9]+$` within 64 characters.
    pub fn parse(text: &str) -> Result<Self, InvalidStreamId> {
        let tail = text.strip_prefix("li").ok_or(InvalidStreamId)?;
        let well_formed = !tail.is_empty() && tail.bytes().all(|b| b.is_ascii_alphanumeric());
        if well_formed && text.len() <= MAX_ID { Ok(Self(text.into())) } else { Err(InvalidStreamId) }
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Serialize for StreamId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl fmt::Display for StreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The namespace and name of an object.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ObjectKey {
    /// The namespace.
    pub namespace: String,
    /// The name.
    pub name: String,
}

impl fmt::Display for ObjectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.namespace, self.name)
    }
}

/// One LiveStream for as long as it exists: a later object of the same key has another uid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner {
    /// The object's uid.
    pub uid: String,
    /// Its namespace and name.
    pub key: ObjectKey,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_li_followed_by_letters_and_digits() {
        assert_eq!(StreamId::parse("li4pqNqGUk").map(|id| id.to_string()), Ok("li4pqNqGUk".into()));
        for bad in ["", "li", "vi4pq", "li4pq/../x", "li 4", "LI4pq", "liä", "li4pq\n"] {
            assert_eq!(StreamId::parse(bad), Err(InvalidStreamId), "{bad:?}");
        }
        assert_eq!(StreamId::parse(&format!("li{}", "a".repeat(63))), Err(InvalidStreamId));
    }
}
