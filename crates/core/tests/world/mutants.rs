//! Each check can fail: a wrong decision is put in, and the walk finds what it breaks.

use apivideo_operator_core::{
    decisions::{Decisions, Planner},
    facts::{
        Facts,
        binding::{self, Binding, Stored},
        ids::{ObjectKey, StreamId},
        intent::Intent,
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
    around::Happens,
    shell::Rules,
    step::Broken,
    values,
    walk::{Walk, one, two, walk},
};

/// These decisions break this promise, and first this one.
fn breaks(walk_through: Walk, expected: Broken) {
    let walked = walk(&walk_through);
    let (broken, way) = walked.violation.expect("the walk finds nothing wrong");
    println!("{broken:?} after {} steps and {} states: {way:?}", way.len(), walked.states);
    assert_eq!(broken, expected, "{way:#?}");
}

fn with_planner(walk: Walk, plan: Planner) -> Walk {
    let decisions = Decisions { plan, ..Decisions::default() };
    Walk { rules: Rules { decisions, ..walk.rules }, ..walk }
}

fn instead(plan: Plan, action: Action) -> Plan {
    Plan { step: Step::Do(action), ..plan }
}

#[test]
fn a_create_without_an_intent_leaks() {
    fn mutant(facts: &Facts, state: &ReconcileState, now: Timestamp) -> Plan {
        let plan = plan::plan(facts, state, now);
        match plan.step.clone() {
            Step::Do(Action::RecordIntent { intent, .. }) => instead(plan, Action::Create { intent }),
            _ => plan,
        }
    }
    breaks(with_planner(one(Happens::default()), mutant), Broken::Leak);
}

#[test]
fn a_create_that_is_sent_again_without_a_search_doubles() {
    fn mutant(facts: &Facts, state: &ReconcileState, now: Timestamp) -> Plan {
        let plan = plan::plan(facts, state, now);
        match &state.create {
            Some(PendingCreate::Open(intent, Request::Unknown(_))) => {
                instead(plan, Action::Create { intent: intent.clone() })
            }
            _ => plan,
        }
    }
    breaks(with_planner(one(Happens::default()), mutant), Broken::Double);
}

#[test]
fn a_release_before_the_search_breaks_the_promise_of_the_finalizer() {
    fn mutant(facts: &Facts, state: &ReconcileState, now: Timestamp) -> Plan {
        let plan = plan::plan(facts, state, now);
        if facts.manifest.finalizing() && state.create.is_some() {
            return instead(plan, Action::Release { reason: ReleaseReason::NeverCreated });
        }
        plan
    }
    breaks(with_planner(one(Happens::default()), mutant), Broken::Finalizer);
}

#[test]
fn a_resolver_that_asks_for_no_owner_touches_what_is_anothers() {
    fn mutant(
        stored: &Stored,
        uid: &str,
        adopt: Option<&StreamId>,
        _: &dyn Fn(&StreamId) -> Option<ObjectKey>,
    ) -> Binding {
        binding::resolve(stored, uid, adopt, &|_| None)
    }
    let mut walk =
        Walk { objects: 1, safety_only: true, ..two(Happens { copies: true, ..Happens::default() }) };
    walk.rules.decisions.resolve = mutant;
    breaks(walk, Broken::ForeignTouch);
}

#[test]
fn a_window_without_an_end_takes_a_strangers_stream() {
    let endless = |intent: &Intent, remote: &_| {
        let again = |sent_at| Intent { sent_at, ..intent.clone() }.matches(remote, values::timing());
        intent.matches(remote, values::timing())
            || (1..40).any(|ticks| again(intent.sent_at + tick_of(ticks)))
    };
    let mut walk = one(Happens { strangers: true, ..Happens::default() });
    walk.rules.matches = endless;
    breaks(walk, Broken::ForeignTouch);
}

fn tick_of(ticks: i64) -> std::time::Duration {
    std::time::Duration::from_secs((ticks * values::TICK).unsigned_abs())
}

#[test]
fn a_wish_that_does_not_wait_for_the_search_leaks() {
    fn mutant(facts: &Facts, state: &ReconcileState, now: Timestamp) -> Plan {
        match &state.binding {
            Binding::Wanted(_) if !facts.manifest.deleting => {
                plan::plan(facts, &ReconcileState { create: None, ..state.clone() }, now)
            }
            _ => plan::plan(facts, state, now),
        }
    }
    let walk = one(Happens { strangers: true, adoptions: true, ..Happens::default() });
    breaks(with_planner(walk, mutant), Broken::Leak);
}

#[test]
fn a_re_creation_before_the_status_names_the_old_stream_leaks() {
    fn mutant(facts: &Facts, state: &ReconcileState, now: Timestamp) -> Plan {
        let stored = Stored { status: state.binding.id().cloned(), ..facts.stored.clone() };
        plan::plan(&Facts { stored, ..facts.clone() }, state, now)
    }
    let happens = Happens { remote_deletions: true, reconciles_in_one: true, ..Happens::default() };
    breaks(with_planner(one(happens), mutant), Broken::Leak);
}

#[test]
fn a_refused_create_that_is_never_forgotten_is_stuck() {
    fn mutant(facts: &Facts, state: &ReconcileState, now: Timestamp) -> Plan {
        let plan = plan::plan(facts, state, now);
        match &plan.step {
            Step::Do(Action::DropIntent { .. }) => {
                Plan { step: Step::Wait { until: None, queued: false }, ..plan }
            }
            _ => plan,
        }
    }
    breaks(with_planner(one(Happens::default()), mutant), Broken::Stuck);
}
