//! How far a reader of the account's list goes on.
//!
//! The list says itself how many pages it has, and what it says may be nonsense:
//! four billion pages, empty ones, or the same one for ever. A reader ends
//! all the same, and knows whether it has seen a whole list.

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
    last: Vec<String>,
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
        let repeats = !shown.ids.is_empty() && shown.ids == self.last;
        self.read = number;
        self.last = shown.ids.to_vec();
        if number >= shown.pages_total {
            Next::End
        } else if shown.ids.is_empty() && shown.unreadable == 0 {
            Next::Broken("a page of the list is empty though more pages are announced")
        } else if repeats {
            Next::Broken("a page of the list repeats the one before it")
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
