//! Without faults every state leads on: to Ready, to an object that is gone, or to a
//! condition that only a person can end, whose step is taken and leads on.

use std::collections::HashSet;

use apivideo_operator_core::step::conditions::Reason;

use crate::{
    around,
    canon::canonical,
    checks, effects,
    hash::{Plain, hash},
    model::World,
    people,
    shell::{self, Rules},
};

/// The states that are known to lead to the goal.
#[derive(Default)]
pub(crate) struct Goals(HashSet<u128, Plain>);

/// Where a state leads without a fault.
#[allow(clippy::large_enum_variant, reason = "it is taken apart at once")]
enum Ahead {
    There,
    Next(World),
    Nowhere,
}

impl Goals {
    /// Whether a run without faults reaches the goal from here. It takes one way, so it
    /// never does if it comes back to a state.
    pub(crate) fn reaches(&mut self, world: &World, rules: &Rules) -> bool {
        let (mut world, mut passed) = (*world, Vec::new());
        loop {
            let state = hash(&world);
            if self.0.contains(&state) {
                break;
            }
            if passed.contains(&state) {
                return false;
            }
            passed.push(state);
            match ahead(&world, rules) {
                Ahead::There => break,
                Ahead::Next(next) => world = next,
                Ahead::Nowhere => return false,
            }
        }
        self.0.extend(passed);
        true
    }
}

fn ahead(world: &World, rules: &Rules) -> Ahead {
    if world.process.is_none() {
        let mut world = *world;
        shell::start(&mut world, rules);
        return Ahead::Next(canonical(world));
    }
    let differs = |next: World| Some(canonical(next)).filter(|next| next != world);
    let mut out = Vec::new();
    // A reconcile under way first, unless it waits for the other's.
    for i in 0..2 {
        if world.entry(i).is_some_and(|entry| entry.run.is_some()) {
            effects::next(world, i, rules, &mut out);
        }
    }
    if let Some((_, next, _)) = out.first() {
        return Ahead::Next(canonical(*next));
    }
    if let Some(next) = around::scan(world, None).and_then(differs) {
        return Ahead::Next(next);
    }
    for i in 0..2 {
        out.clear();
        effects::next(world, i, rules, &mut out);
        if let Some(next) = out.first().and_then(|(_, next, _)| differs(*next)) {
            return Ahead::Next(next);
        }
    }
    at_rest(world, rules)
}

/// Nothing is to be done now.
fn at_rest(world: &World, rules: &Rules) -> Ahead {
    let settled =
        |i: usize| !world.objects[i].exists || effects::reported(world, i, rules) == Some(Reason::Synced);
    if (0..2).all(settled) {
        return if (0..2).all(|i| equal(world, i)) { Ahead::There } else { Ahead::Nowhere };
    }
    if let Some(next) = (0..2).find_map(|i| people::answer(world, i, rules)) {
        return Ahead::Next(canonical(next));
    }
    let mut out = Vec::new();
    around::tick(world, &mut out);
    let next = out.first().map(|(_, next, _)| canonical(*next)).filter(|next| next != world);
    next.map_or(Ahead::Nowhere, Ahead::Next)
}

/// Whether an object is gone, or its stream is there and as it wants it.
fn equal(world: &World, i: usize) -> bool {
    let object = &world.objects[i];
    let stream = checks::bound(i, object).and_then(|id| world.stream(id));
    let equal = stream.is_some_and(|stream| stream.exists && stream.payload == object.payload);
    !object.exists || equal && object.finalizer && object.intent.is_none()
}
