//! What each action does to the world, and what can become of it. The first way in
//! which an action can end is the one without a fault.

use apivideo_operator_core::{
    facts::ids::StreamId,
    state::outcome::{Cause, Outcome, Refusal},
    step::{
        Plan, Step as PlanStep,
        action::{Action, ReleaseReason},
        conditions::Reason,
    },
};

use crate::{
    calls::{call, failed, unavailable},
    memory,
    model::{Bound, Late, Object, Seen, World},
    shell::{Reconcile, Rules, claim},
    step::{Broken, End, Next, Step},
    values,
};

/// How long a late request can take after it was given up, in ticks.
const LATEST: u8 = 2;

/// Everything that can come next of the reconcile of one object.
pub(crate) fn next(world: &World, i: usize, rules: &Rules, out: &mut Vec<Next>) {
    let Some(mut reconcile) = Reconcile::of(world, i, rules) else { return };
    if reconcile.run.posting.is_some() {
        return answer(world, i, rules, out);
    }
    let plan = reconcile.plan(rules);
    let PlanStep::Do(action) = plan.step.clone() else { return finish(reconcile, &plan, rules, out) };
    let lost_only = |end: &&End| !rules.lost_only || !matches!(end, End::Refused | End::Conflict);
    let only = |ends: &[End]| ends.len() == 1;
    let ends = ends(&reconcile, &action, world);
    for end in ends.iter().filter(|end| only(ends) || lost_only(end)) {
        let mut broken = None;
        let after = take(reconcile.clone(), action.clone(), *end, rules, &mut broken);
        out.push((Step::Operator(values::u8_of(i), name(&action), *end), after, broken));
    }
}

/// The ways in which an action can end.
fn ends(reconcile: &Reconcile, action: &Action, world: &World) -> &'static [End] {
    let conditional = match action {
        Action::Bind { .. } => !reconcile.facts.manifest.finalizer,
        _ => true,
    };
    match action {
        Action::Claim { .. } => &[End::Done],
        Action::Create { .. } => &[End::Sent],
        Action::Search { intent } if creating(world, reconcile.i, values::payload_of(intent)) => &[],
        Action::Search { .. } | Action::Get { .. } => &[End::Done, End::Refused],
        Action::Update { .. } | Action::Delete { .. } => &[End::Done, End::Refused, End::Lost],
        _ if conditional && reconcile.run.changed => &[End::Conflict],
        _ if conditional => &[End::Done, End::Conflict, End::Refused, End::Lost],
        _ => &[End::Done, End::Refused, End::Lost],
    }
}

/// Whether a create of this name is under way for the other object: it holds the lock.
fn creating(world: &World, i: usize, payload: u8) -> bool {
    let run = world.entry(1 - i).and_then(|entry| entry.run);
    run.and_then(|run| run.posting).is_some_and(|(asked, _)| asked.payload == payload)
}

fn name(action: &Action) -> &'static str {
    match action {
        Action::RecordIntent { .. } => "record intent",
        Action::Create { .. } => "create",
        Action::Search { .. } => "search",
        Action::DropIntent { .. } => "drop intent",
        Action::Claim { .. } => "claim",
        Action::Bind { .. } => "bind",
        Action::Get { .. } => "get",
        Action::Update { .. } => "update",
        Action::Delete { .. } | Action::DeleteOrphan { .. } => "delete",
        Action::CheckCrd { .. } => "check CRD",
        Action::Release { .. } => "release",
    }
}

/// Takes an action.
fn take(
    mut reconcile: Reconcile,
    action: Action,
    end: End,
    rules: &Rules,
    broken: &mut Option<Broken>,
) -> World {
    let outcome = match &action {
        Action::Claim { id } => {
            claim(reconcile.world.process.as_mut().unwrap(), reconcile.i, values::number(id));
            Outcome::Stored
        }
        Action::Create { intent } => {
            reconcile.state.sending(reconcile.now);
            reconcile.run.posting = Some((values::asked(intent), 0));
            return reconcile.goes_on();
        }
        Action::Search { .. } | Action::Get { .. } | Action::Update { .. } | Action::Delete { .. } => {
            call(&mut reconcile, &action, end, rules, broken)
        }
        _ if end == End::Conflict => return reconcile.ends(),
        _ => write(&mut reconcile, &action, end, broken),
    };
    reconcile.apply(action, outcome);
    reconcile.goes_on()
}

/// A write to the object.
fn write(reconcile: &mut Reconcile, action: &Action, end: End, broken: &mut Option<Broken>) -> Outcome {
    let i = reconcile.i;
    if matches!(end, End::Done | End::Lost) {
        *broken = before_write(&mut reconcile.world, i, action);
        patch(&mut reconcile.world.objects[i], i, action);
        reconcile.run.changed = end == End::Lost;
    }
    if end == End::Done {
        reconcile.note_intent(match action {
            Action::RecordIntent { intent, .. } => Some(values::asked(intent)),
            _ => None,
        });
    }
    let object = reconcile.world.objects[i];
    if object.deleting && !object.finalizer {
        reconcile.world.gone(i);
    }
    if end == End::Done { Outcome::Stored } else { failed(Cause::Cluster(String::new()), true) }
}

/// What a write makes of the object, as a merge patch.
fn patch(object: &mut Object, i: usize, action: &Action) {
    let number = |id: &Option<StreamId>| id.as_ref().map(values::number);
    match action {
        Action::RecordIntent { intent, replaces } => {
            (object.finalizer, object.bound_to) = (true, Some(values::u8_of(i)));
            object.intent = Some(values::asked(intent));
            if replaces.is_none() {
                (object.annotation, object.recreated_from) = (None, None);
            }
        }
        Action::DropIntent { .. } => (object.intent, object.settle) = (None, None),
        Action::Bind { id, recreated_from, .. } => {
            (object.finalizer, object.bound_to) = (true, Some(values::u8_of(i)));
            (object.annotation, object.recreated_from) = (Some(values::number(id)), number(recreated_from));
            (object.intent, object.settle) = (None, None);
        }
        Action::Release { .. } => object.finalizer = false,
        _ => unreachable!("{action:?} is no write to the object"),
    }
}

/// What a write to the object must not do.
fn before_write(world: &mut World, i: usize, action: &Action) -> Option<Broken> {
    let me = values::u8_of(i);
    match action {
        Action::Bind { id, .. } => {
            let stream = world.stream(values::number(id))?;
            let mine = stream.maker == me || (stream.wished | stream.given) & (1 << i) != 0;
            (!mine && stream.exists).then_some(Broken::ForeignTouch)
        }
        Action::Release { reason: ReleaseReason::Retained(..) } => {
            world.free(me);
            None
        }
        Action::Release { .. } => {
            let late = world.late.iter().flatten().any(|late| late.maker == me);
            let left = late || world.existing().any(|(_, stream)| stream.maker == me);
            left.then_some(Broken::Finalizer)
        }
        _ => None,
    }
}

/// How the create request under way ends.
fn answer(world: &World, i: usize, rules: &Rules, out: &mut Vec<Next>) {
    let ends = [End::Done, End::Refused, End::Lost, End::Late, End::Never];
    for end in ends.into_iter().filter(|end| !rules.lost_only || *end != End::Refused) {
        let mut reconcile = Reconcile::of(world, i, rules).unwrap();
        let (asked, _) = reconcile.run.posting.take().unwrap();
        let id = reach(&mut reconcile.world, i, asked.payload, end);
        let outcome = match (end, id) {
            (End::Done, Some(id)) => {
                let process = reconcile.world.process.as_mut().unwrap();
                process.clock = true;
                claim(process, i, id);
                let stream = reconcile.world.stream_mut(id).unwrap();
                stream.seen = Seen::Present(stream.payload);
                Outcome::Stream(Box::new(values::remote(id, stream)))
            }
            (End::Refused, _) => {
                failed(Cause::Refused(Refusal { field: None, message: String::new() }), false)
            }
            _ => unavailable(),
        };
        reconcile.apply(Action::Create { intent: values::intent(i, asked) }, outcome);
        out.push((Step::Operator(values::u8_of(i), "create", end), reconcile.goes_on(), None));
    }
}

/// What a create request does to the account, if it ends so.
pub(crate) fn reach(world: &mut World, i: usize, payload: u8, end: End) -> Option<u8> {
    let maker = values::u8_of(i);
    match end {
        End::Done | End::Lost => Some(world.add_stream(payload, maker, 0)),
        End::Late => {
            let free = world.late.iter_mut().find(|late| late.is_none()).expect("few late requests");
            *free = Some(Late { payload, maker, left: LATEST });
            None
        }
        _ => None,
    }
}

/// A plan that waits ends the reconcile: it is settled, and the status is written.
fn finish(mut reconcile: Reconcile, plan: &Plan, rules: &Rules, out: &mut Vec<Next>) {
    let i = values::u8_of(reconcile.i);
    let manifest = &reconcile.facts.manifest;
    if plan.ready.is_none() || manifest.deleting && !manifest.finalizer {
        return out.push((Step::Operator(i, "wait", End::Done), reconcile.ends(), None));
    }
    reconcile.state.settle(&reconcile.facts, plan, None);
    let memory = memory::pack(&reconcile.state);
    let mut written = reconcile.world;
    let changed = reconcile.run.changed;
    let failed = reconcile.ends();
    written.process = failed.process;
    let object = &mut written.objects[usize::from(i)];
    object.synced = memory.synced;
    object.status = match memory.binding {
        Bound::To(id, _, _) | Bound::Mismatch(id, _) => Some(id),
        _ => None,
    };
    if !changed {
        out.push((Step::Operator(i, "report", End::Done), written, None));
    }
    if changed || written != failed && !rules.lost_only {
        out.push((Step::Operator(i, "report", End::Conflict), failed, None));
    }
}

/// The reason that an object reports while its plan waits, if it does.
pub(crate) fn reported(world: &World, i: usize, rules: &Rules) -> Option<Reason> {
    let plan = Reconcile::of(world, i, rules)?.plan(rules);
    matches!(plan.step, PlanStep::Wait { .. }).then_some(plan.ready?.reason)
}
