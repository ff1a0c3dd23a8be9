use proptest::prelude::*;

use super::*;

/// A list whose pages have so many items each, and announce so many in all.
fn read(pages: &[(u64, u64)]) -> Listing {
    let mut listing = Listing::default();
    for (number, (items, total)) in pages.iter().enumerate() {
        let ids: Vec<_> = (0..*items).map(|item| format!("{number}-{item}")).collect();
        listing.after(ListedPage { ids: &ids, unreadable: 0, pages_total: 9, items_total: *total });
    }
    listing
}

#[test]
fn only_a_scan_that_may_have_skipped_streams_leaves_any_unconfirmed() {
    for (what, pages, unconfirmed) in [
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
        assert_eq!(read(pages).leaves_unconfirmed(4), unconfirmed, "{what}");
    }
}

#[test]
fn a_list_that_became_shorter_is_told_from_one_that_ended() {
    let shrank = |pages: &[(u64, u64)]| read(pages).shrank();
    assert!(shrank(&[(100, 250), (100, 249)]) && !shrank(&[(100, 250), (100, 250)]));
    assert!(!shrank(&[(3, 3)]) && !shrank(&[]));
}

#[test]
fn a_few_that_were_not_shown_are_read_rather_than_unconfirmed() {
    let shrank = [(100, 250), (100, 240), (40, 240)];
    assert_eq!([3, 4].map(|missed| read(&shrank).leaves_unconfirmed(missed)), [false, true]);
}

fn after(listing: &mut Listing, ids: &[&str], pages_total: u32) -> Next {
    let ids: Vec<_> = ids.iter().map(|id| (*id).to_owned()).collect();
    listing.after(ListedPage { ids: &ids, unreadable: 0, pages_total, items_total: 0 })
}

#[test]
fn a_list_ends_with_its_last_page_also_when_that_changes() {
    let mut listing = Listing::default();
    assert_eq!(after(&mut listing, &["a"], 2), Next::Page);
    assert_eq!(after(&mut listing, &["b"], 3), Next::Page);
    assert_eq!((listing.page(), after(&mut listing, &["c"], 3)), (3, Next::End));
    let mut shrunk = Listing::default();
    assert_eq!(after(&mut shrunk, &["a"], 9), Next::Page);
    assert_eq!(after(&mut shrunk, &["b"], 1), Next::End);
    assert_eq!(after(&mut Listing::default(), &[], 1), Next::End, "an empty account");
}

#[test]
fn a_list_that_announces_more_than_it_shows_is_broken() {
    let mut empty = Listing::default();
    assert_eq!(after(&mut empty, &["a"], u32::MAX), Next::Page);
    assert_eq!(after(&mut empty, &[], u32::MAX), Next::Page, "the next page may show more");
    assert!(matches!(after(&mut empty, &[], u32::MAX), Next::Broken(_)));
    assert!(!empty.is_complete());
    let mut stuck = Listing::default();
    assert_eq!(after(&mut stuck, &["a", "b"], 7), Next::Page);
    assert!(matches!(after(&mut stuck, &["a", "b"], 7), Next::Broken(_)));
    assert!(!stuck.is_complete());
    let mut last = Listing::default();
    assert_eq!(after(&mut last, &["a"], 2), Next::Page);
    assert_eq!(
        (after(&mut last, &[], 2), last.is_complete()),
        (Next::End, false),
        "it should have shown some"
    );
}

#[test]
fn a_list_that_goes_in_circles_is_broken() {
    for round in 1..5 {
        let mut listing = Listing::default();
        let heads = (0..round).cycle().map(|page| format!("head-{page}"));
        let pages = heads.map(|head| after(&mut listing, &[&head, "x"], u32::MAX)).take(20);
        assert_eq!(pages.take_while(|next| *next == Next::Page).count(), round, "{round}");
    }
}

#[test]
fn a_list_that_grows_or_shrinks_while_it_is_read_makes_sense() {
    let mut grown = Listing::default();
    assert_eq!(after(&mut grown, &["a", "b"], 2), Next::Page);
    assert_eq!(after(&mut grown, &["c", "d"], 3), Next::Page, "e was created meanwhile");
    assert_eq!(after(&mut grown, &["e"], 3), Next::End);
    let mut shrunk = Listing::default();
    assert_eq!(after(&mut shrunk, &["a", "b"], 3), Next::Page);
    assert_eq!(after(&mut shrunk, &["d", "e"], 3), Next::Page, "a was deleted, so c is skipped");
    assert_eq!(after(&mut shrunk, &["f"], 3), Next::End);
    let mut trailing = Listing::default();
    assert_eq!(after(&mut trailing, &["b", "c"], 2), Next::Page);
    assert_eq!(after(&mut trailing, &["c", "d"], 2), Next::End, "a appeared late: c is shown twice");
}

#[test]
fn a_page_of_which_nothing_can_be_read_is_not_an_empty_one() {
    let page = ListedPage { ids: &[], unreadable: 3, pages_total: 2, items_total: 0 };
    assert_eq!(Listing::default().after(page), Next::Page);
}

#[test]
fn a_list_that_shows_something_new_for_ever_ends() {
    let mut listing = Listing::default();
    let pages = (0..u32::MAX).position(|n| after(&mut listing, &[&n.to_string()], u32::MAX) != Next::Page);
    assert_eq!(pages, Some(MAX_PAGES as usize - 1));
}

#[test]
fn a_list_with_a_page_that_is_skipped_goes_on_and_is_not_complete() {
    let mut listing = Listing::default();
    assert_eq!(after(&mut listing, &["a"], 3), Next::Page);
    assert!(listing.is_complete());
    assert_eq!((listing.skip(), listing.page()), (Next::Page, 3));
    assert_eq!(after(&mut listing, &["c"], 3), Next::End);
    assert!(!listing.is_complete());
    let mut last = Listing::default();
    assert_eq!(after(&mut last, &["a"], 2), Next::Page);
    assert_eq!(last.skip(), Next::End);
}

proptest! {
    #[test]
    fn whatever_is_announced_a_list_of_a_few_pages_ends(
        pages in prop::collection::vec((0_usize..4, 0_usize..2, any::<u32>()), 0..20)
    ) {
        let mut listing = Listing::default();
        let nothing = std::iter::repeat((0, 0, u32::MAX));
        let ended = pages.into_iter().chain(nothing).enumerate().take(30).find(|(at, (items, unreadable, total))| {
            let ids: Vec<_> = (0..*items).map(|item| format!("{at}-{item}")).collect();
            let page = ListedPage { ids: &ids, unreadable: *unreadable, pages_total: *total, items_total: 0 };
            listing.after(page) != Next::Page
        });
        prop_assert!(ended.is_some());
    }
}
