//! Neither a chart nor a kustomization may read files beside its folder, so the
//! CRD, the alert rules and the dashboard are copied into them. Here they are
//! held equal to what they are made of. `UPDATE_DOCS=1` writes the copies anew.

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde_json::Value;

use crate::{
    helm::Helm,
    manifests::{self, one},
};

fn root(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn read(path: &str) -> String {
    fs::read_to_string(root(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn same(copy: &str, fresh: &str) {
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(root(copy), fresh).expect("the copy");
    }
    assert!(read(copy) == fresh, "{copy} is stale: run UPDATE_DOCS=1 cargo test --test deploy");
}

/// What others write for the monitoring, or, until it is there, what the chart has.
fn monitoring(name: &str) -> String {
    let own = format!("deploy/monitoring/{name}");
    let chart = format!("deploy/helm/apivideo-operator/files/{name}");
    read(if root(&own).is_file() { &own } else { &chart })
}

#[test]
fn the_crd_of_the_chart_and_of_the_kustomizations_is_the_operators() {
    let crd = read("crds/livestreams.api.video.yaml");
    same("deploy/helm/apivideo-operator/files/livestreams.api.video.yaml", &crd);
    same("deploy/kustomize/base/livestreams.api.video.yaml", &crd);
}

#[test]
fn the_alert_rules_and_the_dashboard_are_those_of_the_monitoring() {
    let (rules, dashboard) = (monitoring("rules.yaml"), monitoring("dashboard.json"));
    same("deploy/helm/apivideo-operator/files/rules.yaml", &rules);
    same("deploy/helm/apivideo-operator/files/dashboard.json", &dashboard);
    same("deploy/kustomize/overlays/with-monitoring/dashboard.json", &dashboard);
    let indented: String = rules.lines().map(indent).collect();
    let head = "# Made of deploy/monitoring/rules.yaml; a test keeps it so.\napiVersion: monitoring.coreos.com/v1\n\
                kind: PrometheusRule\nmetadata:\n  name: apivideo-operator\nspec:\n";
    same("deploy/kustomize/overlays/with-monitoring/prometheus-rule.yaml", &format!("{head}{indented}"));
}

fn indent(line: &str) -> String {
    if line.is_empty() { "\n".into() } else { format!("  {line}\n") }
}

#[test]
fn the_chart_renders_them_unchanged_and_keeps_the_crd() {
    let Some(helm) = Helm::find() else { return };
    let set = [
        "apiKey.value=k",
        "monitoring.serviceMonitor.enabled=true",
        "monitoring.prometheusRule.enabled=true",
        "monitoring.dashboard.enabled=true",
    ];
    let rendered = helm.template("apivideo", &set).expect("it renders");
    let mut crd = one(&rendered, "CustomResourceDefinition").clone();
    assert_eq!(crd["metadata"]["annotations"]["helm.sh/resource-policy"], "keep");
    let metadata = crd["metadata"].as_object_mut().expect("metadata");
    metadata.retain(|key, _| key == "name");
    assert_eq!(vec![crd], manifests::parse(&read("crds/livestreams.api.video.yaml")));
    let rules: Value = serde_yaml::from_str(&monitoring("rules.yaml")).expect("rules");
    assert_eq!(one(&rendered, "PrometheusRule")["spec"], rules);
    let shown =
        one(&rendered, "ConfigMap")["data"]["apivideo-operator.json"].as_str().expect("a text").to_owned();
    let shown: Value = serde_json::from_str(&shown).expect("JSON");
    assert_eq!(shown, serde_json::from_str::<Value>(&monitoring("dashboard.json")).expect("JSON"));
}
