//! Every schedule with one fault, and every one with two.

use std::{
    collections::BTreeMap,
    io::Write,
    num::NonZero,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Instant,
};

use apivideo_operator::core::decisions::Decisions;

use crate::{
    lives::{self, Life},
    outcome::{Call, Outcome},
    run::{Figures, Played, play},
    schedule::{Menu, Schedule, Source},
};

/// A schedule that broke an invariant.
pub(crate) struct Failure {
    pub life: &'static str,
    pub marker: bool,
    pub schedule: Schedule,
    pub told: String,
    pub played: Played,
}

/// What an exploration was like.
#[derive(Default)]
pub(crate) struct Explored {
    pub figures: Figures,
    pub failures: Vec<Failure>,
}

impl Explored {
    fn add(&mut self, life: &Life, schedule: &Schedule, played: Played) {
        self.figures.add(played.figures);
        if !played.violations.is_empty() {
            self.failures.push(Failure::new(life, schedule, played));
        }
    }

    fn join(&mut self, other: Self) {
        self.figures.add(other.figures);
        self.failures.extend(other.failures);
    }

    /// The failure with the fewest faults.
    pub(crate) fn shortest(&self) -> Option<&Failure> {
        self.failures.iter().min_by_key(|f| (f.schedule.0.len(), f.life, f.marker, f.told.clone()))
    }

    /// The failure with the fewest faults of each life, in one line.
    fn shortest_of_each(&self) -> Vec<String> {
        let mut shortest = BTreeMap::new();
        for f in &self.failures {
            let best = shortest.entry((f.life, f.marker)).or_insert(f);
            if f.schedule.0.len() < best.schedule.0.len() {
                *best = f;
            }
        }
        let line = |f: &&Failure| {
            let broken = f.played.violations.first().map(ToString::to_string).unwrap_or_default();
            format!("{}, marker {}: {} {broken}", f.life, f.marker, f.told.replace('\n', ";"))
        };
        shortest.values().map(line).collect()
    }
}

impl Failure {
    pub(crate) fn new(life: &Life, schedule: &Schedule, played: Played) -> Self {
        let told = schedule.told(&played.met);
        Self { life: life.name, marker: life.marker, schedule: schedule.clone(), told, played }
    }

    pub(crate) fn report(&self) -> String {
        let marker = if self.marker { " (with --create-marker)" } else { "" };
        let broken: Vec<_> = self.played.violations.iter().map(|v| format!("  {v}")).collect();
        let calls: Vec<_> = self
            .played
            .met
            .iter()
            .enumerate()
            .map(|(number, met)| format!("  {number} {:?} {:?}", met.call, met.outcome))
            .collect();
        format!(
            "life: {}{marker}\nshortest schedule:\n{}broken:\n{}\nall calls:\n{}",
            self.life,
            self.told,
            broken.join("\n"),
            calls.join("\n")
        )
    }
}

/// The faults that a run can meet after call `from`, in its order.
fn faults(life: &Life, played: &Played, from: usize, menu: Menu) -> Vec<(usize, Outcome)> {
    let met = played.met.iter().enumerate().skip(from);
    met.flat_map(|(number, met)| met.faults(menu).map(move |outcome| (number, outcome)))
        .filter(|(_, outcome)| life.knows(*outcome))
        .collect()
}

fn run(life: &Life, schedule: &Schedule, decisions: Decisions) -> Played {
    play(life, Source::Fixed(schedule.clone()), decisions)
}

/// What is explored.
#[derive(Clone, Copy)]
pub(crate) struct Plan {
    /// The outcomes that are tried of each call.
    pub menu: Menu,
    /// Whether a second fault follows the first.
    pub pairs: bool,
    /// Whether it ends once something failed.
    pub until_failure: bool,
    /// Whose decisions the operator acts on.
    pub decisions: Decisions,
}

/// Every schedule with one fault.
pub(crate) const SINGLES: fn(Decisions) -> Plan =
    |decisions| Plan { menu: Call::menu, pairs: false, until_failure: false, decisions };

/// One fault, and then, in pairs, each second one that can follow it.
fn from_first(life: &Life, first: &Schedule, plan: Plan) -> Explored {
    let mut explored = Explored::default();
    let played = run(life, first, plan.decisions);
    let next = first.0.last_key_value().map_or(0, |(number, _)| number + 1);
    let seconds = if plan.pairs && life.pairs { faults(life, &played, next, plan.menu) } else { Vec::new() };
    explored.add(life, first, played);
    for (number, outcome) in seconds {
        let schedule = first.and(number, outcome);
        let played = run(life, &schedule, plan.decisions);
        explored.add(life, &schedule, played);
    }
    explored
}

/// Plays what is planned, on all cores.
pub(crate) fn explore(lives: &[Life], plan: Plan) -> Explored {
    let mut all = Explored::default();
    let mut jobs = Vec::new();
    for life in lives {
        let none = Schedule::default();
        let played = run(life, &none, plan.decisions);
        let firsts = faults(life, &played, 0, plan.menu);
        jobs.extend(firsts.into_iter().map(|(number, outcome)| (*life, none.and(number, outcome))));
        all.add(life, &none, played);
    }
    let (next, found) = (AtomicUsize::new(0), Mutex::new(all));
    let stop = || plan.until_failure && !found.lock().unwrap().failures.is_empty();
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, NonZero::get) {
            scope.spawn(|| {
                while let Some((life, first)) = jobs.get(next.fetch_add(1, Ordering::Relaxed)) {
                    if stop() {
                        break;
                    }
                    let explored = from_first(life, first, plan);
                    found.lock().unwrap().join(explored);
                }
            });
        }
    });
    found.into_inner().unwrap()
}

/// Says something that `cargo test` shows of a test that passes, too.
pub(crate) fn tell(text: &str) {
    // Nobody may listen.
    let _ = writeln!(std::io::stderr(), "{text}");
}

fn report(what: &str, figures: Figures, began: Instant) {
    let Figures { schedules, faults, crashes, calls_to_settle, searches, most_looks } = figures;
    let seconds = began.elapsed().as_secs_f64();
    tell(&format!(
        "{what}: {schedules} schedules, {faults} faults, {crashes} crashes in {seconds:.0} s ({:.0} a second); at most \
         {calls_to_settle} calls to the API from the last fault until all was settled; {searches} searches for lost \
         creates, of at most {most_looks} reads",
        schedules as f64 / seconds,
    ));
    assert!(most_looks <= 2, "a search for a lost create cost {most_looks} reads");
}

pub(crate) fn assert_none(explored: &Explored) {
    if let Some(failure) = explored.shortest() {
        let mut lives = BTreeMap::new();
        for failure in &explored.failures {
            *lives.entry((failure.life, failure.marker)).or_insert(0) += 1;
        }
        let each = explored.shortest_of_each().join("\n");
        panic!("schedules that break an invariant, by life: {lives:?}\n{each}\n{}", failure.report());
    }
}

#[test]
fn every_schedule_with_one_fault_keeps_the_invariants() {
    let began = Instant::now();
    let explored = explore(&lives::all(), SINGLES(Decisions::default()));
    assert_none(&explored);
    report("one fault", explored.figures, began);
}

/// Every pair of outcomes that are distinct; with `EXPLORER_FULL`, every pair.
#[test]
fn every_schedule_with_two_faults_keeps_the_invariants() {
    let began = Instant::now();
    let full = std::env::var_os("EXPLORER_FULL").is_some();
    let menu = if full { Call::menu } else { Call::distinct };
    let explored = explore(&lives::all(), Plan { menu, pairs: true, ..SINGLES(Decisions::default()) });
    assert_none(&explored);
    report("two faults", explored.figures, began);
}
