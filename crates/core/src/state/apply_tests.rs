//! What follows from the outcome of an action.

use super::*;
use crate::{
    facts::{diff::Changes, ids::ObjectKey, intent::Intent},
    fixture::{at, desired, id, observing, remote},
    state::outcome::Refusal,
};

fn intent() -> Intent {
    Intent::new(&desired(), "me", at(90), false)
}

fn after(state: &mut ReconcileState, action: Action, outcome: Outcome) -> (Facts, Option<Notice>) {
    let mut facts = observing(Observation::Unknown);
    let notice = state.apply(&mut facts, action, outcome, at(100));
    (facts, notice)
}

fn unavailable(effect_unknown: bool) -> Outcome {
    let cause = Cause::Account(AccountError::Unavailable("503".into()));
    Outcome::Failed(CallFailure { effect_unknown, cause, retry: Retry::AfterBackoff })
}

fn sent() -> ReconcileState {
    ReconcileState {
        create: Some(PendingCreate::Open(intent(), Request::NotSent)),
        ..ReconcileState::default()
    }
}

fn request(state: &ReconcileState) -> Option<Request> {
    match &state.create {
        Some(PendingCreate::Open(_, request)) => Some(request.clone()),
        _ => None,
    }
}

#[test]
fn a_failed_create_is_unknown_unless_it_certainly_made_nothing() {
    let mut state = sent();
    after(&mut state, Action::Create { intent: intent() }, unavailable(true));
    assert_eq!(request(&state), Some(Request::Unknown(SearchProgress::since(at(100)))));
    let mut state = sent();
    after(&mut state, Action::Create { intent: intent() }, unavailable(false));
    assert_eq!(request(&state), Some(Request::NotCreated));
    assert!(state.failure.is_some_and(|f| f.retry_at > at(100)));
}

#[test]
fn a_created_stream_is_bound_from_the_answer_on_and_told_with_the_one_it_replaces() {
    let mut state = sent();
    let answer = || Outcome::Stream(Box::new(remote("liNew")));
    let (_, notice) = after(&mut state, Action::Create { intent: intent() }, answer());
    assert_eq!(notice, Some(Notice::Created(id("liNew"))));
    assert_eq!((state.unstored.clone(), state.create.clone()), (Some(id("liNew")), None));
    let bound = Binding::Bound { id: id("liOld"), stored: true, adopted: false };
    let mut state = ReconcileState { binding: bound, ..sent() };
    let (_, notice) = after(&mut state, Action::Create { intent: intent() }, answer());
    assert_eq!(notice, Some(Notice::Recreated { old: id("liOld"), new: id("liNew") }));
}

#[test]
fn looks_are_counted_when_they_find_nothing_and_bind_what_they_find() {
    let unknown = || ReconcileState {
        create: Some(PendingCreate::Open(intent(), Request::Unknown(SearchProgress::since(at(95))))),
        ..ReconcileState::default()
    };
    let look = || Action::Search { intent: intent() };
    let mut state = unknown();
    after(&mut state, look(), Outcome::Searched(SearchResult::Nothing));
    let counted =
        SearchProgress { empty_searches: 1, searched_at: Some(at(100)), ..SearchProgress::since(at(95)) };
    assert_eq!(request(&state), Some(Request::Unknown(counted)));
    let mut state = unknown();
    after(&mut state, look(), Outcome::Searched(SearchResult::Found(Box::new(remote("liFound")))));
    assert_eq!(state.unstored, Some(id("liFound")));
    let mut state = unknown();
    after(&mut state, look(), unavailable(false));
    assert_eq!(
        request(&state),
        Some(Request::Unknown(SearchProgress::since(at(95)))),
        "a failed look counts for nothing"
    );
}

#[test]
fn an_update_that_the_api_ignores_is_not_repeated_at_once() {
    let changes = Changes { name: Some("Town hall".into()), ..Changes::default() };
    let update = |origin| Action::Update { id: id("li1"), changes: changes.clone(), origin };
    let mut state = ReconcileState::default();
    let unchanged = Outcome::Stream(Box::new(Remote { name: Some("Stubborn".into()), ..remote("li1") }));
    after(&mut state, update(Origin::Drift), unchanged);
    assert!(state.failure.is_some());
    let mut state = ReconcileState::default();
    let (_, notice) = after(&mut state, update(Origin::Drift), Outcome::Stream(Box::new(remote("li1"))));
    assert_eq!(notice, Some(Notice::DriftCorrected(id("li1"), "name".into())));
    assert_eq!(state.failure, None);
}

#[test]
fn what_is_not_found_or_deleted_is_gone_and_said_when_the_finalizer_went() {
    let mut state = ReconcileState::default();
    for outcome in [Outcome::NotFound, Outcome::Deleted] {
        let (facts, notice) = after(&mut state, Action::Delete { id: id("li1") }, outcome);
        assert_eq!((facts.observation, notice), (Observation::Gone, None));
    }
    let release = |reason| Action::Release { reason };
    let told = after(&mut state, release(ReleaseReason::Deleted(id("li1"))), Outcome::Stored).1;
    assert_eq!(told, Some(Notice::Deleted(id("li1"))));
    assert_eq!(after(&mut state, release(ReleaseReason::NeverCreated), Outcome::Stored).1, None);
}

#[test]
fn a_copy_starts_afresh_with_its_own_intent() {
    let owner = ObjectKey { namespace: "ns".into(), name: "other".into() };
    let mut state =
        ReconcileState { binding: Binding::Copy { id: id("li1"), owner }, ..ReconcileState::default() };
    let record = Action::RecordIntent { intent: intent(), replaces: None };
    let (_, notice) = after(&mut state, record, Outcome::Stored);
    assert_eq!(notice, Some(Notice::CopyDetected(id("li1"))));
    assert_eq!((state.binding.clone(), request(&state)), (Binding::Unbound, Some(Request::NotSent)));
}

#[test]
fn a_refusal_is_remembered_and_a_wait_that_the_api_named_is_kept() {
    let mut state = sent();
    let refusal = Refusal { field: Some("playerId".into()), message: "no".into() };
    let refused = Outcome::Failed(CallFailure {
        effect_unknown: false,
        cause: Cause::Refused(refusal.clone()),
        retry: Retry::AfterBackoff,
    });
    after(&mut state, Action::Create { intent: intent() }, refused);
    let refused = state.failure.clone().expect("the refusal");
    assert_eq!(refused.cause, Cause::Refused(refusal));
    assert!((700..=820).contains(&refused.retry_at.as_second()), "ten minutes: {}", refused.retry_at);
    after(&mut state, Action::Get { id: id("li1") }, Outcome::Stream(Box::new(remote("li1"))));
    assert!(state.failure.is_some(), "a read does not end it");
    let limited = Outcome::Failed(CallFailure {
        effect_unknown: false,
        cause: Cause::Account(AccountError::RateLimited),
        retry: Retry::WhenCalled(Duration::from_secs(100)),
    });
    after(&mut state, Action::Get { id: id("li1") }, limited);
    let failure = state.failure.expect("it waits");
    assert_eq!(failure.expected_at, Some(at(200)));
    // A while later, so that it is not woken twice where the estimate was right.
    assert!((230..=245).contains(&failure.retry_at.as_second()), "{failure:?}");
}

#[test]
fn a_refused_deletion_or_read_waits_like_any_trouble_and_a_refused_manifest_waits_for_its_change() {
    let refused = || {
        let cause = Cause::Refused(Refusal { field: None, message: "no".into() });
        Outcome::Failed(CallFailure { effect_unknown: false, cause, retry: Retry::AfterBackoff })
    };
    for action in [Action::Delete { id: id("li1") }, Action::Get { id: id("li1") }] {
        let mut state = ReconcileState::default();
        after(&mut state, action, refused());
        assert!(matches!(state.failure.as_ref().map(|f| &f.cause), Some(Cause::Call(_))));
        assert!(state.failure.is_some_and(|failure| failure.retry_at > at(100)));
    }
    let mut state = sent();
    after(&mut state, Action::Create { intent: intent() }, refused());
    assert!(matches!(state.failure.map(|f| f.cause), Some(Cause::Refused(_))));
}

#[test]
fn an_update_answered_404_is_a_failed_attempt_and_a_read_decides() {
    let bound = Binding::Bound { id: id("li1"), stored: true, adopted: false };
    let mut state = ReconcileState { binding: bound, ..ReconcileState::default() };
    let update = || Action::Update { id: id("li1"), changes: Changes::default(), origin: Origin::Manifest };
    for attempts in 1..4 {
        let (facts, _) = after(&mut state, update(), Outcome::NotFound);
        assert_eq!(facts.observation, Observation::Unknown, "nothing is known to be gone");
        assert_eq!((state.attempts, state.doubted), (attempts, true));
        assert!(state.failure.as_ref().is_some_and(|failure| failure.retry_at > at(100)));
        after(&mut state, Action::Get { id: id("li1") }, Outcome::Stream(Box::new(remote("li1"))));
        assert_eq!((state.attempts, state.doubted), (attempts, false), "a read ends no backoff");
    }
}

#[test]
fn a_read_answered_404_that_a_page_contradicts_is_repeated_less_and_less_often() {
    let bound = Binding::Bound { id: id("li1"), stored: true, adopted: false };
    let mut state = ReconcileState { binding: bound.clone(), ..ReconcileState::default() };
    state.refresh(&observing(Observation::Unknown), at(90));
    let present = Observation::Present { remote: Arc::new(remote("li1")), fresh: false };
    let listed = Facts { binding: bound, ..observing(present) };
    for attempts in 1..4 {
        let (facts, _) = after(&mut state, Action::Get { id: id("li1") }, Outcome::NotFound);
        assert_eq!(facts.observation, Observation::Gone);
        let now = at(1000 * i64::from(attempts));
        state.refresh(&listed, now);
        state.refresh(&listed, now);
        assert_eq!(state.attempts, attempts, "once for each read");
        assert!(state.failure.as_ref().is_some_and(|failure| failure.retry_at > now) && state.doubted);
    }
}

#[test]
fn the_text_of_a_failure_stays_while_its_cause_does() {
    let mut state = ReconcileState::default();
    let mut fail = |text: &str| {
        let cause = Cause::Call(AccountError::Unavailable(text.into()));
        let failed = CallFailure { effect_unknown: true, cause, retry: Retry::AfterBackoff };
        after(&mut state, Action::Get { id: id("li1") }, Outcome::Failed(failed));
        match state.failure.as_ref().map(|failure| failure.cause.clone()) {
            Some(Cause::Call(AccountError::Unavailable(text))) => text,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(fail("502 (Ray ID 8f2a91)"), "502 (Ray ID 8f2a91)");
    assert_eq!(fail("502 (Ray ID 77aa01)"), "502 (Ray ID 8f2a91)");
    assert_eq!(fail("503 (Ray ID 77aa01)"), "503 (Ray ID 77aa01)");
}
