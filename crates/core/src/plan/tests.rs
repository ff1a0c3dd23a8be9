//! The planner as tables: what is known, and what follows.

use std::sync::Arc;

use super::*;
use crate::{
    facts::{
        binding::Stored,
        ids::ObjectKey,
        intent::Intent,
        manifest::{Desired, Unmanaged},
        observation::{AccountError, AccountView, CrdDeletion},
        policy::{OnRemoteMissing, WhileBroadcasting},
        project::AccountProject,
        stream::Remote,
    },
    fixture::{account, at, desired, id, manifest, observing, remote},
    state::{
        outcome::Refusal,
        reconcile_state::{Failure, PendingCreate, Request},
        search::SearchProgress,
    },
    step::action::ReleaseReason,
};

fn present(remote: Remote) -> Facts {
    observing(Observation::Present { remote: Arc::new(remote), fresh: false })
}

fn fresh(remote: Remote) -> Facts {
    observing(Observation::Present { remote: Arc::new(remote), fresh: true })
}

fn bound(text: &str) -> ReconcileState {
    with_binding(Binding::Bound { id: id(text), stored: true, adopted: false })
}

fn with_binding(binding: Binding) -> ReconcileState {
    let last_observed = Unmanaged { public: Some(true), player_id: None };
    ReconcileState { binding, last_observed, ..ReconcileState::default() }
}

fn creating(request: Request) -> ReconcileState {
    ReconcileState { create: Some(PendingCreate::Open(intent(), request)), ..ReconcileState::default() }
}

fn failing(cause: Cause, retry_at: Timestamp) -> Option<Failure> {
    Some(Failure { cause, retry_at, expected_at: Some(retry_at) })
}

fn intent() -> Intent {
    Intent::new(&desired(), "me", at(90), false)
}

fn unknown(empty_searches: u8, searched_at: Option<i64>) -> Request {
    let searched_at = searched_at.map(at);
    Request::Unknown(SearchProgress { empty_searches, searched_at, ..SearchProgress::since(at(100)) })
}

fn deleting() -> Manifest {
    Manifest { deleting: true, finalizer: true, ..manifest() }
}

/// One word for what a plan does next.
fn step(plan: &Plan) -> String {
    let reason = plan.ready.as_ref().map_or("-", |v| v.reason.as_str());
    match &plan.step {
        Step::Wait { until: None, .. } => reason.to_owned(),
        Step::Wait { until: Some(time), .. } => format!("{reason} until {}", time.as_second()),
        Step::Do(action) => match action {
            Action::RecordIntent { replaces, .. } => {
                format!("intent{}", replaces.as_ref().map_or(String::new(), |r| format!(" for {r}")))
            }
            Action::Create { .. } => "create".into(),
            Action::Search { .. } => "search".into(),
            Action::DropIntent { abandoned: None } => "drop intent".into(),
            Action::DropIntent { abandoned: Some(_) } => "abandon intent".into(),
            Action::Bind { id, recreated_from: None, .. } => format!("bind {id}"),
            Action::Bind { id, recreated_from: Some(old), .. } => format!("bind {id} for {old}"),
            Action::Claim { id } => format!("claim {id}"),
            Action::Get { .. } => "get".into(),
            Action::Update { changes, origin, .. } => format!("update {} ({origin:?})", changes.fields()),
            Action::Delete { .. } => "delete".into(),
            Action::DeleteOrphan { id } => format!("delete {id}, an orphan"),
            Action::CheckCrd { now } => format!("check crd{}", if *now { " now" } else { "" }),
            Action::Release { reason } => match reason {
                ReleaseReason::NeverCreated => "release".into(),
                ReleaseReason::Deleted(_) => "release, deleted".into(),
                ReleaseReason::Retained(..) => "release, retained".into(),
            },
        },
    }
}

/// The next step for a manifest; the check of the CRD is a test of its own.
fn next(manifest: &Manifest, state: &ReconcileState, facts: &Facts) -> String {
    let crd = match facts.crd {
        CrdDeletion::Unchecked => CrdDeletion::NotNow,
        checked => checked,
    };
    let facts = Facts { manifest: manifest.clone(), crd, ..facts.clone() };
    let step = step(&plan(&facts, state, at(1000)));
    // A deletion that waits checks the CRD again after a minute.
    step.strip_suffix(" until 1060").map_or(step.clone(), str::to_owned)
}

#[test]
fn a_new_livestream_is_created_in_three_steps() {
    let gone = observing(Observation::Unknown);
    assert_eq!(next(&manifest(), &ReconcileState::default(), &gone), "intent");
    let recent = PendingCreate::Open(Intent::new(&desired(), "me", at(990), false), Request::NotSent);
    let recent = ReconcileState { create: Some(recent), ..ReconcileState::default() };
    assert_eq!(next(&manifest(), &recent, &gone), "create");
    let too_old = creating(Request::NotSent);
    assert_eq!(
        next(&manifest(), &too_old, &gone),
        "drop intent",
        "its stream would lie outside of the window"
    );
    let unstored = Binding::Bound { id: id("li1"), stored: false, adopted: false };
    assert_eq!(next(&manifest(), &with_binding(unstored), &fresh(remote("li1"))), "bind li1");
    assert_eq!(next(&manifest(), &bound("li1"), &fresh(remote("li1"))), "Synced");
}

#[test]
fn nothing_is_created_before_the_account_was_seen() {
    let unseen =
        Facts { account: AccountView { scanned: false, ..account() }, ..observing(Observation::Unknown) };
    assert_eq!(next(&manifest(), &ReconcileState::default(), &unseen), "Creating");
    let locked =
        AccountView { error: Some(AccountError::Unauthorized("no".into())), ..unseen.account.clone() };
    assert_eq!(
        next(&manifest(), &ReconcileState::default(), &Facts { account: locked, ..unseen }),
        "Unauthorized"
    );
}

#[test]
fn a_lost_create_is_searched_for_after_the_settle_time_and_sent_anew_after_two_empty_searches() {
    let seen = observing(Observation::Unknown);
    let at_time = |state: &ReconcileState, now| step(&plan(&seen, state, at(now)));
    assert_eq!(at_time(&creating(unknown(0, None)), 129), "Creating until 130");
    assert_eq!(at_time(&creating(unknown(0, None)), 130), "search");
    assert_eq!(at_time(&creating(unknown(1, Some(130))), 144), "Creating until 145");
    assert_eq!(at_time(&creating(unknown(1, Some(130))), 145), "search");
    assert_eq!(at_time(&creating(unknown(2, Some(145))), 145), "abandon intent");
    assert_eq!(at_time(&creating(Request::NotCreated), 145), "drop intent");
    assert_eq!(at_time(&creating(Request::Inherited), 145), "Creating", "the API's clock comes first");
}

#[test]
fn a_late_stream_of_its_own_is_deleted_but_not_where_nothing_may_be_written() {
    let late = Facts { orphan: Some(id("liOrphan")), ..present(remote("li1")) };
    assert_eq!(next(&manifest(), &bound("li1"), &late), "delete liOrphan, an orphan");
    assert_eq!(next(&deleting(), &bound("li1"), &late), "delete liOrphan, an orphan");
    let suspended = Manifest { suspend: true, ..manifest() };
    assert_eq!(next(&suspended, &bound("li1"), &late), "Suspended");
    let reported = Manifest { drift_policy: DriftPolicy::Report, ..manifest() };
    assert_eq!(next(&reported, &bound("li1"), &late), "Synced");
    let retained = Manifest { deletion_policy: Some(DeletionPolicy::Retain), ..deleting() };
    assert_eq!(next(&retained, &bound("li1"), &late), "release, retained");
}

#[test]
fn a_finalizer_that_was_removed_is_stored_again() {
    let bare = Manifest { finalizer: false, ..manifest() };
    assert_eq!(next(&bare, &bound("li1"), &present(remote("li1"))), "bind li1");
    let recreated = Manifest { finalizer: false, adopt: Some(id("li0")), ..manifest() };
    let stored = Stored { recreated_from: Some(id("li0")), ..Stored::default() };
    let facts = Facts { stored, ..present(remote("li1")) };
    assert_eq!(next(&recreated, &bound("li1"), &facts), "bind li1 for li0");
}

#[test]
fn what_no_annotation_says_any_more_is_stored_again() {
    let recreated = Manifest { adopt: Some(id("li0")), ..manifest() };
    let unstored = with_binding(Binding::Bound { id: id("li1"), stored: false, adopted: false });
    assert_eq!(next(&recreated, &unstored, &present(remote("li1"))), "bind li1 for li0");
    let project = AccountProject { opened: Some("production/prA".into()), expected: None };
    let account = AccountView { project, ..account() };
    let facts = Facts { account, ..present(remote("li1")) };
    assert_eq!(next(&manifest(), &bound("li1"), &facts), "bind li1", "its project");
}

#[test]
fn a_person_settles_an_ambiguity_by_an_annotation() {
    let search = SearchProgress { ambiguous: vec![id("liA"), id("liB")], ..SearchProgress::since(at(100)) };
    let state = creating(Request::Unknown(search));
    let settled = |text: &str| Manifest { settle_create: Some(text.into()), ..manifest() };
    let seen = observing(Observation::Unknown);
    assert_eq!(next(&settled("liB"), &state, &seen), "claim liB");
    assert_eq!(next(&settled("none"), &state, &seen), "drop intent");
    assert_eq!(next(&settled("liC"), &state, &seen), "CreateAmbiguous");
}

#[test]
fn a_new_stream_keeps_what_the_manifest_leaves_out() {
    let unmanaged = Desired { public: None, player_id: None, ..desired() };
    let manifest = Manifest { desired: unmanaged, ..manifest() };
    let facts = Facts { manifest, ..observing(Observation::Gone) };
    let was = |public| Unmanaged { public, player_id: Some("ptOwn".into()) };
    let plan_for = |last_observed| plan(&facts, &ReconcileState { last_observed, ..bound("li1") }, at(1000));
    let Step::Do(Action::RecordIntent { intent, .. }) = plan_for(was(Some(false))).step else { panic!() };
    assert_eq!((intent.payload.public, intent.payload.player_id.as_deref()), (Some(false), Some("ptOwn")));
    let asks = plan_for(was(None));
    assert_eq!(step(&asks), "RemoteMissing");
    assert!(asks.ready.unwrap().message.contains(r#"'{"spec":{"public":false}}'"#));
}

#[test]
fn with_a_key_of_another_project_nothing_is_done() {
    let view = |opened: &str, expected: Option<&str>| {
        let project = AccountProject { opened: Some(opened.into()), expected: expected.map(Into::into) };
        AccountView { project, ..account() }
    };
    let known = |observation, account| Facts {
        account,
        stored: Stored { project: Some("production/prA".into()), ..Stored::default() },
        ..observing(observation)
    };
    let wrong = || view("production/prB", Some("production/prA"));
    let gone = || known(Observation::Gone, wrong());
    assert_eq!(next(&manifest(), &bound("li1"), &gone()), "WrongProject");
    assert_eq!(next(&deleting(), &bound("li1"), &gone()), "WrongProject", "a 404 releases nothing");
    assert_eq!(next(&manifest(), &ReconcileState::default(), &gone()), "AccountNotReady");
    let retain = Manifest { deletion_policy: Some(DeletionPolicy::Retain), ..deleting() };
    assert_eq!(next(&retain, &bound("li1"), &gone()), "release, retained");
    assert_eq!(next(&deleting(), &ReconcileState::default(), &gone()), "release");
    let searching = creating(unknown(0, None));
    assert_eq!(next(&manifest(), &searching, &gone()), "AccountNotReady");
    // A single one of another project says so for itself, and a person may confirm it.
    let own = || known(Observation::Gone, view("production/prB", None));
    assert_eq!(next(&manifest(), &bound("li1"), &own()), "WrongProject");
    let confirmed = Manifest { confirm_recreate: Some("li1".into()), ..manifest() };
    assert_eq!(next(&confirmed, &bound("li1"), &own()), "intent for li1");
}

#[test]
fn while_many_streams_are_missing_nothing_is_created_or_released() {
    let account = AccountView { guard_active: true, guarded: true, ..account() };
    let gone = Facts { account, ..observing(Observation::Gone) };
    assert_eq!(next(&manifest(), &ReconcileState::default(), &gone), "AccountNotReady");
    assert_eq!(next(&deleting(), &bound("li1"), &gone), "RemoteMissing");
    let confirmed = Manifest { confirm_recreate: Some("li1".into()), ..deleting() };
    assert_eq!(next(&confirmed, &bound("li1"), &gone), "release, deleted");
}

#[test]
fn a_wish_for_another_stream_waits_for_the_search_but_answers_an_ambiguity() {
    let wish = |request| ReconcileState { binding: Binding::Wanted(id("li9")), ..creating(request) };
    let there = present(remote("li9"));
    assert_eq!(step(&plan(&there, &wish(unknown(0, None)), at(130))), "search");
    let many = SearchProgress { ambiguous: vec![id("liA"), id("liB")], ..SearchProgress::since(at(100)) };
    assert_eq!(next(&manifest(), &wish(Request::Unknown(many.clone())), &there), "CreateAmbiguous");
    let asked = SearchProgress { asked: true, ..many };
    assert_eq!(next(&manifest(), &wish(Request::Unknown(asked)), &there), "bind li9");
    assert_eq!(next(&manifest(), &wish(Request::NotSent), &there), "bind li9");
}

#[test]
fn an_ambiguous_create_waits_for_a_person_and_names_the_candidates() {
    let search = SearchProgress { ambiguous: vec![id("liA"), id("liB")], ..SearchProgress::since(at(100)) };
    let state = creating(Request::Unknown(search));
    let plan = plan(&observing(Observation::Unknown), &state, at(1000));
    assert_eq!(step(&plan), "CreateAmbiguous");
    let message = plan.ready.unwrap().message;
    assert!(
        message.contains("liA, liB") && message.contains("kubectl patch livestream -n ns town-hall"),
        "{message}"
    );
    let unreadable =
        ReconcileState { create: Some(PendingCreate::Unreadable("why".into())), ..ReconcileState::default() };
    assert_eq!(next(&manifest(), &unreadable, &observing(Observation::Unknown)), "CreateAmbiguous");
}

#[test]
fn a_difference_is_the_users_change_or_drift_by_the_generation_that_was_last_synced() {
    let differs = present(Remote { public: Some(false), ..remote("li1") });
    assert_eq!(next(&manifest(), &bound("li1"), &differs), "update public (Manifest)");
    let synced = |generation| ReconcileState { synced_generation: Some(generation), ..bound("li1") };
    assert_eq!(next(&manifest(), &synced(1), &differs), "update public (Drift)");
    let newer = Manifest { generation: 2, ..manifest() };
    assert_eq!(next(&newer, &synced(1), &differs), "update public (Manifest)");
}

#[test]
fn report_and_suspend_write_nothing() {
    let differs = present(Remote { name: Some("Other".into()), ..remote("li1") });
    let report = Manifest { drift_policy: DriftPolicy::Report, ..manifest() };
    let suspend = Manifest { suspend: true, ..manifest() };
    let plan_of =
        |m: &Manifest, f: &Facts| plan(&Facts { manifest: m.clone(), ..f.clone() }, &bound("li1"), at(1000));
    let told = plan_of(&report, &differs);
    assert_eq!((step(&told).as_str(), told.drift.len()), ("DriftDetected", 1));
    let error = Some(AccountError::Unauthorized("401".into()));
    let locked_out = Facts { account: AccountView { error, ..account() }, ..differs.clone() };
    assert_eq!(step(&plan_of(&report, &locked_out)), "Unauthorized", "nobody sees whether it still differs");
    assert_eq!(step(&plan_of(&suspend, &differs)), "Suspended");
    assert_eq!(step(&plan_of(&suspend, &present(remote("li1")))), "Suspended");
    assert_eq!(step(&plan_of(&report, &observing(Observation::Gone))), "RemoteMissing");
    assert_eq!(step(&plan_of(&suspend, &observing(Observation::Gone))), "Suspended");
    assert_eq!(next(&suspend, &ReconcileState::default(), &observing(Observation::Unknown)), "Suspended");
    assert_eq!(next(&suspend, &creating(unknown(0, None)), &observing(Observation::Unknown)), "Suspended");
}

#[test]
fn an_absence_is_confirmed_before_anything_is_done_about_it() {
    assert_eq!(next(&manifest(), &bound("li1"), &observing(Observation::Absent)), "get");
    assert_eq!(next(&manifest(), &bound("li1"), &observing(Observation::Gone)), "intent for li1");
    assert_eq!(next(&manifest(), &bound("li1"), &observing(Observation::Unknown)), "-");
}

#[test]
fn a_re_creation_waits_until_the_status_names_the_stream_that_is_gone() {
    let reported = |text: Option<&str>| {
        let stored = Stored { status: text.map(id), ..Stored::default() };
        Facts { stored, ..observing(Observation::Gone) }
    };
    let older = plan(&reported(Some("li0")), &bound("li1"), at(1000));
    assert_eq!(step(&older), "Creating until 1000");
    let confirmed = Manifest { confirm_recreate: Some("li1".into()), ..manifest() };
    assert_eq!(next(&confirmed, &bound("li1"), &reported(Some("li0"))), "Creating until 1000");
    assert_eq!(next(&manifest(), &bound("li1"), &reported(Some("li1"))), "intent for li1");
    assert_eq!(next(&manifest(), &bound("li1"), &reported(None)), "intent for li1");
}

#[test]
fn a_missing_stream_is_left_so_when_the_policy_or_the_guard_says_so_until_a_person_confirms() {
    let fail = Manifest { on_remote_missing: OnRemoteMissing::Fail, ..manifest() };
    let guarded =
        Facts { account: AccountView { guarded: true, ..account() }, ..observing(Observation::Gone) };
    let gone = observing(Observation::Gone);
    let confirmed = |m: &Manifest, text: &str| Manifest { confirm_recreate: Some(text.into()), ..m.clone() };
    assert_eq!(next(&fail, &bound("li1"), &gone), "RemoteMissing");
    assert_eq!(next(&manifest(), &bound("li1"), &guarded), "RemoteMissing");
    assert_eq!(next(&confirmed(&fail, "li0"), &bound("li1"), &gone), "RemoteMissing");
    assert_eq!(next(&confirmed(&fail, "li1"), &bound("li1"), &gone), "intent for li1");
    assert_eq!(next(&confirmed(&manifest(), "li1"), &bound("li1"), &guarded), "intent for li1");
    for (text, next_step) in
        [("li0 li1", "intent for li1"), ("li1,li2", "intent for li1"), ("li10 li", "RemoteMissing")]
    {
        assert_eq!(next(&confirmed(&manifest(), text), &bound("li1"), &guarded), next_step, "{text}");
    }
}

#[test]
fn what_a_call_found_gone_is_not_re_created_before_a_whole_pass_has_told_of_the_others() {
    let alone =
        Facts { account: AccountView { confirmed: false, ..account() }, ..observing(Observation::Gone) };
    assert_eq!(next(&manifest(), &bound("li1"), &alone), "Creating");
    let confirmed = Manifest { confirm_recreate: Some("li1".into()), ..manifest() };
    assert_eq!(next(&confirmed, &bound("li1"), &alone), "intent for li1");
}

#[test]
fn an_adopted_stream_is_seen_before_it_is_bound_and_bound_before_it_is_written() {
    let adopting = Manifest { adopt: Some(id("li7")), ..manifest() };
    let wanted = ReconcileState { binding: Binding::Wanted(id("li7")), ..ReconcileState::default() };
    assert_eq!(next(&adopting, &wanted, &observing(Observation::Absent)), "get");
    assert_eq!(next(&adopting, &wanted, &observing(Observation::Gone)), "RemoteMissing");
    assert_eq!(next(&adopting, &wanted, &present(Remote { name: None, ..remote("li7") })), "bind li7");
    let remade = Binding::Bound { id: id("li9"), stored: false, adopted: false };
    let state = ReconcileState {
        binding: remade.clone(),
        unstored: Some(id("li9")),
        replaced: Some(id("li7")),
        ..ReconcileState::default()
    };
    assert_eq!(next(&adopting, &state, &fresh(remote("li9"))), "bind li9 for li7");
    // Created before anybody asked for li7: it has replaced nobody.
    let state = ReconcileState { binding: remade, unstored: Some(id("li9")), ..ReconcileState::default() };
    assert_eq!(next(&adopting, &state, &fresh(remote("li9"))), "bind li9");
}

#[test]
fn what_another_owns_or_was_refused_is_never_written() {
    let other = ObjectKey { namespace: "ns".into(), name: "other".into() };
    let conflict = with_binding(Binding::Conflict { id: id("li1"), owner: other });
    let mismatch = with_binding(Binding::Mismatch { bound: id("li1"), wanted: id("li2") });
    let differs = present(Remote { public: None, ..remote("li1") });
    let refusal = Refusal { field: Some("playerId".into()), message: "no such player".into() };
    let failure = failing(Cause::Refused(refusal), at(1600));
    assert_eq!(next(&manifest(), &conflict, &differs), "IdConflict");
    assert_eq!(next(&manifest(), &mismatch, &differs), "Rejected");
    let refused = |state| ReconcileState { failure: failure.clone(), ..state };
    assert_eq!(next(&manifest(), &refused(bound("li1")), &differs), "Rejected until 1600");
    let unseen = observing(Observation::Unknown);
    assert_eq!(next(&manifest(), &refused(ReconcileState::default()), &unseen), "Rejected until 1600");
    let absent = observing(Observation::Absent);
    assert_eq!(next(&manifest(), &refused(bound("li1")), &absent), "get", "a read sends no values");
}

#[test]
fn a_failed_call_is_waited_out_and_reported() {
    let waits = |cause| {
        let state = ReconcileState { failure: failing(cause, at(1005)), ..ReconcileState::default() };
        next(&manifest(), &state, &observing(Observation::Unknown))
    };
    let account = |error| waits(Cause::Account(error));
    assert_eq!(account(AccountError::RateLimited), "RateLimited until 1005");
    assert_eq!(account(AccountError::Unavailable("503".into())), "AccountUnavailable until 1005");
    assert_eq!(account(AccountError::Unauthorized("401".into())), "Unauthorized until 1005");
    assert_eq!(waits(Cause::Cluster("denied".into())), "WriteRefused until 1005");
}

#[test]
fn a_refused_write_to_the_object_holds_back_no_call() {
    let failure = failing(Cause::Cluster("denied".into()), at(1005));
    let state = ReconcileState { failure, ..bound("li1") };
    let differs = present(Remote { public: Some(false), ..remote("li1") });
    assert_eq!(next(&manifest(), &state, &differs), "update public (Manifest)");
}

#[test]
fn only_a_wait_for_the_account_keeps_its_place_in_the_queue() {
    let queued = |cause| {
        let state = ReconcileState { failure: failing(cause, at(1005)), ..ReconcileState::default() };
        matches!(
            plan(&observing(Observation::Unknown), &state, at(1000)).step,
            Step::Wait { queued: true, .. }
        )
    };
    assert!(queued(Cause::Account(AccountError::RateLimited)));
    assert!(!queued(Cause::Cluster("denied".into())));
}

#[test]
fn a_request_to_reconcile_reads_the_stream_afresh() {
    let asked = Manifest { requested_at: Some("now".into()), ..manifest() };
    assert_eq!(next(&asked, &bound("li1"), &present(remote("li1"))), "get");
    assert_eq!(next(&asked, &bound("li1"), &fresh(remote("li1"))), "Synced");
    let done = ReconcileState { handled_request: Some("now".into()), ..bound("li1") };
    assert_eq!(next(&asked, &done, &present(remote("li1"))), "Synced");
}

#[test]
fn a_deletion_without_a_stream_goes_at_once_and_without_the_account() {
    let blind =
        Facts { account: AccountView { scanned: false, ..account() }, ..observing(Observation::Unknown) };
    assert_eq!(next(&deleting(), &ReconcileState::default(), &blind), "release");
    assert_eq!(next(&deleting(), &creating(Request::NotCreated), &blind), "release");
    let other = ObjectKey { namespace: "ns".into(), name: "other".into() };
    for binding in [
        Binding::Wanted(id("li1")),
        Binding::Conflict { id: id("li1"), owner: other.clone() },
        Binding::Copy { id: id("li1"), owner: other },
    ] {
        let state = ReconcileState { binding, ..ReconcileState::default() };
        assert_eq!(next(&deleting(), &state, &present(remote("li1"))), "release");
    }
}

#[test]
fn a_deletion_deletes_what_was_created_and_retains_what_was_adopted_unless_told_otherwise() {
    let adopted = with_binding(Binding::Bound { id: id("li1"), stored: true, adopted: true });
    let with = |policy| Manifest { deletion_policy: policy, ..deleting() };
    let seen = fresh(remote("li1"));
    assert_eq!(next(&with(None), &bound("li1"), &seen), "delete");
    assert_eq!(next(&with(None), &adopted, &seen), "release, retained");
    assert_eq!(next(&with(Some(DeletionPolicy::Retain)), &bound("li1"), &seen), "release, retained");
    assert_eq!(next(&with(Some(DeletionPolicy::Delete)), &adopted, &seen), "delete");
    assert_eq!(next(&with(None), &bound("li1"), &observing(Observation::Gone)), "release, deleted");
    let with_crd = Facts { crd: CrdDeletion::Deleting, ..seen.clone() };
    assert_eq!(next(&with(None), &bound("li1"), &with_crd), "release, retained");
    let suspended = Manifest { suspend: true, ..deleting() };
    assert_eq!(next(&suspended, &bound("li1"), &seen), "delete");
}

#[test]
fn a_deletion_asks_first_and_waits_for_the_end_of_a_broadcast() {
    let live = Remote { broadcasting: true, ..remote("li1") };
    assert_eq!(next(&deleting(), &bound("li1"), &present(remote("li1"))), "get");
    assert_eq!(next(&deleting(), &bound("li1"), &fresh(live.clone())), "DeferredWhileBroadcasting");
    assert_eq!(next(&deleting(), &bound("li1"), &present(live.clone())), "DeferredWhileBroadcasting");
    let error = Some(AccountError::Unauthorized("401".into()));
    let locked = Facts { account: AccountView { error, ..account() }, ..present(live.clone()) };
    assert_eq!(next(&deleting(), &bound("li1"), &locked), "Unauthorized", "nobody would see it end");
    let proceed = Manifest { while_broadcasting: WhileBroadcasting::Proceed, ..deleting() };
    assert_eq!(next(&proceed, &bound("li1"), &present(live)), "delete");
}

#[test]
fn a_deletion_with_an_open_create_looks_first() {
    let seen = observing(Observation::Unknown);
    assert_eq!(next(&deleting(), &creating(unknown(0, None)), &seen), "search");
    assert_eq!(next(&deleting(), &creating(unknown(2, Some(900))), &seen), "abandon intent");
    let retain = Manifest { deletion_policy: Some(DeletionPolicy::Retain), ..deleting() };
    assert_eq!(next(&retain, &creating(unknown(0, None)), &seen), "release, retained");
}

#[test]
fn a_deletion_that_the_account_blocks_says_how_to_end_it() {
    let failure = failing(Cause::Account(AccountError::Unauthorized("401".into())), at(2000));
    let facts = Facts { manifest: deleting(), crd: CrdDeletion::NotNow, ..present(remote("li1")) };
    let plan = plan(&facts, &ReconcileState { failure, ..bound("li1") }, at(1000));
    assert_eq!(step(&plan), "Unauthorized until 1060");
    assert!(plan.ready.unwrap().message.contains(r#"'{"spec":{"deletionPolicy":"Retain"}}'"#));
}

#[test]
fn the_crd_is_checked_before_a_deletion_and_while_one_waits() {
    let on_air = Remote { broadcasting: true, ..remote("li1") };
    let at_check = |crd, facts: Facts| {
        step(&plan(&Facts { manifest: deleting(), crd, ..facts }, &bound("li1"), at(1000)))
    };
    let ready = || fresh(remote("li1"));
    assert_eq!(at_check(CrdDeletion::Unchecked, ready()), "check crd now");
    assert_eq!(at_check(CrdDeletion::NotRecently, ready()), "check crd now");
    assert_eq!(at_check(CrdDeletion::NotNow, ready()), "delete");
    assert_eq!(at_check(CrdDeletion::Deleting, ready()), "release, retained");
    assert_eq!(at_check(CrdDeletion::Unchecked, fresh(on_air.clone())), "check crd");
    assert_eq!(
        at_check(CrdDeletion::NotRecently, fresh(on_air)),
        "DeferredWhileBroadcasting until 1060",
        "nothing else wakes it when its CRD is deleted"
    );
    let facts = Facts { crd: CrdDeletion::Unchecked, ..fresh(remote("li1")) };
    assert_eq!(step(&plan(&facts, &bound("li1"), at(1000))), "Synced", "nobody deletes it");
}
