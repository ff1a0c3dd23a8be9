//! LiveStreams that another shard handles. Nothing is done about them here; but
//! what they hold is known, so that nobody here takes it.

use kube::Resource;

use super::{Context, Guarded, startup};
use crate::{
    account::{Claim, lock},
    core::shard::Shard,
    crd::{manifest, metadata},
};

/// Whether a shard handles an object; one that can't be read is told by its uid alone.
pub(super) fn handles(shard: Shard, object: &Guarded) -> bool {
    if shard == Shard::WHOLE {
        return true;
    }
    let read = object.0.as_ref().ok().and_then(|live_stream| manifest::read(live_stream).ok());
    let intent = metadata::intent(object.meta()).and_then(Result::ok);
    match read {
        Some(manifest) => shard.handles(&manifest, intent.as_ref()),
        None => shard.is_of(object.meta().uid.as_deref().unwrap_or_default()),
    }
}

/// Takes in what another shard's LiveStream holds. Should it have been this
/// shard's until now, it is forgotten.
pub(super) fn note(context: &Context, object: &Guarded) {
    let Ok(live_stream) = &object.0 else { return };
    let Ok(read) = manifest::read(live_stream) else { return };
    let account = context.accounts.of(&live_stream.metadata);
    let claim = Claim { uid: read.uid, place: read.place };
    context.entries.forget(&claim.uid);
    account.call_queue.leave(&claim.uid);
    let intent = metadata::intent(&live_stream.metadata).and_then(Result::ok);
    account.creates.note(&claim, intent.as_ref());
    let mut holders = lock(&account.holders);
    let woken = match startup::wanted(live_stream) {
        // Whoever held it first keeps it, here as there.
        Some((_, id)) if holders.other(&id, &claim.uid, |other| context.is_known(other)).is_some() => {
            Vec::new()
        }
        Some((_, id)) => holders.hold(&id, claim),
        None => holders.release(&claim.uid),
    };
    drop(holders);
    woken.iter().for_each(|place| account.wakes.one(place));
}
