//! The bodies of an error: problems of the API, pages of proxies, anything.

use bytes::Bytes;
use http::Response;
use proptest::prelude::*;

use super::mutation::{SECRETS, assert_clean, bottomless, corrupted, mutated, problem, stream, swept};
use crate::Secret;
use crate::error::Error;
use crate::outcome::outcome;
use crate::redact::MAX_CHARS;
use crate::requests::update;
use crate::wire::WireError;

/// A field, a message, and the words around them.
const LONGEST_ERROR: usize = 2 * MAX_CHARS + 200;

fn known() -> Vec<Secret> {
    SECRETS.map(Secret::from).to_vec()
}

fn error(result: Result<Response<Bytes>, WireError>, secrets: &[Secret]) -> Error {
    outcome(&update("li1", &()), result, secrets).unwrap_err()
}

fn error_text(status: u16, body: &[u8], secrets: &[Secret]) -> String {
    let response = Response::builder().status(status).body(Bytes::copy_from_slice(body)).unwrap();
    let error = error(Ok(response), secrets);
    assert!(format!("{error:?}").chars().count() <= 2 * LONGEST_ERROR);
    error.to_string()
}

proptest! {
    #[test]
    fn any_body_of_any_status_is_shown_in_few_words(
        status in 300_u16..1000, body in prop::collection::vec(any::<u8>(), 0..4000)
    ) {
        assert_clean(&error_text(status, &body, &known()), LONGEST_ERROR)?;
    }

    #[test]
    fn a_problem_that_is_almost_one_is_shown_in_few_words(
        status in 300_u16..1000, body in prop_oneof![mutated(problem()), corrupted(problem())]
    ) {
        assert_clean(&error_text(status, &body, &known()), LONGEST_ERROR)?;
    }

    /// A server that answers an error with the stream: nobody knows its secrets, but what they stand in.
    #[test]
    fn an_error_that_repeats_a_stream_shows_neither_its_key_nor_its_addresses(
        status in 300_u16..1000, body in mutated(stream()), escaped in any::<bool>()
    ) {
        let text = String::from_utf8_lossy(&body).into_owned();
        let text = if escaped { text.replace('/', "\\/") } else { text };
        assert_clean(&error_text(status, text.as_bytes(), &[]), LONGEST_ERROR)?;
    }

    #[test]
    fn a_problem_that_repeats_a_known_secret_anywhere_hides_it(
        status in 300_u16..1000, before in ".{0,400}", after in ".{0,400}", secret in prop::sample::select(SECRETS.to_vec()),
        place in prop::sample::select(vec!["/title", "/detail", "/name", "/problems/0/title", "/problems/1/name"])
    ) {
        let mut body = problem();
        *body.pointer_mut(place).unwrap() = format!("{before}{secret}{after}").into();
        assert_clean(&error_text(status, body.to_string().as_bytes(), &known()), LONGEST_ERROR)?;
    }

    #[test]
    fn what_a_wire_says_is_shown_in_few_words(before in ".{0,4000}", secret in prop::sample::select(SECRETS.to_vec())) {
        for why in [WireError::Lost(format!("{before}{secret}")), WireError::NotSent(format!("{before}{secret}"))] {
            assert_clean(&error(Err(why), &known()).to_string(), LONGEST_ERROR)?;
        }
    }
}

#[test]
fn each_part_of_a_problem_may_be_missing_or_anything() {
    for body in swept(&problem()) {
        for status in [301, 400, 401, 404, 429, 503] {
            assert_clean(&error_text(status, &body, &known()), LONGEST_ERROR).unwrap();
        }
    }
}

#[test]
fn an_error_that_repeats_one_address_of_a_private_stream_and_nothing_else_hides_it() {
    for (name, address) in stream()["assets"].as_object().unwrap() {
        let address = address.as_str().unwrap();
        let mut within = problem();
        within["detail"] = format!("{name} is {address}").into();
        for body in [address.to_owned(), format!("<p>{address}</p>"), within.to_string()] {
            for body in [body.replace('/', "\\/"), body.to_uppercase(), body] {
                let text = error_text(503, body.as_bytes(), &[]);
                assert!(!text.to_lowercase().contains("pr1vate-t0ken"), "{name}: {text}");
            }
        }
    }
}

#[test]
fn a_bottomless_body_is_an_error_like_any_other() {
    for body in bottomless() {
        for status in [400, 401, 404, 429, 503] {
            assert!(error_text(status, &body, &[]).chars().count() <= LONGEST_ERROR);
        }
    }
}

#[test]
fn a_page_of_8_mib_is_cut_to_its_beginning() {
    for unit in ["<p>sorry</p> ", "sorry", "\u{0}\n", "\u{fffd}"] {
        let body = unit.repeat(crate::MAX_ANSWER / unit.len());
        for status in [400, 401, 404, 503] {
            let text = error_text(status, body.as_bytes(), &known());
            assert!(text.chars().count() <= LONGEST_ERROR, "{}", text.len());
        }
    }
}
