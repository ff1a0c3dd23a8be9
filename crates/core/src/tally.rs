//! Whether a pass may have passed over streams that are there.
//!
//! The list is read oldest first. What is created meanwhile comes last and
//! shifts nothing. But each deletion on a page that was read already moves the
//! rest up by one, over the edge of the next page: so many streams are not shown
//! as were deleted. The list itself tells: its total has become smaller from one
//! page to the next. A list that ends before it has shown as many as it says
//! there are, for pages repeat or are missing, passes over streams as well.
//!
//! An absence is confirmed by one GET before anything is done about it. Where
//! many were deleted, one GET for each that was passed over would cost more than
//! another pass. So the rule is:
//!
//! - What a pass missed that may have passed over streams counts as missing only
//!   if it is no more than the pass had pages: then the GETs cost no more than a pass.
//! - Otherwise it is in doubt. The next pass decides, whatever that one is like:
//!   what two passes in a row have missed is missing. So a doubt costs one
//!   interval, never more, also in a list that shrinks for ever.
//!
//! A deletion and a creation between the same two pages cancel each other out in
//! the total; then a stream may be passed over and is asked for by a GET. An API
//! that tells no total seems to shrink with its last page; that costs an interval too.

/// What the pages of a pass have said of the list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pages: usize,
    shown: u64,
    total: u64,
    shrank: bool,
}

impl Tally {
    /// Takes in a page with so many items, by whose word the list has `total`.
    pub fn page(&mut self, items: u64, total: u64) {
        self.shrank |= self.pages > 0 && total < self.total;
        self.pages += 1;
        self.shown = self.shown.saturating_add(items);
        self.total = total;
    }

    /// Whether the list became shorter while it was read: a stream may have been passed over.
    #[must_use]
    pub fn shrank(&self) -> bool {
        self.shrank
    }

    /// Whether `missed` streams are in doubt, now that the pass has ended.
    #[must_use]
    pub fn doubts(&self, missed: usize) -> bool {
        (self.shrank || self.shown < self.total) && missed > self.pages
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn doubts(pages: &[(u64, u64)], missed: usize) -> bool {
        let mut tally = Tally::default();
        pages.iter().for_each(|(items, total)| tally.page(*items, *total));
        tally.doubts(missed)
    }

    #[test]
    fn only_a_pass_that_may_have_passed_over_streams_is_doubted() {
        for (what, pages, doubted) in [
            ("nothing moved", &[(100, 250), (100, 250), (50, 250)][..], false),
            ("it grew", &[(100, 250), (100, 251), (53, 253)], false),
            ("it shrank", &[(100, 250), (100, 230), (30, 230)], true),
            ("it shrank and grew again", &[(100, 250), (100, 230), (50, 250)], true),
            ("it ended early", &[(100, 250), (100, 250)], true),
            ("a page was short", &[(100, 250), (2, 250), (50, 250)], true),
            ("another project's", &[(100, 9000), (3, 3)], true),
            ("an empty account", &[(0, 0)], false),
            ("no page at all", &[], false),
            ("nonsense", &[(0, u64::MAX)], true),
        ] {
            assert_eq!(doubts(pages, 4), doubted, "{what}");
        }
    }

    #[test]
    fn it_tells_a_list_that_became_shorter_from_one_that_ends() {
        let shrank = |pages: &[(u64, u64)]| {
            let mut tally = Tally::default();
            pages.iter().for_each(|(items, total)| tally.page(*items, *total));
            tally.shrank()
        };
        assert!(shrank(&[(100, 250), (100, 249)]) && !shrank(&[(100, 250), (100, 250)]));
        assert!(!shrank(&[(3, 3)]) && !shrank(&[]));
    }

    #[test]
    fn a_few_that_were_missed_are_asked_for_rather_than_doubted() {
        let shrank = [(100, 250), (100, 240), (40, 240)];
        assert_eq!([3, 4].map(|missed| doubts(&shrank, missed)), [false, true]);
    }
}
