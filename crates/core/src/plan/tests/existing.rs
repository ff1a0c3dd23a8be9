//! A LiveStream that has a stream, or wants one.

use super::*;

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
