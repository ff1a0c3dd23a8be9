//! Who waits for a call of one class (reads or writes), and who is next.
//!
//! Guarantees:
//! - Among those of one priority, who came first is served first.
//! - A higher priority is served first, but for this floor: a priority that was
//!   passed over as often as its patience allows comes next. So each priority
//!   gets a share of the calls however many others wait, and a call waits for
//!   finitely many others.
//! - Who gives up leaves no gap.
//!
//! Pure: time is an argument.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::Instant;

use crate::priority::Priority;

/// The waiting calls of one class. `T` is how one of them is called.
#[derive(Debug)]
pub(crate) struct Queue<T> {
    lanes: [Lane<T>; Priority::ALL.len()],
    numbers: u64,
}

/// The waiting calls of one priority.
#[derive(Debug)]
struct Lane<T> {
    priority: Priority,
    /// By the number that was drawn on coming.
    waiting: BTreeMap<u64, Waiting<T>>,
    /// How many calls of a higher priority were served since it was served last,
    /// or since somebody began to wait.
    passed_over: u32,
}

#[derive(Debug)]
struct Waiting<T> {
    since: Instant,
    bell: T,
}

/// The place of one waiting call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Seat {
    pub(crate) priority: Priority,
    number: u64,
}

impl<T> Queue<T> {
    pub(crate) fn new() -> Self {
        let lanes = Priority::ALL.map(|priority| Lane { priority, waiting: BTreeMap::new(), passed_over: 0 });
        Self { lanes, numbers: 0 }
    }

    /// One call more waits. `bell` is how it is told to look again.
    pub(crate) fn join(&mut self, priority: Priority, bell: T, now: Instant) -> Seat {
        self.numbers += 1;
        let number = self.numbers;
        if let Some(lane) = self.lane(priority) {
            lane.waiting.insert(number, Waiting { since: now, bell });
        }
        Seat { priority, number }
    }

    /// A call waits no more, and was not served.
    pub(crate) fn leave(&mut self, seat: Seat) {
        if let Some(lane) = self.lane(seat.priority) {
            lane.waiting.remove(&seat.number);
            lane.rest_if_empty();
        }
    }

    /// A call was served, waiting or not: those behind it were passed over.
    pub(crate) fn served(&mut self, priority: Priority) {
        for lane in &mut self.lanes {
            if lane.priority == priority {
                lane.passed_over = 0;
            } else if lane.priority > priority && !lane.waiting.is_empty() {
                lane.passed_over = lane.passed_over.saturating_add(1);
            }
        }
    }

    /// The calls of which one is next, in the order of their claims: the first of
    /// each priority; whose patience is at its end comes before all others.
    pub(crate) fn candidates(&self) -> impl Iterator<Item = Seat> + use<T> {
        let mut lanes: [_; Priority::ALL.len()] = self.lanes.each_ref();
        // Stable: among equals the order of the lanes stays.
        lanes.sort_by_key(|lane| !lane.is_impatient());
        lanes.map(Lane::head).into_iter().flatten()
    }

    /// Whether a call that comes just now has to wait behind this one.
    pub(crate) fn goes_before(&self, seat: Seat, newcomer: Priority) -> bool {
        seat.priority <= newcomer
            || self.lanes.iter().any(|l| l.priority == seat.priority && l.is_impatient())
    }

    /// Whether it is the first of its priority.
    pub(crate) fn is_head(&self, seat: Seat) -> bool {
        self.lanes.iter().any(|lane| lane.head() == Some(seat))
    }

    /// The bell of one of them.
    pub(crate) fn bell(&self, seat: Seat) -> Option<&T> {
        let lane = self.lanes.iter().find(|lane| lane.priority == seat.priority)?;
        lane.waiting.get(&seat.number).map(|waiting| &waiting.bell)
    }

    /// The bells of the first of each priority: one of them is next.
    pub(crate) fn heads(&self) -> impl Iterator<Item = &T> {
        self.lanes.iter().filter_map(|lane| lane.waiting.values().next()).map(|waiting| &waiting.bell)
    }

    /// How many are served before a call of this priority that comes now, by
    /// priority and time alone.
    pub(crate) fn ahead_of(&self, priority: Priority) -> u64 {
        let before = self.lanes.iter().filter(|lane| lane.priority <= priority);
        before.map(|lane| lane.waiting.len() as u64).sum()
    }

    /// How many are served before this one, by priority and time alone, at the
    /// most: who came between and left is counted, for counting costs too much.
    pub(crate) fn ahead(&self, seat: Seat) -> u64 {
        let equals = self.lanes.iter().filter(|lane| lane.priority == seat.priority);
        let before = equals.filter_map(|lane| {
            let (first, _) = lane.waiting.first_key_value()?;
            Some((seat.number.saturating_sub(*first)).min(lane.waiting.len() as u64))
        });
        let higher = self.lanes.iter().filter(|lane| lane.priority < seat.priority);
        before.chain(higher.map(|lane| lane.waiting.len() as u64)).sum()
    }

    /// How many wait with each priority, and how long the oldest of them has.
    pub(crate) fn waiting(&self, now: Instant) -> impl Iterator<Item = (Priority, u64, Duration)> {
        self.lanes.iter().map(move |lane| {
            let first = lane.waiting.values().next();
            let oldest = first.map_or(Duration::ZERO, |first| now.saturating_duration_since(first.since));
            (lane.priority, lane.waiting.len() as u64, oldest)
        })
    }

    fn lane(&mut self, priority: Priority) -> Option<&mut Lane<T>> {
        self.lanes.iter_mut().find(|lane| lane.priority == priority)
    }
}

impl<T> Lane<T> {
    fn head(&self) -> Option<Seat> {
        let (number, _) = self.waiting.first_key_value()?;
        Some(Seat { priority: self.priority, number: *number })
    }

    fn is_impatient(&self) -> bool {
        self.priority.starvation_limit().is_some_and(|patience| self.passed_over >= patience)
            && !self.waiting.is_empty()
    }

    fn rest_if_empty(&mut self) {
        if self.waiting.is_empty() {
            self.passed_over = 0;
        }
    }
}

#[cfg(test)]
#[path = "queue_tests.rs"]
mod tests;
