//! What a person would do with kubectl.

use apivideo_operator::kinds::{self as crd, LiveStream};
use k8s_openapi::api::events::v1::Event;
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::api::{DeleteParams, ListParams, Patch, PatchParams};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::core::{DynamicObject, GroupVersionKind};
use kube::discovery::{Scope, pinned_kind};
use kube::{Api, Client, Config, ResourceExt as _};
use tokio::time::timeout;

use crate::wait::{LIMIT, Unmet, until};

/// The field manager of the demo's writes.
const FIELD_MANAGER: &str = "demo";

/// The namespace of the samples, which name none.
pub(crate) const NAMESPACE: &str = "default";

/// Why a request to the API server failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ClusterError {
    /// The control plane's kubeconfig can't be used.
    #[error("the kubeconfig of the control plane can't be used: {0}")]
    Kubeconfig(#[from] kube::config::KubeconfigError),
    /// A request failed or was refused.
    #[error("{doing} failed: {source}")]
    Request { doing: String, source: Box<kube::Error> },
    /// A request was not answered.
    #[error("{doing} failed: no answer within {} s", LIMIT.as_secs())]
    NoAnswer { doing: String },
    /// A manifest that has no apiVersion and kind.
    #[error("the manifest of {0} has no apiVersion and kind")]
    NoKind(String),
    /// The request was accepted, but without the expected result.
    #[error(transparent)]
    Unmet(#[from] Unmet),
}

/// The API server's answer, within a bounded time.
async fn answered<T>(
    doing: impl Into<String>,
    request: impl Future<Output = kube::Result<T>>,
) -> Result<T, ClusterError> {
    match timeout(LIMIT, request).await {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(error)) => Err(ClusterError::Request { doing: doing.into(), source: Box::new(error) }),
        Err(_) => Err(ClusterError::NoAnswer { doing: doing.into() }),
    }
}

/// The cluster that the demo uses.
#[derive(Clone)]
pub(crate) struct Cluster {
    client: Client,
}

impl Cluster {
    /// Connects as the kubeconfig says.
    ///
    /// # Errors
    /// [`ClusterError`] when the kubeconfig can't be used.
    pub(crate) async fn connect(kubeconfig: &str) -> Result<Self, ClusterError> {
        let kubeconfig = Kubeconfig::from_yaml(kubeconfig)?;
        let mut config = Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await?;
        // The API server is on loopback, whatever proxy the environment names.
        config.proxy_url = None;
        let client = answered("connecting", async { Client::try_from(config) }).await?;
        Ok(Self { client })
    }

    /// The client, for the operator.
    pub(crate) fn client(&self) -> Client {
        self.client.clone()
    }

    /// The version of the API server, like `1.36.3`.
    ///
    /// # Errors
    /// [`ClusterError::Request`].
    pub(crate) async fn version(&self) -> Result<String, ClusterError> {
        let info = answered("asking for the version", self.client.apiserver_version()).await?;
        Ok(info.git_version.trim_start_matches('v').to_owned())
    }

    /// Installs the operator's CRDs and waits until they are served.
    ///
    /// # Errors
    /// [`ClusterError`], also when the API server does not establish one.
    pub(crate) async fn install_crds(&self) -> Result<Vec<String>, ClusterError> {
        let api: Api<CustomResourceDefinition> = Api::all(self.client.clone());
        let mut installed = Vec::new();
        for crd in crd::all() {
            let name = crd.name_any();
            let (params, patch) = (PatchParams::apply(FIELD_MANAGER), Patch::Apply(&crd));
            answered(format!("installing the CRD {name}"), api.patch(&name, &params, &patch)).await?;
            until(format!("the CRD {name} is established"), async || {
                let crd = api.get(&name).await.map_err(|error| error.to_string())?;
                let conditions = crd.status.and_then(|status| status.conditions).unwrap_or_default();
                let established = conditions.iter().any(|c| c.type_ == "Established" && c.status == "True");
                established.then_some(()).ok_or_else(|| "it is not established".to_owned())
            })
            .await?;
            installed.push(name);
        }
        Ok(installed)
    }

    /// Applies a manifest of any kind, server-side.
    ///
    /// # Errors
    /// [`ClusterError`] when it is refused.
    pub(crate) async fn apply(&self, manifest: &DynamicObject) -> Result<(), ClusterError> {
        let name = manifest.name_any();
        let Some(types) = &manifest.types else { return Err(ClusterError::NoKind(name)) };
        let doing = format!("applying {} {name}", types.kind);
        let kind = GroupVersionKind::try_from(types).map_err(|_| ClusterError::NoKind(name.clone()))?;
        let (resource, capabilities) = answered(&doing, pinned_kind(&self.client, &kind)).await?;
        let api: Api<DynamicObject> = match capabilities.scope {
            Scope::Cluster => Api::all_with(self.client.clone(), &resource),
            Scope::Namespaced => {
                let namespace = manifest.namespace().unwrap_or_else(|| NAMESPACE.into());
                Api::namespaced_with(self.client.clone(), &namespace, &resource)
            }
        };
        let (params, patch) = (PatchParams::apply(FIELD_MANAGER), Patch::Apply(manifest));
        answered(&doing, api.patch(&name, &params, &patch)).await.map(drop)
    }

    /// Deletes a LiveStream; it is gone when its finalizer is removed.
    ///
    /// # Errors
    /// [`ClusterError::Request`].
    pub(crate) async fn delete(&self, name: &str) -> Result<(), ClusterError> {
        let (api, params) = (self.live_streams(), DeleteParams::default());
        answered(format!("deleting LiveStream {name}"), api.delete(name, &params)).await.map(drop)
    }

    /// A LiveStream as it is now, if it exists.
    ///
    /// # Errors
    /// [`ClusterError::Request`].
    pub(crate) async fn live_stream(&self, name: &str) -> Result<Option<LiveStream>, ClusterError> {
        answered(format!("reading LiveStream {name}"), self.live_streams().get_opt(name)).await
    }

    /// The events of an object, by its uid, oldest first.
    ///
    /// # Errors
    /// [`ClusterError::Request`].
    pub(crate) async fn events(&self, uid: &str) -> Result<Vec<Event>, ClusterError> {
        let api: Api<Event> = Api::namespaced(self.client.clone(), NAMESPACE);
        let all = answered("listing the events", api.list(&ListParams::default())).await?;
        let of_it = |event: &Event| event.regarding.as_ref().and_then(|r| r.uid.as_deref()) == Some(uid);
        let mut events: Vec<Event> = all.items.into_iter().filter(of_it).collect();
        events.sort_by(|one, other| one.event_time.cmp(&other.event_time));
        Ok(events)
    }

    fn live_streams(&self) -> Api<LiveStream> {
        Api::namespaced(self.client.clone(), NAMESPACE)
    }
}
