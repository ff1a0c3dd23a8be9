//! One reconcile, action by action, as the controller runs it: it gathers the facts, and
//! `refresh`, `plan`, `apply` and `settle` decide. What an action does to the world, and
//! what can become of it, is in `effects.rs`.

use apivideo_operator_core::{
    decisions::Decisions,
    facts::{Facts, binding::Candidate, intent::Intent, observation::CrdDeletion, stream::Remote},
    state::{outcome::Outcome, reconcile_state::ReconcileState},
    step::{self, Plan, action::Action},
};
use jiff::Timestamp;

use crate::{
    memory,
    model::{Asked, Id, Observed, Process, Run, Seen, World},
    values::{self, Policies},
};

/// What decides, and what stays as it is in a world.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rules {
    pub decisions: Decisions,
    /// Whether a stream that a search lists can be the result of an intent.
    pub matches: fn(&Intent, &Remote) -> bool,
    pub policies: Policies,
    /// Whether only those faults happen that lose what happened. Of a write that certainly
    /// did nothing less follows than of one that is lost.
    pub lost_only: bool,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            decisions: Decisions::default(),
            matches: |intent, remote| intent.matches(remote, values::timing()),
            policies: Policies::default(),
            lost_only: false,
        }
    }
}

/// A reconcile of one object.
#[derive(Clone)]
pub(crate) struct Reconcile {
    pub i: usize,
    pub world: World,
    pub run: Run,
    pub facts: Facts,
    pub state: ReconcileState,
    pub now: Timestamp,
}

/// The owner of a stream by the claims, if it is another object that exists.
pub(crate) fn other_owner(world: &World, process: &Process, id: Id, me: usize) -> Option<usize> {
    let other = 1 - me;
    (process.entries[other].owns == Some(id) && world.objects[other].exists).then_some(other)
}

/// An object owns a stream from now on.
pub(crate) fn claim(process: &mut Process, i: usize, id: Id) {
    process.entries.iter_mut().filter(|entry| entry.owns == Some(id)).for_each(|entry| entry.owns = None);
    process.entries[i].owns = Some(id);
}

/// The process starts: it assigns the streams to their owners.
pub(crate) fn start(world: &mut World, rules: &Rules) {
    let mut process = Process::default();
    let mut candidates = Vec::new();
    for (i, object) in world.objects.iter().enumerate().filter(|(_, object)| object.exists) {
        let stored = values::stored(i, object, None, None);
        let manifest = values::manifest(i, object, rules.policies);
        if let Some((strength, id)) = stored.named(manifest.uid(), manifest.adopt.as_ref()) {
            let created_at = Some(values::at(0));
            candidates.push(Candidate { strength, created_at, owner: values::owner(i), id, project: None });
        }
        if let Some(Ok(intent)) = stored.intent {
            process.entries[i].open = Some(values::asked(&intent));
        }
    }
    apivideo_operator_core::facts::binding::rank(&mut candidates);
    for Candidate { owner, id, .. } in candidates {
        let (i, id) = (usize::from(owner == values::owner(1)), values::number(&id));
        if !process.entries.iter().any(|entry| entry.owns == Some(id)) {
            claim(&mut process, i, id);
        }
    }
    world.streams.iter_mut().flatten().for_each(|stream| stream.seen = Seen::Nothing);
    world.process = Some(process);
}

impl Reconcile {
    /// The reconcile of this object that is under way, or a new one. None if the process is
    /// down or the object is gone.
    pub(crate) fn of(world: &World, i: usize, rules: &Rules) -> Option<Self> {
        let process = world.process.as_ref()?;
        let entry = &process.entries[i];
        let object = world.objects[i];
        let mut state = memory::unpack(i, &entry.memory);
        let now = values::now(fresh_nonce(world, i));
        if let Some(run) = entry.run {
            let manifest = values::manifest(i, &run.object, rules.policies);
            let stored = values::stored(i, &run.object, entry.memory.unstored, entry.owns);
            let facts = values::facts(manifest, stored, state.binding.clone(), run.observed, process);
            return Some(Self { i, world: *world, run, facts, state, now });
        }
        if !object.exists {
            return None;
        }
        let mut world = *world;
        let facts = gather(&mut world, i, rules);
        state.refresh(&facts, now);
        let run =
            Run { object, changed: false, observed: values::observed(&facts.observation), posting: None };
        let mut reconcile = Self { i, world, run, facts, state, now };
        reconcile.note_intent(reconcile.state.open_intent().map(values::asked));
        Some(reconcile)
    }

    pub(crate) fn note_intent(&mut self, open: Option<Asked>) {
        if let Some(entry) = self.world.entry_mut(self.i) {
            entry.open = open;
        }
    }

    /// The plan. Whether the CRD is being deleted is answered at once: it is not.
    pub(crate) fn plan(&mut self, rules: &Rules) -> Plan {
        loop {
            let plan = (rules.decisions.plan)(&self.facts, &self.state, self.now);
            let step::Step::Do(action @ Action::CheckCrd { .. }) = plan.step else { return plan };
            self.apply(action, Outcome::CrdChecked(CrdDeletion::NotNow));
        }
    }

    pub(crate) fn apply(&mut self, action: Action, outcome: Outcome) {
        self.state.apply(&mut self.facts, action, outcome, self.now);
    }

    /// The world in which this reconcile goes on.
    pub(crate) fn goes_on(mut self) -> World {
        self.run.object.finalizer = self.facts.manifest.finalizer;
        self.run.observed = values::observed(&self.facts.observation);
        let run = self.run;
        self.with(Some(run))
    }

    /// The world in which this reconcile has ended.
    pub(crate) fn ends(self) -> World {
        self.with(None)
    }

    fn with(mut self, run: Option<Run>) -> World {
        let memory = memory::pack(&self.state);
        let exists = self.world.objects[self.i].exists;
        if let Some(entry) = self.world.entry_mut(self.i).filter(|_| exists) {
            (entry.memory, entry.run) = (memory, run);
        }
        self.world
    }
}

/// Gathers the facts, and claims the stream.
fn gather(world: &mut World, i: usize, rules: &Rules) -> Facts {
    let mut process = world.process.unwrap();
    let object = world.objects[i];
    let entry = &process.entries[i];
    let stored = values::stored(i, &object, entry.memory.unstored, entry.owns);
    let manifest = values::manifest(i, &object, rules.policies);
    let owner = |id: &_| other_owner(world, &process, values::number(id), i).map(values::key);
    let binding = (rules.decisions.resolve)(&stored, manifest.uid(), manifest.adopt.as_ref(), &owner);
    if let Some(id) = binding.id().filter(|_| !manifest.deleting || manifest.finalizer) {
        claim(&mut process, i, values::number(id));
    }
    world.process = Some(process);
    let observed = binding.id().map_or(Observed::Unknown, |id| observe(world, &process, values::number(id)));
    values::facts(manifest, stored, binding, observed, &process)
}

fn observe(world: &World, process: &Process, id: Id) -> Observed {
    match world.stream(id).map(|stream| stream.seen) {
        Some(Seen::Present(payload)) => Observed::Present { payload, fresh: false },
        Some(Seen::Gone) => Observed::Gone,
        Some(Seen::Nothing) | None if process.scanned => Observed::Absent,
        Some(Seen::Nothing) | None => Observed::Unknown,
    }
}

/// A number that no intent of this object has that was sent now.
fn fresh_nonce(world: &World, i: usize) -> u8 {
    let memory = world.entry(i).and_then(|entry| entry.memory.create).map(|(asked, _)| asked);
    let used = |nth: u8| {
        [world.objects[i].intent, memory].iter().flatten().any(|asked| asked.sent == 0 && asked.nth == nth)
    };
    (0..).find(|nth| !used(*nth)).unwrap()
}
