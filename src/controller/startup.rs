//! Who owns which stream when the operator starts, by the cluster as a whole.

use std::sync::Arc;

use super::{context::Context, watches::Watch};
use crate::{
    core::facts::{
        binding::{Candidate, Stored},
        manifest::Manifest,
    },
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
    for account in context.accounts.iter() {
        let mut candidates = Vec::new();
        let readable = objects.values().filter_map(|object| object.0.as_ref().ok());
        let of_account = |object: &LiveStream| Arc::ptr_eq(context.accounts.of(&object.metadata), account);
        for object in readable.filter(|object| new(object) && of_account(object)) {
            let Ok(manifest) = parse::manifest(object) else { continue };
            let stored = parse::stored(object, account.policy.environment);
            if let Some(Ok(intent)) = &stored.intent {
                account.claims.note_intent(&manifest.owner, Some(intent));
            }
            candidates.extend(candidate(object, manifest, stored));
        }
        account.claims.assign(candidates);
    }
}

fn candidate(object: &LiveStream, manifest: Manifest, stored: Stored) -> Option<Candidate> {
    let (strength, id) = stored.named(manifest.uid(), manifest.adopt.as_ref())?;
    Some(Candidate {
        strength,
        created_at: object.metadata.creation_timestamp.as_ref().map(|time| time.0),
        owner: manifest.owner,
        id,
        project: stored.project,
    })
}
