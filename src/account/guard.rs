//! The guard against mass disappearance.
//!
//! A key of another project makes every stream look deleted. Re-creating them
//! all would change every id, stream key and URL. So when more than a tenth of
//! the owned streams, and at least five, vanish between two scans, they are
//! held back: nothing is created, re-created or released until they reappear or a person
//! confirms. Where the access token does not name the project, all of them, and at least
//! two, are enough.

use std::collections::HashSet;

use crate::core::facts::ids::StreamId;

/// The fewest streams whose disappearance at once trips the guard.
const MIN_VANISHED: usize = 5;

/// The fewest where all vanish and the project of the key is not known.
const MIN_ALL_VANISHED: usize = 2;

/// The guard of one account.
#[derive(Debug, Default)]
pub struct Guard {
    on: bool,
    held_back: HashSet<StreamId>,
}

impl Guard {
    /// A guard that holds back nothing yet; one that is off never does.
    #[must_use]
    pub fn new(on: bool) -> Self {
        Self { on, held_back: HashSet::new() }
    }

    /// Judges what vanished in a scan, of so many `bound` streams, of which so many were
    /// `present` before it, and before anyone is triggered for it; what the scan may have
    /// skipped counts as vanished. Streams that reappeared, or are bound no more (by
    /// `missing`), are released. True if it trips.
    pub fn judge(
        &mut self,
        vanished: &[&StreamId],
        bound: usize,
        present: usize,
        project_known: bool,
        missing: impl Fn(&StreamId) -> bool,
    ) -> bool {
        self.held_back.retain(|id| missing(id));
        let many = vanished.len() >= MIN_VANISHED && vanished.len() * 10 > bound;
        let all = !project_known && vanished.len() >= MIN_ALL_VANISHED && vanished.len() == present;
        let trips = self.on && (many || all);
        if trips {
            self.held_back.extend(vanished.iter().copied().cloned());
        }
        trips
    }

    /// Lets go of a stream that the operator itself deleted.
    pub fn deleted(&mut self, id: &StreamId) {
        self.held_back.remove(id);
    }

    /// Whether any stream is held back.
    #[must_use]
    pub fn is_active(&self) -> bool {
        !self.held_back.is_empty()
    }

    /// Whether a stream is held back.
    #[must_use]
    pub fn holds_back(&self, id: &StreamId) -> bool {
        self.held_back.contains(id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::fixture::id;

    fn ids(count: usize) -> Vec<StreamId> {
        (0..count).map(|n| id(&format!("li{n}"))).collect()
    }

    fn judge(guard: &mut Guard, vanished: usize, owned: usize, missing: impl Fn(&StreamId) -> bool) -> bool {
        guard.judge(&ids(vanished).iter().collect::<Vec<_>>(), owned, owned, true, missing)
    }

    #[test]
    fn it_trips_at_five_and_more_than_a_tenth() {
        for (vanished, owned, trips) in
            [(4, 4, false), (5, 5, true), (5, 49, true), (5, 50, false), (6, 50, true), (100, 1000, false)]
        {
            let mut guard = Guard::new(true);
            assert_eq!(judge(&mut guard, vanished, owned, |_| true), trips, "{vanished} of {owned}");
            assert_eq!(guard.holds_back(&id("li0")), trips);
        }
    }

    #[test]
    fn without_a_known_project_all_of_two_are_enough() {
        for (vanished, present, trips) in [(1, 1, false), (2, 2, true), (2, 3, false), (3, 3, true)] {
            let mut guard = Guard::new(true);
            let gone = ids(vanished);
            // One was missing before.
            let judged = guard.judge(&gone.iter().collect::<Vec<_>>(), present + 1, present, false, |_| true);
            assert_eq!((judged, guard.is_active()), (trips, trips), "{vanished} of {present}");
        }
    }

    #[test]
    fn it_never_trips_when_it_is_off() {
        assert!(!judge(&mut Guard::new(false), 9, 9, |_| true));
    }

    #[test]
    fn what_reappears_is_released_and_the_rest_is_not() {
        let mut guard = Guard::new(true);
        judge(&mut guard, 9, 9, |_| true);
        judge(&mut guard, 0, 9, |stream| *stream != id("li3"));
        assert!(!guard.holds_back(&id("li3")) && guard.holds_back(&id("li4")));
    }
}
