//! The run: start everything, converge, be quiet, count.

use std::time::Duration;

use apivideo_controlplane::ControlPlane;
use apivideo_operator::crd::LiveStream;
use apivideo_sandbox::{CallLog, Options, Sandbox};
use kube::{Api, Client};
use tokio::time::{Instant, sleep};

use crate::{
    cluster,
    failure::Failure,
    operator::{API_KEY, DRIFT_INTERVAL, Operator},
    passes::{is_page, reads_of_whole_passes},
    start,
    table::{Expected, Figure},
    usage::Usage,
};

/// The most streams that the API puts on a page.
const PAGE: u64 = 100;

/// So many whole passes is it watched that nothing is written.
const QUIET_PASSES: usize = 3;

/// Far beyond the calls of any run: nothing is deferred for the limits' sake,
/// and the log forgets nothing.
const OPEN: u32 = 10_000_000;

/// The resident memory that the operator is to stay below, in MiB.
const MEMORY: f64 = 60.0;

/// Measures with `count` LiveStreams.
pub(crate) async fn measure(count: u32) -> Result<Vec<Figure>, Failure> {
    let plane = ControlPlane::start(control_plane()).await?;
    let sandbox = Sandbox::start(open_limits()).await?;
    let client = cluster::connect(plane.kubeconfig()).await?;
    cluster::install_crds(&client).await?;
    let started = start::measure(&plane, &client).await?;
    let mut operator = Operator::start(plane.kubeconfig(), &sandbox.url(), plane.dir())?;
    let api = Api::default_namespaced(client.clone());
    let stage = Stage { client, api, sandbox: &sandbox, pid: operator.pid(), count };

    let measured = stage.measure_while_up(&mut operator).await;
    if measured.is_err() {
        eprintln!("the end of the operator's log:\n{}", operator.last_lines());
    }
    drop(operator);
    sandbox.shutdown().await;
    let measured = measured.map(|figures| [started, figures].concat());
    plane.stop().await;
    measured
}

fn control_plane() -> apivideo_controlplane::Options {
    apivideo_controlplane::Options { controller_manager: false, ..Default::default() }
}

pub(crate) fn open_limits() -> Options {
    Options {
        api_key: API_KEY.into(),
        reads: u64::from(OPEN),
        writes: u64::from(OPEN),
        call_log: OPEN as usize,
        ..Options::default()
    }
}

/// What the figures are taken from.
struct Stage<'a> {
    client: Client,
    api: Api<LiveStream>,
    sandbox: &'a Sandbox,
    /// The operator's process.
    pid: u32,
    count: u32,
}

impl Stage<'_> {
    /// An operator that has ended would only look stuck.
    async fn measure_while_up(&self, operator: &mut Operator) -> Result<Vec<Figure>, Failure> {
        operator.until_ready().await?;
        tokio::select! {
            measured = self.measure() => measured,
            failure = operator.ended() => Err(failure),
        }
    }

    async fn measure(&self) -> Result<Vec<Figure>, Failure> {
        eprintln!("the operator is ready; creating {} LiveStreams", self.count);
        let mut figures = self.convergence().await?;
        eprintln!("all are Ready; watching {QUIET_PASSES} drift passes");
        figures.extend(self.quiet().await?);
        let peak = Usage::of(self.pid).peak_mebibytes;
        figures.push(Figure::quantity(
            "peak resident memory of the operator",
            peak,
            "MiB",
            Expected::Below(MEMORY),
        ));
        Ok(figures)
    }

    /// From nothing to all Ready.
    async fn convergence(&self) -> Result<Vec<Figure>, Failure> {
        let (usage, written) = (Usage::of(self.pid), cluster::writes(&self.client).await?);
        let took = cluster::converge(&self.api, self.count).await?;
        let log = self.sandbox.calls();
        let cpu = Usage::of(self.pid).cpu_since(&usage);
        let written = cluster::writes(&self.client).await? - written;
        let pages = log.entries.iter().filter(|call| is_page(call)).count() as u64;
        Ok(vec![
            Figure::exact("API writes until all are Ready", log.writes(), self.count.into()),
            Figure::exact("API reads of single streams until then", log.reads() - pages, 0),
            Figure::count("API reads of pages until then", pages),
            Figure::count("API calls for tokens until then", tokens(&log)),
            Figure::count("cluster writes until then (metadata, status, events)", written),
            Figure::quantity("time until all are Ready", Some(took.as_secs_f64()), "s", Expected::Nothing),
            Figure::quantity("CPU time of the operator until then", cpu, "s", Expected::Nothing),
        ])
    }

    /// Some whole passes in which nothing changes. All that is written after
    /// the last LiveStream became Ready counts, and not only what is written
    /// during the passes.
    async fn quiet(&self) -> Result<Vec<Figure>, Failure> {
        let before = self.sandbox.calls();
        let versions = cluster::versions(&self.api).await?;
        let written = cluster::writes(&self.client).await?;
        let usage = Usage::of(self.pid);
        let passes = self.whole_passes(before.entries.len()).await?;
        let cpu = Usage::of(self.pid).cpu_since(&usage);
        let written = cluster::writes(&self.client).await? - written;
        let rewritten =
            cluster::versions(&self.api).await?.iter().filter(|now| !versions.contains(now)).count();
        let api_writes = self.sandbox.calls().writes() - before.writes();
        let pages = u64::from(self.count).div_ceil(PAGE);
        // One that differs, if any does.
        let reads = passes.into_iter().find(|reads| *reads != pages).unwrap_or(pages);
        let quiet = format!("in quiet ({QUIET_PASSES} passes)");
        Ok(vec![
            Figure::exact("API reads of one drift pass", reads, pages),
            Figure::exact(format!("API writes {quiet}"), api_writes, 0),
            Figure::exact(format!("LiveStreams rewritten {quiet}"), rewritten as u64, 0),
            Figure::exact(format!("cluster writes {quiet}"), written, 0),
            Figure::quantity(format!("CPU time of the operator {quiet}"), cpu, "s", Expected::Nothing),
        ])
    }

    /// Waits for whole passes that begin after the first `known` calls: the
    /// reads of each.
    async fn whole_passes(&self, known: usize) -> Result<Vec<u64>, Failure> {
        // Far more than the passes take.
        let deadline = Instant::now() + DRIFT_INTERVAL * 30;
        while Instant::now() < deadline {
            let log = self.sandbox.calls();
            let mut passes = reads_of_whole_passes(log.entries.get(known..).unwrap_or_default());
            if passes.len() >= QUIET_PASSES {
                passes.truncate(QUIET_PASSES);
                return Ok(passes);
            }
            sleep(Duration::from_millis(250)).await;
        }
        Err(Failure::Stuck("the operator's drift passes have stopped".into()))
    }
}

fn tokens(log: &CallLog) -> u64 {
    log.count(|each| each.resource == "auth")
}
