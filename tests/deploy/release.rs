//! A release's life with a real Helm on a real API server: installed, upgraded,
//! rolled back, removed and installed again. Without `--wait`: no kubelet runs pods.

use std::{fs, path::Path};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{
    cluster::Cluster,
    helm::{Helm, chart},
    installed::{self, kubectl, operator, quick},
    manifests,
    stage::{Stage, play},
};

/// A field that the CRD of the older release doesn't have.
const NEWER: &str = "whileBroadcasting";

/// A release on a cluster that has seen none before, with a namespace for all of it.
pub(crate) struct Release {
    helm: Helm,
    pub(crate) stage: Stage,
}

impl Release {
    pub(crate) async fn on(cluster: &Cluster) -> Option<Self> {
        let stage = Stage::on(cluster).await;
        Some(Self { helm: Helm::find()?.with_cluster(cluster.kubeconfig()), stage })
    }

    pub(crate) fn helm(&self, arguments: &[&str]) -> String {
        self.try_helm(arguments).expect("helm does it")
    }

    fn try_helm(&self, arguments: &[&str]) -> Result<String, String> {
        let place = ["--namespace", &self.stage.namespace];
        self.helm.run(&[arguments, &place].concat())
    }

    /// Installs or upgrades; gives back what it says.
    fn upgrade(&self, chart: &Path, more: &[&str]) -> String {
        self.try_upgrade(chart, more).expect("helm does it")
    }

    /// The same, or what it complains of.
    pub(crate) fn try_upgrade(&self, chart: &Path, more: &[&str]) -> Result<String, String> {
        let values = quick(&self.stage);
        let set = values.iter().map(String::as_str).chain(more.iter().copied());
        let set: Vec<_> = set.flat_map(|value| ["--set", value]).collect();
        let upgrade = ["upgrade", "--install", "apivideo-operator", chart.to_str().expect("a path")];
        self.try_helm(&[&upgrade[..], &set].concat())
    }

    /// What of the release is in the cluster, but for the CRD.
    fn objects(&self) -> String {
        let kinds =
            "deployment,service,serviceaccount,secret,role,rolebinding,clusterrole,clusterrolebinding";
        let of_release = "app.kubernetes.io/instance=apivideo-operator";
        self.get(&[kinds, "--selector", of_release, "--output", "name"])
    }

    pub(crate) fn get(&self, arguments: &[&str]) -> String {
        let get = [&["get", "--namespace", &self.stage.namespace], arguments].concat();
        kubectl(&self.stage, &get, "").expect("kubectl gets it")
    }

    fn deployment(&self) -> Vec<Value> {
        manifests::parse(&self.get(&["deployment", "apivideo-operator", "--output", "yaml"]))
    }

    fn crd_has(&self, field: &str) -> bool {
        let crd = self.get(&["crd", "livestreams.api.video", "--output", "json"]);
        let crd: Value = serde_json::from_str(&crd).expect("JSON");
        let schema = &crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"];
        !schema["properties"]["spec"]["properties"][field].is_null()
    }

    fn setting(&self, name: &str) -> String {
        let variables = manifests::environment(&self.deployment());
        variables.into_iter().find(|(found, _)| found == name).expect("the setting").1
    }
}

/// The chart as an older release had it: with a CRD without a field.
fn older_chart() -> TempDir {
    let folder = TempDir::new().expect("a folder");
    copy(&chart(), folder.path());
    let path = folder.path().join("files/livestreams.api.video.yaml");
    let text = fs::read_to_string(&path).expect("the CRD");
    let mut crd: Value = serde_yaml::from_str(&text).expect("the CRD");
    let fields = "/spec/versions/0/schema/openAPIV3Schema/properties/spec/properties";
    let fields = crd.pointer_mut(fields).and_then(Value::as_object_mut).expect("its fields");
    fields.remove(NEWER).expect("a field that there is");
    fs::write(&path, serde_yaml::to_string(&crd).expect("YAML")).expect("the older CRD");
    folder
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("an entry");
        let place = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &place);
        } else {
            fs::copy(entry.path(), place).expect("a copy");
        }
    }
}

#[test]
fn an_upgrade_brings_the_newer_crd_and_settings_and_a_rollback_takes_the_settings_back() {
    play(async {
        let cluster = Cluster::bare().await;
        let Some(release) = Release::on(&cluster).await else { return };
        let notes = release.upgrade(older_chart().path(), &["config.driftInterval=30s"]);
        assert!(notes.contains("kubectl rollout status deployment/apivideo-operator"), "{notes}");
        assert!(!release.crd_has(NEWER));
        release.stage.apply("before", json!({ "name": "Before" })).await;

        release.upgrade(&chart(), &["config.driftInterval=45s"]);
        assert!(release.crd_has(NEWER), "the CRD is upgraded");
        assert_eq!(release.setting("DRIFT_INTERVAL"), "45s");
        release.stage.apply("before", json!({ "name": "Before", NEWER: "Proceed" })).await;
        assert_eq!(
            release.get(&["livestream", "before", "-o", "jsonpath={.spec.whileBroadcasting}"]),
            "Proceed"
        );

        release.upgrade(&chart(), &["config.driftInterval=5m", "replicas=2"]);
        assert_eq!(release.setting("DRIFT_INTERVAL"), "5m");
        assert_eq!(release.deployment()[0]["spec"]["replicas"], 2);
        release.helm(&["rollback", "apivideo-operator", "2"]);
        assert_eq!(release.setting("DRIFT_INTERVAL"), "45s");
        assert_eq!(release.deployment()[0]["spec"]["replicas"], 1);
        assert_eq!(
            release.get(&["livestream", "before", "-o", "jsonpath={.spec.whileBroadcasting}"]),
            "Proceed"
        );
        cluster.stop().await;
    });
}

#[test]
fn an_uninstall_keeps_every_live_stream_and_an_installation_ends_what_was_deleted_meanwhile() {
    play(async {
        let cluster = Cluster::bare().await;
        let Some(release) = Release::on(&cluster).await else { return };
        let stage = &release.stage;
        release.upgrade(&chart(), &[]);
        let installed = manifests::parse(&release.helm(&["get", "manifest", "apivideo-operator"]));
        let running = operator(stage, &installed).await;
        running.ready().await;
        let kept = stage.synced("kept", json!({ "name": "Kept" })).await;
        let deleted = stage.synced("deleted", json!({ "name": "Deleted" })).await;
        drop(running);

        release.helm(&["uninstall", "apivideo-operator"]);
        assert_eq!(release.objects(), "", "nothing of the release is left");
        stage.get("kept").await;
        stage.delete("deleted").await;
        assert!(stage.get("deleted").await.metadata.deletion_timestamp.is_some(), "it waits for an operator");
        assert_eq!(stage.sandbox.streams().len(), 2, "no stream is lost");

        release.upgrade(&chart(), &[]);
        assert_ne!(release.objects(), "");
        let _again = installed::operator(stage, &installed).await;
        stage.until_gone("deleted").await;
        assert!(stage.sandbox.stream(&deleted).is_none() && stage.sandbox.stream(&kept).is_some());
        stage.until_reason("kept", "Synced").await;
        cluster.stop().await;
    });
}
