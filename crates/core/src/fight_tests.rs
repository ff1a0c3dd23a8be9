//! When a fight is one, how long it is waited, and when it is over.

use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::{
    action::Action,
    binding::Binding,
    fixture::{at, id, manifest, remote, seeing},
    memory::Memory,
    model::{Manifest, Remote},
    observed::{Observed, Sight},
    outcome::{Note, Outcome, absorb},
    plan::{Plan, Step, plan},
    verdict::Reason,
};

/// A stream that was corrected at these seconds.
fn corrected_at(seconds: &[i64]) -> Fight {
    let mut fight = Fight::default();
    seconds.iter().for_each(|second| fight.corrected(at(*second)));
    fight
}

/// Until which second a difference that is seen at `now` waits.
fn waits(fight: &Fight, now: i64) -> Option<i64> {
    fight.truce(at(now)).map(|truce| truce.until.as_second())
}

#[test]
fn three_corrections_within_ten_minutes_are_a_fight_and_fewer_or_slower_ones_are_none() {
    for (corrections, now, until) in [
        (&[][..], 0, None),
        (&[0, 1], 2, None),
        (&[0, 1, 2], 3, Some(302)),
        (&[0, 0, 0], 0, Some(300)),
        (&[0, 60, 120], 180, Some(420)),
        (&[0, 200, 600], 601, Some(900)),
        (&[0, 200, 601], 602, None),
        (&[0, 590, 620, 640], 650, Some(940)),
    ] {
        assert_eq!(waits(&corrected_at(corrections), now), until, "{corrections:?} at {now}");
    }
}

#[test]
fn each_wait_is_twice_the_last_up_to_half_an_hour() {
    let mut fight = corrected_at(&[0, 1, 2]);
    let mut now = 2;
    let mut waited = Vec::new();
    for _ in 0..6 {
        let until = waits(&fight, now).unwrap();
        waited.push(until - now);
        assert_eq!(waits(&fight, until), None, "then it is due");
        now = until;
        fight.corrected(at(now));
    }
    assert_eq!(waited, [300, 600, 1200, 1800, 1800, 1800]);
}

#[test]
fn a_truce_tells_how_often_it_was_set_back_since_when() {
    let fight = corrected_at(&[0, 1, 2, 302]);
    let told = Truce { corrections: 4, first: at(0), last: at(302), until: at(902) };
    assert_eq!(fight.truce(at(303)), Some(told));
}

#[test]
fn a_fight_is_over_once_it_was_quiet_for_ten_minutes_past_the_time_that_the_next_was_due() {
    let mut fight = corrected_at(&[0, 1, 2]);
    assert!(fight.declare() && !fight.declare(), "it is told once");
    let mut still_on = fight.clone();
    still_on.corrected(at(902));
    assert_eq!((waits(&still_on, 903), still_on.declare()), (Some(1502), false));
    fight.corrected(at(903));
    assert_eq!((waits(&fight, 904), fight.declare()), (None, true), "this is another");
}

#[test]
fn a_correction_that_a_person_asked_for_during_a_truce_makes_the_next_wait_no_longer() {
    let fight = corrected_at(&[0, 1, 2, 100]);
    assert_eq!(waits(&fight, 101), Some(400));
    assert_eq!(fight.truce(at(101)).map(|truce| truce.corrections), Some(4), "but it counts");
}

fn renamed() -> Observed {
    let remote = Remote { name: Some("Somebody's".into()), ..remote("li1") };
    seeing(Sight::Present { remote: Arc::new(remote), fresh: false })
}

fn met(memory: &mut Memory, manifest: &Manifest) {
    let bound = Binding::Bound { id: id("li1"), stored: true, adopted: false };
    memory.meet(manifest, bound, None, Some(at(0)));
}

/// What is remembered of a stream that was equal and then corrected three times.
fn fought(manifest: &Manifest) -> Memory {
    let mut memory = Memory { synced_generation: Some(manifest.generation), ..Memory::default() };
    met(&mut memory, manifest);
    for second in 0..3 {
        let mut observed = renamed();
        let Step::Do(action) = plan(manifest, &memory, &observed, at(second)).step else {
            panic!("the first three go out at once")
        };
        let answer = Outcome::Stream(Box::new(remote("li1")));
        let note = absorb(manifest, &mut memory, &mut observed, action, answer, at(second));
        assert_eq!(note, Some(Note::DriftCorrected(id("li1"), "name".into())));
    }
    memory
}

fn goes_out(plan: &Plan) -> bool {
    matches!(plan.step, Step::Do(Action::Update { .. }))
}

#[test]
fn the_fourth_correction_waits_and_says_what_until_when_and_how_a_person_ends_it() {
    let manifest = manifest();
    let mut memory = fought(&manifest);
    let plan = plan(&manifest, &memory, &renamed(), at(3));
    assert_eq!((&plan.step, plan.drift.len()), (&Step::RestUntil(at(302)), 1));
    let verdict = plan.verdict.unwrap();
    assert_eq!(verdict.reason, Reason::DriftDetected);
    for part in [
        "differs in name",
        "3 times from 1970-01-01T00:00:00Z to 1970-01-01T00:00:02Z",
        "again at 1970-01-01T00:05:02Z",
        r#"kubectl patch livestream -n ns town-hall --type merge -p '{"spec":{"driftPolicy":"Report"}}'"#,
    ] {
        assert!(verdict.message.contains(part), "{part} in {}", verdict.message);
    }
    assert!(!verdict.message.contains("leave the field out"), "a name can't be: {}", verdict.message);
    let told: Vec<_> = (0..2).map(|_| memory.announces(&verdict, Some("Synced"))).collect();
    assert_eq!(told, [true, false], "once, however often it was as it should be meanwhile");
}

#[test]
fn a_field_that_may_be_left_out_is_said_to_be_so() {
    let manifest = manifest();
    let private = Remote { public: Some(false), ..remote("li1") };
    let private = seeing(Sight::Present { remote: Arc::new(private), fresh: false });
    let message = plan(&manifest, &fought(&manifest), &private, at(3)).verdict.unwrap().message;
    assert!(message.contains("leave the field out of the manifest"), "{message}");
}

#[test]
fn a_changed_manifest_goes_out_at_once_and_ends_the_fight() {
    let mut memory = fought(&manifest());
    let changed = Manifest { generation: 2, ..manifest() };
    met(&mut memory, &changed);
    assert!(goes_out(&plan(&changed, &memory, &renamed(), at(3))));
    assert_eq!(memory.fight, Fight::default());
}

#[test]
fn a_person_who_asks_does_not_wait_but_the_fight_goes_on() {
    let mut memory = fought(&manifest());
    let asked = Manifest { requested_at: Some("now".into()), ..manifest() };
    met(&mut memory, &asked);
    let Observed { account, .. } = renamed();
    let seen = Remote { name: Some("Somebody's".into()), ..remote("li1") };
    let stream = Sight::Present { remote: Arc::new(seen), fresh: true };
    let afresh = Observed { stream, account, late: None, crd_terminating: false };
    assert!(goes_out(&plan(&asked, &memory, &afresh, at(3))));
    memory.handled_request.clone_from(&asked.requested_at);
    assert!(!goes_out(&plan(&asked, &memory, &afresh, at(3))));
}

/// When a stream is corrected that is changed after each of these pauses.
fn corrections(pauses: &[u32]) -> Vec<i64> {
    let (mut fight, mut now, mut went_out) = (Fight::default(), 0, Vec::new());
    for pause in pauses {
        now += i64::from(*pause);
        now = waits(&fight, now).unwrap_or(now);
        fight.corrected(at(now));
        went_out.push(now);
    }
    went_out
}

fn most_within(times: &[i64], seconds: i64) -> usize {
    let within = |from: i64| times.iter().filter(|t| (from..=from + seconds).contains(*t)).count();
    times.iter().map(|from| within(*from)).max().unwrap_or(0)
}

proptest! {
    #[test]
    fn whatever_the_other_does_one_window_sees_few_corrections(
        pauses in prop::collection::vec(prop_oneof![0_u32..5, 0_u32..400, 0_u32..4000], 1..60),
    ) {
        let window = WINDOW.as_secs() as i64;
        prop_assert!(most_within(&corrections(&pauses), window) <= FREE + 1);
    }

    #[test]
    fn one_who_never_gives_up_is_corrected_twice_an_hour_in_the_end(pause in 0_u32..=60) {
        let went_out = corrections(&[pause; 40]);
        prop_assert!(most_within(&went_out, 24 * 3600) <= FREE + 3 + 48, "{went_out:?}");
        prop_assert!(most_within(&went_out[FREE + 3..], 3600) <= 3, "{went_out:?}");
    }
}
