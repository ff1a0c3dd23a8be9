//! What the documents and examples of GitOps say to do, done.

use k8s_openapi::api::core::v1::{ConfigMap, Namespace};
use kube::{Api, api::PostParams};
use serde::Deserialize;
use serde_json::json;
use serde_yaml::Value;

use crate::{
    exposed::read,
    stage::{Stage, play},
};

/// The documents of a YAML file.
pub(crate) fn documents(path: &str) -> Vec<Value> {
    let text = read(path);
    serde_yaml::Deserializer::from_str(&text).map(|one| Value::deserialize(one).expect("YAML")).collect()
}

#[test]
fn the_command_that_installs_the_health_check_keeps_what_the_config_map_holds() {
    play(async {
        let page = read("docs/gitops.md");
        let after = page.split_once("<!-- install: run by a test -->\n```sh\n").expect("the command").1;
        let command = after.split_once("\n```").expect("its end").0;
        let stage = Stage::empty().await;
        let namespace = serde_json::from_value::<Namespace>(json!({ "metadata": { "name": "argocd" } }));
        let namespaces = Api::all(stage.client.clone());
        namespaces.create(&PostParams::default(), &namespace.expect("one")).await.expect("the namespace");
        let maps: Api<ConfigMap> = Api::namespaced(stage.client.clone(), "argocd");
        let map =
            json!({ "metadata": { "name": "argocd-cm" }, "data": { "url": "https://argocd.example.com" } });
        maps.create(&PostParams::default(), &serde_json::from_value(map).expect("a map"))
            .await
            .expect("the map");
        stage.shell(command).await;
        let data = maps.get("argocd-cm").await.expect("the map").data.expect("data");
        assert_eq!(data["url"], "https://argocd.example.com");
        assert_eq!(
            data["resource.customizations.health.api.video_LiveStream"],
            read("deploy/argocd/health.lua")
        );
    });
}

#[test]
fn the_examples_prune_and_wait_and_ignore_no_difference() {
    let application = &documents("deploy/argocd/application.yaml")[0];
    assert_eq!(application["kind"], "Application");
    assert_eq!(application["spec"]["syncPolicy"]["automated"]["prune"], true);
    assert!(application["spec"].get("ignoreDifferences").is_none());
    let flux = documents("deploy/flux/live-streams.yaml");
    let kinds: Vec<_> = flux.iter().map(|one| one["kind"].as_str().unwrap_or_default()).collect();
    assert_eq!(kinds, ["GitRepository", "Kustomization"]);
    assert_eq!((&flux[1]["spec"]["wait"], &flux[1]["spec"]["prune"]), (&true.into(), &true.into()));
    let release = &documents("deploy/flux/operator.yaml")[1];
    assert_eq!(release["kind"], "HelmRelease");
    assert_eq!(release["spec"]["install"]["disableWait"], false);
}
