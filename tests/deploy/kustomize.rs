//! The kustomizations give the rights that the chart gives, and run the same pod.

use std::{path::Path, process::Command};

use serde_json::Value;

use crate::{
    helm::Helm,
    manifests::{self, of_kind, one, rights},
};

/// What `kubectl kustomize` makes of an overlay.
async fn overlay(name: &str) -> Vec<Value> {
    let progress = apivideo_controlplane::Progress::default();
    let kubectl = apivideo_controlplane::ControlPlane::locate_kubectl(progress).await.expect("a kubectl");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/kustomize/overlays").join(name);
    let ran = Command::new(kubectl).arg("kustomize").arg(folder).output().expect("kubectl");
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    manifests::parse(&String::from_utf8_lossy(&ran.stdout))
}

#[tokio::test]
async fn the_chart_and_the_overlays_give_the_same_rights() {
    let Some(helm) = Helm::find() else { return };
    let cases: [(&str, &[&str]); 3] =
        [("cluster-wide", &[]), ("with-monitoring", &[]), ("one-namespace", &["watchNamespaces={apivideo}"])];
    for (name, more) in cases {
        let chart = helm.template("apivideo", &[&["apiKey.existingSecret=apivideo"], more].concat());
        let (chart, overlay) = (rights(&chart.expect("it renders")), rights(&overlay(name).await));
        assert!(!chart.is_empty());
        assert_eq!(overlay, chart, "{name}");
    }
}

#[tokio::test]
async fn every_role_of_an_overlay_is_bound_to_the_service_account_of_the_pods() {
    for name in ["cluster-wide", "one-namespace", "with-monitoring"] {
        let documents = overlay(name).await;
        let bindings =
            documents.iter().filter(|d| d["kind"].as_str().is_some_and(|k| k.ends_with("RoleBinding")));
        let mut bound: Vec<_> = Vec::new();
        for binding in bindings {
            assert_eq!(binding["subjects"][0]["name"], one(&documents, "ServiceAccount")["metadata"]["name"]);
            assert_eq!(binding["subjects"][0]["namespace"], "apivideo");
            bound.push((binding["roleRef"]["kind"].clone(), binding["roleRef"]["name"].clone()));
        }
        let mut roles: Vec<_> = ["Role", "ClusterRole"]
            .iter()
            .flat_map(|kind| of_kind(&documents, kind))
            .map(|role| (role["kind"].clone(), role["metadata"]["name"].clone()))
            .collect();
        bound.sort_by_key(|named| format!("{named:?}"));
        roles.sort_by_key(|named| format!("{named:?}"));
        assert_eq!(bound, roles, "{name}");
    }
}

#[tokio::test]
async fn the_pod_of_the_overlays_is_that_of_the_chart() {
    let Some(helm) = Helm::find() else { return };
    let chart = helm.template("apivideo", &["apiKey.existingSecret=apivideo"]).expect("it renders");
    let overlay = overlay("cluster-wide").await;
    let pod = |documents: &[Value]| {
        let mut pod = one(documents, "Deployment")["spec"]["template"]["spec"].clone();
        // Here settings are left to their defaults, there they are written out.
        pod["containers"][0]["env"] = Value::Null;
        pod
    };
    assert_eq!(pod(&overlay), pod(&chart));
}
