//! Values that the tests of the decisions start from.

#![allow(clippy::unwrap_used, reason = "the values are written here: that one is no id or time is a slip of this file")]

use std::time::Duration;

use jiff::Timestamp;

use super::{
    model::{Assets, Desired, Manifest, Place, Remote, StreamId},
    observed::{AccountView, Observed, Sight},
};

/// The time `second` seconds after the epoch.
pub fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

pub fn id(text: &str) -> StreamId {
    StreamId::parse(text).unwrap()
}

pub fn desired() -> Desired {
    Desired { name: "Town hall".into(), public: Some(true), player_id: None }
}

/// A remote stream that is as [`desired`] wants it.
pub fn remote(text: &str) -> Remote {
    Remote {
        id: id(text),
        name: Some("Town hall".into()),
        public: Some(true),
        player_id: Some("ptDefault".into()),
        broadcasting: false,
        created_at: Some(at(50)),
        updated_at: Some(at(50)),
        assets: Assets::default(),
    }
}

/// A LiveStream that wants what [`desired`] says, with every default.
pub fn manifest() -> Manifest {
    Manifest {
        uid: "me".into(),
        place: Place { namespace: "ns".into(), name: "town-hall".into() },
        generation: 1,
        deleting: false,
        finalizer: true,
        desired: desired(),
        adopt: None,
        deletion_policy: None,
        drift_policy: Default::default(),
        on_remote_missing: Default::default(),
        suspend: false,
        while_broadcasting: Default::default(),
        requested_at: None,
        confirm_recreate: None,
    }
}

/// An account that was seen and has no trouble.
pub fn account() -> AccountView {
    AccountView {
        observed: true,
        trouble: None,
        guarded: false,
        judged: true,
        settle: Duration::from_secs(30),
        marker: false,
    }
}

/// What is known when this is known of the stream.
pub fn seeing(stream: Sight) -> Observed {
    Observed { stream, account: account(), late: None, crd_terminating: false }
}
