//! The planner as tables: what is known, and what follows.

use std::sync::Arc;

use super::*;
use crate::{
    action::Farewell,
    fixture::{account, at, desired, id, manifest, remote, seeing},
    intent::{Intent, Request, Search},
    memory::{Create, Failure, Refusal},
    model::{Place, Remote},
    policy::{DeletionPolicy, OnRemoteMissing, WhileBroadcasting},
};

fn present(remote: Remote) -> Observed {
    seeing(Sight::Present { remote: Arc::new(remote), fresh: false })
}

fn fresh(remote: Remote) -> Observed {
    seeing(Sight::Present { remote: Arc::new(remote), fresh: true })
}

fn bound(text: &str) -> Memory {
    Memory { binding: Binding::Bound { id: id(text), stored: true, adopted: false }, ..Memory::default() }
}

fn creating(request: Request) -> Memory {
    Memory { create: Some(Create::Open(intent(), request)), ..Memory::default() }
}

fn intent() -> Intent {
    Intent::new(&desired(), "me", at(90), false)
}

fn unknown(clean_looks: u8, looked_at: Option<i64>) -> Request {
    Request::Unknown(Search { clean_looks, looked_at: looked_at.map(at), ..Search::since(at(100)) })
}

fn deleting() -> Manifest {
    Manifest { deleting: true, finalizer: true, ..manifest() }
}

/// One word for what a plan does next.
fn step(plan: &Plan) -> String {
    let reason = plan.verdict.as_ref().map_or("-", |v| v.reason.as_str());
    match &plan.step {
        Step::Rest => reason.to_owned(),
        Step::RestUntil(time) => format!("{reason} until {}", time.as_second()),
        Step::Do(action) => match action {
            Action::RecordIntent { replaces, .. } => {
                format!("intent{}", replaces.as_ref().map_or(String::new(), |r| format!(" for {r}")))
            }
            Action::Create { .. } => "create".into(),
            Action::Look { .. } => "look".into(),
            Action::DropIntent => "drop intent".into(),
            Action::Bind { id, recreated_from: None } => format!("bind {id}"),
            Action::Bind { id, recreated_from: Some(old) } => format!("bind {id} for {old}"),
            Action::Get { .. } => "get".into(),
            Action::Update { changes, cause, .. } => format!("update {} ({cause:?})", changes.fields()),
            Action::Delete { .. } => "delete".into(),
            Action::DeleteLate { id } => format!("delete {id}, which is late"),
            Action::Release { farewell } => match farewell {
                Farewell::None => "release".into(),
                Farewell::Deleted(_) => "release, deleted".into(),
                Farewell::Retained(..) => "release, retained".into(),
            },
        },
    }
}

fn next(manifest: &Manifest, memory: &Memory, observed: &Observed) -> String {
    step(&plan(manifest, memory, observed, at(1000)))
}

#[test]
fn a_new_livestream_is_created_in_three_steps() {
    let gone = seeing(Sight::NotYet);
    assert_eq!(next(&manifest(), &Memory::default(), &gone), "intent");
    assert_eq!(next(&manifest(), &creating(Request::NotSent), &gone), "create");
    let unstored = Binding::Bound { id: id("li1"), stored: false, adopted: false };
    assert_eq!(
        next(&manifest(), &Memory { binding: unstored, ..Memory::default() }, &fresh(remote("li1"))),
        "bind li1"
    );
    assert_eq!(next(&manifest(), &bound("li1"), &fresh(remote("li1"))), "Synced");
}

#[test]
fn nothing_is_created_before_the_account_was_seen() {
    let unseen = Observed { account: AccountView { observed: false, ..account() }, ..seeing(Sight::NotYet) };
    assert_eq!(next(&manifest(), &Memory::default(), &unseen), "Creating");
    let locked = AccountView { trouble: Some(Trouble::Unauthorized("no".into())), ..unseen.account.clone() };
    assert_eq!(
        next(&manifest(), &Memory::default(), &Observed { account: locked, ..unseen }),
        "Unauthorized"
    );
}

#[test]
fn a_lost_create_is_looked_for_after_the_settle_time_and_sent_anew_after_two_clean_looks() {
    let seen = seeing(Sight::NotYet);
    let at_time = |memory: &Memory, now| step(&plan(&manifest(), memory, &seen, at(now)));
    assert_eq!(at_time(&creating(unknown(0, None)), 129), "Creating until 130");
    assert_eq!(at_time(&creating(unknown(0, None)), 130), "look");
    assert_eq!(at_time(&creating(unknown(1, Some(130))), 144), "Creating until 145");
    assert_eq!(at_time(&creating(unknown(1, Some(130))), 145), "look");
    assert_eq!(at_time(&creating(unknown(2, Some(145))), 145), "drop intent");
    assert_eq!(at_time(&creating(Request::NotCreated), 145), "drop intent");
    assert_eq!(at_time(&creating(Request::Inherited), 145), "Creating", "the API's clock comes first");
}

#[test]
fn a_late_stream_of_its_own_is_deleted_but_not_where_nothing_may_be_written() {
    let late = Observed { late: Some(id("liLate")), ..present(remote("li1")) };
    assert_eq!(next(&manifest(), &bound("li1"), &late), "delete liLate, which is late");
    assert_eq!(next(&deleting(), &bound("li1"), &late), "delete liLate, which is late");
    let suspended = Manifest { suspend: true, ..manifest() };
    assert_eq!(next(&suspended, &bound("li1"), &late), "Suspended");
    let reported = Manifest { drift_policy: DriftPolicy::Report, ..manifest() };
    assert_eq!(next(&reported, &bound("li1"), &late), "Synced");
    let retained = Manifest { deletion_policy: Some(DeletionPolicy::Retain), ..deleting() };
    assert_eq!(next(&retained, &bound("li1"), &late), "release, retained");
}

#[test]
fn a_finalizer_that_was_taken_away_is_stored_again() {
    let bare = Manifest { finalizer: false, ..manifest() };
    assert_eq!(next(&bare, &bound("li1"), &present(remote("li1"))), "bind li1");
    let recreated = Manifest { finalizer: false, adopt: Some(id("li0")), ..manifest() };
    assert_eq!(next(&recreated, &bound("li1"), &present(remote("li1"))), "bind li1 for li0");
}

#[test]
fn a_wish_for_another_stream_waits_for_the_search_but_answers_an_ambiguity() {
    let wish = |request| Memory { binding: Binding::Wanted(id("li9")), ..creating(request) };
    let there = present(remote("li9"));
    assert_eq!(step(&plan(&manifest(), &wish(unknown(0, None)), &there, at(130))), "look");
    let many = Search { ambiguous: vec![id("liA"), id("liB")], ..Search::since(at(100)) };
    assert_eq!(next(&manifest(), &wish(Request::Unknown(many)), &there), "bind li9");
    assert_eq!(next(&manifest(), &wish(Request::NotSent), &there), "bind li9");
}

#[test]
fn an_ambiguous_create_waits_for_a_person_and_names_the_candidates() {
    let search = Search { ambiguous: vec![id("liA"), id("liB")], ..Search::since(at(100)) };
    let memory = creating(Request::Unknown(search));
    let plan = plan(&manifest(), &memory, &seeing(Sight::NotYet), at(1000));
    assert_eq!(step(&plan), "CreateAmbiguous");
    let message = plan.verdict.unwrap().message;
    assert!(
        message.contains("liA, liB") && message.contains("kubectl patch livestream -n ns town-hall"),
        "{message}"
    );
    let unreadable = Memory { create: Some(Create::Unreadable("why".into())), ..Memory::default() };
    assert_eq!(next(&manifest(), &unreadable, &seeing(Sight::NotYet)), "CreateAmbiguous");
}

#[test]
fn a_difference_is_the_users_change_or_drift_by_the_generation_that_was_last_synced() {
    let differs = present(Remote { public: Some(false), ..remote("li1") });
    assert_eq!(next(&manifest(), &bound("li1"), &differs), "update public (Manifest)");
    let synced = |generation| Memory { synced_generation: Some(generation), ..bound("li1") };
    assert_eq!(next(&manifest(), &synced(1), &differs), "update public (Drift)");
    let newer = Manifest { generation: 2, ..manifest() };
    assert_eq!(next(&newer, &synced(1), &differs), "update public (Manifest)");
}

#[test]
fn report_and_suspend_write_nothing() {
    let differs = present(Remote { name: Some("Other".into()), ..remote("li1") });
    let report = Manifest { drift_policy: DriftPolicy::Report, ..manifest() };
    let suspend = Manifest { suspend: true, ..manifest() };
    let plan_of = |m: &Manifest, o: &Observed| plan(m, &bound("li1"), o, at(1000));
    let told = plan_of(&report, &differs);
    assert_eq!((step(&told).as_str(), told.drift.len()), ("DriftDetected", 1));
    let trouble = Some(Trouble::Unauthorized("401".into()));
    let locked_out = Observed { account: AccountView { trouble, ..account() }, ..differs.clone() };
    assert_eq!(step(&plan_of(&report, &locked_out)), "Unauthorized", "nobody sees whether it still differs");
    assert_eq!(step(&plan_of(&suspend, &differs)), "Suspended");
    assert_eq!(step(&plan_of(&suspend, &present(remote("li1")))), "Suspended");
    assert_eq!(step(&plan_of(&report, &seeing(Sight::Gone))), "RemoteMissing");
    assert_eq!(step(&plan_of(&suspend, &seeing(Sight::Gone))), "Suspended");
    assert_eq!(next(&suspend, &Memory::default(), &seeing(Sight::NotYet)), "Suspended");
    assert_eq!(next(&suspend, &creating(unknown(0, None)), &seeing(Sight::NotYet)), "Suspended");
}

#[test]
fn an_absence_is_confirmed_before_anything_is_done_about_it() {
    assert_eq!(next(&manifest(), &bound("li1"), &seeing(Sight::Missing)), "get");
    assert_eq!(next(&manifest(), &bound("li1"), &seeing(Sight::Gone)), "intent for li1");
    assert_eq!(next(&manifest(), &bound("li1"), &seeing(Sight::NotYet)), "-");
}

#[test]
fn a_missing_stream_is_left_so_when_the_policy_or_the_guard_says_so_until_a_person_confirms() {
    let fail = Manifest { on_remote_missing: OnRemoteMissing::Fail, ..manifest() };
    let guarded = Observed { account: AccountView { guarded: true, ..account() }, ..seeing(Sight::Gone) };
    let gone = seeing(Sight::Gone);
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
    let alone = Observed { account: AccountView { judged: false, ..account() }, ..seeing(Sight::Gone) };
    assert_eq!(next(&manifest(), &bound("li1"), &alone), "Creating");
    let confirmed = Manifest { confirm_recreate: Some("li1".into()), ..manifest() };
    assert_eq!(next(&confirmed, &bound("li1"), &alone), "intent for li1");
}

#[test]
fn an_adopted_stream_is_seen_before_it_is_bound_and_bound_before_it_is_written() {
    let adopting = Manifest { adopt: Some(id("li7")), ..manifest() };
    let wanted = Memory { binding: Binding::Wanted(id("li7")), ..Memory::default() };
    assert_eq!(next(&adopting, &wanted, &seeing(Sight::Missing)), "get");
    assert_eq!(next(&adopting, &wanted, &seeing(Sight::Gone)), "RemoteMissing");
    assert_eq!(next(&adopting, &wanted, &present(Remote { name: None, ..remote("li7") })), "bind li7");
    let remade = Binding::Bound { id: id("li9"), stored: false, adopted: false };
    let memory = Memory { binding: remade.clone(), replaced: Some(id("li7")), ..Memory::default() };
    assert_eq!(next(&adopting, &memory, &fresh(remote("li9"))), "bind li9 for li7");
    // Made before anybody asked for li7: it has taken nobody's place.
    let memory = Memory { binding: remade, ..Memory::default() };
    assert_eq!(next(&adopting, &memory, &fresh(remote("li9"))), "bind li9");
}

#[test]
fn what_another_holds_or_was_refused_is_never_written() {
    let other = Place { namespace: "ns".into(), name: "other".into() };
    let conflict =
        Memory { binding: Binding::Conflict { id: id("li1"), holder: other }, ..Memory::default() };
    let mismatch =
        Memory { binding: Binding::Mismatch { bound: id("li1"), wanted: id("li2") }, ..Memory::default() };
    let differs = present(Remote { public: None, ..remote("li1") });
    let refusal = Some(Refusal { field: Some("playerId".into()), message: "no such player".into() });
    assert_eq!(next(&manifest(), &conflict, &differs), "IdConflict");
    assert_eq!(next(&manifest(), &mismatch, &differs), "Rejected");
    assert_eq!(next(&manifest(), &Memory { refusal: refusal.clone(), ..bound("li1") }, &differs), "Rejected");
    assert_eq!(
        next(&manifest(), &Memory { refusal, ..Memory::default() }, &seeing(Sight::NotYet)),
        "Rejected"
    );
}

#[test]
fn a_failed_call_is_waited_out_and_says_why() {
    let failing = |trouble| {
        let failure = Some(Failure { trouble, attempts: 1, retry_at: at(1005), expected_at: Some(at(1005)) });
        next(&manifest(), &Memory { failure, ..Memory::default() }, &seeing(Sight::NotYet))
    };
    assert_eq!(failing(Trouble::RateLimited), "RateLimited until 1005");
    assert_eq!(failing(Trouble::Unavailable("503".into())), "AccountUnavailable until 1005");
    assert_eq!(failing(Trouble::Unauthorized("401".into())), "Unauthorized until 1005");
}

#[test]
fn a_request_to_reconcile_reads_the_stream_afresh() {
    let asked = Manifest { requested_at: Some("now".into()), ..manifest() };
    assert_eq!(next(&asked, &bound("li1"), &present(remote("li1"))), "get");
    assert_eq!(next(&asked, &bound("li1"), &fresh(remote("li1"))), "Synced");
    let done = Memory { handled_request: Some("now".into()), ..bound("li1") };
    assert_eq!(next(&asked, &done, &present(remote("li1"))), "Synced");
}

#[test]
fn a_deletion_without_a_stream_goes_at_once_and_without_the_account() {
    let blind = Observed { account: AccountView { observed: false, ..account() }, ..seeing(Sight::NotYet) };
    assert_eq!(next(&deleting(), &Memory::default(), &blind), "release");
    assert_eq!(next(&deleting(), &creating(Request::NotCreated), &blind), "release");
    let other = Place { namespace: "ns".into(), name: "other".into() };
    for binding in [
        Binding::Wanted(id("li1")),
        Binding::Conflict { id: id("li1"), holder: other.clone() },
        Binding::Copy { id: id("li1"), holder: other },
    ] {
        let memory = Memory { binding, ..Memory::default() };
        assert_eq!(next(&deleting(), &memory, &present(remote("li1"))), "release");
    }
}

#[test]
fn a_deletion_deletes_what_was_created_and_retains_what_was_adopted_unless_told_otherwise() {
    let adopted = Memory {
        binding: Binding::Bound { id: id("li1"), stored: true, adopted: true },
        ..Memory::default()
    };
    let with = |policy| Manifest { deletion_policy: policy, ..deleting() };
    let seen = fresh(remote("li1"));
    assert_eq!(next(&with(None), &bound("li1"), &seen), "delete");
    assert_eq!(next(&with(None), &adopted, &seen), "release, retained");
    assert_eq!(next(&with(Some(DeletionPolicy::Retain)), &bound("li1"), &seen), "release, retained");
    assert_eq!(next(&with(Some(DeletionPolicy::Delete)), &adopted, &seen), "delete");
    assert_eq!(next(&with(None), &bound("li1"), &seeing(Sight::Gone)), "release, deleted");
    let with_crd = Observed { crd_terminating: true, ..seen.clone() };
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
    let locked = Some(Trouble::Unauthorized("401".into()));
    let locked = Observed { account: AccountView { trouble: locked, ..account() }, ..present(live.clone()) };
    assert_eq!(next(&deleting(), &bound("li1"), &locked), "Unauthorized", "nobody would see it end");
    let proceed = Manifest { while_broadcasting: WhileBroadcasting::Proceed, ..deleting() };
    assert_eq!(next(&proceed, &bound("li1"), &present(live)), "delete");
}

#[test]
fn a_deletion_with_an_open_create_looks_first() {
    let seen = seeing(Sight::NotYet);
    assert_eq!(next(&deleting(), &creating(unknown(0, None)), &seen), "look");
    assert_eq!(next(&deleting(), &creating(unknown(2, Some(900))), &seen), "drop intent");
    let retain = Manifest { deletion_policy: Some(DeletionPolicy::Retain), ..deleting() };
    assert_eq!(next(&retain, &creating(unknown(0, None)), &seen), "release, retained");
}

#[test]
fn a_deletion_that_the_account_holds_up_says_how_to_end_it() {
    let failure = Some(Failure {
        trouble: Trouble::Unauthorized("401".into()),
        attempts: 1,
        retry_at: at(2000),
        expected_at: Some(at(2000)),
    });
    let plan = plan(&deleting(), &Memory { failure, ..bound("li1") }, &present(remote("li1")), at(1000));
    assert_eq!(step(&plan), "Unauthorized until 2000");
    assert!(plan.verdict.unwrap().message.contains(r#"'{"spec":{"deletionPolicy":"Retain"}}'"#));
}
