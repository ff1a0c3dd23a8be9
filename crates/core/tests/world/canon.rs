//! One world out of all those that differ in nothing that a decision can see.
//!
//! Stream ids and generations become ranks, times are clamped where no comparison
//! reaches further back. Each struct is taken apart without `..`: a new field has to
//! say which of these it is.

use std::ops::RangeInclusive;

use jiff::Timestamp;

use crate::{
    model::{
        Answer, Asked, Bound, Entry, Id, Late, Memory, NOBODY, Object, Process, Progress, Run, SLOTS, Seen,
        Sent, Stream, Time, World,
    },
    values,
};

/// Nothing created now or one tick ago lies in the window of an intent as old as this: the
/// youngest that is older counts as so old.
const OLDEST: Time = -7;

/// Two windows that are so far apart have nothing in common.
const APART: Time = 6;

/// Long before every window.
const LONG_AGO: Time = -40;

/// What a world is made of, besides plain values.
pub(crate) trait Visitor {
    fn id(&mut self, _id: &mut Id) {}
    /// A generation of this object.
    fn generation(&mut self, _i: usize, _generation: &mut u8) {}
    fn asked(&mut self, _i: usize, _asked: &mut Asked) {}
    /// When a search was noted, and how far back that matters.
    fn noted(&mut self, _time: &mut Time, _oldest: Time) {}
    fn created(&mut self, _time: &mut Time) {}
}

pub(crate) fn visit(world: &mut World, v: &mut impl Visitor) {
    let World { objects, streams, late, process } = world;
    for (i, object) in objects.iter_mut().enumerate() {
        visit_object(i, object, v);
    }
    for stream in streams.iter_mut().flatten() {
        let Stream { exists: _, payload: _, created, maker: _, wished: _, given: _, seen: _ } = stream;
        v.created(created);
    }
    for late in late.iter().flatten() {
        let Late { payload: _, maker: _, left: _ } = late;
    }
    let Some(Process { clock: _, scanned: _, entries }) = process else { return };
    for (i, Entry { memory, owns, open, run }) in entries.iter_mut().enumerate() {
        visit_memory(i, memory, v);
        owns.iter_mut().for_each(|id| v.id(id));
        open.iter_mut().for_each(|asked| v.asked(i, asked));
        let Some(Run { object, changed: _, observed: _, posting }) = run else { continue };
        visit_object(i, object, v);
        posting.iter_mut().for_each(|(asked, _)| v.asked(i, asked));
    }
}

fn visit_object(i: usize, object: &mut Object, v: &mut impl Visitor) {
    let Object {
        exists: _,
        generation,
        deleting: _,
        finalizer: _,
        payload: _,
        adopt,
        settle,
        confirm,
        annotation,
        bound_to: _,
        recreated_from,
        intent,
        status,
        synced,
    } = object;
    v.generation(i, generation);
    synced.iter_mut().for_each(|generation| v.generation(i, generation));
    [adopt, confirm, annotation, recreated_from, status].into_iter().flatten().for_each(|id| v.id(id));
    if let Some(Answer::Stream(id)) = settle {
        v.id(id);
    }
    intent.iter_mut().for_each(|asked| v.asked(i, asked));
}

fn visit_memory(i: usize, memory: &mut Memory, v: &mut impl Visitor) {
    let Memory {
        binding,
        create,
        unstored,
        replaced,
        failure: _,
        synced,
        just_read: _,
        wish,
        doubted: _,
        found_gone: _,
    } = memory;
    match binding {
        Bound::Unbound => {}
        Bound::To(id, _, _) | Bound::Wanted(id) | Bound::Conflict(id, _) | Bound::Copy(id, _) => v.id(id),
        Bound::Mismatch(bound, wanted) => [bound, wanted].into_iter().for_each(|id| v.id(id)),
    }
    [unstored, replaced].into_iter().flatten().for_each(|id| v.id(id));
    synced.iter_mut().for_each(|generation| v.generation(i, generation));
    wish.iter_mut().for_each(|(generation, _)| v.generation(i, generation));
    let Some((asked, sent)) = create else { return };
    v.asked(i, asked);
    if let Sent::Unknown(Progress { ended, empty: _, searched, ambiguous, wishable: _ }) = sent {
        v.noted(ended, if searched.is_some() { 0 } else { -2 });
        searched.iter_mut().for_each(|time| v.noted(time, -1));
        ambiguous.iter_mut().flatten().for_each(|id| v.id(id));
    }
}

/// What a world names.
#[derive(Default)]
struct Named {
    ids: [bool; SLOTS + 1],
    generations: [[bool; 16]; 2],
    asked: Vec<(usize, Asked)>,
}

impl Visitor for Named {
    fn id(&mut self, id: &mut Id) {
        self.ids[usize::from(*id)] = true;
    }
    fn generation(&mut self, i: usize, generation: &mut u8) {
        self.generations[i][usize::from(*generation)] = true;
    }
    fn asked(&mut self, i: usize, asked: &mut Asked) {
        if !self.asked.contains(&(i, *asked)) {
            self.asked.push((i, *asked));
        }
    }
}

/// The names by which they go from now on.
struct Renamed {
    ids: [Id; SLOTS + 1],
    generations: [[u8; 16]; 2],
    sent: Vec<(Time, Time)>,
}

impl Visitor for Renamed {
    fn id(&mut self, id: &mut Id) {
        *id = self.ids[usize::from(*id)];
    }
    fn generation(&mut self, i: usize, generation: &mut u8) {
        *generation = self.generations[i][usize::from(*generation)];
    }
    fn asked(&mut self, _: usize, asked: &mut Asked) {
        asked.sent = self.sent.iter().find(|(sent, _)| *sent == asked.sent).unwrap().1;
    }
    fn noted(&mut self, time: &mut Time, oldest: Time) {
        *time = (*time).max(oldest);
    }
}

/// A tick passes.
pub(crate) struct Tick;

impl Visitor for Tick {
    fn asked(&mut self, _: usize, asked: &mut Asked) {
        asked.sent -= 1;
    }
    fn noted(&mut self, time: &mut Time, _: Time) {
        *time -= 1;
    }
    fn created(&mut self, time: &mut Time) {
        *time = (*time - 1).max(LONG_AGO);
    }
}

/// The world by its shortest names.
pub(crate) fn canonical(mut world: World) -> World {
    world.process.iter_mut().flat_map(|process| &mut process.entries).for_each(forget_between_runs);
    let mut named = Named::default();
    visit(&mut world, &mut named);
    let sent = clamped(named.asked.iter().map(|(_, asked)| asked.sent).collect());
    let mut renamed = Renamed { ids: [0; SLOTS + 1], generations: [[0; 16]; 2], sent };
    for i in 0..2 {
        let ranks = (0..16).filter(|g| named.generations[i][*g]).enumerate();
        ranks.for_each(|(rank, g)| renamed.generations[i][g] = u8::try_from(rank).unwrap());
    }
    let mut streams = [None; SLOTS];
    let mut count = 0;
    for (index, stream) in world.streams.iter().enumerate() {
        let named = named.ids[index + 1];
        let Some(mut stream) = stream.filter(|stream| stream.exists || named) else { continue };
        // Nobody asks yet what was observed of it, and who binds it finds it observed, or reads it.
        stream.seen = if named { stream.seen } else { Seen::Nothing };
        streams[count] = Some(stream);
        count += 1;
        renamed.ids[index + 1] = u8::try_from(count).unwrap();
    }
    world.streams = streams;
    world.late.sort_unstable_by_key(|late| std::cmp::Reverse(*late));
    visit(&mut world, &mut renamed);
    let timed = |stream: &Stream| stream.exists && stream.created < 0 && stream.created > LONG_AGO;
    if world.streams.iter().flatten().any(timed) {
        let moved = |(i, mut asked): (usize, Asked)| {
            renamed.asked(i, &mut asked);
            window(i, asked)
        };
        let windows: Vec<_> = named.asked.iter().map(|(i, asked)| window(*i, *asked)).collect();
        let moved: Vec<_> = named.asked.into_iter().map(moved).collect();
        world.streams.iter_mut().flatten().filter(|s| timed(s)).for_each(|s| forget(s, &windows, &moved));
    }
    world.streams.iter_mut().flatten().filter(|s| !s.exists).for_each(|s| {
        *s = Stream { payload: 0, created: LONG_AGO, maker: NOBODY, ..*s };
    });
    world
}

/// Between two reconciles the binding is only compared with the next one, and only where a
/// create is known; what a stream replaces matters until that is stored.
fn forget_between_runs(entry: &mut Entry) {
    let memory = &mut entry.memory;
    if entry.run.is_none() && memory.create.is_none() {
        memory.binding = Bound::Unbound;
    }
    memory.replaced = memory.replaced.filter(|_| memory.unstored.is_some());
}

/// Where each of these times goes.
fn clamped(mut sent: Vec<Time>) -> Vec<(Time, Time)> {
    sent.sort_unstable_by(|a, b| b.cmp(a));
    sent.dedup();
    let mut moved: Vec<(Time, Time)> = Vec::new();
    for time in sent {
        let to = match moved.last() {
            Some((later, to)) if time < OLDEST => (*to - (*later - time).min(APART)).max(time),
            _ => time.max(OLDEST),
        };
        moved.push((time, to));
    }
    moved
}

/// From when to when a stream of an intent can have been created.
fn window(i: usize, asked: Asked) -> RangeInclusive<Timestamp> {
    let intent = values::intent(i, asked);
    intent.window_start()..=intent.window_end(values::timing())
}

/// Of the time at which a stream was created counts in which windows it lies, and, where
/// there is such a time, which have begun by then.
fn forget(stream: &mut Stream, windows: &[RangeInclusive<Timestamp>], moved: &[RangeInclusive<Timestamp>]) {
    let now = values::at(stream.created);
    let within = |before: &RangeInclusive<_>, after: &RangeInclusive<_>, then| {
        before.contains(&now) == after.contains(&then)
    };
    let begun = |before: &RangeInclusive<_>, after: &RangeInclusive<_>, then| {
        (*before.start() <= now) == (*after.start() <= then)
    };
    let find = |exact: bool| {
        (LONG_AGO..0).find(|time| {
            let then = values::at(*time);
            let mut both = windows.iter().zip(moved);
            both.all(|(w, m)| within(w, m, then) && (!exact || begun(w, m, then)))
        })
    };
    stream.created = find(true).or_else(|| find(false)).unwrap();
}
