//! Objects that vanish although they carry the operator's finalizer.
//!
//! The API server can do that: a DELETE that has read the object before the finalizer was
//! added removes it later without checking again (kubernetes/kubernetes#77988). Nobody
//! reconciles such an object any more, so what was created for it would leak. Here its
//! deletion is finished as if the finalizer had held it: planned by the same planner,
//! retried until it is known that nothing is left, with no write to the object.
//!
//! A process that is killed just then can't finish it; RELIABILITY.md says so.

use std::{sync::Arc, time::Duration};

use tokio::{sync::mpsc::UnboundedReceiver, task::JoinSet};
use tracing::{info, warn};

use super::{context::Context, gather::gather, reconcile};
use crate::{
    core::step::{Plan, Step},
    kinds::live_stream::{LiveStream, parse},
};

/// How soon the deletion is planned again where the planner names no time.
const REPLAN: Duration = Duration::from_secs(30);

/// Finishes the deletions of the objects that vanish, side by side.
pub(super) async fn finish_all(context: &Arc<Context>, mut vanished: UnboundedReceiver<LiveStream>) {
    let mut deletions = JoinSet::new();
    while let Some(object) = vanished.recv().await {
        deletions.spawn(finish(Arc::clone(context), object));
    }
}

/// Finishes the deletion of an object that vanished.
async fn finish(context: Arc<Context>, object: LiveStream) {
    let Ok(mut manifest) = parse::manifest(&object) else { return };
    manifest.deleting = true;
    let owner = manifest.owner.clone();
    let account = Arc::clone(context.accounts.of(&object.metadata));
    if !account.claims.keep_vanished(&owner.uid) {
        return;
    }
    warn!(object = %owner.key, "a LiveStream vanished despite its finalizer; deleting what was created for it");
    let entry = context.states.of(&owner.uid);
    loop {
        let mut entry = entry.lock().await;
        let mut gathered = gather(&context, object.clone(), manifest.clone(), &entry);
        gathered.vanished = true;
        let wait = match reconcile::converge(&context, &mut gathered, &mut entry).await {
            Ok(_) if !gathered.facts.manifest.finalizer => break,
            Ok(Plan { step: Step::Wait { until: Some(time), .. }, .. }) => {
                Duration::try_from(time.duration_since(gathered.now())).unwrap_or_default()
            }
            Ok(_) | Err(_) => REPLAN,
        };
        drop(entry);
        tokio::time::sleep(wait.clamp(Duration::from_millis(50), REPLAN)).await;
    }
    context.states.forget(&owner.uid);
    account.claims.release(&owner.uid);
    info!(object = %owner.key, "nothing is left of the LiveStream that vanished");
}
