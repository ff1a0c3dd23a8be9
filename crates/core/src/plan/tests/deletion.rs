//! A LiveStream that is being deleted.

use super::*;

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

#[test]
fn a_deletion_that_waits_for_a_broadcast_reads_what_no_page_shows() {
    let live = Remote { broadcasting: true, ..remote("li1") };
    let unlisted = |facts: Facts| Facts { account: AccountView { unlisted: true, ..account() }, ..facts };
    assert_eq!(next(&deleting(), &bound("li1"), &unlisted(present(live.clone()))), "get");
    let waits = "DeferredWhileBroadcasting";
    assert_eq!(next(&deleting(), &bound("li1"), &unlisted(fresh(live.clone()))), waits);
    let read = ReconcileState { read_at: Some(at(999)), ..bound("li1") };
    assert_eq!(next(&deleting(), &read, &unlisted(present(live))), waits);
}
