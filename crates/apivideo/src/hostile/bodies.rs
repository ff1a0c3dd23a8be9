//! The bodies of a 2xx: a stream, a page, a token.

use proptest::prelude::*;

use super::mutation::{assert_clean, bottomless, corrupted, grant, mutated, page, stream, swept};
use crate::authenticate;
use crate::decode;
use crate::model::{Assets, LiveStream};

/// What is said of a body that can't be read, in characters.
const MAX_CHARS: usize = 150;

/// Asserts what a caller relies on, whatever the answer was.
fn assert_sane(stream: &LiveStream) -> Result<(), TestCaseError> {
    prop_assert!(!stream.live_stream_id.trim().is_empty());
    prop_assert!(stream.public == Some(true) || stream.assets == Assets::default());
    let shown = format!("{:?} {:?} {:?}", stream.assets, stream.stream_key, stream.public);
    assert_clean(&shown, 2000)?;
    for time in [stream.created_at, stream.updated_at].into_iter().flatten() {
        prop_assert_eq!(
            time.to_string().split('-').next().map(str::len),
            Some(4),
            "Kubernetes refuses {}",
            time
        );
    }
    Ok(())
}

fn judge_stream(body: &[u8]) -> Result<(), TestCaseError> {
    match decode::live_stream(body, None) {
        Ok(stream) => assert_sane(&stream)?,
        Err(why) => assert_clean(&why, MAX_CHARS)?,
    }
    // The one that was asked for, or none.
    let asked = "li400mYKSgQ6xs7taUeSaEKr";
    match decode::live_stream(body, Some(asked)) {
        Ok(stream) => prop_assert_eq!(stream.live_stream_id, asked),
        Err(why) => assert_clean(&why, MAX_CHARS)?,
    }
    Ok(())
}

fn judge_page(body: &[u8]) -> Result<(), TestCaseError> {
    match decode::page(body, None) {
        Ok(page) => {
            prop_assert!(page.pages_total >= 1);
            prop_assert!(page.items_total >= (page.items.len() + page.unreadable) as u64);
            page.items.iter().try_for_each(assert_sane)
        }
        Err(why) => assert_clean(&why, MAX_CHARS),
    }
}

fn judge_grant(body: &[u8]) -> Result<(), TestCaseError> {
    match authenticate::grant(body, None) {
        Ok(grant) => {
            prop_assert!((1..=24 * 3600).contains(&grant.expires_in.as_secs()));
            prop_assert!(grant.header.is_sensitive());
            prop_assert!((1..=16 * 1024).contains(&grant.access.expose().len()));
            assert_clean(&format!("{:?} {:?}", grant.header, grant.refresh), MAX_CHARS)
        }
        Err(why) => assert_clean(&why, MAX_CHARS),
    }
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused_in_few_words(body in prop::collection::vec(any::<u8>(), 0..2000)) {
        judge_stream(&body)?;
        judge_page(&body)?;
        judge_grant(&body)?;
    }

    #[test]
    fn a_stream_that_is_almost_one_is_read_or_refused_and_shows_no_secret(
        body in prop_oneof![mutated(stream()), corrupted(stream())]
    ) {
        judge_stream(&body)?;
    }

    #[test]
    fn a_page_that_is_almost_one_is_read_or_refused_and_shows_no_secret(
        body in prop_oneof![mutated(page()), corrupted(page())]
    ) {
        judge_page(&body)?;
    }

    #[test]
    fn a_grant_that_is_almost_one_is_read_or_refused_and_shows_no_secret(
        body in prop_oneof![mutated(grant()), corrupted(grant())]
    ) {
        judge_grant(&body)?;
    }
}

/// Chance may miss the one place that matters; this doesn't.
#[test]
fn each_part_of_an_answer_may_be_missing_or_anything() {
    for (valid, judge) in [
        (stream(), judge_stream as fn(&[u8]) -> Result<(), TestCaseError>),
        (page(), judge_page),
        (grant(), judge_grant),
    ] {
        for body in swept(&valid) {
            judge(&body).unwrap_or_else(|why| panic!("{why}: {}", String::from_utf8_lossy(&body)));
        }
    }
}

#[test]
fn a_body_that_is_cut_at_any_byte_is_no_answer() {
    for valid in [stream(), page(), grant()] {
        let bytes = valid.to_string().into_bytes();
        for end in 0..bytes.len() {
            let cut = &bytes[..end];
            assert!(decode::live_stream(cut, None).is_err() && decode::page(cut, None).is_err(), "{end}");
            assert!(authenticate::grant(cut, None).is_err(), "{end}");
        }
    }
}

#[test]
fn a_bottomless_body_is_refused_and_no_stack_overflows() {
    for body in bottomless() {
        assert!(decode::live_stream(&body, None).is_err());
        assert!(decode::page(&body, None).is_err());
        assert!(authenticate::grant(&body, None).is_err());
    }
}

#[test]
fn a_body_of_8_mib_is_refused_in_as_few_words_as_a_short_one() {
    for unit in ["<p>sorry</p>", "\u{0}", "{\"a\":", "[0],"] {
        let body = unit.repeat(crate::MAX_ANSWER / unit.len());
        for why in [
            decode::live_stream(body.as_bytes(), None).unwrap_err(),
            decode::page(body.as_bytes(), None).unwrap_err(),
        ] {
            assert!(why.chars().count() <= MAX_CHARS, "{}", why.len());
        }
    }
}
