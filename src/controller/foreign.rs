//! LiveStreams that another shard handles. Nothing is done about them here; but
//! what they hold is known, so that nobody here takes it.

use super::{Context, startup};
use crate::{
    account::{Claim, lock},
    core::shard::Shard,
    crd::{LiveStream, manifest, metadata},
};

/// Whether a shard handles a LiveStream.
pub(super) fn handles(shard: Shard, live_stream: &LiveStream) -> bool {
    if shard == Shard::WHOLE {
        return true;
    }
    let intent = metadata::intent(&live_stream.metadata).and_then(Result::ok);
    match manifest::read(live_stream) {
        Ok(read) => shard.handles(&read, intent.as_ref()),
        Err(_) => shard.is_of(live_stream.metadata.uid.as_deref().unwrap_or_default()),
    }
}

/// Takes in what another shard's LiveStream holds. Should it have been this
/// shard's until now, it is forgotten.
pub(super) fn note(context: &Context, live_stream: &LiveStream) {
    let Ok(read) = manifest::read(live_stream) else { return };
    let account = context.accounts.of(&live_stream.metadata);
    let claim = Claim { uid: read.uid, place: read.place };
    context.entries.forget(&claim.uid);
    account.turns.forget(&claim.uid);
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
