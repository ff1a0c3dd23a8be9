//! The checks of a world that is less kind can fail, too: each wrong decision is
//! caught by its check. The wrong decisions exist only here.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    time::Duration,
};

use apivideo_operator::core::{
    decisions::{Decisions, Planner},
    facts::{
        Facts,
        binding::{self, Binding, Stored},
        ids::{ObjectKey, StreamId},
        project::AccountProject,
    },
    plan,
    state::{
        backoff::{backoff, later},
        outcome::Cause,
        reconcile_state::ReconcileState,
    },
    step::{Plan, Step, action::Action},
};
use jiff::{SignedDuration, Timestamp};

use crate::{bindings, explore::tell, lasting, project};

fn planned(plan: Planner) -> Decisions {
    Decisions { plan, ..Decisions::default() }
}

/// The check fails with these decisions, and says so.
fn caught(mutant: &str, says: &str, check: impl FnOnce()) {
    let failed = catch_unwind(AssertUnwindSafe(check)).expect_err("a wrong decision is caught");
    let text = failed.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| failed.downcast_ref::<&str>().copied()).unwrap_or_default();
    tell(&format!("{mutant}: {}", text.lines().next().unwrap_or_default()));
    assert!(text.contains(says), "{mutant}: {text}");
}

/// The kind is found wrong with these decisions, and this is said of it.
fn caught_by_kind(mutant: &str, decisions: Decisions, kind: &str, says: &str) {
    let wrong = lasting::wrong(decisions, |name| name == kind);
    tell(&format!("{mutant}: {wrong:?}"));
    assert!(wrong.iter().any(|wrong| wrong.contains(says)), "{mutant}: {wrong:?}");
}

/// The failure as it would be with another wait after it.
fn waited(facts: &Facts, state: &ReconcileState, wait: Duration) -> ReconcileState {
    let mut state = state.clone();
    let grown = backoff(state.attempts, facts.manifest.uid());
    if let Some(failure) = &mut state.failure {
        let failed_at = failure.retry_at.saturating_sub(SignedDuration::try_from(grown).unwrap_or_default());
        failure.retry_at = later(failed_at.unwrap_or(failure.retry_at), wait);
    }
    state
}

#[test]
fn a_backoff_that_does_not_grow_is_caught() {
    fn mutant(facts: &Facts, state: &ReconcileState, now: Timestamp) -> Plan {
        plan::plan(facts, &waited(facts, state, Duration::from_secs(1)), now)
    }
    for kind in ["DELETE 500", "PATCH 500", "name trimmed", "metadata 422, new"] {
        caught_by_kind("a backoff that does not grow", planned(mutant), kind, "in the first minute");
    }
}

#[test]
fn a_value_that_is_not_applied_and_sent_again_is_caught() {
    fn mutant(facts: &Facts, state: &ReconcileState, now: Timestamp) -> Plan {
        let mut state = state.clone();
        state.failure.take_if(|failure| matches!(failure.cause, Cause::NotApplied(_)));
        plan::plan(facts, &state, now)
    }
    caught_by_kind("no wait after NotApplied", planned(mutant), "public kept", "calls");
}

#[test]
fn a_refusal_that_is_never_tried_again_is_caught() {
    fn mutant(facts: &Facts, state: &ReconcileState, now: Timestamp) -> Plan {
        let mut state = state.clone();
        if let Some(failure) = state.failure.as_mut().filter(|f| matches!(f.cause, Cause::Refused(_))) {
            failure.retry_at = later(now, Duration::from_secs(3600));
        }
        plan::plan(facts, &state, now)
    }
    caught_by_kind("a refusal for ever", planned(mutant), "player made after 1 min", "Rejected in the end");
}

#[test]
fn a_recreation_from_the_manifest_alone_is_caught() {
    fn mutant(facts: &Facts, state: &ReconcileState, now: Timestamp) -> Plan {
        let mut plan = plan::plan(facts, state, now);
        if let Step::Do(Action::RecordIntent { intent, replaces: Some(_) }) = &mut plan.step {
            intent.payload = facts.manifest.desired.clone();
        }
        plan
    }
    caught("a re-creation from the manifest alone", "(true, None)", || {
        bindings::stays_private(planned(mutant))
    });
}

#[test]
fn an_annotation_believed_over_the_claims_is_caught() {
    fn mutant(
        stored: &Stored,
        uid: &str,
        adopt: Option<&StreamId>,
        owner: &dyn Fn(&StreamId) -> Option<ObjectKey>,
    ) -> Binding {
        let stored = Stored { owned: None, status: None, ..stored.clone() };
        binding::resolve(&stored, uid, adopt, owner)
    }
    let decisions = Decisions { resolve: mutant, ..Decisions::default() };
    caught("an annotation over the claims", "running true", || bindings::older_id(decisions));
    caught("a wish over the claims", "RemoteMissing", || bindings::replaced(decisions));
}

#[test]
fn a_project_that_is_not_compared_is_caught() {
    fn mutant(facts: &Facts, state: &ReconcileState, now: Timestamp) -> Plan {
        let mut facts = facts.clone();
        facts.account.project = AccountProject::default();
        plan::plan(&facts, state, now)
    }
    caught("a project that is not compared", "released by a 404", || {
        project::wrong_key(planned(mutant), false, false)
    });
}

#[test]
fn a_guard_that_is_not_asked_is_caught() {
    fn mutant(facts: &Facts, state: &ReconcileState, now: Timestamp) -> Plan {
        let mut facts = facts.clone();
        (facts.account.guarded, facts.account.guard_active) = (false, false);
        plan::plan(&facts, state, now)
    }
    caught("a guard that is not asked", "the wrong project", || {
        project::wrong_key(planned(mutant), true, false)
    });
}
