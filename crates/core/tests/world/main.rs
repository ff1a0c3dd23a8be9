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
