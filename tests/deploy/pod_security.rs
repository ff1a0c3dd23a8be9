//! The pod is accepted where Pod Security is enforced at its strictest.

use k8s_openapi::api::core::v1::{Namespace, Pod};
use kube::{
    Api,
    api::{Patch, PatchParams, PostParams},
};
use serde_json::{Value, json};

use crate::{
    helm::Helm,
    installed,
    least_privilege::render,
    manifests::one,
    stage::{Stage, play},
};

/// Asks the API server for a pod of this template, without making it.
async fn try_pod(stage: &Stage, template: &Value) -> Result<(), String> {
    let mut pod = template.clone();
    pod["metadata"]["name"] = "tried".into();
    let pod: Pod = serde_json::from_value(pod).expect("a pod");
    let api: Api<Pod> = Api::namespaced(stage.client.clone(), &stage.namespace);
    let dry = PostParams { dry_run: true, ..PostParams::default() };
    api.create(&dry, &pod).await.map(|_| ()).map_err(|error| error.to_string())
}

#[test]
fn the_pod_is_accepted_where_pod_security_is_restricted() {
    play(async {
        let Some(helm) = Helm::find() else { return };
        let stage = Stage::empty().await;
        let labels =
            json!({ "metadata": { "labels": { "pod-security.kubernetes.io/enforce": "restricted" } } });
        let namespaces: Api<Namespace> = Api::all(stage.client.clone());
        let patch = Patch::Merge(labels);
        namespaces.patch(&stage.namespace, &PatchParams::default(), &patch).await.expect("the label");
        let watched = format!("watchNamespaces={{{}}}", stage.namespace);
        let documents = render(&helm, &stage, &stage.namespace, &[&watched]);
        installed::apply(&stage, &documents).expect("it is installed");
        let template = one(&documents, "Deployment")["spec"]["template"].clone();
        assert_eq!(try_pod(&stage, &template).await, Ok(()));
        for weaker in ["/spec/securityContext", "/spec/containers/0/securityContext"] {
            let mut template = template.clone();
            *template.pointer_mut(weaker).expect("a context") = json!({});
            let message = try_pod(&stage, &template).await.expect_err("it is refused");
            assert!(message.contains("PodSecurity"), "{message}");
        }
    });
}
