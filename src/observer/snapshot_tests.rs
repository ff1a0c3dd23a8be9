//! What a page, a call and the end of a pass make of what is known.

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
    match snapshot.sight(&id("li1")) {
        Sight::Present { remote, .. } => remote.name.clone(),
        _ => None,
    }
}

/// Ends a pass in which nothing is doubted; gives back what is missing now.
fn end(snapshot: &mut Snapshot, held: &[StreamId], began: Instant) -> Vec<StreamId> {
    let mut missed = snapshot.end_pass(&held.iter().collect(), began, |_| false);
    missed.missing.sort();
    missed.missing
}

/// Ends a pass that may have passed over whatever it missed.
fn end_in_doubt(snapshot: &mut Snapshot, held: &[StreamId], began: Instant) -> Missed {
    snapshot.end_pass(&held.iter().collect(), began, |_| true)
}

#[test]
fn a_page_that_was_asked_for_before_a_write_ended_is_ignored() {
    let start = Instant::now();
    let mut snapshot = Snapshot::default();
    snapshot.answered(named("written"), later(start, 5));
    assert_eq!(snapshot.listed(named("old"), later(start, 4)), None);
    assert_eq!(name_of(&snapshot).as_deref(), Some("written"));
    assert!(snapshot.listed(named("edited"), later(start, 6)).is_some_and(|news| news.id == id("li1")));
}

#[test]
fn only_news_wakes_and_going_on_the_air_is_news() {
    let start = Instant::now();
    let mut snapshot = Snapshot::default();
    assert!(snapshot.listed(named("a"), start).is_some());
    assert!(snapshot.listed(named("a"), later(start, 1)).is_none());
    assert!(snapshot.listed(named("b"), later(start, 2)).is_some());
    let on_air = Remote { broadcasting: true, ..named("b") };
    assert!(snapshot.listed(on_air, later(start, 3)).is_some());
}

#[test]
fn news_tells_how_old_it_is_where_the_stream_was_known() {
    let start = Instant::now();
    let mut snapshot = Snapshot::default();
    let shown = |updated| Remote { updated_at: Some(at(updated)), ..named(&updated.to_string()) };
    let lag = |news: Option<News>| news.expect("news").lag(at(1000)).map(|lag| lag.as_secs());
    assert_eq!(lag(snapshot.listed(shown(900), start)), None, "seen for the first time");
    assert_eq!(snapshot.listed(shown(900), later(start, 20)), None, "seen again");
    assert_eq!(lag(snapshot.listed(shown(990), later(start, 60))), Some(10));
    assert_eq!(lag(snapshot.listed(shown(500), later(start, 100))), Some(40), "since it was seen last");
    snapshot.gone(&id("li1"), later(start, 101));
    assert_eq!(lag(snapshot.listed(shown(500), later(start, 110))), None, "it had not been there");
}

#[test]
fn what_a_whole_pass_does_not_show_is_missing_unless_something_newer_speaks_of_it() {
    let start = Instant::now();
    let held = [id("li1"), id("li2"), id("li3")];
    let mut snapshot = Snapshot::default();
    assert_eq!(snapshot.sight(&id("li1")), Sight::NotYet);
    snapshot.listed(remote("li1"), start);
    snapshot.answered(remote("li2"), later(start, 2));
    assert_eq!(end(&mut snapshot, &held, later(start, 1)), [id("li1"), id("li3")]);
    assert_eq!(snapshot.sight(&id("li1")), Sight::Missing);
    assert!(matches!(snapshot.sight(&id("li2")), Sight::Present { .. }));
    assert_eq!(end(&mut snapshot, &held, later(start, 2)), [], "it is news once");
}

#[test]
fn what_a_pass_may_have_passed_over_is_missing_when_the_next_one_misses_it_too() {
    let start = Instant::now();
    let held = [id("li1"), id("li2")];
    let mut snapshot = Snapshot::default();
    for stream in &held {
        snapshot.listed(remote(stream.as_str()), start);
    }
    let missed = end_in_doubt(&mut snapshot, &held, later(start, 1));
    assert_eq!((missed.missing.len(), missed.doubted.len()), (0, 2));
    assert_eq!(missed.all().count(), 2, "the guard hears of it");
    assert!(matches!(snapshot.sight(&id("li1")), Sight::Present { .. }), "as it was seen last");
    assert!(!snapshot.judged(&id("li1")));
    assert_eq!(snapshot.listed(remote("li2"), later(start, 3)), None, "it was passed over, and is no news");
    let missed = end_in_doubt(&mut snapshot, &held, later(start, 2));
    assert_eq!((missed.missing, missed.doubted), (vec![id("li1")], vec![]), "a doubt lasts one pass");
    assert_eq!(snapshot.sight(&id("li1")), Sight::Missing);
    let again = end_in_doubt(&mut snapshot, &held, later(start, 4));
    assert_eq!(again.doubted, [id("li2")], "what is shown between is doubted anew");
}

#[test]
fn one_that_was_never_seen_and_may_have_been_passed_over_is_not_judged() {
    let mut snapshot = Snapshot::default();
    end_in_doubt(&mut snapshot, &[id("li1")], Instant::now());
    assert_eq!(snapshot.sight(&id("li1")), Sight::Missing);
    assert!(!snapshot.judged(&id("li1")));
}

#[test]
fn what_a_call_found_gone_is_news_to_the_next_whole_pass_also_to_one_in_doubt() {
    let start = Instant::now();
    let held = [id("li1")];
    let mut snapshot = Snapshot::default();
    snapshot.listed(remote("li1"), start);
    snapshot.gone(&id("li1"), later(start, 2));
    assert!(!snapshot.judged(&id("li1")));
    let missed = end_in_doubt(&mut snapshot, &held, later(start, 1));
    assert_eq!((missed.missing, missed.unjudged), (vec![], vec![id("li1")]), "it began before");
    assert_eq!(end_in_doubt(&mut snapshot, &held, later(start, 3)).missing, [id("li1")]);
    snapshot.gone(&id("li1"), later(start, 4));
    assert!(snapshot.judged(&id("li1")), "the confirmation takes nothing back");
}

#[test]
fn a_gone_stream_that_is_shown_again_is_news() {
    let start = Instant::now();
    let mut snapshot = Snapshot::default();
    snapshot.gone(&id("li1"), later(start, 5));
    assert_eq!(snapshot.listed(remote("li1"), later(start, 4)), None, "the list trails");
    assert!(snapshot.listed(remote("li1"), later(start, 6)).is_some());
}

#[test]
fn a_look_at_a_stream_copies_nothing_of_it() {
    let mut snapshot = Snapshot::default();
    snapshot.listed(remote("li1"), Instant::now());
    let (Sight::Present { remote: one, .. }, Sight::Present { remote: other, .. }) =
        (snapshot.sight(&id("li1")), snapshot.sight(&id("li1")))
    else {
        panic!("it is there");
    };
    assert!(Arc::ptr_eq(&one, &other));
}
