//! The guard against mass disappearance.
//!
//! A key of another project makes every stream look deleted. Re-creating them
//! all would change every id, stream key and URL. So when more than a tenth of
//! the bound streams, and at least five, vanish between two passes, they are
//! held: nothing is re-created until they reappear or a person confirms.

use std::collections::HashSet;

use crate::core::model::StreamId;

/// The fewest streams whose vanishing at once trips the guard.
const FEWEST: usize = 5;

/// The guard of one account.
#[derive(Debug, Default)]
pub struct Guard {
    on: bool,
    held: HashSet<StreamId>,
}

impl Guard {
    /// A guard that holds nothing yet; one that is off never does.
    #[must_use]
    pub fn new(on: bool) -> Self {
        Self { on, held: HashSet::new() }
    }

    /// Looks at what vanished in a pass, when so many streams were `bound`, before
    /// anyone is woken for it; what the pass may only have passed over counts as
    /// vanished. Streams that reappeared, or are bound no more (by `missing`), are
    /// let go. True if it trips.
    pub fn judge(
        &mut self,
        vanished: &[&StreamId],
        bound: usize,
        missing: impl Fn(&StreamId) -> bool,
    ) -> bool {
        self.held.retain(|id| missing(id));
        let trips = self.on && vanished.len() >= FEWEST && vanished.len() * 10 > bound;
        if trips {
            self.held.extend(vanished.iter().copied().cloned());
        }
        trips
    }

    /// Whether a stream is held.
    #[must_use]
    pub fn holds(&self, id: &StreamId) -> bool {
        self.held.contains(id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::fixture::id;

    fn ids(count: usize) -> Vec<StreamId> {
        (0..count).map(|n| id(&format!("li{n}"))).collect()
    }

    fn judge(guard: &mut Guard, vanished: usize, bound: usize, missing: impl Fn(&StreamId) -> bool) -> bool {
        guard.judge(&ids(vanished).iter().collect::<Vec<_>>(), bound, missing)
    }

    #[test]
    fn it_trips_at_five_and_more_than_a_tenth() {
        for (vanished, bound, trips) in
            [(4, 4, false), (5, 5, true), (5, 49, true), (5, 50, false), (6, 50, true), (100, 1000, false)]
        {
            let mut guard = Guard::new(true);
            assert_eq!(judge(&mut guard, vanished, bound, |_| true), trips, "{vanished} of {bound}");
            assert_eq!(guard.holds(&id("li0")), trips);
        }
    }

    #[test]
    fn it_never_trips_when_it_is_off() {
        assert!(!judge(&mut Guard::new(false), 9, 9, |_| true));
    }

    #[test]
    fn it_lets_go_of_what_reappears_and_keeps_the_rest() {
        let mut guard = Guard::new(true);
        judge(&mut guard, 9, 9, |_| true);
        judge(&mut guard, 0, 9, |stream| *stream != id("li3"));
        assert!(!guard.holds(&id("li3")) && guard.holds(&id("li4")));
    }
}
