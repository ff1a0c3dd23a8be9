use super::*;
use crate::fixture::{at, desired, manifest};

fn request_after(meetings: &[Option<i64>]) -> Option<Request> {
    let intent = Intent::new(&desired(), "me", at(90), false);
    let mut memory = Memory::default();
    for clock in meetings {
        memory.meet(&manifest(), Binding::Unbound, Some(Ok(intent.clone())), clock.map(at));
    }
    match memory.create {
        Some(Create::Open(_, request)) => Some(request),
        _ => None,
    }
}

#[test]
fn a_search_after_a_restart_begins_when_the_apis_clock_is_first_heard() {
    assert_eq!(request_after(&[None, None]), Some(Request::Inherited));
    let begun = Some(Request::Unknown(Search::since(at(100))));
    assert_eq!(request_after(&[None, Some(100), Some(200)]), begun);
    assert_eq!(request_after(&[Some(100), None]), begun);
}

#[test]
fn a_wait_for_a_turn_is_told_unless_it_is_brief_and_looked_at_again_only_after_the_time_told() {
    let held_back = |memory: &mut Memory, trouble: Trouble, secs| {
        memory.hold_back(trouble, Duration::from_secs(secs), "uid", at(1000));
        let failure = memory.failure.clone().expect("it waits");
        (failure.expected_at, failure.retry_at.as_second() - 1000)
    };
    let mut memory = Memory::default();
    let (told, again) = held_back(&mut memory, Trouble::RateLimited, 1);
    assert_eq!(told, None, "a second is not worth a word");
    assert!((31..=35).contains(&again), "{again}");
    let (told, _) = held_back(&mut memory, Trouble::RateLimited, 1);
    assert_eq!(told, Some(at(1001)), "but it has lasted longer than that");
    let (told, again) = held_back(&mut memory, Trouble::RateLimited, 1000);
    assert!(told == Some(at(2000)) && (1102..=1213).contains(&again), "{told:?} {again}");
    let (_, again) = held_back(&mut memory, Trouble::Unavailable("503".into()), 4);
    assert!((300..=330).contains(&again), "nobody knows how long: {again}");
    memory.its_turn(at(1010));
    assert_eq!(memory.failure.map(|failure| failure.retry_at), Some(at(1010)));
}

fn far() -> Timestamp {
    "9998-01-01T00:00:00Z".parse().unwrap()
}

#[test]
fn a_clock_that_was_far_ahead_for_a_moment_holds_nothing_up() {
    let intent = Intent::new(&desired(), "uid", at(100), false);
    let mut memory = Memory::default();
    memory.meet(&manifest(), Binding::Unbound, Some(Ok(intent.clone())), Some(far()));
    memory.fail(Trouble::Unavailable("503".into()), |_| later(far(), Duration::from_secs(1)));
    memory.meet(&manifest(), Binding::Unbound, Some(Ok(intent)), Some(at(200)));
    let retry_at = memory.failure.as_ref().map(|failure| failure.retry_at);
    assert_eq!(retry_at, Some(at(200)));
    let Some(Create::Open(_, Request::Unknown(search))) = &memory.create else { panic!("{memory:?}") };
    assert_eq!(search.ended_at, at(200));
}

#[test]
fn an_intent_of_the_future_says_not_when_it_was_sent() {
    for (sent_at, readable) in [(at(100), true), (later(at(100), AHEAD), true), (far(), false)] {
        let intent = Intent { sent_at, ..Intent::new(&desired(), "uid", at(100), false) };
        let mut memory = Memory::default();
        memory.meet(&manifest(), Binding::Unbound, Some(Ok(intent.clone())), Some(at(100)));
        let open = matches!(memory.create, Some(Create::Open(..)));
        assert_eq!(open, readable, "{sent_at}: {:?}", memory.create);
        // Also one of this very process, sent while the clock was wrong.
        let own = Request::Unknown(Search::since(sent_at));
        memory.create = Some(Create::Open(intent.clone(), own));
        memory.meet(&manifest(), Binding::Unbound, Some(Ok(intent)), Some(at(100)));
        assert_eq!(matches!(memory.create, Some(Create::Open(..))), readable, "{sent_at}");
    }
}
