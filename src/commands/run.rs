//! `run`: the controller, from its settings to a clean end.

use std::{sync::Arc, time::Duration};

use apivideo::{HttpWire, Secret};
use kube::Client;
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
    task::JoinSet,
    time::timeout,
};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::{
    Failure,
    gauges::{account_reading, call_counter},
    operate::{Milestones, operate},
};
use crate::{
    account::{Account, Policy},
    cli::{Environment, RunArgs, Switch},
    controller::{Scope, checks},
    core::decisions::Decisions,
    ops::{
        admin,
        fence::{Fence, FencedWire, fenced},
        key_file, lease,
        metrics::Metrics,
        readiness::{Readiness, Standby},
        telemetry,
    },
};

/// How long the calls under way may take at the end: the process is gone
/// within 10 s of SIGTERM.
const LAST_CALLS: Duration = Duration::from_secs(8);

/// Where a key comes from in a cluster.
const MAKE_SECRET: &str = "in a cluster, make the Secret that is mounted there with: \
    kubectl create secret generic apivideo --from-literal=api-key=YOUR_KEY, in the operator's namespace";

pub(crate) fn main(args: &RunArgs) -> Result<(), Failure> {
    telemetry::start(args.log_format);
    let key = api_key(args)?;
    let metrics = Metrics::default();
    let fence = if args.is_elected() { Fence::closed_until_elected() } else { Fence::open() };
    let api = api_client(args, key.clone(), &metrics, &fence)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::Work(format!("the runtime can't be started: {error}")))?;
    let shutdown = CancellationToken::new();
    let result = runtime.block_on(async {
        end_on_signal(shutdown.clone())?;
        let cluster = Client::try_default()
            .await
            .map_err(|error| Failure::Work(format!("no cluster: {error}; set KUBECONFIG or run in a pod")))?;
        run(args, key, api, cluster, fence, metrics, shutdown).await
    });
    runtime.shutdown_timeout(Duration::from_secs(1));
    result
}

/// Runs the operator until `shutdown`. `fence` is the one that `api` is behind.
///
/// # Errors
/// [`Failure`] if it can't start, or loses the leadership.
pub async fn run(
    args: &RunArgs,
    key: Secret,
    api: apivideo::Client,
    cluster: Client,
    fence: Fence,
    metrics: Metrics,
    shutdown: CancellationToken,
) -> Result<(), Failure> {
    let mut readiness = Readiness::default();
    let caches = readiness.part("the LiveStreams in the cluster");
    let first_pass = readiness.part("the first pass over the account's streams (is the API key right?)");
    let standby = readiness.standby();
    let checks = readiness.part("a look at the CRD and the rights");
    let listener: TcpListener = admin::listen(args.bind)
        .await
        .map_err(|error| Failure::Work(format!("--bind {}: {error}; choose another address", args.bind)))?;
    let mut services = JoinSet::new();
    services.spawn(drain(admin::serve(listener, metrics.clone(), readiness.clone(), shutdown.clone())));
    let scope = scope(args);
    services.spawn(checks::run(cluster.clone(), scope.clone(), readiness, shutdown.clone(), move || {
        checks.ready()
    }));
    let account = Arc::new(Account::new(api, policy(args)));
    metrics.gauges().drift_interval(args.drift_interval);
    metrics.gauges().shards(scope.shard.count());
    metrics.read_off(account_reading(account.client.clone()));
    if let Some(path) = args.api_key_file.clone() {
        let account = Arc::clone(&account);
        let replace = move |key| {
            account.client.set_api_key(key);
            account.observe_now.notify_one();
        };
        services.spawn(key_file::follow(path, key, replace, shutdown.clone()));
    }
    let mut leadership = lead(args, &cluster, &fence, &standby, &shutdown).await?;
    metrics.gauges().leads(!shutdown.is_cancelled());
    info!(version = env!("CARGO_PKG_VERSION"), "the operator has started");
    let milestones = Milestones { passed: move || first_pass.ready(), caches_filled: move || caches.ready() };
    let cluster = fenced(&cluster, fence);
    let work = operate(cluster, account, &scope, Decisions::default(), metrics, shutdown.clone(), milestones);
    let ended = until_the_end(work, leadership.as_mut(), &shutdown).await;
    shutdown.cancel();
    let _ = timeout(Duration::from_secs(1), async { while services.join_next().await.is_some() {} }).await;
    // After a call that was given up the lease runs out by itself: the call may
    // yet have its effect, and nobody may work beside it.
    if let (Some(leadership), Ok(Calls::Ended)) = (leadership, &ended) {
        let _ = timeout(Duration::from_secs(1), leadership.release()).await;
    }
    info!("the operator has ended");
    ended.map(|_| ())
}

fn scope(args: &RunArgs) -> Scope {
    Scope {
        namespaces: args.namespaces.iter().filter(|n| !n.is_empty()).cloned().collect(),
        selector: args.selector.clone().filter(|s| !s.is_empty()),
        shard: args.shard.unwrap_or_default(),
    }
}

/// How it is with the calls under way at a clean end.
enum Calls {
    Ended,
    GivenUp,
}

/// Works until the shutdown, then lets the calls under way finish. A lost
/// leadership ends the process: another replica may already be at work.
async fn until_the_end(
    work: impl Future<Output = ()>,
    leadership: Option<&mut lease::Leadership>,
    shutdown: &CancellationToken,
) -> Result<Calls, Failure> {
    tokio::pin!(work);
    let lost = async {
        match leadership {
            Some(leadership) => leadership.lost().await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        () = &mut work => return Ok(Calls::Ended),
        () = lost => return Err(Failure::Work("the leadership was lost; another replica may lead now".into())),
        () = shutdown.cancelled() => {}
    }
    if timeout(LAST_CALLS, work).await.is_err() {
        warn!("some calls did not end in time; what they did is found out at the next start");
        return Ok(Calls::GivenUp);
    }
    Ok(Calls::Ended)
}

/// What this process is elected for: the whole of the work, or one shard of it.
fn seat(args: &RunArgs) -> lease::Seat {
    args.shard.map_or_else(lease::Seat::whole, |shard| lease::Seat::of(shard.index(), shard.count()))
}

async fn lead(
    args: &RunArgs,
    cluster: &Client,
    fence: &Fence,
    standby: &Standby,
    shutdown: &CancellationToken,
) -> Result<Option<lease::Leadership>, Failure> {
    if !args.is_elected() {
        return Ok(None);
    }
    let seat = seat(args);
    if let Some(hindrance) = lease::hindrance(cluster, &seat).await {
        return Err(Failure::Work(hindrance));
    }
    let name = seat.name.clone();
    let mut leadership = lease::take_part(cluster.clone(), seat, fence.clone())
        .await
        .map_err(|error| Failure::Work(format!("--leader-elect: the Lease {name}: {error}")))?;
    standby.set(true);
    tokio::select! {
        () = leadership.gained() => {}
        () = shutdown.cancelled() => {}
    }
    standby.set(false);
    Ok(Some(leadership))
}

async fn drain(server: impl Future<Output = std::io::Result<()>>) {
    if let Err(error) = server.await {
        warn!(%error, "the admin server has ended");
    }
}

fn end_on_signal(shutdown: CancellationToken) -> Result<(), Failure> {
    let listen =
        |kind| signal(kind).map_err(|error| Failure::Work(format!("signals can't be heard: {error}")));
    let (mut term, mut interrupt) = (listen(SignalKind::terminate())?, listen(SignalKind::interrupt())?);
    tokio::spawn(async move {
        tokio::select! {
            _ = term.recv() => {}
            _ = interrupt.recv() => {}
        }
        info!("asked to end: finishing the calls under way");
        shutdown.cancel();
    });
    Ok(())
}

/// The API key of the settings.
///
/// # Errors
/// If there is none.
pub fn api_key(args: &RunArgs) -> Result<Secret, Failure> {
    if let Some(path) = &args.api_key_file {
        return key_file::read(path).map_err(|error| {
            Failure::Setting(format!(
                "--api-key-file {}: {error}; name a file that holds the API key; {MAKE_SECRET}",
                path.display()
            ))
        });
    }
    let key = std::env::var("APIVIDEO_API_KEY").unwrap_or_default();
    if key.trim().is_empty() {
        return Err(Failure::Setting(format!(
            "no API key: set --api-key-file (or APIVIDEO_API_KEY_FILE) to a file that holds it, or APIVIDEO_API_KEY; \
             {MAKE_SECRET}"
        )));
    }
    Ok(Secret::from(key.trim().to_owned()))
}

/// The client of the settings, behind the fence.
///
/// # Errors
/// If the base URL is none.
pub fn api_client(
    args: &RunArgs,
    key: Secret,
    metrics: &Metrics,
    fence: &Fence,
) -> Result<apivideo::Client, Failure> {
    let own = match args.environment {
        Environment::Production => apivideo::PRODUCTION,
        Environment::Sandbox => apivideo::SANDBOX,
    };
    let settings = apivideo::Settings {
        base_url: args.base_url.clone().unwrap_or_else(|| own.to_owned()),
        api_key: key,
        read_share: args.read_share,
        write_share: args.write_share,
        user_agent: concat!("apivideo-operator/", env!("CARGO_PKG_VERSION")).into(),
        jitter_seed: None,
    };
    let wire = HttpWire::new(args.request_timeout).map_err(|error| Failure::Work(error.to_string()))?;
    let wire = FencedWire::new(wire, fence.clone());
    let count = call_counter(metrics.clone());
    apivideo::Client::new(settings, Arc::new(wire), Some(Arc::new(count)))
        .map_err(|error| Failure::Setting(format!("--base-url (APIVIDEO_BASE_URL): {error}")))
}

fn policy(args: &RunArgs) -> Policy {
    Policy {
        settle: args.create_settle,
        marker: args.create_marker,
        missing_guard: match args.missing_guard {
            Some(switch) => switch == Switch::On,
            None => args.environment == Environment::Production,
        },
        drift_interval: args.drift_interval,
    }
}
