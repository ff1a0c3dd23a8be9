//! Reading the account's list page by page, and what the result is worth.
//!
//! The list itself says how many pages it has, and that may be nonsense:
//! four billion pages, empty ones, or the same ones for ever. A reader ends
//! all the same, and knows whether it has read a whole list.
//!
//! A list that changes while it is read is no nonsense. It is read oldest first: a
//! stream that is created meanwhile is on the last page and shifts nothing. But each
//! deletion on a page that was read already moves the rest up by one, over the
//! edge of the next page: as many streams are skipped as were deleted. The total
//! shows it: it became smaller from one page to the next. A list that ends before it
//! has shown as many streams as it says there are, because pages repeat or are missing,
//! skips streams as well.
//!
//! An absence is confirmed by one GET before anything is done about it. Where
//! many were deleted, one GET for each skipped stream would cost more than
//! another scan. So the rule is:
//!
//! - If a scan may have skipped streams, those that it did not show are absent only
//!   if they are no more than the scan had pages: then the GETs cost no more than a scan.
//! - Otherwise they are unconfirmed. The next scan decides, whatever that one is like:
//!   what two scans in a row did not show is absent. So this costs one
//!   interval, never more, also for a list that shrinks for ever.
//!
//! A deletion and a creation between the same two pages cancel each other out in
//! the total; then a stream may be skipped and is read by a GET. An API
//! that reports no total seems to shrink with its last page; that costs an interval too.

use std::collections::HashSet;

/// More pages than any account has: a million streams.
pub const MAX_PAGES: u32 = 10_000;

/// One page of the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListedPage<'a> {
    /// The ids on it, in their order.
    pub ids: &'a [String],
    /// How many of its items could not be read.
    pub unreadable: usize,
    /// How many pages there are, according to it.
    pub pages_total: u32,
    /// How many streams there are, according to it.
    pub items_total: u64,
}

/// What follows a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// The next page.
    Page,
    /// Nothing: that was the whole list.
    End,
    /// Nothing, though more was announced: what was not shown is unknown.
    Broken(&'static str),
}

/// A list that is being read, page by page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listing {
    read: u32,
    /// The first id of each page so far. However a list changes, what was at the head
    /// of one page is at the head of no other: a hundred would have to be inserted before it.
    heads: HashSet<String>,
    shown: u64,
    total: u64,
    pages_total: u32,
    shrank: bool,
    skipped: bool,
    /// Whether the last page was empty, and should not have been.
    empty: bool,
}

impl Listing {
    /// The number of the page to read now, from 1.
    #[must_use]
    pub fn page(&self) -> u32 {
        self.read.saturating_add(1)
    }

    /// How many pages were read.
    #[must_use]
    pub fn pages_read(&self) -> u32 {
        self.read
    }

    /// Takes in that page, and says what follows.
    pub fn after(&mut self, page: ListedPage<'_>) -> Next {
        self.shrank |= self.read > 0 && page.items_total < self.total;
        self.shown = self.shown.saturating_add((page.ids.len() + page.unreadable) as u64);
        self.total = page.items_total;
        self.pages_total = page.pages_total;
        let repeats = page.ids.first().is_some_and(|head| !self.heads.insert(head.clone()));
        // The last page may be empty by now if streams were deleted meanwhile.
        let empty = page.ids.is_empty() && page.unreadable == 0 && page.pages_total > 1 && !self.shrank;
        let empty_again = std::mem::replace(&mut self.empty, empty) && empty;
        self.read = self.page();
        self.skipped |= empty || repeats && self.read < page.pages_total;
        if self.read >= page.pages_total {
            Next::End
        } else if empty_again {
            Next::Broken("pages are empty although more pages are announced")
        } else if repeats {
            Next::Broken("a page repeats an earlier one")
        } else if self.read >= MAX_PAGES {
            Next::Broken("it has more pages than any account")
        } else {
            Next::Page
        }
    }

    /// Skips the page to read now, which fails again and again, and says what follows.
    pub fn skip(&mut self) -> Next {
        self.skipped = true;
        self.read = self.page();
        if self.read >= self.pages_total.min(MAX_PAGES) { Next::End } else { Next::Page }
    }

    /// Whether every page was read and showed something: otherwise no absence follows from the list.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        !self.skipped
    }

    /// Whether the list became shorter while it was read: a stream may have been skipped.
    #[must_use]
    pub fn shrank(&self) -> bool {
        self.shrank
    }

    /// Whether so many streams that it did not show are unconfirmed, now that it was read.
    #[must_use]
    pub fn leaves_unconfirmed(&self, missed: usize) -> bool {
        (self.shrank || self.shown < self.total) && missed as u64 > u64::from(self.read)
    }
}

#[cfg(test)]
#[path = "listing_tests.rs"]
mod tests;
