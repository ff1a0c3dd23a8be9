//! What the benchmark does to the cluster: the CRD, the LiveStreams, and a
//! count of what others write.

use std::{
    collections::{BTreeSet, HashSet},
    path::Path,
    time::Duration,
};

use apivideo_operator::crd::{self, LiveStream, LiveStreamSpec};
use futures::{StreamExt, TryStreamExt, stream};
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::{
    Api, Client, Config, ResourceExt,
    api::{ListParams, Patch, PatchParams, PostParams},
    config::{KubeConfigOptions, Kubeconfig},
    runtime::{
        conditions,
        wait::await_condition,
        watcher::{self, Event, watcher},
    },
};
use tokio::time::{Instant, timeout, timeout_at};

use crate::failure::{During, Failure};

/// So many LiveStreams are created at once.
const AT_ONCE: usize = 20;

/// So long may pass without one more LiveStream that is Ready.
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
    let params = PatchParams::apply("convergence");
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

/// Creates the LiveStreams and waits until all are Ready: the time from the
/// first create to the last Ready, as a watch shows it.
pub(crate) async fn converge(api: &Api<LiveStream>, count: u32) -> Result<Duration, Failure> {
    let mut events = watcher(api.clone(), watcher::Config::default()).boxed();
    // Only what the watch sees from its beginning on can be timed by it.
    while !matches!(next(&mut events).await?, Event::InitDone) {}
    let began = Instant::now();
    let creating =
        stream::iter(0..count).map(|number| create(api, number)).buffer_unordered(AT_ONCE).try_collect();
    let ((), ended) = tokio::try_join!(creating, all_ready(&mut events, count))?;
    Ok(ended - began)
}

async fn create(api: &Api<LiveStream>, number: u32) -> Result<(), Failure> {
    let spec = LiveStreamSpec {
        name: format!("Stream {number:04}"),
        public: Some(true),
        player_id: None,
        live_stream_id: None,
        deletion_policy: None,
        drift_policy: Default::default(),
        on_remote_missing: Default::default(),
        suspend: false,
        while_broadcasting: Default::default(),
    };
    let object = LiveStream::new(&format!("stream-{number:04}"), spec);
    api.create(&PostParams::default(), &object).await.during("a LiveStream can't be created")?;
    Ok(())
}

type Events = stream::BoxStream<'static, watcher::Result<Event<LiveStream>>>;

async fn next(events: &mut Events) -> Result<Event<LiveStream>, Failure> {
    match events.next().await {
        Some(event) => event.map_err(|error| Failure::Watch(Box::new(error))),
        None => Err(Failure::Stuck("the watch of the LiveStreams ended".into())),
    }
}

/// When the last of `count` became Ready.
async fn all_ready(events: &mut Events, count: u32) -> Result<Instant, Failure> {
    let mut ready = HashSet::new();
    let mut last = Instant::now();
    while ready.len() < count as usize {
        let event = timeout_at(last + PATIENCE, next(events)).await.map_err(|_| {
            let (so_far, seconds) = (ready.len(), PATIENCE.as_secs());
            Failure::Stuck(format!(
                "{so_far} of {count} LiveStreams are Ready, and none became so for {seconds} s"
            ))
        })??;
        if let Event::Apply(object) | Event::InitApply(object) = event {
            if !is_ready(&object) {
                ready.remove(&object.name_any());
            } else if ready.insert(object.name_any()) {
                last = Instant::now();
            }
        }
    }
    Ok(last)
}

fn is_ready(object: &LiveStream) -> bool {
    let Some(status) = &object.status else { return false };
    status.observed_generation == object.metadata.generation
        && status.conditions.iter().any(|condition| condition.type_ == "Ready" && condition.status == "True")
}

/// Each LiveStream with its resourceVersion, which changes with every write.
pub(crate) async fn versions(api: &Api<LiveStream>) -> Result<BTreeSet<(String, Option<String>)>, Failure> {
    let listed = api.list_metadata(&ListParams::default()).await.during("the LiveStreams can't be listed")?;
    Ok(listed.into_iter().map(|object| (object.name_any(), object.resource_version())).collect())
}

/// How many requests that write the API server has had about LiveStreams and
/// events, without the creates of LiveStreams: those are the benchmark's own,
/// and all others the operator's. A write that changes nothing counts too.
pub(crate) async fn writes(client: &Client) -> Result<u64, Failure> {
    const COUNTER: &str = "apiserver_request_total{";
    let request = http::Request::get("/metrics").body(Vec::new()).map_err(kube::Error::HttpError);
    let metrics = client.request_text(request.during("no request for metrics can be made")?).await;
    let metrics = metrics.during("the API server's metrics can't be read")?;
    let counted = metrics.lines().filter_map(|line| line.strip_prefix(COUNTER)?.rsplit_once("} "));
    let written = counted.filter(|(labels, _)| is_operators_write(labels));
    // The counter is a whole number, written as a float.
    Ok(written.filter_map(|(_, value)| value.parse::<f64>().ok()).map(|value| value as u64).sum())
}

fn is_operators_write(labels: &str) -> bool {
    let is = |name: &str, value: &str| labels.split(',').any(|label| label == format!("{name}=\"{value}\""));
    let one_of = |name: &str, values: &[&str]| values.iter().any(|value| is(name, value));
    let own_create = is("resource", "livestreams") && is("verb", "POST");
    one_of("group", &["api.video", "events.k8s.io"])
        && one_of("verb", &["POST", "PUT", "PATCH", "APPLY", "DELETE", "DELETECOLLECTION"])
        && !own_create
}
