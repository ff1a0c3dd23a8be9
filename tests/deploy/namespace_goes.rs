//! A watched namespace goes, and its Roles go with it at once: with the rights that the
//! chart gives, its LiveStreams are released all the same.

use apivideo_sandbox::{Fault, Rule};
use k8s_openapi::api::{
    core::v1::Namespace,
    rbac::v1::{Role, RoleBinding},
};
use kube::{Api, api::DeleteParams};
use serde_json::{Value, json};

use crate::{
    helm::Helm,
    installed::{self, kubectl},
    least_privilege::render,
    stage::{Stage, eventually, play},
};

/// A stage with the chart installed for its namespace, from another one.
async fn installed(more: &str) -> Option<(Stage, String, Vec<Value>)> {
    let helm = Helm::find()?;
    let stage = Stage::empty().await;
    let home = stage.neighbour().await.namespace;
    let watched = format!("watchNamespaces={{{}}}", stage.namespace);
    let documents = render(&helm, &stage, &home, &[&watched, "leaderElection.enabled=false", more]);
    installed::apply(&stage, &documents).expect("it is installed");
    Some((stage, home, documents))
}

/// Deletes the namespace with a stream on the air, and waits until its Roles are gone.
async fn delete_on_air(stage: &Stage) -> String {
    let on_air = stage.synced("on-air", json!({ "name": "On air" })).await;
    stage.synced("quiet", json!({ "name": "Quiet" })).await;
    stage.sandbox.set_broadcasting(&on_air, true).expect("on the air");
    let namespaces: Api<Namespace> = Api::all(stage.client.clone());
    namespaces.delete(&stage.namespace, &DeleteParams::default()).await.expect("the deletion");
    let roles: Api<Role> = Api::namespaced(stage.client.clone(), &stage.namespace);
    let bindings: Api<RoleBinding> = Api::namespaced(stage.client.clone(), &stage.namespace);
    eventually("the Roles to go", async || {
        let roles = roles.list(&Default::default()).await.expect("the Roles").items;
        let bindings = bindings.list(&Default::default()).await.expect("the bindings").items;
        (roles.is_empty() && bindings.is_empty()).then_some(())
    })
    .await;
    on_air
}

async fn until_gone(stage: &Stage) {
    let namespaces: Api<Namespace> = Api::all(stage.client.clone());
    eventually("the namespace to be gone", async || {
        namespaces.get_opt(&stage.namespace).await.expect("an answer").is_none().then_some(())
    })
    .await;
    assert!(stage.sandbox.streams().is_empty(), "its streams go with it");
}

#[test]
fn a_namespace_goes_though_its_roles_go_first() {
    play(async {
        let Some((stage, _, documents)) = installed("rbac.strict=false").await else { return };
        let operator = installed::operator(&stage, &documents).await;
        operator.ready().await;
        let on_air = delete_on_air(&stage).await;
        let down = stage.sandbox.inject(Rule::always(Fault::LostBefore));
        drop(operator);
        let _operator = installed::operator(&stage, &documents).await;
        stage.until_reason("on-air", "AccountUnavailable").await;
        stage.sandbox.remove_fault(down);
        stage.until_reason("on-air", "DeferredWhileBroadcasting").await;
        stage.sandbox.set_broadcasting(&on_air, false).expect("off the air");
        until_gone(&stage).await;
    });
}

/// What docs/security.md says that strict rights cost, and its way out.
#[test]
fn with_strict_rights_it_hangs_until_a_right_for_the_cluster() {
    play(async {
        let Some((stage, home, documents)) = installed("rbac.strict=true").await else { return };
        let operator = installed::operator(&stage, &documents).await;
        operator.ready().await;
        let on_air = delete_on_air(&stage).await;
        drop(operator);
        stage.sandbox.set_broadcasting(&on_air, false).expect("off the air");
        let operator = installed::operator(&stage, &documents).await;
        let denied = format!("LiveStreams in namespace {} can't be watched: no permission", stage.namespace);
        eventually("it to be denied", async || {
            let answer = reqwest::get(format!("{}/readyz", operator.admin)).await.ok()?;
            answer.text().await.ok()?.contains(&denied).then_some(())
        })
        .await;
        assert!(stage.sandbox.stream(&on_air).is_some());
        let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/security.md"));
        let page = page.expect("the page");
        let account = documents.iter().find(|document| document["kind"] == "ServiceAccount");
        let account = account.and_then(|account| account["metadata"]["name"].as_str()).expect("a name");
        for command in page.lines().filter_map(|line| line.strip_prefix("kubectl create cluster")) {
            // Each test has a rescue of its own.
            let command = format!("create cluster{command}")
                .replace("<namespace of the operator>:<its service account>", &format!("{home}:{account}"))
                .replace("apivideo-rescue", &format!("rescue-{home}"));
            kubectl(&stage, &command.split(' ').collect::<Vec<_>>(), "").expect("the command works");
        }
        until_gone(&stage).await;
    });
}
