//! The explorer can fail: each wrong decision is caught, and by the invariant
//! that it breaks. The wrong decisions exist only here; the operator always
//! acts on `Decisions::default()`.

use std::collections::BTreeSet;

use apivideo_operator::core::{
    decisions::{Decisions, Planner},
    facts::{
        Facts,
        binding::{self, Binding, Stored},
        ids::{ObjectKey, StreamId},
        observation::Observation,
    },
    plan,
    state::reconcile_state::{PendingCreate, ReconcileState, Request},
    step::{
        Plan, Step,
        action::{Action, ReleaseReason},
    },
};
use jiff::Timestamp;

use crate::{
    explore::{Failure, SINGLES, explore, tell},
    ledger::Invariant,
    lives,
};

fn planned(plan: Planner) -> Decisions {
    Decisions { plan, ..Decisions::default() }
}

/// Plays every life under every single fault with these decisions: at least
/// these invariants are broken.
fn caught(mutant: &str, decisions: Decisions, by: &[Invariant]) {
    let explored = explore(&lives::all(), SINGLES(decisions));
    let broken = explored.failures.iter().flat_map(|failure| &failure.played.violations);
    let broken: BTreeSet<_> = broken.map(|violation| violation.invariant).collect();
    let shortest = explored.shortest().map(Failure::report).unwrap_or_default();
    let (failed, schedules) = (explored.failures.len(), explored.figures.schedules);
    tell(&format!("{mutant}: {failed} of {schedules} schedules fail, {broken:?}"));
    for invariant in by {
        assert!(broken.contains(invariant), "{mutant} does not break {invariant:?}\n{shortest}");
    }
}

#[test]
fn a_create_without_an_intent_is_caught() {
    fn mutant(facts: &Facts, state: &ReconcileState, now: Timestamp) -> Plan {
        let plan = plan::plan(facts, state, now);
        match plan.step {
            Step::Do(Action::RecordIntent { intent, .. }) => {
                Plan { step: Step::Do(Action::Create { intent }), ..plan }
            }
            _ => plan,
        }
    }
    caught("no intent before the create", planned(mutant), &[Invariant::NoDouble, Invariant::NoLeak]);
}

#[test]
fn a_create_that_is_sent_again_blindly_is_caught() {
    fn mutant(facts: &Facts, state: &ReconcileState, now: Timestamp) -> Plan {
        let plan = plan::plan(facts, state, now);
        match &state.create {
            Some(PendingCreate::Open(intent, Request::Unknown(_))) if !facts.manifest.deleting => {
                Plan { step: Step::Do(Action::Create { intent: intent.clone() }), ..plan }
            }
            _ => plan,
        }
    }
    caught("a blind retry of the create", planned(mutant), &[Invariant::NoDouble]);
}

#[test]
fn a_finalizer_that_goes_before_the_search_is_caught() {
    fn mutant(facts: &Facts, state: &ReconcileState, now: Timestamp) -> Plan {
        let plan = plan::plan(facts, state, now);
        let searches =
            matches!(state.create, Some(PendingCreate::Open(_, Request::Unknown(_) | Request::Inherited)));
        if facts.manifest.finalizing() && searches {
            let release = Action::Release { reason: ReleaseReason::NeverCreated };
            return Plan { step: Step::Do(release), ..plan };
        }
        plan
    }
    caught(
        "the finalizer before the search",
        planned(mutant),
        &[Invariant::FinalizerLast, Invariant::NoLeak],
    );
}

#[test]
fn an_absence_on_a_page_that_is_taken_for_a_deletion_is_caught() {
    fn mutant(facts: &Facts, state: &ReconcileState, now: Timestamp) -> Plan {
        let mut facts = facts.clone();
        if facts.observation == Observation::Absent {
            facts.observation = Observation::Gone;
        }
        plan::plan(&facts, state, now)
    }
    caught("an absence on a page taken for a deletion", planned(mutant), &[Invariant::NoDouble]);
}

#[test]
fn an_id_that_is_not_checked_for_a_second_holder_is_caught() {
    fn mutant(
        stored: &Stored,
        uid: &str,
        adopt: Option<&StreamId>,
        _: &dyn Fn(&StreamId) -> Option<ObjectKey>,
    ) -> Binding {
        binding::resolve(stored, uid, adopt, &|_| None)
    }
    let decisions = Decisions { resolve: mutant, ..Decisions::default() };
    caught("ids not checked for a second holder", decisions, &[Invariant::NoForeignTouch]);
}

#[test]
fn a_copied_binding_that_is_taken_for_the_own_is_caught() {
    fn mutant(
        stored: &Stored,
        uid: &str,
        adopt: Option<&StreamId>,
        _: &dyn Fn(&StreamId) -> Option<ObjectKey>,
    ) -> Binding {
        let stored = Stored { bound_uid: Some(uid.to_owned()), ..stored.clone() };
        binding::resolve(&stored, uid, adopt, &|_| None)
    }
    let decisions = Decisions { resolve: mutant, ..Decisions::default() };
    caught("a copied binding taken for the own", decisions, &[Invariant::NoForeignTouch]);
}

#[test]
fn an_adopted_stream_that_goes_with_its_livestream_is_caught() {
    fn mutant(facts: &Facts, state: &ReconcileState, now: Timestamp) -> Plan {
        let mut state = state.clone();
        if let Binding::Bound { adopted, .. } = &mut state.binding {
            *adopted = false;
        }
        plan::plan(facts, &state, now)
    }
    caught("an adopted stream that is not retained", planned(mutant), &[Invariant::NoForeignTouch]);
}
