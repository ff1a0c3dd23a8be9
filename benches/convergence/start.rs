//! The start: what the operator takes when it has nothing to do, and how soon
//! it is ready where there are LiveStreams already.

use apivideo_controlplane::ControlPlane;
use apivideo_operator::crd::LiveStream;
use apivideo_sandbox::Sandbox;
use kube::{
    Api, Client,
    api::{DeleteParams, ListParams},
};
use tokio::time::{Instant, sleep, timeout};

use crate::{
    cluster,
    failure::{During, Failure},
    operator::{DRIFT_INTERVAL, Operator, binary},
    run::open_limits,
    table::{Expected, Figure},
    usage::Usage,
};

/// So many LiveStreams are there already.
const COUNT: u32 = 100;

/// The resident memory at rest that it is to stay below, in MiB.
const AT_REST: f64 = 20.0;

/// The time to ready that it is to stay below, in seconds.
const TO_READY: f64 = 2.0;

/// The size that an image of the binary is to stay below, in MiB.
const IMAGE: f64 = 20.0;

/// The root certificates that the image holds beside the binary.
const CERTIFICATES: &str = "/etc/ssl/certs/ca-certificates.crt";

/// Measures on a cluster without LiveStreams, and leaves it so.
pub(crate) async fn measure(plane: &ControlPlane, client: &Client) -> Result<Vec<Figure>, Failure> {
    let sandbox = Sandbox::start(open_limits()).await?;
    let api: Api<LiveStream> = Api::default_namespaced(client.clone());
    let (at_rest, to_ready) = figures(plane, &sandbox, &api).await?;
    sandbox.shutdown().await;
    let sizes = [binary(), CERTIFICATES.into()].map(|file| Some(std::fs::metadata(file).ok()?.len()));
    let image = sizes.into_iter().sum::<Option<u64>>().map(|bytes| bytes as f64 / f64::from(1 << 20));
    let memory = "resident memory of the operator without LiveStreams";
    let time = format!("time from the process's start to ready, with {COUNT} LiveStreams");
    Ok(vec![
        Figure::quantity(
            "size of the image: the binary and the certificates",
            image,
            "MiB",
            Expected::Below(IMAGE),
        ),
        Figure::quantity(memory, at_rest, "MiB", Expected::Below(AT_REST)),
        Figure::quantity(time, Some(to_ready), "s", Expected::Below(TO_READY)),
    ])
}

async fn figures(
    plane: &ControlPlane,
    sandbox: &Sandbox,
    api: &Api<LiveStream>,
) -> Result<(Option<f64>, f64), Failure> {
    let start = || Operator::start(plane.kubeconfig(), &sandbox.url(), plane.dir());
    let mut operator = start()?;
    operator.until_ready().await?;
    eprintln!("the operator is ready; watching its memory at rest");
    // Some passes: at rest is not what it is just after its start.
    sleep(DRIFT_INTERVAL * 2).await;
    let at_rest = Usage::of(operator.pid()).mebibytes;
    cluster::converge(api, COUNT).await?;
    drop(operator);
    let began = Instant::now();
    let mut operator = start()?;
    operator.until_ready().await?;
    let to_ready = began.elapsed().as_secs_f64();
    remove_all(api).await?;
    Ok((at_rest, to_ready))
}

/// While the operator is there to let them go.
async fn remove_all(api: &Api<LiveStream>) -> Result<(), Failure> {
    let params = ListParams::default();
    api.delete_collection(&DeleteParams::default(), &params)
        .await
        .during("the LiveStreams can't be deleted")?;
    let gone = async {
        while !api.list_metadata(&params).await.during("the LiveStreams can't be listed")?.items.is_empty() {
            sleep(std::time::Duration::from_millis(100)).await;
        }
        Ok(())
    };
    let stuck = |_| Failure::Stuck("the LiveStreams of the start did not go".into());
    timeout(DRIFT_INTERVAL * 6, gone).await.map_err(stuck)?
}
