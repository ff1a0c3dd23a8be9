//! Who holds which stream when the operator starts, told from the cluster as a whole.

use std::collections::HashMap;

use kube::Resource;

use super::Context;
use crate::{
    account::{Claim, lock},
    core::model::StreamId,
    crd::{LiveStream, manifest, metadata},
};

/// Waits until every watch has listed, then settles who holds which stream,
/// before anyone reconciles: whoever is bound comes before those who ask, and
/// among equals the older object comes first.
pub(super) async fn load(context: &Context) {
    context
        .loaded
        .get_or_init(|| async {
            for listed in &context.listed {
                listed.wait().await;
            }
            settle_holders(context);
        })
        .await;
}

fn settle_holders(context: &Context) {
    let known = context.known();
    let mut claims: Vec<(u8, Option<jiff::Timestamp>, Claim, StreamId)> = known
        .values()
        .filter_map(|object| object.0.as_ref().ok())
        .filter_map(|object| {
            let (rank, id) = wanted(object)?;
            let read = manifest::read(object).ok()?;
            let since = object.metadata.creation_timestamp.as_ref().map(|t| t.0);
            Some((rank, since, Claim { uid: read.uid, place: read.place }, id))
        })
        .collect();
    claims.sort_by(|a, b| (a.0, a.1, &a.2.place).cmp(&(b.0, b.1, &b.2.place)));
    let by_uid: HashMap<_, _> = known.iter().collect();
    for (_, _, claim, id) in claims {
        let account = by_uid.get(&claim.uid).map(|object| context.accounts.of(object.meta()));
        let Some(account) = account else { continue };
        let mut holders = lock(&account.holders);
        if holders.other(&id, &claim.uid, |_| true).is_none() {
            holders.hold(&id, claim);
        }
    }
    for object in known.values().filter_map(|object| object.0.as_ref().ok()) {
        if let (Ok(read), Some(Ok(intent))) = (manifest::read(object), metadata::intent(&object.metadata)) {
            let claim = Claim { uid: read.uid, place: read.place };
            context.accounts.of(&object.metadata).creates.note(&claim, Some(&intent));
        }
    }
}

/// Which stream an object is bound to or asks for, and how strong that is: 0
/// for a binding of its own, 1 for one that it carries, 2 for a wish.
fn wanted(object: &LiveStream) -> Option<(u8, StreamId)> {
    let status = object.status.as_ref().and_then(|s| s.live_stream_id.as_deref());
    let stored = metadata::stored(&object.metadata, status, None);
    let own = stored.bound_uid.is_some() && stored.bound_uid == object.metadata.uid;
    let wish = object.spec.live_stream_id.as_deref().and_then(|text| StreamId::parse(text).ok());
    match (stored.annotation, own) {
        (Some(id), true) => Some((0, id)),
        _ if wish.is_some() => wish.map(|id| (2, id)),
        (carried, _) => carried.or(stored.status).map(|id| (1, id)),
    }
}
