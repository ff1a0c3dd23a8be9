//! How far a reader of the account's list goes on.
//!
//! The list says itself how many pages it has, and what it says may be nonsense:
//! four billion pages, empty ones, or the same ones for ever. A reader ends
//! all the same, and knows whether it has seen a whole list.
//!
//! A list that changes while it is read is no nonsense. One that grows shows the
//! new ones on its last page, which may become another one meanwhile; one that
//! shrinks ends earlier, and may pass over some ([`super::tally`]).

use std::collections::HashSet;

/// More pages than any account has: a million streams.
pub const MOST_PAGES: u32 = 10_000;

/// What a page showed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shown<'a> {
    /// The ids on it, as they came.
    pub ids: &'a [String],
    /// How many of its items could not be read.
    pub unreadable: usize,
    /// How many pages there are, by its own word.
    pub pages_total: u32,
}

/// What follows after a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// The next page.
    Page,
    /// Nothing: that was the whole list.
    End,
    /// Nothing, though more was announced: nobody knows what was not shown.
    Broken(&'static str),
}

/// A list that is being read, page by page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reading {
    read: u32,
    /// The first id of each page so far. However a list changes, what stood at the head
    /// of one page is at the head of no other: a hundred would have to come before it.
    heads: HashSet<String>,
}

impl Reading {
    /// The number of the page to read now, from 1.
    #[must_use]
    pub fn page(&self) -> u32 {
        self.read.saturating_add(1)
    }

    /// Takes in that page, and says what follows.
    pub fn after(&mut self, shown: Shown<'_>) -> Next {
        let number = self.page();
        let repeats = shown.ids.first().is_some_and(|head| !self.heads.insert(head.clone()));
        self.read = number;
        if number >= shown.pages_total {
            Next::End
        } else if shown.ids.is_empty() && shown.unreadable == 0 {
            Next::Broken("a page of the list is empty though more pages are announced")
        } else if repeats {
            Next::Broken("a page of the list repeats an earlier one")
        } else if number >= MOST_PAGES {
            Next::Broken("the list has more pages than any account")
        } else {
            Next::Page
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn after(reading: &mut Reading, ids: &[&str], pages_total: u32) -> Next {
        let ids: Vec<_> = ids.iter().map(|id| (*id).to_owned()).collect();
        reading.after(Shown { ids: &ids, unreadable: 0, pages_total })
    }

    #[test]
    fn a_list_ends_with_the_page_that_it_names_as_its_last_also_when_that_changes() {
        let mut reading = Reading::default();
        assert_eq!(after(&mut reading, &["a"], 2), Next::Page);
        assert_eq!(after(&mut reading, &["b"], 3), Next::Page);
        assert_eq!((reading.page(), after(&mut reading, &["c"], 3)), (3, Next::End));
        let mut shrunk = Reading::default();
        assert_eq!(after(&mut shrunk, &["a"], 9), Next::Page);
        assert_eq!(after(&mut shrunk, &["b"], 1), Next::End);
        assert_eq!(after(&mut Reading::default(), &[], 1), Next::End, "an empty account");
    }

    #[test]
    fn a_list_that_announces_more_than_it_shows_is_broken() {
        let mut empty = Reading::default();
        assert_eq!(after(&mut empty, &["a"], u32::MAX), Next::Page);
        assert!(matches!(after(&mut empty, &[], u32::MAX), Next::Broken(_)));
        let mut stuck = Reading::default();
        assert_eq!(after(&mut stuck, &["a", "b"], 7), Next::Page);
        assert!(matches!(after(&mut stuck, &["a", "b"], 7), Next::Broken(_)));
    }

    #[test]
    fn a_list_that_goes_in_circles_is_broken_however_many_pages_a_round_has() {
        for round in 1..5 {
            let mut reading = Reading::default();
            let heads = (0..round).cycle().map(|page| format!("head-{page}"));
            let pages = heads.map(|head| after(&mut reading, &[&head, "x"], u32::MAX)).take(20);
            assert_eq!(pages.take_while(|next| *next == Next::Page).count(), round, "{round}");
        }
    }

    #[test]
    fn a_list_that_grows_or_shrinks_while_it_is_read_makes_sense() {
        let mut grown = Reading::default();
        assert_eq!(after(&mut grown, &["a", "b"], 2), Next::Page);
        assert_eq!(after(&mut grown, &["c", "d"], 3), Next::Page, "e was made meanwhile");
        assert_eq!(after(&mut grown, &["e"], 3), Next::End);
        let mut shrunk = Reading::default();
        assert_eq!(after(&mut shrunk, &["a", "b"], 3), Next::Page);
        assert_eq!(after(&mut shrunk, &["d", "e"], 3), Next::Page, "a was deleted, so c is passed over");
        assert_eq!(after(&mut shrunk, &["f"], 3), Next::End);
        let mut trailing = Reading::default();
        assert_eq!(after(&mut trailing, &["b", "c"], 2), Next::Page);
        assert_eq!(after(&mut trailing, &["c", "d"], 2), Next::End, "a came late: c is shown twice");
    }

    #[test]
    fn a_page_of_which_nothing_can_be_read_is_not_an_empty_one() {
        let shown = Shown { ids: &[], unreadable: 3, pages_total: 2 };
        assert_eq!(Reading::default().after(shown), Next::Page);
    }

    #[test]
    fn a_list_that_shows_something_new_for_ever_is_given_up() {
        let mut reading = Reading::default();
        let pages =
            (0..u32::MAX).position(|n| after(&mut reading, &[&n.to_string()], u32::MAX) != Next::Page);
        assert_eq!(pages, Some(MOST_PAGES as usize - 1));
    }

    proptest! {
        #[test]
        fn whatever_is_announced_a_list_of_a_few_pages_ends(
            pages in prop::collection::vec((0_usize..4, 0_usize..2, any::<u32>()), 0..20)
        ) {
            let mut reading = Reading::default();
            let nothing = std::iter::repeat((0, 0, u32::MAX));
            let ended = pages.into_iter().chain(nothing).enumerate().take(30).find(|(at, (items, unreadable, total))| {
                let ids: Vec<_> = (0..*items).map(|item| format!("{at}-{item}")).collect();
                reading.after(Shown { ids: &ids, unreadable: *unreadable, pages_total: *total }) != Next::Page
            });
            prop_assert!(ended.is_some());
        }
    }
}
