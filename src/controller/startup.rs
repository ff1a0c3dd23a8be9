//! Who owns which stream when the operator starts, by the cluster as a whole.

use std::sync::Arc;

use super::{context::Context, watches::Watch};
use crate::{
    core::facts::{binding::Candidate, manifest::Manifest},
    kinds::live_stream::{LiveStream, parse},
};

/// Waits until each watch has listed or failed, then assigns the streams to their owners,
/// before anyone reconciles. The objects of a watch that lists later follow, before any
/// of them is reconciled; the streams that others own by then stay theirs.
pub(super) async fn start(context: &Context) {
    context.started.get_or_init(|| context.watches.started()).await;
    context.watches.join(|watches| assign_claims(context, watches));
}

fn assign_claims(context: &Context, watches: &[Arc<Watch>]) {
    let objects = context.objects();
    let new = |object: &LiveStream| {
        let namespace = object.metadata.namespace.as_deref();
        watches.iter().any(|watch| watch.namespace().is_none() || watch.namespace() == namespace)
    };
    let readable: Vec<(&LiveStream, Manifest)> = objects
        .values()
        .filter_map(|object| object.0.as_ref().ok())
        .filter(|object| new(object))
        .filter_map(|object| Some((object, parse::manifest(object).ok()?)))
        .collect();
    for account in context.accounts.iter() {
        let of_account =
            || readable.iter().filter(|(o, _)| Arc::ptr_eq(context.accounts.of(&o.metadata), account));
        let candidates = of_account().filter_map(|(object, manifest)| candidate(object, manifest)).collect();
        account.claims.assign(candidates);
        for (object, manifest) in of_account() {
            if let Some(Ok(intent)) = parse::stored(object).intent {
                account.claims.note_intent(&manifest.owner, Some(&intent));
            }
        }
    }
}

fn candidate(object: &LiveStream, manifest: &Manifest) -> Option<Candidate> {
    let stored = parse::stored(object);
    let (strength, id) = stored.named(manifest.uid(), manifest.adopt.as_ref())?;
    Some(Candidate {
        strength,
        created_at: object.metadata.creation_timestamp.as_ref().map(|time| time.0),
        owner: manifest.owner.clone(),
        id,
        project: stored.project,
    })
}
