//! Whose turn it is to call the API: the LiveStreams that wait for one in the
//! account's queue, and those that were given theirs.
//!
//! A LiveStream whose call is held back lines up and ends its reconcile; it is
//! woken when its turn has come, and decides then, by its manifest of then. So
//! nobody comes again and again to ask, and what has changed meanwhile counts.
//!
//! The guarantees:
//! - A LiveStream has one place in the queue at most. It keeps it while its
//!   call stays of the same kind, however often it is reconciled.
//! - A turn that nobody takes up, for its LiveStream is gone or has nothing to
//!   do any more, goes to the next.

use std::{collections::HashMap, sync::Arc, time::Duration};

use apivideo::{Class, Client, Error, Place, Priority, Turn};
use parking_lot::Mutex;
use tokio::task::AbortHandle;

use super::triggers::Triggers;
use crate::core::facts::ids::Owner;

/// How long a LiveStream that is told of its turn may take to come for it.
const UNCLAIMED: Duration = Duration::from_secs(30);

/// Tells whether a LiveStream is still there.
pub type Alive = Arc<dyn Fn(&Owner) -> bool + Send + Sync>;

/// What kind of call: of which limit, and why it is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CallKind(pub Class, pub Priority);

impl CallKind {
    /// A read.
    #[must_use]
    pub const fn read(priority: Priority) -> Self {
        Self(Class::Read, priority)
    }

    /// A write.
    #[must_use]
    pub const fn write(priority: Priority) -> Self {
        Self(Class::Write, priority)
    }
}

/// The turns of an account's LiveStreams. Cheap to clone.
#[derive(Clone)]
pub struct CallQueue {
    client: Client,
    wakes: Arc<Triggers>,
    /// By uid.
    waiting: Arc<Mutex<HashMap<String, Waiting>>>,
}

/// One that waits, or was given its turn.
struct Waiting {
    kind: CallKind,
    /// Its place in the queue; none where it gave a turn back to itself.
    place: Option<Arc<Place>>,
    given: Option<Turn>,
    /// Waits for the turn, and takes it away again when nobody comes for it.
    task: AbortHandle,
}

impl Waiting {
    fn is_at(&self, place: &Arc<Place>) -> bool {
        self.place.as_ref().is_some_and(|own| Arc::ptr_eq(own, place))
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// No turn now.
#[derive(Debug)]
pub struct Throttled {
    /// Why.
    pub error: Error,
    /// How long it is expected to take.
    pub expected: Duration,
}

impl CallQueue {
    /// The turns of this client's calls; `wakes` tells of them.
    #[must_use]
    pub fn new(client: Client, wakes: Arc<Triggers>) -> Self {
        Self { client, wakes, waiting: Arc::default() }
    }

    /// Whether a call can be made now.
    ///
    /// # Errors
    /// See [`Self::permit`].
    pub fn admit(&self, claim: &Owner, kind: CallKind) -> Result<(), Throttled> {
        let turn = self.permit(claim, kind)?;
        self.keep(claim, kind.1, turn);
        Ok(())
    }

    /// A permit.
    ///
    /// # Errors
    /// Why there is none.
    pub fn permit(&self, claim: &Owner, kind: CallKind) -> Result<Turn, Throttled> {
        let alive: Alive = Arc::new(|_: &Owner| true);
        self.take(claim, kind, &alive)
    }

    /// Lines up.
    pub fn enqueue(&self, claim: &Owner, kind: CallKind) -> Duration {
        let alive: Alive = Arc::new(|_: &Owner| true);
        self.line_up(claim, kind, &alive)
    }

    /// A turn for a LiveStream, while it is `alive`: the one that it was given, or
    /// one that is to be had at once.
    ///
    /// # Errors
    /// Why there is none. The LiveStream has a place in the queue then, and is woken.
    pub fn take(&self, claim: &Owner, kind: CallKind, alive: &Alive) -> Result<Turn, Throttled> {
        if let Some(turn) = self.given(&claim.uid, kind) {
            return Ok(turn);
        }
        match self.client.try_turn(kind.0, kind.1) {
            Ok(turn) => {
                self.leave(&claim.uid);
                Ok(turn)
            }
            Err(error) => Err(Throttled { error, expected: self.line_up(claim, kind, alive) }),
        }
    }

    /// Has a LiveStream wait for its turn, in the place that it has if that is for a
    /// call of this kind. Gives back how long that is expected to take.
    pub fn line_up(&self, claim: &Owner, kind: CallKind, alive: &Alive) -> Duration {
        self.place(claim, kind, alive).expected_wait()
    }

    fn place(&self, claim: &Owner, kind: CallKind, alive: &Alive) -> Arc<Place> {
        let mut waiting = self.waiting.lock();
        let own = waiting.get(&claim.uid).filter(|own| own.given.is_none() && own.kind == kind);
        if let Some(place) = own.and_then(|own| own.place.as_ref()) {
            return Arc::clone(place);
        }
        let place = Arc::new(self.client.line_up(kind.0, kind.1));
        let (turns, alive) = (self.clone(), Arc::clone(alive));
        let (waits, claim_of_task) = (Arc::clone(&place), claim.clone());
        // Nobody is given a turn before it is in the map, which is locked until then.
        let task = tokio::spawn(async move { turns.wait(&waits, &claim_of_task, &alive).await });
        let task = task.abort_handle();
        waiting
            .insert(claim.uid.clone(), Waiting { kind, place: Some(Arc::clone(&place)), given: None, task });
        place
    }

    /// A LiveStream could not make use of its turn, and will come again soon: it
    /// does not line up anew for that.
    pub fn keep(&self, claim: &Owner, priority: Priority, turn: Turn) {
        let (turns, uid) = (self.clone(), claim.uid.clone());
        let kind = CallKind(turn.class(), priority);
        let mut waiting = self.waiting.lock();
        let task = tokio::spawn(async move {
            tokio::time::sleep(UNCLAIMED).await;
            turns.leave(&uid);
        });
        let task = task.abort_handle();
        waiting.insert(claim.uid.clone(), Waiting { kind, place: None, given: Some(turn), task });
    }

    /// The turn of this kind that a LiveStream was given.
    fn given(&self, uid: &str, kind: CallKind) -> Option<Turn> {
        let mut waiting = self.waiting.lock();
        let own = waiting.get_mut(uid)?;
        let turn = own.given.take();
        let right = own.kind == kind;
        if turn.is_some() {
            waiting.remove(uid);
        }
        // A turn of another kind goes to whoever is next.
        turn.filter(|_| right)
    }

    /// Waits for the turn and holds it until it is taken up, for a while.
    async fn wait(&self, place: &Arc<Place>, claim: &Owner, alive: &Alive) {
        let turn = place.turn().await;
        if alive(claim) && self.give(place, claim, turn) {
            self.wakes.one(&claim.key);
            tokio::time::sleep(UNCLAIMED).await;
        }
        let mut waiting = self.waiting.lock();
        if waiting.get(&claim.uid).is_some_and(|own| own.is_at(place)) {
            waiting.remove(&claim.uid);
        }
    }

    fn give(&self, place: &Arc<Place>, claim: &Owner, turn: Turn) -> bool {
        let mut waiting = self.waiting.lock();
        let own = waiting.get_mut(&claim.uid).filter(|own| own.is_at(place));
        own.map(|own| own.given = Some(turn)).is_some()
    }

    /// Whether a LiveStream was given its turn and did not take it up yet.
    #[must_use]
    pub fn is_called(&self, uid: &str) -> bool {
        self.waiting.lock().get(uid).is_some_and(|own| own.given.is_some())
    }

    /// A LiveStream has no call to make any more.
    pub fn leave(&self, uid: &str) {
        self.waiting.lock().remove(uid);
    }
}
