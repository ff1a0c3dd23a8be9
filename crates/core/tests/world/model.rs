//! The world as a small value that can be copied, compared and hashed.
//!
//! Times are ticks relative to now, generations and stream ids are ranks: so the world
//! is finite, whatever happens in it. `canon.rs` keeps it so.

/// A stream: 1 is the first slot of [`World::streams`].
pub(crate) type Id = u8;

/// Ticks from now; a tick is 15 s.
pub(crate) type Time = i8;

/// How many streams can be there, or be named by anything, at a time.
pub(crate) const SLOTS: usize = 6;

/// How many late requests there can be at a time.
pub(crate) const LATE: usize = 3;

/// The maker of a stream that no LiveStream has to account for.
pub(crate) const NOBODY: u8 = 2;

/// An intent. Its nonce follows from the time, which `nth` (microseconds) makes unique.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Asked {
    pub sent: Time,
    pub nth: u8,
    pub payload: u8,
}

/// A person's answer to an ambiguity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Answer {
    Nothing,
    Stream(Id),
}

/// A LiveStream in the cluster.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Object {
    pub exists: bool,
    pub generation: u8,
    pub deleting: bool,
    pub finalizer: bool,
    /// Which of the two payloads its spec asks for.
    pub payload: u8,
    pub adopt: Option<Id>,
    pub settle: Option<Answer>,
    pub confirm: Option<Id>,
    pub annotation: Option<Id>,
    /// The object that the annotations were written for.
    pub bound_to: Option<u8>,
    pub recreated_from: Option<Id>,
    pub intent: Option<Asked>,
    pub status: Option<Id>,
    pub synced: Option<u8>,
}

/// What the process has observed of a stream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) enum Seen {
    #[default]
    Nothing,
    Present(u8),
    Gone,
}

/// A remote stream. One that is gone keeps its slot while anything names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Stream {
    pub exists: bool,
    pub payload: u8,
    pub created: Time,
    /// The object that it was made for, or [`NOBODY`].
    pub maker: u8,
    /// The objects that were told to adopt it (bits).
    pub wished: u8,
    /// The objects that carry a binding to it, or whose lost create it settles (bits).
    pub given: u8,
    pub seen: Seen,
}

/// A request whose answer was lost and that may take effect within the settle time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Late {
    pub payload: u8,
    pub maker: u8,
    /// So many ticks at the most.
    pub left: u8,
}

/// A binding, as `Binding` has it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) enum Bound {
    #[default]
    Unbound,
    To(Id, bool, bool),
    Wanted(Id),
    Conflict(Id, u8),
    Copy(Id, u8),
    Mismatch(Id, Id),
}

/// The progress of a search.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Progress {
    pub ended: Time,
    pub empty: u8,
    pub searched: Option<Time>,
    pub ambiguous: [Option<Id>; 3],
    pub wishable: bool,
}

/// What a process knows of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Sent {
    Not,
    NotCreated,
    Inherited,
    Unknown(Progress),
}

/// What failed last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Failed {
    Refused,
    Call,
    Cluster,
}

/// A `ReconcileState`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Memory {
    pub binding: Bound,
    pub create: Option<(Asked, Sent)>,
    pub unstored: Option<Id>,
    pub replaced: Option<Id>,
    pub failure: Option<Failed>,
    pub synced: Option<u8>,
    pub just_read: bool,
    pub wish: Option<(u8, bool)>,
    /// Whether something contradicts what is known of the stream.
    pub doubted: bool,
    /// Whether the last read found the stream gone, and nothing has contradicted that.
    pub found_gone: bool,
}

/// An observation in the facts of a reconcile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Observed {
    Unknown,
    Absent,
    Gone,
    Present { payload: u8, fresh: bool },
}

/// A reconcile under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Run {
    /// The object as it was gathered.
    pub object: Object,
    /// Whether the object was changed since: a conditional write meets a conflict.
    pub changed: bool,
    pub observed: Observed,
    /// The create request under way, and since how many ticks.
    pub posting: Option<(Asked, u8)>,
}

/// What a process knows of one object.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Entry {
    pub memory: Memory,
    /// The stream that it has claimed.
    pub owns: Option<Id>,
    /// Its open intent, as the claims know it.
    pub open: Option<Asked>,
    pub run: Option<Run>,
}

/// A process of the operator.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Process {
    /// Whether an answer has carried the API's time.
    pub clock: bool,
    pub scanned: bool,
    pub entries: [Entry; 2],
}

/// Everything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct World {
    pub objects: [Object; 2],
    pub streams: [Option<Stream>; SLOTS],
    /// Late requests, in any order.
    pub late: [Option<Late>; LATE],
    /// The process, if it is up.
    pub process: Option<Process>,
}

impl World {
    pub(crate) fn stream(&self, id: Id) -> Option<&Stream> {
        self.streams.get(usize::from(id).wrapping_sub(1))?.as_ref()
    }

    pub(crate) fn stream_mut(&mut self, id: Id) -> Option<&mut Stream> {
        self.streams.get_mut(usize::from(id).wrapping_sub(1))?.as_mut()
    }

    /// The streams that exist.
    pub(crate) fn existing(&self) -> impl Iterator<Item = (Id, &Stream)> {
        let all = (1..).zip(&self.streams);
        all.filter_map(|(id, stream)| Some((id, stream.as_ref().filter(|stream| stream.exists)?)))
    }

    /// A new stream, created at `created`.
    pub(crate) fn add_stream(&mut self, payload: u8, maker: u8, created: Time) -> Id {
        let free = self.streams.iter().rposition(Option::is_some).map_or(0, |last| last + 1);
        let stream =
            Stream { exists: true, payload, created, maker, wished: 0, given: 0, seen: Seen::Nothing };
        self.streams[free] = Some(stream);
        u8::try_from(free + 1).unwrap()
    }

    pub(crate) fn entry(&self, i: usize) -> Option<&Entry> {
        self.process.as_ref().map(|process| &process.entries[i])
    }

    pub(crate) fn entry_mut(&mut self, i: usize) -> Option<&mut Entry> {
        self.process.as_mut().map(|process| &mut process.entries[i])
    }

    /// Somebody else than a reconcile of the process has changed an object.
    pub(crate) fn changed(&mut self, i: usize) {
        if let Some(run) = self.entry_mut(i).and_then(|entry| entry.run.as_mut()) {
            run.changed = true;
        }
    }

    /// An object is gone.
    pub(crate) fn gone(&mut self, i: usize) {
        self.objects[i] = Object::default();
        if let Some(entry) = self.entry_mut(i) {
            *entry = Entry::default();
        }
    }

    /// Nobody has to account any more for what was made for an object: its policy, or a
    /// person, has said so.
    pub(crate) fn free(&mut self, i: u8) {
        let streams = self.streams.iter_mut().flatten().map(|stream| &mut stream.maker);
        let late = self.late.iter_mut().flatten().map(|late| &mut late.maker);
        streams.chain(late).filter(|maker| **maker == i).for_each(|maker| *maker = NOBODY);
    }
}
