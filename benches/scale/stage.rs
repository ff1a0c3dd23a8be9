//! What every part is measured on: the control plane, the sandbox, and the
//! LiveStreams with their streams.

use std::time::Duration;

use apivideo_controlplane::ControlPlane;
use apivideo_operator::crd::LiveStream;
use apivideo_sandbox::{Changes, Options, Sandbox};
use kube::{Api, Client};

use crate::{
    args::Setting,
    cluster,
    failure::Failure,
    operator::{API_KEY, Manner, Operator},
    pure::requests::Requests,
};

/// Far beyond the calls of any run: nothing waits for the limits' sake.
const OPEN: u64 = 10_000_000;

/// More calls than any part makes: the log forgets nothing.
const LOG: usize = 1_000_000;

/// The operator's default.
const DEFAULT_INTERVAL: Duration = Duration::from_secs(60);

/// How much the API allows.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Limits {
    /// More than is ever asked for.
    Open,
    /// The setting's.
    Shortened,
}

/// The stage.
pub(crate) struct Stage {
    plane: ControlPlane,
    /// The account.
    pub(crate) sandbox: Sandbox,
    /// A client of the cluster.
    pub(crate) client: Client,
    /// The LiveStreams in it.
    pub(crate) api: Api<LiveStream>,
    /// How much of everything.
    pub(crate) setting: Setting,
}

impl Stage {
    /// A cluster with the CRD and an account with open limits, both empty.
    pub(crate) async fn set_up(setting: Setting) -> Result<Self, Failure> {
        let options = apivideo_controlplane::Options { controller_manager: false, ..Default::default() };
        let plane = ControlPlane::start(options).await?;
        let options = Options { api_key: API_KEY.into(), call_log: LOG, ..Options::default() };
        let sandbox = Sandbox::start(options).await?;
        let client = cluster::connect(plane.kubeconfig()).await?;
        cluster::install_crds(&client).await?;
        let api = Api::default_namespaced(client.clone());
        let stage = Self { plane, sandbox, client, api, setting };
        stage.allow(Limits::Open);
        Ok(stage)
    }

    /// Ends everything.
    pub(crate) async fn tear_down(self) {
        self.sandbox.shutdown().await;
        self.plane.stop().await;
    }

    /// Changes the limits. An operator that runs believes the old ones until
    /// an answer tells the new, so this belongs before its start.
    pub(crate) fn allow(&self, limits: Limits) {
        let (reads, writes, window) = match limits {
            // A short window, so that nothing of it is left when limits are shortened.
            Limits::Open => (OPEN, OPEN, Duration::from_secs(1)),
            Limits::Shortened => {
                (self.setting.reads.calls, self.setting.writes.calls, self.setting.writes.window)
            }
        };
        self.sandbox.configure(Changes {
            reads: Some(reads),
            writes: Some(writes),
            window: Some(window),
            ..Changes::default()
        });
    }

    /// Starts an operator with this drift interval.
    pub(crate) fn operator(&self, drift_interval: Duration) -> Result<Operator, Failure> {
        self.operator_in(Manner { drift_interval, leader_elect: false })
    }

    /// Starts an operator with the default drift interval.
    pub(crate) fn default_operator(&self) -> Result<Operator, Failure> {
        self.operator(DEFAULT_INTERVAL)
    }

    /// Starts an operator with the default drift interval that takes part in
    /// an election.
    pub(crate) fn elected_operator(&self) -> Result<Operator, Failure> {
        self.operator_in(Manner { drift_interval: DEFAULT_INTERVAL, leader_elect: true })
    }

    fn operator_in(&self, manner: Manner) -> Result<Operator, Failure> {
        Operator::start(self.plane.kubeconfig(), &self.sandbox.url(), self.plane.dir(), manner)
    }

    /// Starts an operator and waits until it is ready and writes nothing more:
    /// the API server's counts then, and an empty log of calls.
    pub(crate) async fn calm(&self, operator: &mut Operator) -> Result<Requests, Failure> {
        operator.until_ready().await?;
        let requests = operator.during(cluster::settled(&self.client)).await?;
        self.sandbox.reset_calls();
        Ok(requests)
    }
}
