//! `run`: starts the controller and everything around it, until shutdown.

use std::{sync::Arc, time::Duration};

use apivideo::Secret;
use kube::Client;
use tokio::{net::TcpListener, task::JoinSet, time::timeout};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::{
    api_metrics::account_collector,
    failure::Failure,
    operate::{Milestones, operate},
    settings::{api_client, api_key, policy},
    shutdown::{Calls, on_signal, work_until_shutdown},
};
use crate::{
    account::Account,
    cli::RunArgs,
    controller::{Scope, Watches},
    core::decisions::Decisions,
    leader::{Fence, LEASE, Leadership, fenced, join_election},
    ops::{
        admin, cluster, key_file,
        metrics::Metrics,
        readiness::{Part, Readiness, Standby},
        telemetry,
    },
    preflight,
};

/// How long the services, and the release of the lease, may take at the end.
const END_TIMEOUT: Duration = Duration::from_secs(1);

/// Runs the operator in the cluster of the environment until a signal.
///
/// # Errors
/// [`Failure`] if it can't start, or loses leadership.
pub fn main(args: RunArgs) -> Result<(), Failure> {
    telemetry::start(args.log_format);
    let key = api_key(&args)?;
    let operator = Operator::new(args, key)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::Work(format!("cannot start the async runtime: {error}")))?;
    let shutdown = CancellationToken::new();
    let result = runtime.block_on(async {
        on_signal(shutdown.clone())?;
        let cluster = cluster::connect().await.map_err(|error| {
            Failure::Work(format!("cannot connect to a cluster: {error}; set KUBECONFIG or run in a pod"))
        })?;
        operator.run(cluster, shutdown).await
    });
    runtime.shutdown_timeout(END_TIMEOUT);
    result
}

/// The operator, ready to run.
pub struct Operator {
    args: RunArgs,
    api: apivideo::Client,
    key: Secret,
    fence: Fence,
    metrics: Metrics,
}

/// The parts of the readiness that this file reports.
struct Parts {
    caches: Part,
    first_pass: Part,
    preflight: Part,
    standby: Standby,
}

impl Operator {
    /// Checks the settings, and builds the client of the account.
    ///
    /// # Errors
    /// [`Failure`] if a setting is not valid.
    pub fn new(args: RunArgs, key: Secret) -> Result<Self, Failure> {
        let metrics = Metrics::default();
        let fence = if args.leader_elect { Fence::closed_until_elected() } else { Fence::open() };
        let api = api_client(&args, key.clone(), &metrics, &fence)?;
        metrics.drift_interval_seconds.set(args.drift_interval.as_secs_f64());
        metrics.add_collector(account_collector(api.clone()));
        Ok(Self { args, api, key, fence, metrics })
    }

    /// Runs until `shutdown`.
    ///
    /// # Errors
    /// [`Failure`] if it can't start, or loses leadership.
    pub async fn run(self, cluster: Client, shutdown: CancellationToken) -> Result<(), Failure> {
        let account = Arc::new(Account::new(self.api.clone(), policy(&self.args)));
        let scope = Scope { namespaces: self.args.namespaces(), watches: Watches::default() };
        let (readiness, parts) = readiness(scope.watches.clone());
        let mut services = self.start_services(&cluster, readiness, parts.preflight, &shutdown).await?;
        self.follow_key_file(&account, &mut services, &shutdown);
        let mut leadership = self.lead(&cluster, &parts.standby, &shutdown).await?;
        self.metrics.leader.set((!shutdown.is_cancelled()).into());
        info!(version = env!("CARGO_PKG_VERSION"), "operator started");
        let (caches, first_pass) = (parts.caches, parts.first_pass);
        let milestones =
            Milestones { passed: move || first_pass.ready(), caches_filled: move || caches.ready() };
        let cluster = fenced(&cluster, self.fence);
        let decisions = Decisions::default();
        let work = operate(cluster, account, &scope, decisions, self.metrics, shutdown.clone(), milestones);
        let ended = work_until_shutdown(work, leadership.as_mut(), &shutdown).await;
        shutdown.cancel();
        let _ = timeout(END_TIMEOUT, async { while services.join_next().await.is_some() {} }).await;
        // After an abandoned call the lease has to expire: the call may yet have its
        // effect, and no other replica may work meanwhile.
        if let (Some(leadership), Ok(Calls::Finished)) = (leadership, &ended) {
            let _ = timeout(END_TIMEOUT, leadership.release()).await;
        }
        info!("operator stopped");
        ended.map(|_| ())
    }

    /// Starts what runs beside the work, with or without leadership.
    async fn start_services(
        &self,
        cluster: &Client,
        readiness: Readiness,
        checked: Part,
        shutdown: &CancellationToken,
    ) -> Result<JoinSet<()>, Failure> {
        let bind = self.args.bind;
        let listener = admin::listen(bind).await.map_err(|error| {
            Failure::Work(format!("cannot listen on --bind {bind}: {error}; choose another address"))
        })?;
        let mut services = JoinSet::new();
        services.spawn(serve(listener, self.metrics.clone(), readiness.clone(), shutdown.clone()));
        let namespaces = self.args.namespaces();
        let checked = move || checked.ready();
        services.spawn(preflight::run(cluster.clone(), namespaces, readiness, shutdown.clone(), checked));
        Ok(services)
    }

    /// Replaces the API key of the account whenever the file changes.
    fn follow_key_file(
        &self,
        account: &Arc<Account>,
        services: &mut JoinSet<()>,
        shutdown: &CancellationToken,
    ) {
        let Some(path) = self.args.api_key_file.clone() else { return };
        let account = Arc::clone(account);
        let replace = move |key| {
            account.client.set_api_key(key);
            account.scan_now.notify_one();
        };
        services.spawn(key_file::follow(path, self.key.clone(), replace, shutdown.clone()));
    }

    /// Waits until this replica leads, or until `shutdown`. Without leader election it
    /// does at once.
    async fn lead(
        &self,
        cluster: &Client,
        standby: &Standby,
        shutdown: &CancellationToken,
    ) -> Result<Option<Leadership>, Failure> {
        if !self.args.leader_elect {
            return Ok(None);
        }
        let permissions = preflight::check_election(cluster).await;
        permissions.map_err(|missing| Failure::Work(missing.to_string()))?;
        let election = join_election(cluster.clone(), self.fence.clone()).await;
        let mut leadership = election.map_err(|error| {
            Failure::Work(format!("cannot read the Lease {LEASE} for --leader-elect: {error}"))
        })?;
        standby.set(true);
        tokio::select! {
            () = leadership.acquired() => {}
            () = shutdown.cancelled() => {}
        }
        standby.set(false);
        Ok(Some(leadership))
    }
}

fn readiness(watches: Watches) -> (Readiness, Parts) {
    let mut readiness = Readiness::default();
    readiness.add_source(move || watches.findings());
    let parts = Parts {
        caches: readiness.part("the LiveStreams in the cluster"),
        first_pass: readiness.part("the first pass over the account's streams (is the API key right?)"),
        preflight: readiness.part("the preflight checks of the CRD and the permissions"),
        standby: readiness.standby(),
    };
    (readiness, parts)
}

async fn serve(listener: TcpListener, metrics: Metrics, readiness: Readiness, shutdown: CancellationToken) {
    if let Err(error) = admin::serve(listener, metrics, readiness, shutdown).await {
        warn!(%error, "the admin server failed");
    }
}
