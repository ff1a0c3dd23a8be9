//! What every part is measured on: the control plane, the sandbox, and the
//! LiveStreams with their streams.

use std::time::Duration;

use apivideo_controlplane::ControlPlane;
use apivideo_operator::kinds::LiveStream;
use apivideo_sandbox::{Changes, Options, Sandbox};
use kube::{Api, Client};
use serde_json::Value;
use tokio::time::sleep;

use crate::{
    args::Setting,
    cluster::{self, until},
    failure::Failure,
    operator::{API_KEY, Manner, Operator},
    pure::{limit::Limit, requests::Requests},
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

    /// Shortens the limits and waits until nothing of their windows is used:
    /// calls of before would count.
    pub(crate) async fn allow_little(&self) -> Result<(), Failure> {
        self.allow(Limits::Shortened);
        let url = format!("{}/_sandbox/calls?limit=0", self.sandbox.url());
        let whole = |budget: &Value, of: &str, limit: Limit| {
            budget.pointer(&format!("/budget/{of}/remaining")) == Some(&limit.calls.into())
        };
        let patience = self.setting.writes.window * 3;
        until("the limits' windows did not end", patience, async || {
            sleep(Duration::from_millis(100)).await;
            let told = reqwest::get(&url).await?.bytes().await?;
            let told: Value = serde_json::from_slice(&told).unwrap_or_default();
            let both =
                whole(&told, "reads", self.setting.reads) && whole(&told, "writes", self.setting.writes);
            Ok(both.then_some(()))
        })
        .await
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
