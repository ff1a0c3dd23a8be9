//! The promises that every state must keep.

use crate::{
    model::{Id, NOBODY, Object, Sent, Stream, World},
    shell::Rules,
    step::Broken,
    values,
};

/// The promise that this world breaks.
pub(crate) fn broken(world: &World, rules: &Rules) -> Option<Broken> {
    for maker in 0..NOBODY {
        if world.existing().filter(|(_, stream)| stream.maker == maker).count() > 1 {
            return Some(Broken::Double);
        }
    }
    let owns = |i: usize| bound(i, &world.objects[i]);
    if owns(0).is_some() && owns(0) == owns(1) {
        return Some(Broken::ForeignTouch);
    }
    let made = |stream: &&Stream| stream.maker != NOBODY;
    let leak = world.existing().any(|(id, stream)| made(&stream) && !accounted_for(world, id, stream, rules));
    leak.then_some(Broken::Leak)
}

/// The stream that an object's annotations bind it to.
pub(crate) fn bound(i: usize, object: &Object) -> Option<Id> {
    object.annotation.filter(|_| object.exists && object.bound_to == Some(values::u8_of(i)))
}

/// Whether an object holds a stream, or an open create still finds it.
fn accounted_for(world: &World, id: Id, stream: &Stream, rules: &Rules) -> bool {
    (0..2).filter(|i| world.objects[*i].exists).any(|i| {
        let object = &world.objects[i];
        let memory = world.entry(i).map(|entry| &entry.memory);
        let stored = bound(i, object) == Some(id) || object.status == Some(id);
        let known = memory.is_some_and(|memory| memory.unstored == Some(id));
        let carried = object.annotation == Some(id) && object.bound_to != Some(values::u8_of(i));
        let remembered = memory.and_then(|memory| memory.create);
        let remembered = remembered.filter(|(_, sent)| matches!(sent, Sent::Unknown(_)));
        let intents = [object.intent.filter(|_| object.bound_to == Some(values::u8_of(i)))];
        let open = intents.into_iter().flatten().chain(remembered.map(|(asked, _)| asked));
        let remote = values::remote(id, stream);
        let found = || open.into_iter().any(|asked| (rules.matches)(&values::intent(i, asked), &remote));
        stored || known || carried || found()
    })
}
