//! When corrections back off, for how long, and when that ends.

use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::{
    facts::{Facts, binding::Binding, manifest::Manifest, observation::Observation, stream::Remote},
    fixture::{at, id, manifest, observing, remote},
    plan::plan,
    state::{notice::Notice, outcome::Outcome, reconcile_state::ReconcileState},
    step::{Plan, Step, action::Action, conditions::Reason},
};

/// The name, changed back to the same value each time.
fn reverted() -> FieldDrift {
    changed("name", "Somebody's")
}

fn changed(field: &'static str, observed: &str) -> FieldDrift {
    FieldDrift { field: field.into(), desired: "Town hall".into(), observed: observed.into() }
}

#[test]
fn different_fields_or_different_values_do_not_back_off() {
    let mut backoff = DriftBackoff::default();
    for (second, field) in ["name", "public", "playerId", "name"].into_iter().enumerate() {
        backoff.corrected(&changed(field, "x"), at(second as i64));
    }
    assert_eq!(backoff.window(&changed("name", "x"), at(4)), None);
    for (second, value) in ["a", "b", "c", "d"].into_iter().enumerate() {
        backoff.corrected(&changed("name", value), at(10 + second as i64));
        assert_eq!(backoff.window(&changed("name", "e"), at(20)), None);
    }
}

/// A stream that was corrected at these seconds.
fn corrected_at(seconds: &[i64]) -> DriftBackoff {
    let mut backoff = DriftBackoff::default();
    seconds.iter().for_each(|second| backoff.corrected(&reverted(), at(*second)));
    backoff
}

/// Until which second a difference that is seen at `now` waits.
fn waits(backoff: &DriftBackoff, now: i64) -> Option<i64> {
    backoff.window(&reverted(), at(now)).map(|window| window.until.as_second())
}

#[test]
fn three_corrections_within_ten_minutes_back_off() {
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
    let mut backoff = corrected_at(&[0, 1, 2]);
    let mut now = 2;
    let mut waited = Vec::new();
    for _ in 0..6 {
        let until = waits(&backoff, now).unwrap();
        waited.push(until - now);
        assert_eq!(waits(&backoff, until), None, "then it is due");
        now = until;
        backoff.corrected(&reverted(), at(now));
    }
    assert_eq!(waited, [300, 600, 1200, 1800, 1800, 1800]);
}

#[test]
fn a_window_has_the_number_and_times_of_the_corrections() {
    let backoff = corrected_at(&[0, 1, 2, 302]);
    let window = BackoffWindow { corrections: 4, first: at(0), last: at(302), until: at(902) };
    assert_eq!(backoff.window(&reverted(), at(303)), Some(window));
}

#[test]
fn ten_quiet_minutes_after_the_next_was_due_end_it() {
    let mut backoff = corrected_at(&[0, 1, 2]);
    assert!(backoff.report() && !backoff.report(), "it is told once");
    let mut still_on = backoff.clone();
    still_on.corrected(&reverted(), at(902));
    assert_eq!((waits(&still_on, 903), still_on.report()), (Some(1502), false));
    backoff.corrected(&reverted(), at(903));
    assert_eq!((waits(&backoff, 904), backoff.report()), (None, true), "this is another");
}

#[test]
fn a_requested_correction_makes_the_next_wait_no_longer() {
    let backoff = corrected_at(&[0, 1, 2, 100]);
    assert_eq!(waits(&backoff, 101), Some(400));
    assert_eq!(
        backoff.window(&reverted(), at(101)).map(|window| window.corrections),
        Some(4),
        "but it counts"
    );
}

fn renamed(manifest: &Manifest) -> Facts {
    let remote = Remote { name: Some("Somebody's".into()), ..remote("li1") };
    let binding = Binding::Bound { id: id("li1"), stored: true, adopted: false };
    let observation = Observation::Present { remote: Arc::new(remote), fresh: false };
    Facts { manifest: manifest.clone(), binding, ..observing(observation) }
}

/// The state of a stream that was in sync and then corrected three times.
fn corrected_three_times(manifest: &Manifest) -> ReconcileState {
    let mut state =
        ReconcileState { synced_generation: Some(manifest.generation), ..ReconcileState::default() };
    state.refresh(&renamed(manifest), at(0));
    for second in 0..3 {
        let mut facts = renamed(manifest);
        let Step::Do(action) = plan(&facts, &state, at(second)).step else {
            panic!("the first three are made at once")
        };
        let answer = Outcome::Stream(Box::new(remote("li1")));
        let notice = state.apply(&mut facts, action, answer, at(second));
        assert_eq!(notice, Some(Notice::DriftCorrected(id("li1"), "name".into())));
    }
    state
}

fn is_corrected(plan: &Plan) -> bool {
    matches!(plan.step, Step::Do(Action::Update { .. }))
}

#[test]
fn the_fourth_correction_waits_and_says_why_and_until_when() {
    let manifest = manifest();
    let mut state = corrected_three_times(&manifest);
    let facts = renamed(&manifest);
    let plan = plan(&facts, &state, at(3));
    let waits = Step::Wait { until: Some(at(302)), queued: false };
    assert_eq!((&plan.step, plan.drift.len()), (&waits, 1));
    let ready = plan.ready.clone().unwrap();
    assert_eq!(ready.reason, Reason::DriftDetected);
    for part in [
        "differs in name",
        "3 times between 1970-01-01T00:00:00Z and 1970-01-01T00:00:02Z",
        "around 1970-01-01T00:05:02Z",
        r#"kubectl patch livestream -n ns town-hall --type merge -p '{"spec":{"driftPolicy":"Report"}}'"#,
    ] {
        assert!(ready.message.contains(part), "{part} in {}", ready.message);
    }
    assert!(!ready.message.contains("leave the field out"), "a name can't be: {}", ready.message);
    let reported: Vec<_> = (0..2).map(|_| state.settle(&facts, &plan, Some("Synced"))).collect();
    assert_eq!(reported, [true, false], "once, however often it was in sync meanwhile");
}

#[test]
fn a_field_that_may_be_left_out_is_said_to_be_so() {
    let manifest = manifest();
    let mut state = corrected_three_times(&manifest);
    (0..3).for_each(|second| state.drift_backoff.corrected(&changed("public", "false"), at(second)));
    let private = Remote { public: Some(false), ..remote("li1") };
    let observation = Observation::Present { remote: Arc::new(private), fresh: false };
    let facts = Facts { observation, ..renamed(&manifest) };
    let message = plan(&facts, &state, at(3)).ready.unwrap().message;
    assert!(message.contains("leave the field out of the manifest"), "{message}");
}

#[test]
fn a_changed_manifest_is_written_at_once_and_ends_the_backoff() {
    let mut state = corrected_three_times(&manifest());
    let changed = renamed(&Manifest { generation: 2, ..manifest() });
    state.refresh(&changed, at(3));
    assert!(is_corrected(&plan(&changed, &state, at(3))));
    assert_eq!(state.drift_backoff, DriftBackoff::default());
}

#[test]
fn a_requested_reconcile_does_not_wait_and_ends_nothing() {
    let mut state = corrected_three_times(&manifest());
    let asked = renamed(&Manifest { requested_at: Some("now".into()), ..manifest() });
    state.refresh(&asked, at(3));
    let seen = Remote { name: Some("Somebody's".into()), ..remote("li1") };
    let afresh =
        Facts { observation: Observation::Present { remote: Arc::new(seen), fresh: true }, ..asked.clone() };
    assert!(is_corrected(&plan(&afresh, &state, at(3))));
    state.handled_request.clone_from(&asked.manifest.requested_at);
    assert!(!is_corrected(&plan(&afresh, &state, at(3))));
}

/// When a stream is corrected that is changed after each of these pauses.
fn corrections(pauses: &[u32]) -> Vec<i64> {
    let (mut backoff, mut now, mut corrected) = (DriftBackoff::default(), 0, Vec::new());
    for pause in pauses {
        now += i64::from(*pause);
        now = waits(&backoff, now).unwrap_or(now);
        backoff.corrected(&reverted(), at(now));
        corrected.push(now);
    }
    corrected
}

fn most_within(times: &[i64], seconds: i64) -> usize {
    let within = |from: i64| times.iter().filter(|t| (from..=from + seconds).contains(*t)).count();
    times.iter().map(|from| within(*from)).max().unwrap_or(0)
}

proptest! {
    #[test]
    fn whatever_is_reverted_one_window_has_few_corrections(
        pauses in prop::collection::vec(prop_oneof![0_u32..5, 0_u32..400, 0_u32..4000], 1..60),
    ) {
        let window = WINDOW.as_secs() as i64;
        prop_assert!(most_within(&corrections(&pauses), window) <= FREE_ATTEMPTS + 1);
    }

    #[test]
    fn a_persistent_writer_is_corrected_twice_an_hour(pause in 0_u32..=60) {
        let corrected = corrections(&[pause; 40]);
        prop_assert!(most_within(&corrected, 24 * 3600) <= FREE_ATTEMPTS + 3 + 48, "{corrected:?}");
        prop_assert!(most_within(&corrected[FREE_ATTEMPTS + 3..], 3600) <= 3, "{corrected:?}");
    }
}
