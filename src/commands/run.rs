//! `run`: starts the controller and everything around it, until shutdown.

use std::{sync::Arc, time::Duration};

use apivideo::Secret;
use futures::FutureExt;
use kube::Client;
use tokio::{task::JoinSet, time::timeout};
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
    controller::Watches,
    core::decisions::Decisions,
    leader::{Fence, LEASE, Leadership, fenced, join_election},
    ops::{
        admin, cluster, key_file,
        metrics::Metrics,
        readiness::{Flag, Readiness},
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
        let watches = Watches::of(self.args.namespaces());
        let (readiness, milestones, checked) = readiness(watches.clone());
        let standby = readiness.standby.clone();
        let mut services = self.start_services(&cluster, &account, readiness, checked, &shutdown).await?;
        let mut leadership = self.lead(&cluster, &standby, &shutdown).await?;
        self.metrics.leader.set((!shutdown.is_cancelled()).into());
        info!(version = env!("CARGO_PKG_VERSION"), "operator started");
        let cluster = fenced(&cluster, self.fence);
        let decisions = Decisions::default();
        let work = operate(cluster, account, watches, decisions, self.metrics, shutdown.clone(), milestones);
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
        account: &Arc<Account>,
        readiness: Readiness,
        checked: Flag,
        shutdown: &CancellationToken,
    ) -> Result<JoinSet<Option<()>>, Failure> {
        let bind = self.args.bind;
        let listener = admin::listen(bind).await.map_err(|error| {
            Failure::Work(format!("cannot listen on --bind {bind}: {error}; choose another address"))
        })?;
        let mut services = JoinSet::new();
        let admin = admin::serve(listener, self.metrics.clone(), readiness.clone(), shutdown.clone());
        services.spawn(
            admin.map(|ended| ended.inspect_err(|error| warn!(%error, "the admin server failed")).ok()),
        );
        let preflight = preflight::run(cluster.clone(), self.args.namespaces(), readiness, checked);
        services.spawn(shutdown.clone().run_until_cancelled_owned(preflight));
        if let Some(path) = self.args.api_key_file.clone() {
            let account = Arc::clone(account);
            let key_file = key_file::follow(path, self.key.clone(), move |key| {
                account.client.set_api_key(key);
                account.scan_now.notify_one();
            });
            services.spawn(shutdown.clone().run_until_cancelled_owned(key_file));
        }
        Ok(services)
    }

    /// Waits until this replica leads, or until `shutdown`. Without leader election it
    /// does at once.
    async fn lead(
        &self,
        cluster: &Client,
        standby: &Flag,
        shutdown: &CancellationToken,
    ) -> Result<Option<Leadership>, Failure> {
        if !self.args.leader_elect {
            return Ok(None);
        }
        preflight::check_election(cluster).await.map_err(Failure::Work)?;
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

/// What the process waits for: the milestones of the work, and the first preflight checks.
fn readiness(watches: Watches) -> (Readiness, Milestones, Flag) {
    let mut readiness = Readiness::default();
    readiness.add_source(move || watches.findings());
    let milestones = Milestones {
        caches: readiness.part("the LiveStreams in the cluster"),
        first_pass: readiness.part("the first pass over the account's streams (is the API key right?)"),
    };
    let checked = readiness.part("the preflight checks of the CRD and the permissions");
    (readiness, milestones, checked)
}
