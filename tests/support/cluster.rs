//! The Kubernetes that tests play on: one control plane for all of them, and
//! others for those that would disturb the rest.

use std::{path::PathBuf, sync::LazyLock};

use apivideo_controlplane::ControlPlane;
use k8s_openapi::{
    api::core::v1::Namespace, apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition,
};
use kube::{
    Api, Client, Config,
    api::{Patch, PatchParams, PostParams},
    config::{KubeConfigOptions, Kubeconfig},
    runtime::{conditions::is_crd_established, wait::await_condition},
};
use serde_json::json;
use tokio::{runtime::Runtime, sync::OnceCell, time::timeout};

use crate::stage::LIMIT;

/// One runtime for all tests: the control plane outlives each of them.
static RUNTIME: LazyLock<Runtime> =
    LazyLock::new(|| tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime"));
static SHARED: OnceCell<Cluster> = OnceCell::const_new();

/// The shared CRD's schema: whoever tests it reads, whoever changes it writes.
pub(crate) static SCHEMA: tokio::sync::RwLock<()> = tokio::sync::RwLock::const_new(());

/// Plays a test.
pub(crate) fn play(test: impl Future<Output = ()>) {
    RUNTIME.block_on(test);
}

/// A control plane with the CRD.
pub(crate) struct Cluster {
    plane: ControlPlane,
}

impl Cluster {
    /// The one that all tests share.
    pub(crate) async fn shared() -> &'static Self {
        SHARED.get_or_init(Self::start).await
    }

    /// One for a test alone, which may do to it what the others would not survive.
    pub(crate) async fn start() -> Self {
        let cluster = Self::bare().await;
        cluster.install_crd().await;
        cluster
    }

    /// One without the CRD, for those who install it another way.
    pub(crate) async fn bare() -> Self {
        let options = apivideo_controlplane::Options::default();
        Self { plane: ControlPlane::start(options).await.expect("a control plane") }
    }

    pub(crate) async fn stop(self) {
        self.plane.stop().await;
    }

    /// A client of the administrator.
    pub(crate) async fn client(&self) -> Client {
        let kubeconfig: Kubeconfig = serde_yaml::from_str(self.kubeconfig()).expect("a kubeconfig");
        let config = Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await;
        Client::try_from(config.expect("a config")).expect("a client")
    }

    pub(crate) fn kubeconfig(&self) -> &str {
        self.plane.kubeconfig_yaml()
    }

    pub(crate) fn kubectl(&self) -> PathBuf {
        self.plane.kubectl().to_owned()
    }

    pub(crate) async fn namespace(&self) -> String {
        namespace(&self.client().await).await
    }

    pub(crate) async fn install_crd(&self) {
        let api: Api<CustomResourceDefinition> = Api::all(self.client().await);
        for crd in apivideo_operator::kinds::all() {
            let name = crd.metadata.name.clone().expect("a name");
            let apply = PatchParams::apply("tests").force();
            api.patch(&name, &apply, &Patch::Apply(&crd)).await.expect("the CRD");
            let established = await_condition(api.clone(), &name, is_crd_established());
            timeout(LIMIT, established).await.expect("established in time").expect("established");
        }
    }
}

/// A new namespace.
pub(crate) async fn namespace(client: &Client) -> String {
    let new: Namespace =
        serde_json::from_value(json!({ "metadata": { "generateName": "e2e-" } })).expect("a namespace");
    let made = Api::all(client.clone()).create(&PostParams::default(), &new).await.expect("the namespace");
    made.metadata.name.expect("its name")
}
