//! The tickets of one class (reads or writes), and which of them is called next.
//!
//! Guarantees:
//! - Tickets of one priority are called in the order of their numbers.
//! - A higher priority is called first, with this floor: a priority that was
//!   passed over as often as its starvation limit allows goes first. So each
//!   priority gets a share of the calls however many others wait, and a ticket
//!   waits for finitely many others.
//! - A called ticket has a reservation for a short time. When it lapses, the call
//!   goes to the next ticket; the lapsed one keeps its number, but is not called
//!   again before its holder asks for that.
//! - A ticket that is dropped leaves no gap.
//!
//! Pure: time is an argument.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::Instant;

use crate::account_state::Waiting;
use crate::priority::Priority;

/// The tickets of one class. `T` is how the holder of one is notified.
#[derive(Debug)]
pub(crate) struct Queue<T> {
    lanes: [Lane<T>; Priority::ALL.len()],
    /// Called tickets by number; those without a reservation have lapsed.
    called: BTreeMap<u64, Holder<T>>,
    /// As few as calls may be under way.
    reservations: Vec<Reservation>,
    last_number: u64,
}

/// The waiting tickets of one priority.
#[derive(Debug)]
struct Lane<T> {
    priority: Priority,
    /// By number.
    waiting: BTreeMap<u64, Holder<T>>,
    /// How many tickets of a higher priority were called since one of this lane
    /// was, or since this lane was empty.
    passed_over: u32,
}

/// Who has a ticket.
#[derive(Debug)]
struct Holder<T> {
    since: Instant,
    on_called: T,
}

#[derive(Debug)]
struct Reservation {
    id: TicketId,
    until: Instant,
    /// What its lane counted before it was called.
    passed_over: u32,
}

/// Identifies a ticket. A lower number goes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TicketId {
    pub(crate) priority: Priority,
    number: u64,
}

impl<T: Clone> Queue<T> {
    pub(crate) fn new() -> Self {
        let lanes = Priority::ALL.map(|priority| Lane { priority, waiting: BTreeMap::new(), passed_over: 0 });
        Self { lanes, called: BTreeMap::new(), reservations: Vec::new(), last_number: 0 }
    }

    /// Adds a ticket behind all others of its priority.
    pub(crate) fn join(&mut self, priority: Priority, on_called: T, now: Instant) -> TicketId {
        self.last_number += 1;
        let number = self.last_number;
        self.lane(priority).waiting.insert(number, Holder { since: now, on_called });
        TicketId { priority, number }
    }

    /// Removes a ticket without a call. True if it had a reservation.
    pub(crate) fn leave(&mut self, id: TicketId) -> bool {
        self.called.remove(&id.number);
        let lane = self.lane(id.priority);
        lane.waiting.remove(&id.number);
        lane.reset_if_empty();
        self.cancel_reservation(id)
    }

    /// The tickets of which one is called next, the first candidate first: the
    /// head of each lane, starved lanes before all others.
    pub(crate) fn candidates(&self) -> impl Iterator<Item = TicketId> + use<T> {
        let mut lanes: [_; Priority::ALL.len()] = self.lanes.each_ref();
        // Stable: lanes that are equally starved stay in their order.
        lanes.sort_by_key(|lane| !lane.is_starved());
        lanes.map(Lane::head).into_iter().flatten()
    }

    /// Calls a ticket: it has a reservation from now on, which a second call
    /// extends. Gives back how its holder is notified, unless it was called already.
    pub(crate) fn call(&mut self, id: TicketId, until: Instant) -> Option<T> {
        if let Some(reservation) = self.reservations.iter_mut().find(|held| held.id == id) {
            reservation.until = until;
            return None;
        }
        let lane = self.lane(id.priority);
        let passed_over = lane.passed_over;
        let waiting = lane.waiting.remove(&id.number)?;
        lane.reset_if_empty();
        self.served(id.priority);
        self.reservations.push(Reservation { id, until, passed_over });
        let on_called = waiting.on_called.clone();
        self.called.insert(id.number, waiting);
        Some(on_called)
    }

    /// The call of a ticket that has a reservation is made: the ticket is removed.
    pub(crate) fn redeemed(&mut self, id: TicketId) {
        self.called.remove(&id.number);
        self.reservations.retain(|held| held.id != id);
    }

    /// A called ticket waits again, with its number. True if it had a reservation, which ends.
    pub(crate) fn requeue(&mut self, id: TicketId) -> bool {
        if let Some(waiting) = self.called.remove(&id.number) {
            self.lane(id.priority).waiting.insert(id.number, waiting);
        }
        self.cancel_reservation(id)
    }

    /// Ends the reservations whose time is over; says how many those are.
    pub(crate) fn lapse(&mut self, now: Instant) -> u64 {
        let over = self.reservations.iter().filter(|held| held.until <= now).map(|held| held.id);
        let over: Vec<_> = over.collect();
        over.iter().filter(|id| self.cancel_reservation(**id)).count() as u64
    }

    /// When the next reservation lapses.
    pub(crate) fn next_lapse(&self) -> Option<Instant> {
        self.reservations.iter().map(|held| held.until).min()
    }

    /// How many tickets have a reservation.
    pub(crate) fn reserved(&self) -> usize {
        self.reservations.len()
    }

    /// Whether a ticket has a reservation.
    pub(crate) fn has_reservation(&self, id: TicketId) -> bool {
        self.reservations.iter().any(|held| held.id == id)
    }

    /// Whether a ticket was called since its holder asked last.
    pub(crate) fn is_called(&self, id: TicketId) -> bool {
        self.called.contains_key(&id.number)
    }

    /// How many tickets are called before this one, by priority and number alone,
    /// at the most: some that left are counted, for an exact count costs too much.
    pub(crate) fn ahead(&self, id: TicketId) -> u64 {
        let of = |lane: &Lane<T>| {
            let waiting = lane.waiting.len() as u64;
            let first = lane.waiting.first_key_value().map(|(number, _)| *number);
            match first {
                _ if lane.priority < id.priority => waiting,
                Some(first) if lane.priority == id.priority => {
                    id.number.saturating_sub(first).min(waiting.saturating_sub(1))
                }
                Some(_) | None => 0,
            }
        };
        self.lanes.iter().map(of).sum()
    }

    /// How many wait, by priority; zeros among them.
    pub(crate) fn waiting(&self, now: Instant) -> impl Iterator<Item = Waiting> {
        self.lanes.iter().map(move |lane| {
            let first = lane.waiting.values().next();
            let oldest = first.map_or(Duration::ZERO, |first| now.saturating_duration_since(first.since));
            Waiting { priority: lane.priority, calls: lane.waiting.len() as u64, oldest }
        })
    }

    /// A call of this priority was given: waiting tickets of a lower one were passed over.
    fn served(&mut self, priority: Priority) {
        for lane in &mut self.lanes {
            if lane.priority == priority {
                lane.passed_over = 0;
            } else if lane.priority > priority && !lane.waiting.is_empty() {
                lane.passed_over = lane.passed_over.saturating_add(1);
            }
        }
    }

    /// Ends a reservation without a call: its lane is as starved as it was before.
    fn cancel_reservation(&mut self, id: TicketId) -> bool {
        let Some(index) = self.reservations.iter().position(|held| held.id == id) else { return false };
        let passed_over = self.reservations.swap_remove(index).passed_over;
        let lane = self.lane(id.priority);
        lane.passed_over = lane.passed_over.max(passed_over);
        lane.reset_if_empty();
        true
    }

    fn lane(&mut self, priority: Priority) -> &mut Lane<T> {
        let [user_change, creation, drift_correction, background] = &mut self.lanes;
        match priority {
            Priority::UserChange => user_change,
            Priority::Creation => creation,
            Priority::DriftCorrection => drift_correction,
            Priority::Background => background,
        }
    }
}

impl<T> Lane<T> {
    fn head(&self) -> Option<TicketId> {
        let (number, _) = self.waiting.first_key_value()?;
        Some(TicketId { priority: self.priority, number: *number })
    }

    fn is_starved(&self) -> bool {
        self.priority.starvation_limit().is_some_and(|limit| self.passed_over >= limit)
            && !self.waiting.is_empty()
    }

    fn reset_if_empty(&mut self) {
        if self.waiting.is_empty() {
            self.passed_over = 0;
        }
    }
}

#[cfg(test)]
#[path = "queue_tests.rs"]
mod tests;
