//! Every state of the world of one and of two LiveStreams, for any number of faults.
//!
//! The decisions are pure, so their world is finite once time is relative: objects, remote
//! streams, what the process remembers, requests under way, the process up or down. The
//! walk goes breadth first through all states that any sequence of steps reaches: actions
//! of the operator with every outcome, crashes at any point, restarts, scans, time, edits,
//! deletions, people and strangers. In every state it checks that
//!
//! - no stream that was made for a LiveStream is left without an owner or an intent that
//!   finds it (leak), and none has two (double);
//! - nothing of a stranger or of another LiveStream is bound, changed or deleted (foreign
//!   touch), and no finalizer goes before its stream;
//! - without further faults it reaches Ready, gone, or Stalled, where a person takes the
//!   step that ends it, and it leads on.
//!
//! What decides is the core itself; the shell around it is written again in `shell.rs`,
//! `effects.rs` and `calls.rs`, as short as it can be. `mutants.rs` shows that each check can fail.
//!
//! The bounds of the claim:
//!
//! - A tick is 15 s: the longest cluster write and the request timeout take one, the settle
//!   time two. A late request takes effect within the settle time, without `--create-marker`.
//! - Every wait after a failure is one tick. The rate limit, the key, the project, the guard
//!   and the CRD are never in the way. PATCH and DELETE have their effect at once or never.
//! - Nobody edits annotations, status or intents; streams are deleted but not edited
//!   elsewhere, and never on the air. No DELETE overtakes the write of the finalizer.
//! - A stranger's stream of the same payload does not appear while a create is open whose
//!   own stream is not there, and a search can't be blamed for it after that one was deleted.
//!   Two lost creates of equal payload may exchange their streams.
//! - Where people are asked they name the right stream, and they adopt no stream of another's
//!   lost create. With two LiveStreams nobody adopts.
//! - With two LiveStreams reconciles interleave only while a create is under way, each write or
//!   call has its effect (its answer may be lost) unless it is a create, and manifests are not
//!   edited. With remote deletions reconciles are not interleaved either.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test ends by a panic; its parts stand outside the functions that clippy knows as tests"
)]

mod around;
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
    around::Happens,
    walk::{Walk, one, two, walk},
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
#[ignore = "three times as many states as with one deletion"]
fn two_that_are_deleted() {
    holds("two that are deleted", &two(Happens { deletions: 2, ..Happens::default() }));
}

#[test]
fn two_of_which_one_is_a_copy() {
    let walk = two(Happens { deletions: 1, copies: true, ..Happens::default() });
    holds("two of which one is a copy", &Walk { objects: 1, ..walk });
}
