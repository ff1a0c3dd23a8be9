//! A run that a test leads by hand: it makes objects, lets time pass, breaks
//! things, and looks.

use std::{sync::Arc, time::Duration};

use apivideo_sandbox::{Rule, StreamView};
use http::Method;
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::{
    ledger::Violation,
    lives::{self, NAMESPACE},
    memory_cluster::Key,
    object::held,
    process::{Process, Settings},
    run::{CRD, TICK, runtime},
    schedule::{Schedule, Source},
    world::{Inner, World},
};

/// The world and the process that runs in it.
pub(crate) struct Stage {
    pub world: Arc<World>,
    settings: Settings,
    process: Option<Process>,
}

/// Plays a run in paused time. The process runs from the beginning.
pub(crate) fn play<T>(settings: Settings, run: impl AsyncFnOnce(&mut Stage) -> T) -> T {
    runtime().block_on(async {
        let world = Arc::new(World::new(&CRD, Source::Fixed(Schedule::default())));
        let mut stage = Stage { world, settings, process: None };
        stage.start();
        run(&mut stage).await
    })
}

impl Stage {
    pub(crate) fn start(&mut self) {
        self.process = Some(Process::start(&self.world, &self.settings));
    }

    /// The process is no more.
    pub(crate) fn kill(&mut self) {
        let inner = &mut self.world.lock();
        self.world.crash(inner);
        self.process = None;
    }

    pub(crate) fn restart(&mut self) {
        self.kill();
        self.start();
    }

    pub(crate) async fn rest(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }

    /// Somebody else than the operator changes something.
    pub(crate) fn change<T>(&self, act: impl FnOnce(&mut Inner, Timestamp) -> T) -> T {
        let inner = &mut self.world.lock();
        self.world.change(inner, act)
    }

    /// Reads something.
    pub(crate) fn see<T>(&self, look: impl FnOnce(&Inner) -> T) -> T {
        look(&self.world.lock())
    }

    pub(crate) fn inject(&self, rule: Rule) {
        self.change(|inner, _| inner.api.faults.inject(rule));
    }

    pub(crate) fn apply(&self, name: &str, spec: Value) {
        self.change(|inner, now| lives::create(inner, now, json!({ "name": name }), spec));
    }

    pub(crate) fn patch(&self, name: &str, patch: &Value) {
        let tail = format!("/{name}");
        self.change(|inner, now| lives::request(inner, now, Method::PATCH, &tail, patch));
    }

    pub(crate) fn delete(&self, name: &str) {
        let tail = format!("/{name}");
        self.change(|inner, now| lives::request(inner, now, Method::DELETE, &tail, &Value::Null));
    }

    /// The object; null if there is none.
    pub(crate) fn object(&self, name: &str) -> Value {
        self.see(|inner| {
            inner.cluster.object(&Key::live_stream(NAMESPACE, name)).cloned().unwrap_or_default()
        })
    }

    /// The stream that an object holds by its annotations.
    pub(crate) fn held(&self, name: &str) -> Option<String> {
        held(&self.object(name)).map(str::to_owned)
    }

    pub(crate) fn stream_of(&self, name: &str) -> Option<StreamView> {
        let id = self.held(name)?;
        self.see(|inner| inner.api.state.stream(&id))
    }

    pub(crate) fn streams(&self) -> Vec<StreamView> {
        self.see(|inner| inner.api.state.streams())
    }

    /// The reason of Ready, and its message.
    pub(crate) fn ready(&self, name: &str) -> (String, String) {
        ready_of(&self.object(name))
    }

    /// Waits until that is so, at most so long; whether it is.
    pub(crate) async fn until(&self, most: Duration, so: impl Fn(&Self) -> bool) -> bool {
        let end = Instant::now() + most;
        while !so(self) {
            if Instant::now() > end {
                return false;
            }
            self.rest(TICK / 10).await;
        }
        true
    }

    /// Why not everything is as its manifest says.
    pub(crate) fn unsettled(&self) -> Option<String> {
        self.see(Inner::unsettled)
    }

    /// Waits until everything is as its manifest says.
    pub(crate) async fn settled(&self) {
        let settled = self.until(Duration::from_secs(1200), |stage| stage.unsettled().is_none()).await;
        assert!(settled, "{:?}", self.unsettled());
        self.rest(TICK).await;
    }

    /// The invariants that are broken, judged now, when all is quiet.
    pub(crate) fn violations(&self) -> Vec<Violation> {
        let Inner { ledger, cluster, api, .. } = &mut *self.world.lock();
        ledger.judge(cluster, &api.state);
        ledger.violations.clone()
    }
}

/// The reason of an object's Ready, and its message.
pub(crate) fn ready_of(object: &Value) -> (String, String) {
    let conditions = object["status"]["conditions"].as_array();
    let ready = conditions.into_iter().flatten().find(|c| c["type"] == "Ready");
    let text = |field: &str| ready.and_then(|c| c[field].as_str()).unwrap_or_default().to_owned();
    (text("reason"), text("message"))
}
