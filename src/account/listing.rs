//! The one reader of the account's list, for scans and for the recovery of lost creates.

use apivideo::{ListLiveStreams, Page};

use super::answers;
use crate::core::{
    facts::stream::Remote,
    listing::{ListedPage, Listing, Next},
};

/// A list that is being read.
pub struct ListReader {
    query: ListLiveStreams,
    listing: Listing,
}

/// One page of it.
pub struct ReadPage {
    /// The streams on it.
    pub streams: Vec<Remote>,
    /// How many of its items could not be read.
    pub unreadable: usize,
    /// How many pages there are, according to it.
    pub pages_total: u32,
    /// What follows.
    pub next: Next,
}

impl ListReader {
    /// A reader of this list, whatever page the query names.
    pub fn new(query: ListLiveStreams) -> Self {
        Self { query, listing: Listing::default() }
    }

    /// The query for the page to read now.
    pub fn query(&self) -> ListLiveStreams {
        ListLiveStreams { page: self.listing.page(), ..self.query.clone() }
    }

    /// Takes in that page.
    pub fn take_in(&mut self, page: Page) -> ReadPage {
        let ids: Vec<_> = page.items.iter().map(|item| item.live_stream_id.clone()).collect();
        let next = self.listing.after(ListedPage {
            ids: &ids,
            unreadable: page.unreadable,
            pages_total: page.pages_total,
            items_total: page.items_total,
        });
        let streams: Vec<_> = page.items.into_iter().filter_map(answers::remote).collect();
        let unreadable = page.unreadable + (ids.len() - streams.len());
        ReadPage { streams, unreadable, pages_total: page.pages_total, next }
    }

    /// Skips the page to read now.
    pub fn skip(&mut self) -> Next {
        self.listing.skip()
    }

    /// What was read so far.
    pub fn listing(&self) -> &Listing {
        &self.listing
    }
}
