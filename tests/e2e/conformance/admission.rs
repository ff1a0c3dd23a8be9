//! An admission policy refuses as the in-memory cluster says.

use std::time::Duration;

use http::{Request, StatusCode};
use kube::Client;
use serde_json::{Value, json};

use super::{MERGE, in_memory_with};
use crate::{
    cluster::{Cluster, SCHEMA, play},
    memory_cluster::Policy,
};

/// How long a policy may take to be in force.
const IN_FORCE: Duration = Duration::from_secs(60);

async fn send(client: &Client, method: &str, path: &str, body: &Value) -> Result<Value, kube::Error> {
    let kind = if method == "PATCH" { MERGE } else { "application/json" };
    let request = Request::builder().method(method).uri(path).header("content-type", kind);
    client.request(request.body(body.to_string().into_bytes()).expect("a request")).await
}

/// The policy `frozen` refuses each update of objects and of their status, in this
/// namespace alone.
async fn freeze(client: &Client, namespace: &str, reason: &str) {
    let (group, name) = ("/apis/admissionregistration.k8s.io/v1", "frozen");
    let policy = json!({ "apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingAdmissionPolicy",
        "metadata": { "name": name }, "spec": {
            "matchConstraints": { "resourceRules": [{ "apiGroups": ["api.video"], "apiVersions": ["*"],
                "operations": ["UPDATE"], "resources": ["livestreams", "livestreams/status"] }] },
            "validations": [{ "expression": "false", "message": "this object is frozen", "reason": reason }] } });
    let binding = json!({ "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingAdmissionPolicyBinding", "metadata": { "name": name },
        "spec": { "policyName": name, "validationActions": ["Deny"], "matchResources": { "namespaceSelector": {
            "matchLabels": { "kubernetes.io/metadata.name": namespace } } } } });
    send(client, "POST", &format!("{group}/validatingadmissionpolicies"), &policy).await.expect("the policy");
    let path = format!("{group}/validatingadmissionpolicybindings");
    send(client, "POST", &path, &binding).await.expect("the binding");
}

async fn thaw(client: &Client) {
    for plural in ["validatingadmissionpolicybindings", "validatingadmissionpolicies"] {
        let path = format!("/apis/admissionregistration.k8s.io/v1/{plural}/frozen");
        send(client, "DELETE", &path, &json!({})).await.expect("the deletion");
    }
}

/// The answers to a patch of the metadata and to one of the status, once refused.
async fn refusals(client: &Client, namespace: &str) -> Vec<(u16, String, String)> {
    let base = format!("/apis/api.video/v1alpha1/namespaces/{namespace}/livestreams");
    let object = json!({ "apiVersion": "api.video/v1alpha1", "kind": "LiveStream",
        "metadata": { "name": "a" }, "spec": { "name": "A" } });
    // It may be there already, of the last reason.
    let _ = send(client, "POST", &base, &object).await;
    let patches =
        [("", json!({ "metadata": { "labels": { "k": "v" } } })), ("/status", json!({ "status": {} }))];
    let mut refusals = Vec::new();
    for (tail, mut patch) in patches {
        let end = tokio::time::Instant::now() + IN_FORCE;
        let mut tries = 0;
        loop {
            tries += 1;
            patch["metadata"]["labels"] = json!({ "try": tries.to_string() });
            match send(client, "PATCH", &format!("{base}/a{tail}"), &patch).await {
                Err(kube::Error::Api(status)) => {
                    refusals.push((status.code, status.reason.clone(), status.message.clone()));
                    break;
                }
                Err(error) => panic!("{error}"),
                Ok(_) => assert!(tokio::time::Instant::now() < end, "the policy is not in force"),
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }
    refusals
}

#[test]
fn a_policy_refuses_a_patch_as_the_real_one_does() {
    play(async {
        let _schema = SCHEMA.read().await;
        let cluster = Cluster::shared().await;
        let namespace = cluster.namespace().await;
        let client = cluster.client().await;
        let reasons: [(&str, Policy); 2] = [
            ("Forbidden", |_| Some(StatusCode::FORBIDDEN)),
            ("Invalid", |_| Some(StatusCode::UNPROCESSABLE_ENTITY)),
        ];
        for (reason, policy) in reasons {
            freeze(&client, &namespace, reason).await;
            let real = refusals(&client, &namespace).await;
            thaw(&client).await;
            let ours = refusals(&in_memory_with(Some(policy)), &namespace).await;
            assert_eq!(real, ours, "{reason}");
            // The next reason must not be judged by this policy.
            tokio::time::sleep(Duration::from_secs(5)).await;
        }
    });
}
