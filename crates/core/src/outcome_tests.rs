//! What follows from what came of an action.

use super::*;
use crate::{
    diff::Changes,
    fixture::{at, desired, id, manifest, remote, seeing},
    intent::Intent,
    model::Place,
};

fn intent() -> Intent {
    Intent::new(&desired(), "me", at(90), false)
}

fn after(memory: &mut Memory, action: Action, outcome: Outcome) -> (Observed, Option<Note>) {
    let mut observed = seeing(Sight::NotYet);
    let note = absorb(&manifest(), memory, &mut observed, action, outcome, at(100));
    (observed, note)
}

fn trouble(effect_unknown: bool) -> Outcome {
    let why = Why::Trouble(Trouble::Unavailable("503".into()));
    Outcome::Failed(CallFailure { effect_unknown, why, again: Again::Later })
}

fn sent() -> Memory {
    Memory { create: Some(Create::Open(intent(), Request::NotSent)), ..Memory::default() }
}

fn request(memory: &Memory) -> Option<Request> {
    match &memory.create {
        Some(Create::Open(_, request)) => Some(request.clone()),
        _ => None,
    }
}

#[test]
fn a_failed_create_is_unknown_unless_it_certainly_made_nothing() {
    let mut memory = sent();
    after(&mut memory, Action::Create { intent: intent() }, trouble(true));
    assert_eq!(request(&memory), Some(Request::Unknown(Search::since(at(100)))));
    let mut memory = sent();
    after(&mut memory, Action::Create { intent: intent() }, trouble(false));
    assert_eq!(request(&memory), Some(Request::NotCreated));
    assert!(memory.failure.is_some_and(|f| f.retry_at > at(100)));
}

#[test]
fn a_created_stream_is_bound_from_the_answer_on_and_told_with_the_one_it_replaces() {
    let mut memory = sent();
    let answer = || Outcome::Stream(Box::new(remote("liNew")));
    let (_, note) = after(&mut memory, Action::Create { intent: intent() }, answer());
    assert_eq!(note, Some(Note::Created(id("liNew"))));
    assert_eq!((memory.unstored.clone(), memory.create.clone()), (Some(id("liNew")), None));
    let bound = Binding::Bound { id: id("liOld"), stored: true, adopted: false };
    let mut memory = Memory { binding: bound, ..sent() };
    let (_, note) = after(&mut memory, Action::Create { intent: intent() }, answer());
    assert_eq!(note, Some(Note::Recreated { old: id("liOld"), new: id("liNew") }));
}

#[test]
fn looks_are_counted_when_they_find_nothing_and_bind_what_they_find() {
    let unknown = || Memory {
        create: Some(Create::Open(intent(), Request::Unknown(Search::since(at(95))))),
        ..Memory::default()
    };
    let look = || Action::Look { intent: intent(), ended_at: at(95) };
    let mut memory = unknown();
    after(&mut memory, look(), Outcome::Looked(Finding::Nothing));
    let counted = Search { clean_looks: 1, looked_at: Some(at(100)), ..Search::since(at(95)) };
    assert_eq!(request(&memory), Some(Request::Unknown(counted)));
    let mut memory = unknown();
    after(&mut memory, look(), Outcome::Looked(Finding::Ours(Box::new(remote("liFound")))));
    assert_eq!(memory.unstored, Some(id("liFound")));
    let mut memory = unknown();
    after(&mut memory, look(), trouble(false));
    assert_eq!(
        request(&memory),
        Some(Request::Unknown(Search::since(at(95)))),
        "a failed look counts for nothing"
    );
}

#[test]
fn an_update_that_the_api_ignores_is_not_repeated_at_once() {
    let changes = Changes { name: Some("Town hall".into()), ..Changes::default() };
    let update = |cause| Action::Update { id: id("li1"), changes: changes.clone(), cause };
    let mut memory = Memory::default();
    let unchanged = Outcome::Stream(Box::new(Remote { name: Some("Stubborn".into()), ..remote("li1") }));
    after(&mut memory, update(Cause::Drift), unchanged);
    assert!(memory.failure.is_some());
    let mut memory = Memory::default();
    let (_, note) = after(&mut memory, update(Cause::Drift), Outcome::Stream(Box::new(remote("li1"))));
    assert_eq!(note, Some(Note::DriftCorrected(id("li1"), "name".into())));
    assert_eq!(memory.failure, None);
}

#[test]
fn what_is_not_found_or_deleted_is_gone_and_said_when_the_finalizer_went() {
    let mut memory = Memory::default();
    for outcome in [Outcome::NotFound, Outcome::Deleted] {
        let (observed, note) = after(&mut memory, Action::Delete { id: id("li1") }, outcome);
        assert_eq!((observed.stream, note), (Sight::Gone, None));
    }
    let release = |farewell| Action::Release { farewell };
    let told = after(&mut memory, release(Farewell::Deleted(id("li1"))), Outcome::Stored).1;
    assert_eq!(told, Some(Note::Deleted(id("li1"))));
    assert_eq!(after(&mut memory, release(Farewell::None), Outcome::Stored).1, None);
}

#[test]
fn a_copy_starts_afresh_with_its_own_intent() {
    let holder = Place { namespace: "ns".into(), name: "other".into() };
    let mut memory = Memory { binding: Binding::Copy { id: id("li1"), holder }, ..Memory::default() };
    let record = Action::RecordIntent { intent: intent(), replaces: None };
    let (_, note) = after(&mut memory, record, Outcome::Stored);
    assert_eq!(note, Some(Note::CopyDetected(id("li1"))));
    assert_eq!((memory.binding.clone(), request(&memory)), (Binding::Unbound, Some(Request::NotSent)));
}

#[test]
fn a_refusal_is_remembered_and_a_wait_that_the_api_named_is_kept() {
    let mut memory = sent();
    let refusal = Refusal { field: Some("playerId".into()), message: "no".into() };
    let refused = Outcome::Failed(CallFailure {
        effect_unknown: false,
        why: Why::Refused(refusal.clone()),
        again: Again::Later,
    });
    after(&mut memory, Action::Create { intent: intent() }, refused);
    assert_eq!((memory.refusal.clone(), memory.failure.clone()), (Some(refusal), None));
    let limited = Outcome::Failed(CallFailure {
        effect_unknown: false,
        why: Why::Trouble(Trouble::RateLimited),
        again: Again::OnItsTurn(Duration::from_secs(100)),
    });
    after(&mut memory, Action::Get { id: id("li1") }, limited);
    let failure = memory.failure.expect("it waits");
    assert_eq!(failure.expected_at, Some(at(200)));
    // A while later, so that it is not woken twice where the estimate was right.
    assert!((230..=245).contains(&failure.retry_at.as_second()), "{failure:?}");
}

#[test]
fn a_refused_deletion_or_read_waits_like_any_trouble_and_a_refused_manifest_waits_for_its_change() {
    let refused = || {
        let why = Why::Refused(Refusal { field: None, message: "no".into() });
        Outcome::Failed(CallFailure { effect_unknown: false, why, again: Again::Later })
    };
    for action in [Action::Delete { id: id("li1") }, Action::Get { id: id("li1") }] {
        let mut memory = Memory::default();
        after(&mut memory, action, refused());
        assert!(memory.refusal.is_none());
        assert!(memory.failure.is_some_and(|failure| failure.retry_at > at(100)));
    }
    let mut memory = sent();
    after(&mut memory, Action::Create { intent: intent() }, refused());
    assert!(memory.refusal.is_some() && memory.failure.is_none());
}
