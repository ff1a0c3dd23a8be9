//! What `helm uninstall` takes and leaves where some namespaces are watched, before and
//! after such a namespace is deleted: as docs/install.md says.

use k8s_openapi::api::core::v1::Namespace;
use kube::{Api, api::DeleteParams};
use serde_json::json;

use crate::{
    cluster::Cluster,
    helm::chart,
    installed, manifests,
    release::Release,
    stage::{Operator, Stage, eventually, play},
};

/// What of the release is in the cluster: kinds, and where.
fn objects(release: &Release, team: &Stage) -> Vec<String> {
    let kinds = "deployment,service,serviceaccount,secret,role,rolebinding,clusterrole,clusterrolebinding";
    let of_release = "--selector=app.kubernetes.io/instance=apivideo-operator";
    let shown = r#"--output=jsonpath={range .items[*]}{.kind} {.metadata.namespace}{"\n"}{end}"#;
    let found = release.get(&[kinds, "--all-namespaces", of_release, shown]);
    let found = found.replace(&release.stage.namespace, "home").replace(&team.namespace, "team");
    let mut lines: Vec<_> = found.lines().map(|line| line.trim().to_owned()).collect();
    lines.sort();
    lines
}

async fn operator(release: &Release) -> Operator {
    let documents = manifests::parse(&release.helm(&["get", "manifest", "apivideo-operator"]));
    let operator = installed::operator(&release.stage, &documents).await;
    operator.ready().await;
    operator
}

async fn delete_namespace(stage: &Stage) {
    let api: Api<Namespace> = Api::all(stage.client.clone());
    api.delete(&stage.namespace, &DeleteParams::default()).await.expect("the deletion");
}

async fn until_namespace_gone(stage: &Stage) {
    let api: Api<Namespace> = Api::all(stage.client.clone());
    eventually("the namespace to be gone", async || {
        api.get_opt(&stage.namespace).await.expect("an answer").is_none().then_some(())
    })
    .await;
    assert!(stage.sandbox.streams().is_empty());
}

#[test]
fn before_a_namespace_goes_it_takes_all_rights_and_no_live_stream() {
    play(async {
        let cluster = Cluster::bare().await;
        let Some(release) = Release::on(&cluster).await else { return };
        let team = release.stage.neighbour().await;
        let watched = format!("watchNamespaces={{{}}}", team.namespace);
        let namespaced = ["Deployment", "Role", "RoleBinding", "Secret", "Service", "ServiceAccount"];
        let mut expected: Vec<_> = namespaced.iter().map(|kind| format!("{kind} home")).collect();
        expected.extend(
            ["ClusterRole", "ClusterRoleBinding", "Role team", "RoleBinding team"].map(str::to_owned),
        );
        expected.sort();
        for strict in ["rbac.strict=true", "rbac.strict=false"] {
            release.try_upgrade(&chart(), &[&watched, strict]).expect("it is installed");
            assert_eq!(objects(&release, &team), expected, "{strict}");
            let running = operator(&release).await;
            team.synced("kept", json!({ "name": "Kept" })).await;
            drop(running);
            release.helm(&["uninstall", "apivideo-operator"]);
            assert!(objects(&release, &team).is_empty(), "{strict}: nothing of the release is left");
            assert!(
                team.get("kept").await.metadata.finalizers.is_some_and(|finalizers| finalizers.len() == 1)
            );
            assert_eq!(team.sandbox.streams().len(), 1, "{strict}: the stream stays");
        }
        // No Role can be created in a namespace that is being deleted.
        delete_namespace(&team).await;
        let refused = release.try_upgrade(&chart(), &[&watched]).expect_err("it is refused");
        assert!(refused.contains("being terminated"), "{refused}");
        release.try_upgrade(&chart(), &[]).expect("without watchNamespaces it is installed");
        let _running = operator(&release).await;
        until_namespace_gone(&team).await;
        cluster.stop().await;
    });
}

#[test]
fn after_a_namespace_is_gone_it_leaves_nothing() {
    play(async {
        let cluster = Cluster::bare().await;
        let Some(release) = Release::on(&cluster).await else { return };
        let team = release.stage.neighbour().await;
        let watched = format!("watchNamespaces={{{}}}", team.namespace);
        release.try_upgrade(&chart(), &[&watched]).expect("it is installed");
        let running = operator(&release).await;
        team.synced("goes", json!({ "name": "Goes" })).await;
        delete_namespace(&team).await;
        until_namespace_gone(&team).await;
        drop(running);
        release.helm(&["uninstall", "apivideo-operator"]);
        assert!(objects(&release, &team).is_empty());
        cluster.stop().await;
    });
}
