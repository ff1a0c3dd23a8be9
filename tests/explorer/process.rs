//! A process of the operator.

use std::{sync::Arc, time::Duration};

use apivideo_operator::{
    account::{Account, Policy},
    commands::operate::{Milestones, operate},
    controller::Watches,
    core::decisions::Decisions,
    ops::metrics::Metrics,
};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::{api_door::ApiDoor, cluster_door, world::World};

/// The settings of the operator that matter here.
const SETTLE: Duration = Duration::from_secs(30);
const REQUEST_TIMEOUT: Duration = Duration::from_secs(15);
pub(crate) const DRIFT_INTERVAL: Duration = Duration::from_secs(60);

/// What may differ from run to run.
#[derive(Clone, Default)]
pub(crate) struct Settings {
    /// Whether creates carry a marker.
    pub marker: bool,
    /// The project that the key has to open.
    pub project: Option<String>,
    /// Whose decisions the operator acts on.
    pub decisions: Decisions,
}

impl From<Decisions> for Settings {
    fn from(decisions: Decisions) -> Self {
        Self { decisions, ..Self::default() }
    }
}

/// A process. Dropping it is its crash.
pub(crate) struct Process(JoinHandle<()>);

impl Drop for Process {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Process {
    pub(crate) fn start(world: &Arc<World>, settings: &Settings) -> Self {
        let process = world.lock().process;
        let client = apivideo::Settings {
            base_url: "http://api.video.test".into(),
            api_key: "sandbox-key".into(),
            read_share: 0.9,
            write_share: 0.9,
            user_agent: "explorer/1".into(),
            jitter_seed: Some(u64::from(process)),
        };
        let door = Arc::new(ApiDoor { world: Arc::clone(world), process });
        let api = apivideo::Client::new(client, door, None).expect("a client");
        let policy = Policy {
            settle: SETTLE,
            marker: settings.marker,
            missing_guard: true,
            drift_interval: DRIFT_INTERVAL,
            request_timeout: REQUEST_TIMEOUT,
            environment: "sandbox",
            project: settings.project.clone(),
        };
        let (account, decisions) = (Arc::new(Account::new(api, policy)), settings.decisions);
        let cluster = cluster_door::client(world, process);
        Self(tokio::spawn(async move {
            let (metrics, never) = (Metrics::default(), CancellationToken::new());
            let (watches, milestones) = (Watches::of([None]), Milestones::default());
            operate(cluster, account, watches, decisions, metrics, never, milestones).await;
        }))
    }
}
