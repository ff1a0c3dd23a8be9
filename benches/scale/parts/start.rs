//! The start: what the operator takes when it has nothing to do, and how soon
//! it is ready where there are some LiveStreams already.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::{
    cluster,
    failure::Failure,
    figure::{Expected, Figure, Measured, Table},
    operator::binary,
    stage::Stage,
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

/// Some passes: at rest is not what it is just after its start.
const PASSES: u32 = 4;

/// Measures on a cluster without LiveStreams, and leaves it so.
pub(crate) async fn measure(stage: &Stage) -> Result<Table, Failure> {
    let interval = Duration::from_secs(1);
    let mut operator = stage.operator(interval)?;
    operator.until_ready().await?;
    eprintln!("the operator is ready; watching its memory at rest");
    sleep(interval * PASSES).await;
    let at_rest = operator.usage().mebibytes;
    cluster::create(&stage.api, 0..COUNT).await?;
    stage.calm(&mut operator).await?;
    operator.kill().await?;

    let began = Instant::now();
    let mut operator = stage.operator(interval)?;
    operator.until_ready().await?;
    let to_ready = began.elapsed().as_secs_f64();
    operator.during(cluster::remove_all(&stage.api)).await?;
    operator.kill().await?;
    stage.sandbox.clear_streams();
    stage.sandbox.reset_calls();
    Ok(table(at_rest, to_ready))
}

fn table(at_rest: Option<f64>, to_ready: f64) -> Table {
    let sizes = [binary(), CERTIFICATES.into()].map(|file| Some(std::fs::metadata(file).ok()?.len()));
    let image = sizes.into_iter().sum::<Option<u64>>().map(|bytes| bytes as f64 / f64::from(1 << 20));
    let time = format!("time from the process's start to ready, with {COUNT} LiveStreams");
    Table {
        part: "start",
        title: "At rest".into(),
        conditions: "The operator without LiveStreams, and started anew with some.".into(),
        figures: vec![
            Figure::usage(
                "size of the image: the binary and the certificates",
                image,
                "MiB",
                Expected::AtMost(IMAGE),
            ),
            Figure::usage("resident memory without LiveStreams", at_rest, "MiB", Expected::AtMost(AT_REST)),
            Figure::new(time, Measured::seconds(to_ready), Expected::AtMost(TO_READY)),
        ],
    }
}
