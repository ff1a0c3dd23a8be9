//! The names of all steps, and what can go wrong in one.

use crate::model::{Id, World};

/// What becomes of a write or a call of the operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// It is done and answered.
    Done,
    /// It is under way.
    Sent,
    /// It certainly had no effect.
    Refused,
    /// It has had its effect, and the answer is lost.
    Lost,
    /// The answer is lost, and it may take effect within the settle time.
    Late,
    /// The answer is lost, and so is the request.
    Never,
    /// The object has changed.
    Conflict,
}

/// One step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Begin,
    /// The operator takes this action for an object.
    Operator(u8, &'static str, End),
    Start,
    /// What becomes of the requests under way for the two objects.
    Crash([End; 2]),
    Scan,
    /// A scan does not list this stream, though it exists.
    ScanSkips(Id),
    Tick,
    /// As a tick begins that ends the settle time, the late request takes effect.
    TickWithEffect,
    Effect(u8),
    Edit(u8),
    Delete(u8),
    Adopt(u8, Id),
    Copy,
    Answer(u8),
    StrangerCreates,
    RemoteDeleted(Id),
}

/// A promise that is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Broken {
    Leak,
    Double,
    ForeignTouch,
    Finalizer,
    /// Without faults it reaches neither Ready nor gone, nor a step of a person that helps.
    Stuck,
}

/// A step, the world after it, and the promise that the step itself has broken.
pub(crate) type Next = (Step, World, Option<Broken>);
