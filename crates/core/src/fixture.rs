//! Values that tests start from.

#![allow(clippy::unwrap_used, reason = "the values are written here: an invalid one is a slip of this file")]

use std::time::Duration;

use jiff::Timestamp;

use crate::facts::{
    Facts,
    binding::Stored,
    ids::{ObjectKey, Owner, StreamId},
    manifest::{Desired, Manifest},
    observation::{AccountView, CrdDeletion, Observation},
    project::AccountProject,
    stream::{Assets, Remote},
};

/// The time `second` seconds after the epoch.
#[must_use]
pub fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

/// An id.
#[must_use]
pub fn id(text: &str) -> StreamId {
    StreamId::parse(text).unwrap()
}

/// The attributes of a manifest.
#[must_use]
pub fn desired() -> Desired {
    Desired { name: "Town hall".into(), public: Some(true), player_id: None }
}

/// A remote stream that matches [`desired`].
#[must_use]
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

/// A LiveStream that wants [`desired`], with every default.
#[must_use]
pub fn manifest() -> Manifest {
    Manifest {
        owner: Owner {
            uid: "me".into(),
            key: ObjectKey { namespace: "ns".into(), name: "town-hall".into() },
        },
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
        settle_create: None,
    }
}

/// An account that was scanned and has no error.
#[must_use]
pub fn account() -> AccountView {
    AccountView {
        scanned: true,
        clock: None,
        error: None,
        recoveries: 0,
        guarded: false,
        confirmed: true,
        settle: Duration::from_secs(30),
        marker: false,
        unlisted: false,
        drift_interval: Duration::from_secs(60),
        request_timeout: Duration::from_secs(15),
        project: AccountProject::default(),
        guard_active: false,
    }
}

/// What is known of [`manifest`], whose status names `li1`, when this is known of its stream.
#[must_use]
pub fn observing(observation: Observation) -> Facts {
    Facts {
        manifest: manifest(),
        stored: Stored { status: Some(id("li1")), ..Stored::default() },
        binding: Default::default(),
        observation,
        account: account(),
        admitted: false,
        orphan: None,
        crd: CrdDeletion::Unchecked,
    }
}
