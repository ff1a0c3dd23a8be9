//! One run: a life under a source of outcomes, from the first step to quiet.

use std::{
    collections::VecDeque,
    sync::{Arc, LazyLock},
    time::Duration,
};

use apivideo_operator::{core::decisions::Decisions, kinds::live_stream::metadata::CONFIRM_RECREATE};
use http::Method;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::{
    ledger::{Invariant, Violation},
    lives::{self, Life, Step, Trigger},
    object::{annotation, held_back},
    process::{DRIFT_INTERVAL, Process, Settings},
    schedule::{Met, Source},
    world::{Inner, World},
};

/// How often the world is looked at.
pub(crate) const TICK: Duration = Duration::from_secs(1);
/// How long after the last disturbance everything must be as it should.
const PATIENCE: Duration = Duration::from_secs(600);
/// How long after the last disturbance a person does what the guard's condition asks for.
const CONFIRMED_AFTER: Duration = Duration::from_secs(300);
/// The bound on the calls to the API from the last fault until all is settled.
pub(crate) const MOST_CALLS: usize = 40;

pub(crate) static CRD: LazyLock<Value> =
    LazyLock::new(|| serde_json::to_value(&apivideo_operator::kinds::all()[0]).expect("the CRD"));

/// What a run was like.
pub(crate) struct Played {
    pub met: Vec<Met>,
    pub violations: Vec<Violation>,
    pub figures: Figures,
    /// The reason and the note of each event.
    pub events: Vec<(String, String)>,
    /// The ids of the streams that are there.
    pub streams: Vec<String>,
}

/// What can be counted of one run, or of many.
#[derive(Clone, Copy, Default)]
pub(crate) struct Figures {
    pub schedules: usize,
    pub faults: usize,
    pub crashes: usize,
    /// The most calls to the API from the last fault until all was settled.
    pub calls_to_settle: usize,
    /// Searches for lost creates that ended.
    pub searches: usize,
    /// The most pages that a search has read, where no crash made it begin anew
    /// and no other LiveStream searched beside it.
    pub most_looks: usize,
}

impl Figures {
    pub(crate) fn add(&mut self, other: Self) {
        self.schedules += other.schedules;
        self.faults += other.faults;
        self.crashes += other.crashes;
        self.calls_to_settle = self.calls_to_settle.max(other.calls_to_settle);
        self.searches += other.searches;
        self.most_looks = self.most_looks.max(other.most_looks);
    }
}

/// Simulated time, the same in each run.
pub(crate) fn runtime() -> tokio::runtime::Runtime {
    // kube spreads the restarts of a watch by this generator.
    fastrand::seed(1);
    let mut builder = tokio::runtime::Builder::new_current_thread();
    builder.enable_time().start_paused(true).build().expect("a runtime")
}

/// Plays a life.
pub(crate) fn play(life: &Life, source: Source, decisions: Decisions) -> Played {
    runtime().block_on(async {
        let world = Arc::new(World::new(&CRD, source));
        life.set(&mut world.lock(), world.now());
        let settled_after = drive(&world, life, decisions).await;
        let inner = &mut *world.lock();
        inner.ledger.judge(&inner.cluster, &inner.api.state);
        let ledger = &mut inner.ledger;
        let alone = ledger.crashes == 0 && !life.several;
        Played {
            met: std::mem::take(&mut inner.met),
            violations: std::mem::take(&mut ledger.violations),
            figures: Figures {
                schedules: 1,
                faults: ledger.faults,
                crashes: ledger.crashes,
                calls_to_settle: settled_after,
                searches: ledger.searches,
                most_looks: if alone { ledger.most_looks } else { 0 },
            },
            events: inner.cluster.all("events").map(told).collect(),
            streams: inner.api.state.streams().into_iter().map(|stream| stream.live_stream_id).collect(),
        }
    })
}

fn told(event: &Value) -> (String, String) {
    let text = |field: &str| event[field].as_str().unwrap_or_default().to_owned();
    (text("reason"), text("note"))
}

/// Plays until an invariant is broken or all is quiet. Gives back how many
/// calls it took from the last fault until all was settled.
async fn drive(world: &Arc<World>, life: &Life, decisions: Decisions) -> usize {
    let settings = Settings { marker: life.marker, decisions, ..Settings::default() };
    let mut process = Process::start(world, &settings);
    loop {
        tokio::select! {
            biased;
            () = world.crashed.notified() => {
                drop(process);
                tokio::time::sleep(TICK).await;
                process = Process::start(world, &settings);
            }
            () = tokio::time::sleep(TICK) => {}
        }
        match advance(world) {
            Progress::Going => {}
            Progress::Failed => return 0,
            Progress::Settled(calls) => {
                if quiet(world).await {
                    return calls;
                }
            }
        }
    }
}

enum Progress {
    Going,
    Failed,
    Settled(usize),
}

fn waits_for_calls_alone(script: &VecDeque<Step>) -> bool {
    script.iter().all(|step| matches!(step.when, Trigger::At(_)))
}

/// Takes the steps whose time has come, and sees how far everything is.
fn advance(world: &World) -> Progress {
    let inner = &mut *world.lock();
    let mut unsettled = inner.unsettled();
    while let Some(step) = inner.script.front() {
        if step.when == Trigger::Now || step.when == Trigger::Settled && unsettled.is_none() {
            world.step(inner);
            unsettled = inner.unsettled();
        } else {
            break;
        }
    }
    if !inner.ledger.violations.is_empty() && !inner.goes_on {
        return Progress::Failed;
    }
    let now = Instant::now();
    if now > inner.disturbed_until + CONFIRMED_AFTER {
        confirm_what_is_gone(world, inner);
    }
    match unsettled {
        // A step at a call that never comes is not waited for.
        None if waits_for_calls_alone(&inner.script) && now >= inner.disturbed_until => {
            inner.exploring = false;
            let calls = inner.ledger.calls_since_last_fault;
            if calls > MOST_CALLS {
                let what = format!("{calls} calls to the API since the last fault");
                inner.ledger.broken(Invariant::ReadyInTheEnd, what);
            }
            Progress::Settled(calls)
        }
        why if now > inner.disturbed_until + PATIENCE => {
            let why = why.unwrap_or_else(|| "a step was never taken".into());
            inner.ledger.broken(Invariant::ReadyInTheEnd, why);
            Progress::Failed
        }
        _ => Progress::Going,
    }
}

/// The guard waits for a person, who sees that a stream is really gone and confirms it.
fn confirm_what_is_gone(world: &World, inner: &mut Inner) {
    let unconfirmed = |object: &&Value| annotation(object, CONFIRM_RECREATE).is_none();
    let gone = inner.cluster.all("livestreams").filter(unconfirmed).find_map(|object| {
        let name = object["metadata"]["name"].as_str()?;
        Some((format!("/{name}"), held_back(object, &inner.api.state)?.to_owned()))
    });
    if let Some((path, id)) = gone {
        let patch = json!({ "metadata": { "annotations": { CONFIRM_RECREATE: id } } });
        world.change(inner, |inner, now| lives::request(inner, now, Method::PATCH, &path, &patch));
    }
}

/// Whether all stays as it is, once a pass has seen what was set off last.
/// From then on nothing is written.
async fn quiet(world: &World) -> bool {
    tokio::time::sleep(DRIFT_INTERVAL + 5 * TICK).await;
    let unsettled = |world: &World| world.lock().unsettled();
    if unsettled(world).is_some() {
        return false;
    }
    let before = world.lock().ledger.writes;
    tokio::time::sleep(2 * DRIFT_INTERVAL + 5 * TICK).await;
    let after = world.lock().ledger.writes;
    if after != before {
        let what = format!("{} writes in two passes", after - before);
        world.lock().ledger.broken(Invariant::QuietIsQuiet, what);
    }
    if let Some(what) = unsettled(world) {
        world.lock().ledger.broken(Invariant::QuietIsQuiet, what);
    }
    true
}
