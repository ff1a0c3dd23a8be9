//! Flux: its real kustomize-controller applies LiveStreams, waits for them and
//! prunes them. Its source-controller is stood in for by an object whose status
//! names an artifact that a file server of the test holds.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::{Child, Command},
};

use apivideo_operator::kinds::LiveStream;
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::{
    Api, Client,
    api::{ApiResource, DynamicObject, Patch, PatchParams},
    core::GroupVersionKind,
    runtime::{conditions::is_crd_established, wait::await_condition},
};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::time::timeout;

use crate::{
    cluster::Cluster,
    examples::documents,
    stage::{LIMIT, Stage, eventually, free_port, play},
    tools::{KustomizeController, kustomize_controller, ran},
};

const NAME: &str = "live-streams";

/// A Flux of one controller, at work in the namespace of a stage.
struct Flux {
    controller: Child,
    client: Client,
    namespace: String,
    files: TempDir,
    url: String,
}

impl Drop for Flux {
    fn drop(&mut self) {
        // One that has ended already is as good.
        let _ = self.controller.kill();
        let _ = self.controller.wait();
    }
}

impl Flux {
    async fn start(stage: &Stage, tool: &KustomizeController) -> Self {
        install_crds(&stage.client, &tool.crd).await;
        let files = TempDir::new().expect("a folder");
        let url = serve(files.path().to_owned()).await;
        let log = File::create(files.path().join("controller.log")).expect("the log");
        let controller = Command::new(&tool.binary)
            .env("KUBECONFIG", stage.folder.path().join("kubeconfig"))
            .env("RUNTIME_NAMESPACE", &stage.namespace)
            .env("TMPDIR", files.path())
            .args(["--watch-all-namespaces=false", "--requeue-dependency=1s", "--http-retry=1"])
            .arg(format!("--metrics-addr=127.0.0.1:{}", free_port()))
            .arg(format!("--health-addr=127.0.0.1:{}", free_port()))
            .stdout(log.try_clone().expect("the log"))
            .stderr(log)
            .spawn()
            .expect("the controller");
        Self { controller, client: stage.client.clone(), namespace: stage.namespace.clone(), files, url }
    }

    fn api(&self, group: &str, kind: &str) -> Api<DynamicObject> {
        let resource = ApiResource::from_gvk(&GroupVersionKind::gvk(group, "v1", kind));
        Api::namespaced_with(self.client.clone(), &self.namespace, &resource)
    }

    fn kustomizations(&self) -> Api<DynamicObject> {
        self.api("kustomize.toolkit.fluxcd.io", "Kustomization")
    }

    /// Applies the repository and the Kustomization of the example, here.
    async fn apply_example(&self) {
        for document in documents("deploy/flux/live-streams.yaml") {
            let mut object: Value = serde_json::to_value(document).expect("JSON");
            object["metadata"]["namespace"] = self.namespace.as_str().into();
            let kind = object["kind"].as_str().expect("a kind").to_owned();
            let group = object["apiVersion"].as_str().expect("a group").replace("/v1", "");
            let apply = PatchParams::apply("tests").force();
            self.api(&group, &kind).patch(NAME, &apply, &Patch::Apply(&object)).await.expect("the example");
        }
    }

    /// What a push to Git and source-controller make of it: a new artifact of these LiveStreams.
    async fn push(&self, revision: &str, names: &[&str]) {
        let folder = self.files.path().join(revision);
        let tree = folder.join("production");
        fs::create_dir_all(&tree).expect("a folder");
        for name in names {
            let manifest = json!({ "apiVersion": "api.video/v1alpha1", "kind": "LiveStream",
                "metadata": { "name": name, "namespace": self.namespace }, "spec": { "name": name } });
            fs::write(tree.join(format!("{name}.yaml")), manifest.to_string()).expect("a manifest");
        }
        let archive = self.files.path().join(format!("{revision}.tar.gz"));
        ran(Command::new("tar").arg("-czf").arg(&archive).arg("-C").arg(&folder).arg("production"))
            .expect("tar");
        let sum = Command::new("sha256sum").arg(&archive).output().expect("sha256sum").stdout;
        let digest: String = String::from_utf8_lossy(&sum).chars().take(64).collect();
        let artifact = json!({ "url": format!("{}/{revision}.tar.gz", self.url), "path": revision,
            "revision": format!("main@sha1:{revision}"), "digest": format!("sha256:{digest}"),
            "lastUpdateTime": jiff::Timestamp::now() });
        let ready = json!({ "type": "Ready", "status": "True", "reason": "Succeeded", "message": "stored",
            "lastTransitionTime": jiff::Timestamp::now() });
        let status = json!({ "status": { "artifact": artifact, "conditions": [ready] } });
        let sources = self.api("source.toolkit.fluxcd.io", "GitRepository");
        sources
            .patch_status(NAME, &PatchParams::default(), &Patch::Merge(status))
            .await
            .expect("the artifact");
    }

    /// The revision that was applied and waited for, if the Kustomization is Ready.
    async fn ready_at(&self) -> Option<String> {
        let object = self.kustomizations().get(NAME).await.expect("the Kustomization");
        let conditions = object.data["status"]["conditions"].as_array().cloned().unwrap_or_default();
        let ready = conditions.iter().any(|c| c["type"] == "Ready" && c["status"] == "True");
        ready.then(|| object.data["status"]["lastAppliedRevision"].as_str().map(str::to_owned)).flatten()
    }

    async fn until_ready_at(&self, revision: &str) {
        let wanted = format!("main@sha1:{revision}");
        let seen = async || (self.ready_at().await.as_deref() == Some(&wanted)).then_some(());
        if timeout(LIMIT, eventually(&wanted, seen)).await.is_err() {
            let log = fs::read_to_string(self.files.path().join("controller.log")).unwrap_or_default();
            panic!("waited in vain for {revision}; the controller said:\n{log}");
        }
    }
}

/// Serves the files of a folder.
async fn serve(folder: PathBuf) -> String {
    let file = move |axum::extract::Path(name): axum::extract::Path<String>| {
        let path = folder.join(name);
        async move { fs::read(path).map_err(|_| axum::http::StatusCode::NOT_FOUND) }
    };
    let routes = axum::Router::new().route("/{name}", axum::routing::get(file));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("an address");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    tokio::spawn(async move { axum::serve(listener, routes).await });
    url
}

/// Flux's own definition of Kustomizations, and stand-ins for the sources it watches.
async fn install_crds(client: &Client, kustomizations: &Path) {
    let text = fs::read_to_string(kustomizations).expect("the definition");
    let mut crds: Vec<Value> = vec![serde_yaml::from_str(&text).expect("YAML")];
    for (kind, plural) in [
        ("GitRepository", "gitrepositories"),
        ("OCIRepository", "ocirepositories"),
        ("Bucket", "buckets"),
        ("ExternalArtifact", "externalartifacts"),
    ] {
        let schema =
            json!({ "openAPIV3Schema": { "type": "object", "x-kubernetes-preserve-unknown-fields": true } });
        let version = json!({ "name": "v1", "served": true, "storage": true, "schema": schema, "subresources": { "status": {} } });
        crds.push(json!({ "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
            "metadata": { "name": format!("{plural}.source.toolkit.fluxcd.io") },
            "spec": { "group": "source.toolkit.fluxcd.io", "scope": "Namespaced", "versions": [version],
                "names": { "kind": kind, "plural": plural, "singular": kind.to_lowercase(), "listKind": format!("{kind}List") } } }));
    }
    let api: Api<CustomResourceDefinition> = Api::all(client.clone());
    for crd in crds {
        let name = crd["metadata"]["name"].as_str().expect("a name").to_owned();
        api.patch(&name, &PatchParams::apply("tests").force(), &Patch::Apply(&crd))
            .await
            .expect("the definition");
        let established = await_condition(api.clone(), &name, is_crd_established());
        timeout(LIMIT, established).await.expect("established in time").expect("established");
    }
}

/// kstatus takes an object without conditions for done, unless it says that
/// its generation was not seen.
#[test]
fn a_new_live_stream_says_that_nobody_has_seen_it_yet() {
    play(async {
        let stage = Stage::empty().await;
        let new = stage.apply("new", json!({ "name": "New" })).await;
        let seen = new.status.and_then(|status| status.observed_generation);
        assert!(seen.is_some() && seen < new.metadata.generation, "{seen:?}");
    });
}

#[test]
fn kustomize_controller_applies_waits_until_all_are_ready_and_prunes_the_streams_too() {
    play(async {
        let Some(tool) = kustomize_controller() else { return };
        let cluster = Cluster::start().await;
        let stage = Stage::on(&cluster).await;
        let flux = Flux::start(&stage, &tool).await;
        flux.apply_example().await;
        flux.push("first", &["kept", "pruned"]).await;
        let applied = |_: &LiveStream| true;
        stage.until("pruned", "the manifest", applied).await;
        stage.until("kept", "the manifest", applied).await;
        // Nobody makes them Ready yet, and Flux says that it waits.
        eventually("Flux to wait for them", async || {
            let seen = flux.kustomizations().get(NAME).await.expect("the Kustomization").data.to_string();
            seen.contains("Running health checks").then_some(())
        })
        .await;
        assert_eq!(flux.ready_at().await, None);
        let _operator = stage.operator().await;
        flux.until_ready_at("first").await;
        let kept = crate::stage::id(&stage.until_reason("kept", "Synced").await);
        assert_eq!(stage.sandbox.streams().len(), 2);
        flux.push("second", &["kept"]).await;
        flux.until_ready_at("second").await;
        stage.until_gone("pruned").await;
        let left: Vec<_> = stage.sandbox.streams().into_iter().map(|s| s.live_stream_id).collect();
        assert_eq!(left, [kept], "its stream is gone, the other's is the same");
        flux.kustomizations().delete(NAME, &Default::default()).await.expect("the deletion");
        stage.until_gone("kept").await;
        assert!(stage.sandbox.streams().is_empty());
        drop(flux);
        cluster.stop().await;
    });
}
