//! What people do to a LiveStream, and the step that ends what only a person can end.

use apivideo_operator_core::step::conditions::{KstatusState, Reason};

use crate::{
    effects,
    model::{Answer, Object, World},
    shell::Rules,
};

/// A person changes an object.
pub(crate) fn change(world: &World, i: usize, change: impl FnOnce(&mut Object)) -> World {
    let mut world = *world;
    change(&mut world.objects[i]);
    world.changed(i);
    world
}

pub(crate) fn delete(world: &World, i: usize) -> World {
    if !world.objects[i].finalizer {
        let mut world = *world;
        world.gone(i);
        return world;
    }
    change(world, i, |object| {
        object.deleting = true;
        object.generation += 1;
    })
}

/// A wish may be added while no stream is bound.
pub(crate) fn adopt(world: &World, i: usize, id: u8) -> Option<World> {
    let object = &world.objects[i];
    let free = object.adopt.is_none() && object.status.is_none();
    free.then(|| {
        let mut world = change(world, i, |object| {
            object.adopt = Some(id);
            object.generation += 1;
        });
        world.stream_mut(id).unwrap().wished |= 1 << i;
        world
    })
}

/// The step of a person that ends what the object says only a person can end.
pub(crate) fn answer(world: &World, i: usize, rules: &Rules) -> Option<World> {
    let object = &world.objects[i];
    let stalled = stalled(effects::reported(world, i, rules)?)?;
    match stalled {
        Reason::CreateAmbiguous => settle(world, i),
        Reason::IdConflict => Some(delete(world, i)),
        Reason::RemoteMissing if object.status.is_none() => Some(delete(world, i)),
        Reason::RemoteMissing => {
            let missing = object.status.filter(|_| object.confirm != object.status);
            missing.map(|id| change(world, i, |object| object.confirm = Some(id)))
        }
        // It asks for another stream than the one that it is bound to.
        _ => object.adopt.map(|_| {
            change(world, i, |object| {
                object.adopt = None;
                object.generation += 1;
            })
        }),
    }
    .filter(|_| object.exists)
}

fn stalled(reason: Reason) -> Option<Reason> {
    (reason.state() == KstatusState::Stalled).then_some(reason)
}

/// The person names the right stream.
fn settle(world: &World, i: usize) -> Option<World> {
    let object = &world.objects[i];
    let mut candidates = world.existing().filter(|(_, stream)| usize::from(stream.maker) == i);
    let right = candidates.next().map(|(id, _)| id);
    let bound = object.annotation.is_some() || object.status.is_some();
    match right.filter(|_| !bound && !object.deleting && object.adopt.is_none()) {
        Some(id) => adopt(world, i, id),
        None => {
            let answer = Some(right.map_or(Answer::Nothing, Answer::Stream));
            (object.settle != answer).then(|| change(world, i, |object| object.settle = answer))
        }
    }
}
