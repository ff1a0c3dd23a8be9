//! Objects that can't be read: possible only where the CRD's schema was
//! loosened. They say so, stop none of the others, and can be deleted.

use kube::{
    Api,
    api::{DynamicObject, Patch, PatchParams},
    core::error_boundary::InvalidObject,
    discovery::ApiResource,
    runtime::controller::Action,
};
use serde_json::{Value, json};
use tokio::time::timeout;
use tracing::warn;

use super::{CLUSTER_TIMEOUT, Context, cluster::ClusterError, reconcile::ReconcileError};
use crate::{
    core::verdict::{Reason, Verdict, conditions},
    crd::{LiveStream, metadata as meta},
};

/// Says what can't be read, once; an object that goes is let go, and its
/// stream is kept, for what the manifest says of it is unknown.
pub(super) async fn handle(context: &Context, invalid: &InvalidObject) -> Result<Action, ReconcileError> {
    let (Some(name), Some(namespace)) = (&invalid.metadata.name, &invalid.metadata.namespace) else {
        return Ok(Action::await_change());
    };
    let resource = ApiResource::erase::<LiveStream>(&());
    let api: Api<DynamicObject> = Api::namespaced_with(context.client.clone(), namespace, &resource);
    if invalid.metadata.deletion_timestamp.is_some() {
        return let_go(&api, name, invalid).await;
    }
    let verdict = Verdict::new(
        Reason::Rejected,
        format!("the object can't be read: {}; correct it, or delete it (its stream is kept)", invalid.error),
    );
    warn!(message = %verdict.message, "a malformed LiveStream is passed over");
    let generation = invalid.metadata.generation.unwrap_or_default();
    let current = call(api.get_status(name)).await?;
    let told = |field: &str| current.data.pointer(&format!("/status/conditions/0/{field}"));
    let said = told("message").and_then(Value::as_str) == Some(&verdict.message);
    if said && told("observedGeneration").and_then(Value::as_i64) == Some(generation) {
        return Ok(Action::await_change());
    }
    let conditions: Vec<_> = conditions(&verdict, generation, &[], jiff::Timestamp::now())
        .into_iter()
        .map(|c| {
            json!({ "type": c.type_, "status": if c.status { "True" } else { "False" }, "reason": c.reason,
                "message": c.message, "observedGeneration": c.observed_generation,
                "lastTransitionTime": jiff::Timestamp::from_second(c.last_transition.as_second()).unwrap_or(c.last_transition) })
        })
        .collect();
    let patch = Patch::Merge(json!({
        "metadata": { "resourceVersion": current.metadata.resource_version },
        "status": { "observedGeneration": generation, "conditions": conditions },
    }));
    call(api.patch_status(name, &params(), &patch)).await?;
    Ok(Action::await_change())
}

async fn let_go(
    api: &Api<DynamicObject>,
    name: &str,
    invalid: &InvalidObject,
) -> Result<Action, ReconcileError> {
    if !meta::has_finalizer(&invalid.metadata) {
        return Ok(Action::await_change());
    }
    let others: Vec<_> =
        invalid.metadata.finalizers.iter().flatten().filter(|f| *f != meta::FINALIZER).collect();
    warn!(name, "a malformed LiveStream goes; its stream, if it has one, is kept");
    let metadata = json!({ "finalizers": others, "resourceVersion": invalid.metadata.resource_version });
    call(api.patch(name, &params(), &Patch::Merge(json!({ "metadata": metadata })))).await?;
    Ok(Action::await_change())
}

fn params() -> PatchParams {
    PatchParams { field_manager: Some(meta::FIELD_MANAGER.into()), ..PatchParams::default() }
}

async fn call<T>(request: impl Future<Output = Result<T, kube::Error>>) -> Result<T, ClusterError> {
    timeout(CLUSTER_TIMEOUT, request)
        .await
        .map_err(|_| ClusterError::Timeout)?
        .map_err(|error| Box::new(error).into())
}
