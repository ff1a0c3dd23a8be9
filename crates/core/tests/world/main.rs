//! Every state of the world of one and of two LiveStreams.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test ends by a panic; its parts stand outside the functions that clippy knows as tests"
)]

mod canon;
mod checks;
mod effects;
mod goal;
mod hash;
mod model;
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

#[test]
fn one() {
    let happens = Happens { edits: true, deletions: true, ..Happens::default() };
    holds("one", &Walk { objects: 1, happens, ..Walk::default() });
}

#[test]
fn one_with_remote_deletions() {
    let happens = Happens {
        deletions: true,
        skips: true,
        remote_deletions: true,
        reconciles_in_one: true,
        ..Happens::default()
    };
    holds("one with remote deletions", &Walk { objects: 1, happens, ..Walk::default() });
}

#[test]
fn one_with_strangers() {
    let happens = Happens { deletions: true, strangers: true, ..Happens::default() };
    holds("one with strangers", &Walk { objects: 1, happens, ..Walk::default() });
}

#[test]
fn one_with_adoptions() {
    let happens = Happens { deletions: true, strangers: true, adoptions: true, ..Happens::default() };
    holds("one with adoptions", &Walk { objects: 1, happens, ..Walk::default() });
}

#[test]
fn two() {
    let happens =
        Happens { deletions: std::env::var("DEL").is_ok(), reconciles_in_one: true, ..Happens::default() };
    let rules =
        Rules { lost_only: true, policies: Policies { proceed: true, fail: false }, ..Rules::default() };
    holds("two", &Walk { objects: 2, happens, rules });
}
