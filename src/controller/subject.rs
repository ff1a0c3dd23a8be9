//! Gathering what is to be decided about: the object, the memory, what was
//! observed.

use jiff::Timestamp;
use kube::Api;
use std::sync::Arc;

use super::{Context, cluster, entries::Entry};
use crate::{
    account::{Account, Claim, lock},
    core::{
        binding::Binding,
        memory::{Create, Trouble},
        model::{Manifest, StreamId},
        observed::{Observed, Sight},
    },
    crd::{LiveStream, manifest, metadata},
};

/// One LiveStream on its way through a reconcile.
pub(super) struct Subject {
    /// The object, as new as it is known.
    pub object: LiveStream,
    /// What it wants.
    pub manifest: Manifest,
    /// What is known of the world.
    pub observed: Observed,
    /// Its account.
    pub account: Arc<Account>,
    /// Where it is written.
    pub api: Api<LiveStream>,
}

impl Subject {
    /// Gathers. Claims the stream that the LiveStream is bound to or asks for,
    /// if it is free: from here on no other can.
    pub(super) fn gather(
        context: &Context,
        watched: &LiveStream,
        entry: &mut Entry,
    ) -> Result<Self, manifest::Malformed> {
        let object = entry.newest(watched);
        let manifest = manifest::read(&object)?;
        entry.saw(manifest.generation);
        let account = Arc::clone(context.accounts.of(&object.metadata));
        first_meeting(&object, &manifest, entry);
        meet(context, &account, &object, &manifest, entry);
        let id = entry.memory.binding.id().cloned();
        let mut stream = account.sight(id.as_ref());
        if entry.memory.request_pending(&manifest) && stream == Sight::Gone {
            stream = Sight::Missing;
        }
        let observed = Observed {
            stream,
            account: account.view(id.as_ref()),
            late: account.late.certain(&manifest.uid),
            crd_terminating: false,
        };
        let api = cluster::api(&context.client, &manifest.place);
        Ok(Self { object, manifest, observed, account, api })
    }

    /// The time that decisions go by.
    pub(super) fn now(&self) -> Timestamp {
        self.account.now()
    }

    /// Who this is, to the holders.
    pub(super) fn claim(&self) -> Claim {
        claim(&self.manifest)
    }
}

fn claim(manifest: &Manifest) -> Claim {
    Claim { uid: manifest.uid.clone(), place: manifest.place.clone() }
}

/// What the status still tells of the time before this process.
fn first_meeting(object: &LiveStream, manifest: &Manifest, entry: &mut Entry) {
    let Some(status) = &object.status else { return };
    if entry.memory.handled_request.is_none() {
        entry.memory.handled_request.clone_from(&status.last_handled_reconcile_at);
    }
    if entry.memory.synced_generation.is_none() {
        let ready = status.conditions.iter().find(|c| c.type_ == "Ready" && c.status == "True");
        entry.memory.synced_generation =
            ready.and_then(|c| c.observed_generation).filter(|generation| *generation <= manifest.generation);
    }
}

fn meet(context: &Context, account: &Account, object: &LiveStream, manifest: &Manifest, entry: &mut Entry) {
    let memory = &mut entry.memory;
    let status_id = object.status.as_ref().and_then(|s| s.live_stream_id.as_deref());
    let mut stored = metadata::stored(&object.metadata, status_id, memory.unstored.clone());
    let intent = metadata::intent(&object.metadata).filter(|_| memory.unstored.is_none());
    let mut holders = lock(&account.holders);
    stored.held = holders.of(&manifest.uid).cloned();
    let other = |id: &StreamId| holders.other(id, &manifest.uid, |claim| context.is_known(claim));
    let resolve = context.decisions.resolve;
    let bound = resolve(&stored, &manifest.uid, manifest.adopt.as_ref(), intent.is_some(), &other);
    let mut woken = Vec::new();
    match &bound {
        Binding::Conflict { id, .. } => holders.wait(id, manifest.place.clone()),
        _ if manifest.deleting && !manifest.finalizer => {}
        Binding::Bound { .. } | Binding::Wanted(_) | Binding::Mismatch { .. } => {
            if let Some(id) = bound.id() {
                woken = holders.hold(id, claim(manifest));
            }
        }
        Binding::Unbound | Binding::Copy { .. } => {}
    }
    drop(holders);
    woken.iter().for_each(|place| account.wakes.one(place));
    memory.meet(manifest, bound, intent, account.client.server_time());
    let open = match &memory.create {
        Some(Create::Open(intent, _)) => Some(intent),
        _ => None,
    };
    account.creates.note(&claim(manifest), open);
    if account.call_queue.is_called(&manifest.uid) {
        memory.its_turn(account.now());
    }
    if entry.recoveries != account.recoveries() {
        entry.recoveries = account.recoveries();
        if !matches!(entry.memory.failure.as_ref().map(|f| &f.trouble), Some(Trouble::RateLimited)) {
            entry.memory.failure = None;
        }
    }
}
