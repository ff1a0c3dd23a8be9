use super::*;
use crate::state::reconcile_state::Failure;
use crate::{
    facts::{
        ids::StreamId,
        observation::{AccountView, Observation},
    },
    fixture::{at, desired, observing},
};

/// The facts of an object with this intent, when the API's clock says this.
fn facts(intent: &Intent, clock: Option<Timestamp>) -> Facts {
    let known = observing(Observation::Unknown);
    Facts {
        stored: Stored { intent: Some(Ok(intent.clone())), ..Stored::default() },
        account: AccountView { clock, ..known.account.clone() },
        ..known
    }
}

fn intent() -> Intent {
    Intent::new(&desired(), "me", at(90), false)
}

/// The wish of the manifest of these tests.
fn wish() -> Wish {
    Wish { generation: 1, requested_at: None, deleting: false }
}

fn request_after(clocks: &[Option<i64>]) -> Option<Request> {
    let mut state = ReconcileState::default();
    for clock in clocks {
        state.refresh(&facts(&intent(), clock.map(at)), at(1000));
    }
    match state.create {
        Some(PendingCreate::Open(_, request)) => Some(request),
        _ => None,
    }
}

#[test]
fn a_search_after_a_restart_begins_when_the_apis_clock_is_first_heard() {
    assert_eq!(request_after(&[None, None]), Some(Request::Inherited));
    let begun = Some(Request::Unknown(SearchProgress::since(at(100))));
    assert_eq!(request_after(&[None, Some(100), Some(200)]), begun);
    assert_eq!(request_after(&[Some(100), None]), begun);
}

#[test]
fn a_wait_for_a_call_is_reported_unless_brief_and_replanned_later() {
    let wait = |state: &mut ReconcileState, error: AccountError, secs| {
        state.wait_for_call(Cause::Account(error), Duration::from_secs(secs), "uid", at(1000));
        let failure = state.failure.clone().expect("it waits");
        (failure.expected_at, failure.retry_at.as_second() - 1000)
    };
    let mut state = ReconcileState::default();
    let (expected, replan) = wait(&mut state, AccountError::RateLimited, 1);
    assert_eq!(expected, None, "a second is not worth a status write");
    assert!((31..=35).contains(&replan), "{replan}");
    let (expected, _) = wait(&mut state, AccountError::RateLimited, 1);
    assert_eq!(expected, Some(at(1001)), "but it has lasted longer than that");
    let (expected, replan) = wait(&mut state, AccountError::RateLimited, 1000);
    assert!(expected == Some(at(2000)) && (1102..=1213).contains(&replan), "{expected:?} {replan}");
    let (_, replan) = wait(&mut state, AccountError::Unavailable("503".into()), 4);
    assert!((300..=330).contains(&replan), "nobody knows how long: {replan}");
    let admitted = Facts { admitted: true, ..observing(Observation::Unknown) };
    state.wish = Some(wish());
    state.refresh(&admitted, at(1010));
    assert_eq!(state.failure.map(|failure| failure.retry_at), Some(at(1010)));
}

fn far() -> Timestamp {
    "9998-01-01T00:00:00Z".parse().unwrap()
}

#[test]
fn a_clock_that_was_far_ahead_for_a_moment_delays_nothing() {
    let mut state = ReconcileState::default();
    state.refresh(&facts(&intent(), Some(far())), far());
    let cause = Cause::Account(AccountError::Unavailable("503".into()));
    let retry_at = later(far(), Duration::from_secs(1));
    state.failure = Some(Failure { cause, retry_at, expected_at: None });
    state.refresh(&facts(&intent(), Some(at(200))), at(200));
    assert_eq!(state.failure.as_ref().map(|failure| failure.retry_at), Some(at(200)));
    assert_eq!(state.search().map(|search| search.ended_at), Some(at(200)));
}

#[test]
fn an_intent_of_the_future_does_not_say_when_it_was_sent() {
    for (sent_at, readable) in [(at(100), true), (later(at(100), MAX_AHEAD), true), (far(), false)] {
        let intent = Intent { sent_at, ..intent() };
        let mut state = ReconcileState::default();
        let open = |state: &ReconcileState| matches!(state.create, Some(PendingCreate::Open(..)));
        state.refresh(&facts(&intent, Some(at(100))), at(100));
        assert_eq!(open(&state), readable, "{sent_at}: {:?}", state.create);
        // Also one of this very process, sent while the clock was wrong.
        let own = Request::Unknown(SearchProgress::since(sent_at));
        state.create = Some(PendingCreate::Open(intent.clone(), own));
        state.refresh(&facts(&intent, Some(at(100))), at(100));
        assert_eq!(open(&state), readable, "{sent_at}");
    }
}

#[test]
fn a_recovered_account_ends_the_wait_for_it_and_no_other() {
    let recovered = AccountView { recoveries: 1, ..observing(Observation::Unknown).account };
    let recovered = Facts { account: recovered, ..observing(Observation::Unknown) };
    for (cause, ends) in [
        (Cause::Account(AccountError::Unavailable("503".into())), true),
        (Cause::Account(AccountError::Unauthorized("401".into())), true),
        (Cause::Account(AccountError::RateLimited), false),
        (Cause::Call(AccountError::Unavailable("503".into())), false),
        (Cause::Cluster("denied".into()), false),
    ] {
        let mut state = ReconcileState { wish: Some(wish()), ..ReconcileState::default() };
        state.failure = Some(Failure { cause: cause.clone(), retry_at: at(9000), expected_at: None });
        state.refresh(&recovered, at(100));
        assert_eq!(state.failure.is_none(), ends, "{cause:?}");
    }
}

#[test]
fn an_edit_keeps_an_ambiguity_only_if_it_is_the_answer() {
    let ambiguous_after = |binding: Binding, asked| {
        let search = SearchProgress {
            ambiguous: vec![StreamId::parse("liA").unwrap()],
            asked,
            ..SearchProgress::since(at(100))
        };
        let create = Some(PendingCreate::Open(intent(), Request::Unknown(search)));
        let mut state = ReconcileState { create, wish: Some(wish()), ..ReconcileState::default() };
        let known = facts(&intent(), Some(at(200)));
        let manifest = Manifest { generation: 2, ..known.manifest.clone() };
        state.refresh(&Facts { manifest, binding, ..known }, at(200));
        state.search().is_some_and(|search| !search.ambiguous.is_empty())
    };
    let wanted = || Binding::Wanted(StreamId::parse("li9").unwrap());
    assert!(ambiguous_after(wanted(), true));
    assert!(!ambiguous_after(wanted(), false), "the wish is older than the ambiguity");
    assert!(!ambiguous_after(Binding::Unbound, true));
}

#[test]
fn a_wish_answers_an_ambiguity_that_was_found_before_it() {
    let wished = |before: Option<&str>| {
        let search = SearchProgress {
            ambiguous: vec![StreamId::parse("liA").unwrap()],
            ..SearchProgress::since(at(100))
        };
        let create = Some(PendingCreate::Open(intent(), Request::Unknown(search)));
        let mut state = ReconcileState { create, wish: Some(wish()), ..ReconcileState::default() };
        for adopt in [before, Some("liA")] {
            let known = facts(&intent(), Some(at(200)));
            let adopt = adopt.map(|text| StreamId::parse(text).unwrap());
            let manifest = Manifest { adopt, ..known.manifest.clone() };
            state.refresh(&Facts { manifest, ..known }, at(200));
        }
        !state.must_search()
    };
    assert!(wished(None));
    assert!(!wished(Some("liA")), "it was there already");
}
