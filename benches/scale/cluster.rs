//! What the benchmark does to the cluster: the CRD, the LiveStreams, and a
//! count of what others ask of it.

use std::{collections::BTreeSet, ops::Range, path::Path, time::Duration};

use apivideo_operator::kinds::{self as crd, LiveStream, LiveStreamSpec};
use futures::{StreamExt, TryStreamExt, stream};
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::{
    Api, Client, Config, ResourceExt,
    api::{DeleteParams, ListParams, Patch, PatchParams, PostParams},
    config::{KubeConfigOptions, Kubeconfig},
    runtime::{conditions, wait::await_condition},
};
use tokio::time::{Instant, sleep, timeout};

use crate::{
    failure::{During, Failure},
    pure::requests::Requests,
};

/// So many LiveStreams are created at once.
const AT_ONCE: usize = 20;

/// So long may pass without a change that is waited for.
const PATIENCE: Duration = Duration::from_secs(120);

/// A client of the control plane.
pub(crate) async fn connect(kubeconfig: &Path) -> Result<Client, Failure> {
    let unusable = |error: &dyn std::fmt::Display| Failure::Kubeconfig(error.to_string());
    let kubeconfig = Kubeconfig::read_from(kubeconfig).map_err(|error| unusable(&error))?;
    let options = KubeConfigOptions::default();
    let config =
        Config::from_custom_kubeconfig(kubeconfig, &options).await.map_err(|error| unusable(&error))?;
    Client::try_from(config).during("no client of the API server can be made")
}

/// Installs the operator's CRDs and waits until they are served.
pub(crate) async fn install_crds(client: &Client) -> Result<(), Failure> {
    let api: Api<CustomResourceDefinition> = Api::all(client.clone());
    let params = PatchParams::apply("scale");
    for crd in crd::all() {
        let name = crd.name_any();
        api.patch(&name, &params, &Patch::Apply(&crd)).await.during("the CRD can't be installed")?;
        let established = await_condition(api.clone(), &name, conditions::is_crd_established());
        match timeout(Duration::from_secs(30), established).await {
            Ok(Ok(_)) => {}
            Ok(Err(error)) => {
                return Err(Failure::Stuck(format!("the CRD {name} can't be waited for: {error}")));
            }
            Err(_) => return Err(Failure::Stuck(format!("the CRD {name} was not established within 30 s"))),
        }
    }
    Ok(())
}

/// Creates the LiveStreams with these numbers, some at a time.
pub(crate) async fn create(api: &Api<LiveStream>, numbers: Range<u32>) -> Result<(), Failure> {
    let params = PostParams::default();
    let objects = stream::iter(numbers.map(|number| manifest(&format!("stream-{number:05}"))));
    objects
        .map(async |object| api.create(&params, &object).await.during("a LiveStream can't be created"))
        .buffer_unordered(AT_ONCE)
        .try_for_each(async |_| Ok(()))
        .await
}

/// A LiveStream of a public stream of the same name.
pub(crate) fn manifest(name: &str) -> LiveStream {
    let spec = LiveStreamSpec {
        name: name.to_owned(),
        public: Some(true),
        player_id: None,
        live_stream_id: None,
        deletion_policy: None,
        drift_policy: Default::default(),
        on_remote_missing: Default::default(),
        suspend: false,
        while_broadcasting: Default::default(),
    };
    LiveStream::new(name, spec)
}

/// Whether it is Ready as it is now written.
pub(crate) fn is_ready(object: &LiveStream) -> bool {
    let Some(status) = &object.status else { return false };
    status.observed_generation == object.metadata.generation
        && status.conditions.iter().any(|condition| condition.type_ == "Ready" && condition.status == "True")
}

/// All LiveStreams.
pub(crate) async fn all(api: &Api<LiveStream>) -> Result<Vec<LiveStream>, Failure> {
    Ok(api.list(&ListParams::default()).await.during("the LiveStreams can't be listed")?.items)
}

/// Deletes all LiveStreams and waits until they are gone: an operator has to
/// be there to let them go.
pub(crate) async fn remove_all(api: &Api<LiveStream>) -> Result<(), Failure> {
    api.delete_collection(&DeleteParams::default(), &ListParams::default())
        .await
        .during("the LiveStreams can't be deleted")?;
    until("the LiveStreams did not go", PATIENCE, async || Ok(versions(api).await?.is_empty().then_some(())))
        .await
}

/// Each LiveStream with its resourceVersion, which changes with every write.
pub(crate) async fn versions(api: &Api<LiveStream>) -> Result<BTreeSet<(String, Option<String>)>, Failure> {
    let listed = api.list_metadata(&ListParams::default()).await.during("the LiveStreams can't be listed")?;
    Ok(listed.into_iter().map(|object| (object.name_any(), object.resource_version())).collect())
}

/// The requests that the API server has had up to now.
pub(crate) async fn requests(client: &Client) -> Result<Requests, Failure> {
    let request = http::Request::get("/metrics").body(Vec::new()).map_err(kube::Error::HttpError);
    let metrics = client.request_text(request.during("no request for metrics can be made")?).await;
    Ok(Requests::read(&metrics.during("the API server's metrics can't be read")?))
}

/// Waits until nothing was written for a second: what was asked for last is
/// through, with its status and its event.
pub(crate) async fn settled(client: &Client) -> Result<Requests, Failure> {
    let mut before = requests(client).await?;
    let deadline = Instant::now() + PATIENCE;
    while Instant::now() < deadline {
        sleep(Duration::from_secs(1)).await;
        let now = requests(client).await?;
        if now.writes() == before.writes() {
            return Ok(now);
        }
        before = now;
    }
    Err(Failure::Stuck(format!("the operator has been writing for {} s", PATIENCE.as_secs())))
}

/// Looks again and again until there is what was looked for.
pub(crate) async fn until<T>(
    otherwise: &str,
    patience: Duration,
    look: impl AsyncFn() -> Result<Option<T>, Failure>,
) -> Result<T, Failure> {
    let deadline = Instant::now() + patience;
    while Instant::now() < deadline {
        if let Some(found) = look().await? {
            return Ok(found);
        }
        sleep(Duration::from_millis(20)).await;
    }
    Err(Failure::Stuck(format!("{otherwise} within {} s", patience.as_secs())))
}
