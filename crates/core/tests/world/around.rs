//! Everything that is no action of the operator: time, crashes, scans, people and strangers.

use apivideo_operator_core::step::conditions::Reason;

use crate::{
    canon::{Tick, visit},
    checks, effects,
    model::{LATE, NOBODY, Object, Seen, World},
    people::{adopt, answer, change, delete},
    shell::{self, Rules},
    step::{End, Next, Step},
    values,
};

/// What may happen in a world besides the operator's own actions and their faults.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Happens {
    /// Manifests are edited, any number of times.
    pub edits: bool,
    /// So many of the LiveStreams can be deleted.
    pub deletions: usize,
    /// Streams are deleted behind the operator's back, any number of times.
    pub remote_deletions: bool,
    /// A stranger makes streams, one at a time.
    pub strangers: bool,
    /// LiveStreams are told to adopt a stream.
    pub adoptions: bool,
    /// The second LiveStream is a copy of the first, made at any time.
    pub copies: bool,
    /// Scans skip streams.
    pub skips: bool,
    /// Everything else happens between two reconciles, or while a create is under way.
    pub reconciles_in_one: bool,
}

/// What can happen next.
pub(crate) fn next(world: &World, happens: &Happens, rules: &Rules, out: &mut Vec<Next>) {
    crashes(world, rules, out);
    if happens.reconciles_in_one && within(world) {
        return;
    }
    scans(world, happens, out);
    tick(world, out);
    (0..LATE).for_each(|slot| effect(world, slot, out));
    for i in 0..2 {
        for_object(world, i, happens, rules, out);
    }
    if happens.copies {
        out.extend(copy(world).map(|world| (Step::Copy, world, None)));
    }
    if happens.strangers {
        out.extend(stranger(world).map(|world| (Step::StrangerCreates, world, None)));
    }
    for (id, _) in world.existing().filter(|_| happens.remote_deletions) {
        let mut world = *world;
        world.stream_mut(id).unwrap().exists = false;
        out.push((Step::RemoteDeleted(id), world, None));
    }
}

/// Whether a reconcile is under way that waits for no create.
pub(crate) fn within(world: &World) -> bool {
    let runs = world.process.iter().flat_map(|process| process.entries).filter_map(|entry| entry.run);
    runs.into_iter().any(|run| run.posting.is_none())
}

/// The process dies; what was under way may have its effect yet.
fn crashes(world: &World, rules: &Rules, out: &mut Vec<Next>) {
    let Some(process) = world.process else {
        let mut world = *world;
        shell::start(&mut world, rules);
        return out.push((Step::Start, world, None));
    };
    let posting = process.entries.map(|entry| entry.run.and_then(|run| run.posting));
    let fates = |i: usize| match posting[i] {
        Some(_) => [End::Lost, End::Late, End::Never].as_slice(),
        None => &[End::Never],
    };
    for ends in fates(0).iter().flat_map(|a| fates(1).iter().map(|b| [*a, *b])) {
        let mut world = *world;
        world.process = None;
        for i in 0..2 {
            if let Some((asked, _)) = posting[i] {
                effects::reach(&mut world, i, asked.payload, ends[i]);
            }
        }
        world.streams.iter_mut().flatten().for_each(|stream| stream.seen = Seen::Nothing);
        out.push((Step::Crash(ends), world, None));
    }
}

/// A scan of the whole account.
pub(crate) fn scan(world: &World, skipped: Option<u8>) -> Option<World> {
    let mut world = *world;
    let process = world.process.as_mut()?;
    (process.clock, process.scanned) = (true, true);
    for (id, stream) in (1..).zip(&mut world.streams) {
        let Some(stream) = stream else { continue };
        stream.seen = match stream.seen {
            _ if stream.exists && skipped != Some(id) => Seen::Present(stream.payload),
            Seen::Gone if !stream.exists => Seen::Gone,
            _ => Seen::Nothing,
        };
    }
    Some(world)
}

fn scans(world: &World, happens: &Happens, out: &mut Vec<Next>) {
    out.extend(scan(world, None).map(|world| (Step::Scan, world, None)));
    for (id, _) in world.existing().filter(|_| happens.skips) {
        out.extend(scan(world, Some(id)).map(|world| (Step::ScanSkips(id), world, None)));
    }
}

/// Time passes, unless a create has been under way for as long as it can.
pub(crate) fn tick(world: &World, out: &mut Vec<Next>) {
    let mut next = *world;
    for entry in next.process.iter_mut().flat_map(|process| &mut process.entries) {
        (entry.memory.failure, entry.memory.just_read) = (None, false);
        if let Some((_, ticks)) = entry.run.as_mut().and_then(|run| run.posting.as_mut()) {
            *ticks += 1;
            if *ticks > 1 {
                return;
            }
        }
    }
    visit(&mut next, &mut Tick);
    let mut with_effect = next;
    let mut last = false;
    for slot in &mut next.late {
        let Some(late) = slot else { continue };
        late.left -= 1;
        if late.left == 0 {
            last = true;
            with_effect.add_stream(late.payload, late.maker, 0);
            *slot = None;
        }
    }
    with_effect.late = next.late;
    out.push((Step::Tick, next, None));
    if last {
        out.push((Step::TickWithEffect, with_effect, None));
    }
}

/// A late request takes effect.
fn effect(world: &World, slot: usize, out: &mut Vec<Next>) {
    let Some(late) = world.late[slot] else { return };
    let mut world = *world;
    world.late[slot] = None;
    world.add_stream(late.payload, late.maker, 0);
    out.push((Step::Effect(late.maker), world, None));
}

fn for_object(world: &World, i: usize, happens: &Happens, rules: &Rules, out: &mut Vec<Next>) {
    let (object, me) = (&world.objects[i], values::u8_of(i));
    if !object.exists {
        return;
    }
    out.extend(answer(world, i, rules).map(|world| (Step::Answer(me), world, None)));
    if object.deleting {
        return;
    }
    if happens.edits {
        let edited = change(world, i, |object| {
            object.payload = 1 - object.payload;
            object.generation += 1;
        });
        out.push((Step::Edit(me), edited, None));
    }
    if i < happens.deletions {
        out.push((Step::Delete(me), delete(world, i), None));
    }
    // While it is ambiguous which stream is its own, a person names the right one. And nobody
    // guesses the stream of another's lost create.
    let asked = effects::reported(world, i, rules) == Some(Reason::CreateAmbiguous);
    let known = |id: u8, maker: u8| {
        let holder = world.objects.get(usize::from(maker));
        maker == me || holder.is_none_or(|holder| checks::bound(maker.into(), holder) == Some(id))
    };
    let known = world.existing().filter(|(id, stream)| known(*id, stream.maker));
    for (id, _) in known.filter(|_| happens.adoptions && !asked) {
        out.extend(adopt(world, i, id).map(|world| (Step::Adopt(me, id), world, None)));
    }
}

/// The second object is applied as a copy of the first, with its annotations.
fn copy(world: &World) -> Option<World> {
    let [first, second] = world.objects;
    if second.exists || !first.exists || first.deleting {
        return None;
    }
    let mut world = *world;
    world.objects[1] = Object {
        generation: 0,
        finalizer: first.finalizer,
        settle: None,
        confirm: None,
        status: None,
        synced: None,
        ..first
    };
    let named = [first.annotation].into_iter().flatten();
    named.for_each(|id| world.stream_mut(id).unwrap().given |= 2);
    Some(world)
}

/// A stranger makes a stream that looks like ours. Not while a create is open whose
/// stream is not there: the two could not be distinguished.
fn stranger(world: &World) -> Option<World> {
    let ours = |stream: &crate::model::Stream| stream.maker != NOBODY;
    if world.existing().any(|(_, stream)| !ours(stream)) || world.late.iter().any(Option::is_some) {
        return None;
    }
    for i in 0..2 {
        let entry = world.entry(i);
        if entry.is_some_and(|entry| entry.run.is_some_and(|run| run.posting.is_some())) {
            return None;
        }
        let known = entry.and_then(|entry| entry.memory.create).map(|(asked, _)| asked);
        let made = world.existing().any(|(_, stream)| usize::from(stream.maker) == i);
        let intents = [world.objects[i].intent, known];
        // One tick ago it was made: then the window of an intent that is this old is over.
        if !made && intents.iter().flatten().any(|asked| asked.sent > -6) {
            return None;
        }
    }
    let mut world = *world;
    world.add_stream(0, NOBODY, -1);
    Some(world)
}
