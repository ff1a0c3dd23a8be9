//! The explorer can fail: each wrong decision is caught, and by the invariant
//! that it breaks. The wrong decisions exist only here; the operator always
//! acts on `Decisions::default()`.

use std::collections::BTreeSet;

use apivideo_operator::core::{
    action::{Action, Farewell},
    binding::{self, Binding, Stored},
    decisions::{Decisions, Planner},
    intent::Request,
    memory::{Create, Memory},
    model::{Manifest, Place, StreamId},
    observed::{Observed, Sight},
    plan::{self, Plan, Step},
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
    fn mutant(manifest: &Manifest, memory: &Memory, observed: &Observed, now: Timestamp) -> Plan {
        let plan = plan::plan(manifest, memory, observed, now);
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
    fn mutant(manifest: &Manifest, memory: &Memory, observed: &Observed, now: Timestamp) -> Plan {
        let plan = plan::plan(manifest, memory, observed, now);
        match &memory.create {
            Some(Create::Open(intent, Request::Unknown(_))) if !manifest.deleting => {
                Plan { step: Step::Do(Action::Create { intent: intent.clone() }), ..plan }
            }
            _ => plan,
        }
    }
    caught("a blind retry of the create", planned(mutant), &[Invariant::NoDouble]);
}

#[test]
fn a_finalizer_that_goes_before_the_search_is_caught() {
    fn mutant(manifest: &Manifest, memory: &Memory, observed: &Observed, now: Timestamp) -> Plan {
        let plan = plan::plan(manifest, memory, observed, now);
        let searches =
            matches!(memory.create, Some(Create::Open(_, Request::Unknown(_) | Request::Inherited)));
        if manifest.deleting && manifest.finalizer && searches {
            let release = Action::Release { farewell: Farewell::None };
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
    fn mutant(manifest: &Manifest, memory: &Memory, observed: &Observed, now: Timestamp) -> Plan {
        let mut observed = observed.clone();
        if observed.stream == Sight::Missing {
            observed.stream = Sight::Gone;
        }
        plan::plan(manifest, memory, &observed, now)
    }
    caught("an absence on a page taken for a deletion", planned(mutant), &[Invariant::NoDouble]);
}

#[test]
fn an_id_that_is_not_checked_for_a_second_holder_is_caught() {
    fn mutant(
        stored: &Stored,
        uid: &str,
        adopt: Option<&StreamId>,
        open_intent: bool,
        _: &dyn Fn(&StreamId) -> Option<Place>,
    ) -> Binding {
        binding::resolve(stored, uid, adopt, open_intent, &|_| None)
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
        open_intent: bool,
        _: &dyn Fn(&StreamId) -> Option<Place>,
    ) -> Binding {
        let stored = Stored { bound_uid: Some(uid.to_owned()), ..stored.clone() };
        binding::resolve(&stored, uid, adopt, open_intent, &|_| None)
    }
    let decisions = Decisions { resolve: mutant, ..Decisions::default() };
    caught("a copied binding taken for the own", decisions, &[Invariant::NoForeignTouch]);
}

#[test]
fn an_adopted_stream_that_goes_with_its_livestream_is_caught() {
    fn mutant(manifest: &Manifest, memory: &Memory, observed: &Observed, now: Timestamp) -> Plan {
        let mut memory = memory.clone();
        if let Binding::Bound { adopted, .. } = &mut memory.binding {
            *adopted = false;
        }
        plan::plan(manifest, &memory, observed, now)
    }
    caught("an adopted stream that is not retained", planned(mutant), &[Invariant::NoForeignTouch]);
}
