//! What is not promised, and what is promised instead: a create that takes
//! effect long after the settle time leaves a second stream, and it is told.

use apivideo_operator::core::decisions::Decisions;

use crate::{
    ledger::Invariant,
    lives,
    outcome::{Call, Outcome},
    run::{Played, play},
    schedule::{Schedule, Source},
};

fn played(marker: bool) -> Played {
    let lives = lives::all();
    let life = lives.iter().find(|life| life.name == "create" && life.marker == marker).expect("the life");
    let met = play(life, Source::Fixed(Schedule::default()), Decisions::default()).met;
    let create = met.iter().position(|met| met.call == Call::Create).expect("a create");
    play(life, Source::Fixed(Schedule::default().and(create, Outcome::TooLate)), Decisions::default())
}

#[test]
fn a_create_that_takes_effect_long_after_the_settle_time_is_told_once_and_left_to_a_person() {
    let played = played(false);
    let broken: Vec<_> = played.violations.iter().map(|violation| violation.invariant).collect();
    assert!(!broken.is_empty() && broken.iter().all(|b| *b == Invariant::NoDouble), "{broken:?}");
    let told: Vec<_> = played.events.iter().filter(|(reason, _)| reason == "CameLate").collect();
    assert_eq!(told.len(), 1, "{:?}", played.events);
    assert!(played.streams.iter().any(|id| told[0].1.contains(id)), "{told:?}");
    assert_eq!(played.streams.len(), 4, "two of others, the own, and the late one");
}

#[test]
fn with_the_marker_a_stream_that_came_too_late_is_known_for_certain_and_deleted() {
    let played = played(true);
    let told = |reason: &str| played.events.iter().filter(|(told, _)| told == reason).count();
    assert_eq!((told("LateDeleted"), told("CameLate")), (1, 0), "{:?}", played.events);
    assert_eq!(played.streams.len(), 3, "two of others, and the own");
}
