//! A LiveStream that has no stream yet, or whose create was lost.

use super::*;

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
        stored: Stored { project: Some("production/prA".into()), ..observing(Observation::Gone).stored },
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
fn a_binding_keeps_the_project_that_it_was_made_in() {
    let opened = |project: &str| AccountView {
        project: AccountProject { opened: Some(project.into()), expected: None },
        ..account()
    };
    let bind = |state: &ReconcileState, observation, project: Option<&str>| {
        let stored = Stored { project: project.map(Into::into), ..Stored::default() };
        let facts = Facts { stored, account: opened("production/prB"), ..observing(observation) };
        match plan(&facts, state, at(1000)).step {
            Step::Do(Action::Bind { project, .. }) => project,
            other => panic!("{other:?}"),
        }
    };
    let seen = || Observation::Present { remote: Arc::new(remote("li1")), fresh: false };
    let restored = with_binding(Binding::Bound { id: id("li1"), stored: false, adopted: false });
    let (a, b) = (Some("production/prA".to_owned()), Some("production/prB".to_owned()));
    assert_eq!(bind(&restored, Observation::Absent, a.as_deref()), a, "it is not of the opened project");
    assert_eq!(bind(&restored, Observation::Absent, None), None, "nothing shows which project it is of");
    assert_eq!(bind(&restored, seen(), None), b);
    let created_in = |project: &Option<String>| ReconcileState {
        unstored: Some(id("li1")),
        created_in: project.clone(),
        ..restored.clone()
    };
    assert_eq!(bind(&created_in(&a), seen(), b.as_deref()), a, "the key was changed before it was stored");
    assert_eq!(bind(&with_binding(Binding::Wanted(id("li1"))), seen(), a.as_deref()), b, "adopted here");
}

#[test]
fn a_stream_is_created_again_only_once_the_status_names_the_one_that_is_gone() {
    let names = |status: Option<&str>| {
        let stored = Stored { status: status.map(id), ..Stored::default() };
        next(&manifest(), &bound("li1"), &Facts { stored, ..observing(Observation::Gone) })
    };
    assert_eq!(names(Some("li1")), "intent for li1");
    assert_eq!(names(Some("li0")), "Creating until 1005");
    assert_eq!(names(None), "Creating until 1005");
}

#[test]
fn no_marker_where_nothing_would_remove_it() {
    let marker = |drift_policy| {
        let manifest = Manifest { drift_policy, ..manifest() };
        let account = AccountView { marker: true, ..account() };
        let facts = Facts { manifest, account, ..observing(Observation::Unknown) };
        match plan(&facts, &ReconcileState::default(), at(1000)).step {
            Step::Do(Action::RecordIntent { intent, .. }) => intent.marked(),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!((marker(DriftPolicy::Correct), marker(DriftPolicy::Report)), (true, false));
}
