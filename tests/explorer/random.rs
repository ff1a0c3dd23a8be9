//! Beyond two faults: schedules by chance, from a seed that is printed.

use std::time::Instant;

use apivideo_operator::core::decisions::Decisions;

use crate::{
    explore::{Failure, tell},
    lives::{self, Life},
    run::{Figures, Played, play},
    schedule::{Schedule, Source},
};

/// How many schedules are played where nothing else is said.
const SCHEDULES: u64 = 3_000;
/// The most faults of one.
const MOST_FAULTS: usize = 8;

fn setting(name: &str) -> Option<u64> {
    std::env::var(name).ok().and_then(|text| text.parse().ok())
}

/// The life and the faults that follow from a seed.
fn drawn(seed: u64) -> (Life, Source) {
    let mut dice = fastrand::Rng::with_seed(seed);
    let lives: Vec<_> = lives::all().into_iter().filter(|life| life.pairs).collect();
    let life = lives[dice.usize(..lives.len())];
    let left = 1 + dice.usize(..MOST_FAULTS);
    let percent = 10 + dice.usize(..40);
    (life, Source::Chance { dice, percent, left, life })
}

/// The faults that a run has met, written down.
fn schedule_of(played: &Played) -> Schedule {
    let met = played.met.iter().enumerate();
    Schedule(
        met.filter(|(_, met)| met.outcome != crate::outcome::Outcome::Done)
            .map(|(number, met)| (number, met.outcome))
            .collect(),
    )
}

/// Leaves out every fault that the failure does not need. `first` is how it was found.
fn shortened(life: &Life, first: Played) -> Failure {
    let tries = if life.several { 10 } else { 1 };
    let fails = |schedule: &Schedule| {
        (0..tries)
            .map(|_| play(life, Source::Fixed(schedule.clone()), Decisions::default()))
            .find(|played| !played.violations.is_empty())
    };
    let (mut schedule, mut shortest) = (schedule_of(&first), first);
    let numbers: Vec<_> = schedule.0.keys().copied().collect();
    for number in numbers.into_iter().rev() {
        let shorter = schedule.without(number);
        if let Some(played) = fails(&shorter) {
            (schedule, shortest) = (shorter, played);
        }
    }
    Failure::new(life, &schedule, shortest)
}

#[test]
fn random_schedules_keep_the_invariants() {
    let since_epoch = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let by_the_clock = since_epoch.map_or(1, |time| u64::from(time.subsec_nanos()));
    let seed = setting("EXPLORER_SEED").unwrap_or(by_the_clock);
    let schedules = setting("EXPLORER_RANDOM").unwrap_or(SCHEDULES);
    let (began, mut figures) = (Instant::now(), Figures::default());
    for number in 0..schedules {
        let (life, source) = drawn(seed.wrapping_add(number));
        let played = play(&life, source, Decisions::default());
        figures.add(played.figures);
        if !played.violations.is_empty() {
            let failure = shortened(&life, played);
            let seed = seed.wrapping_add(number);
            panic!("EXPLORER_SEED={seed} EXPLORER_RANDOM=1 repeats this\n{}", failure.report());
        }
    }
    tell(&format!(
        "random: {} schedules from EXPLORER_SEED={seed}, {} faults, {} crashes in {:.0} s",
        figures.schedules,
        figures.faults,
        figures.crashes,
        began.elapsed().as_secs_f64()
    ));
}

#[test]
fn a_seed_repeats_its_run() {
    for seed in 0..60 {
        let (life, source) = drawn(seed);
        let met = || play(&life, source.clone(), Decisions::default()).met;
        if !life.several {
            assert_eq!(met(), met(), "seed {seed}");
        }
    }
}
