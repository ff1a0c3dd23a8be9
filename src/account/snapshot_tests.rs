//! What a page, a call and the end of a scan change.

use std::time::Duration;

use super::*;
use crate::core::fixture::{at, id, remote};

fn later(start: Instant, seconds: u64) -> Instant {
    start + Duration::from_secs(seconds)
}

fn named(name: &str) -> Remote {
    Remote { name: Some(name.into()), ..remote("li1") }
}

fn name_of(snapshot: &Snapshot) -> Option<String> {
    match snapshot.observation(&id("li1")) {
        Observation::Present { remote, .. } => remote.name.clone(),
        _ => None,
    }
}

/// Ends a scan that skipped nothing; gives back what is absent now.
fn end(snapshot: &mut Snapshot, owned: &[StreamId], began: Instant) -> Vec<StreamId> {
    let mut missed = snapshot.end_scan(&owned.iter().collect(), began, |_| false);
    missed.absent.sort();
    missed.absent
}

/// Ends a scan that may have skipped whatever it missed.
fn end_unconfirmed(snapshot: &mut Snapshot, owned: &[StreamId], began: Instant) -> Missed {
    snapshot.end_scan(&owned.iter().collect(), began, |_| true)
}

#[test]
fn a_page_requested_before_a_write_ended_is_ignored() {
    let start = Instant::now();
    let mut snapshot = Snapshot::default();
    snapshot.answered(named("written"), later(start, 5));
    assert_eq!(snapshot.listed(named("old"), later(start, 4)), None);
    assert_eq!(name_of(&snapshot).as_deref(), Some("written"));
    assert!(snapshot.listed(named("edited"), later(start, 6)).is_some_and(|change| change.id == id("li1")));
}

#[test]
fn a_change_is_a_difference_and_going_on_the_air_is_one() {
    let start = Instant::now();
    let mut snapshot = Snapshot::default();
    assert!(snapshot.listed(named("a"), start).is_some());
    assert!(snapshot.listed(named("a"), later(start, 1)).is_none());
    assert!(snapshot.listed(named("b"), later(start, 2)).is_some());
    let on_air = Remote { broadcasting: true, ..named("b") };
    assert!(snapshot.listed(on_air, later(start, 3)).is_some());
}

#[test]
fn a_change_has_a_latency_where_the_stream_was_known() {
    let start = Instant::now();
    let mut snapshot = Snapshot::default();
    let shown = |updated| Remote { updated_at: Some(at(updated)), ..named(&updated.to_string()) };
    let latency =
        |change: Option<Change>| change.expect("a change").detection_latency(at(1000)).map(|t| t.as_secs());
    assert_eq!(latency(snapshot.listed(shown(900), start)), None, "observed for the first time");
    assert_eq!(snapshot.listed(shown(900), later(start, 20)), None, "observed again");
    assert_eq!(latency(snapshot.listed(shown(990), later(start, 60))), Some(10));
    assert_eq!(
        latency(snapshot.listed(shown(500), later(start, 100))),
        Some(40),
        "since it was observed last"
    );
    snapshot.gone(&id("li1"), later(start, 101));
    assert_eq!(latency(snapshot.listed(shown(500), later(start, 110))), None, "it had not been there");
}

#[test]
fn what_a_whole_scan_does_not_show_is_absent() {
    let start = Instant::now();
    let owned = [id("li1"), id("li2"), id("li3")];
    let mut snapshot = Snapshot::default();
    assert_eq!(snapshot.observation(&id("li1")), Observation::Unknown);
    snapshot.listed(remote("li1"), start);
    snapshot.answered(remote("li2"), later(start, 2));
    assert_eq!(end(&mut snapshot, &owned, later(start, 1)), [id("li1"), id("li3")]);
    assert_eq!(snapshot.observation(&id("li1")), Observation::Absent);
    assert!(matches!(snapshot.observation(&id("li2")), Observation::Present { .. }));
    assert_eq!(end(&mut snapshot, &owned, later(start, 2)), [], "it is new once");
}

#[test]
fn what_two_scans_miss_is_absent() {
    let start = Instant::now();
    let owned = [id("li1"), id("li2")];
    let mut snapshot = Snapshot::default();
    for stream in &owned {
        snapshot.listed(remote(stream.as_str()), start);
    }
    let missed = end_unconfirmed(&mut snapshot, &owned, later(start, 1));
    assert_eq!((missed.absent.len(), missed.unconfirmed.len()), (0, 2));
    assert_eq!(missed.all().count(), 2, "the guard judges all");
    assert!(
        matches!(snapshot.observation(&id("li1")), Observation::Present { .. }),
        "as it was observed last"
    );
    assert!(!snapshot.confirmed(&id("li1")));
    assert_eq!(snapshot.listed(remote("li2"), later(start, 3)), None, "it was skipped, and is no change");
    let missed = end_unconfirmed(&mut snapshot, &owned, later(start, 2));
    assert_eq!((missed.absent, missed.unconfirmed), (vec![id("li1")], vec![]), "that lasts one scan");
    assert_eq!(snapshot.observation(&id("li1")), Observation::Absent);
    let again = end_unconfirmed(&mut snapshot, &owned, later(start, 4));
    assert_eq!(again.unconfirmed, [id("li2")], "what is shown between is unconfirmed anew");
}

#[test]
fn one_never_observed_that_was_perhaps_skipped_is_unconfirmed() {
    let mut snapshot = Snapshot::default();
    end_unconfirmed(&mut snapshot, &[id("li1")], Instant::now());
    assert_eq!(snapshot.observation(&id("li1")), Observation::Absent);
    assert!(!snapshot.confirmed(&id("li1")));
}

#[test]
fn what_a_call_found_gone_is_confirmed_by_the_next_scan() {
    let start = Instant::now();
    let owned = [id("li1")];
    let mut snapshot = Snapshot::default();
    snapshot.listed(remote("li1"), start);
    snapshot.gone(&id("li1"), later(start, 2));
    assert!(!snapshot.confirmed(&id("li1")));
    let missed = end_unconfirmed(&mut snapshot, &owned, later(start, 1));
    assert_eq!((missed.absent, missed.gone_meanwhile), (vec![], vec![id("li1")]), "it began before");
    assert_eq!(end_unconfirmed(&mut snapshot, &owned, later(start, 3)).absent, [id("li1")]);
    snapshot.gone(&id("li1"), later(start, 4));
    assert!(snapshot.confirmed(&id("li1")), "the confirmation takes nothing back");
}

#[test]
fn a_gone_stream_that_is_shown_again_is_a_change() {
    let start = Instant::now();
    let mut snapshot = Snapshot::default();
    snapshot.gone(&id("li1"), later(start, 5));
    assert_eq!(snapshot.listed(remote("li1"), later(start, 4)), None, "the list trails");
    assert!(snapshot.listed(remote("li1"), later(start, 6)).is_some());
}

#[test]
fn an_observation_copies_nothing() {
    let mut snapshot = Snapshot::default();
    snapshot.listed(remote("li1"), Instant::now());
    let (Observation::Present { remote: one, .. }, Observation::Present { remote: other, .. }) =
        (snapshot.observation(&id("li1")), snapshot.observation(&id("li1")))
    else {
        panic!("it is there");
    };
    assert!(Arc::ptr_eq(&one, &other));
}

#[test]
fn no_absence_follows_from_an_incomplete_scan() {
    let start = Instant::now();
    let (owned, gone) = ([id("li1"), id("li2"), id("li3")], id("li3"));
    let mut snapshot = Snapshot::default();
    snapshot.listed(remote("li1"), start);
    snapshot.gone(&gone, start);
    let missed = snapshot.end_incomplete_scan(&owned.iter().collect(), later(start, 1));
    assert_eq!(missed.all().collect::<Vec<_>>(), [&gone], "what a call found gone is confirmed");
    assert!(matches!(snapshot.observation(&id("li1")), Observation::Present { .. }));
    assert_eq!(snapshot.observation(&id("li2")), Observation::Absent, "a GET decides");
    assert!(!snapshot.confirmed(&id("li2")) && snapshot.confirmed(&gone));
}

#[test]
fn what_was_observed_in_one_project_says_nothing_about_another() {
    let (mut snapshot, start) = (Snapshot::default(), Instant::now());
    let project = |name: &str| Some(format!("production/{name}"));
    assert!(!snapshot.turn_to(project("prA")));
    snapshot.gone(&id("li1"), start);
    assert!(!snapshot.turn_to(None) && !snapshot.turn_to(project("prA")));
    assert_eq!(snapshot.observation(&id("li1")), Observation::Gone);
    assert!(snapshot.turn_to(project("prB")));
    assert_eq!(snapshot.observation(&id("li1")), Observation::Unknown);
}

#[test]
fn a_stream_was_known_once_an_answer_about_it_has_arrived() {
    let before = Instant::now();
    std::thread::sleep(std::time::Duration::from_millis(1));
    let mut snapshot = Snapshot::default();
    // The page was requested before, and arrives now.
    snapshot.listed(named("a"), before);
    std::thread::sleep(std::time::Duration::from_millis(1));
    let later = Instant::now();
    snapshot.answered(named("b"), later);
    assert!(!snapshot.knew(&id("li1"), before), "a request that began before may have made it");
    assert!(snapshot.knew(&id("li1"), later));
}
