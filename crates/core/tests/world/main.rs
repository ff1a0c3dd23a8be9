//! Every state of the world of one and of two LiveStreams.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test ends by a panic; its parts stand outside the functions that clippy knows as tests"
)]

mod calls;
mod canon;
mod checks;
mod effects;
mod goal;
mod hash;
mod memory;
mod model;
mod mutants;
mod people;
mod shell;
mod step;
mod values;
mod walk;

use std::time::Instant;

use crate::{
    people::Happens,
    shell::Rules,
    values::Policies,
    walk::{Walk, walk},
};

fn holds(name: &str, it: &Walk) {
    #[allow(clippy::disallowed_methods, reason = "how long the walk takes is printed")]
    let began = Instant::now();
    let walked = walk(it);
    println!(
        "{name}: {} states, {} transitions in {:.1} s",
        walked.states,
        walked.transitions,
        began.elapsed().as_secs_f64()
    );
    if let Some((broken, way)) = walked.violation {
        way.iter().for_each(|step| println!("  {step:?}"));
        panic!("{name}: {broken:?}");
    }
}

/// One LiveStream.
fn one(happens: Happens) -> Walk {
    Walk { objects: 1, happens: Happens { deletions: 1, ..happens }, ..Walk::default() }
}

/// Two LiveStreams that ask for the same.
fn two(happens: Happens) -> Walk {
    let policies = Policies { proceed: true, ..Policies::default() };
    let rules = Rules { lost_only: true, policies, ..Rules::default() };
    Walk { objects: 2, happens: Happens { reconciles_in_one: true, ..happens }, rules, safety_only: false }
}

#[test]
fn one_that_is_edited() {
    holds("one that is edited", &one(Happens { edits: true, ..Happens::default() }));
}

#[test]
fn one_whose_stream_is_deleted_elsewhere() {
    let happens =
        Happens { remote_deletions: true, skips: true, reconciles_in_one: true, ..Happens::default() };
    holds("one whose stream is deleted elsewhere", &one(happens));
    let mut fail = one(happens);
    fail.rules.policies.fail = true;
    holds("the same with onRemoteMissing: Fail", &fail);
}

#[test]
fn one_beside_strangers() {
    holds("one beside strangers", &one(Happens { strangers: true, adoptions: true, ..Happens::default() }));
}

#[test]
fn two_of_which_one_is_deleted() {
    holds("two of which one is deleted", &two(Happens { deletions: 1, ..Happens::default() }));
}

#[test]
fn two_that_ask_for_one_stream() {
    let walk = two(Happens { deletions: 1, adoptions: true, ..Happens::default() });
    holds("two that ask for one stream", &walk);
}

#[test]
fn two_of_which_one_is_a_copy() {
    let walk = two(Happens { deletions: 1, copies: true, ..Happens::default() });
    holds("two of which one is a copy", &Walk { objects: 1, ..walk });
}
