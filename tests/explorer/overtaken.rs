//! A DELETE that overtakes the write that adds the finalizer: at each call of a create,
//! with every single fault, nothing leaks. (A crash in that very run is excepted:
//! RELIABILITY.md says so.)

use std::time::Instant;

use apivideo_operator::core::decisions::Decisions;
use jiff::Timestamp;

use crate::{
    explore::{SINGLES, assert_none, explore, tell},
    lives::{Life, NAMESPACE, PLAIN, apply_a, at, now, settled},
    memory_cluster::Key,
    outcome::Call,
    world::Inner,
};

/// The lives, without and with the marker.
pub(crate) fn lives() -> Vec<Life> {
    // Nobody could undo it after a crash, and a step before its time is another life of these.
    let life = |name, steps| Life { name, steps, pairs: false, may_hurry: false, ..PLAIN };
    let plain = [
        life("overtaken before the intent", const { &[now(apply_a), at(Call::Metadata, overtake)] }),
        life("overtaken before the request", const { &[now(apply_a), at(Call::Create, overtake)] }),
        life(
            "overtaken before the binding",
            const { &[now(apply_a), at(Call::Metadata, nothing), at(Call::Metadata, overtake)] },
        ),
        life("overtaken before the status", const { &[now(apply_a), at(Call::Status, overtake)] }),
        life("overtaken when all is done", const { &[now(apply_a), settled(overtake)] }),
        life("replaced before the intent", const { &[now(apply_a), at(Call::Metadata, replace)] }),
        life("replaced before the request", const { &[now(apply_a), at(Call::Create, replace)] }),
        life(
            "replaced before the binding",
            const { &[now(apply_a), at(Call::Metadata, nothing), at(Call::Metadata, replace)] },
        ),
        life("replaced before the status", const { &[now(apply_a), at(Call::Status, replace)] }),
        life("replaced when all is done", const { &[now(apply_a), settled(replace)] }),
    ];
    plain.into_iter().flat_map(|life| [life, Life { marker: true, ..life }]).collect()
}

fn nothing(_: &mut Inner, _: Timestamp) {}

fn overtake(inner: &mut Inner, _: Timestamp) {
    inner.ledger.overtaken = true;
    inner.cluster.overtaking_delete(&Key::live_stream(NAMESPACE, "a"));
}

/// By another object of the same name and the same payload.
fn replace(inner: &mut Inner, now: Timestamp) {
    overtake(inner, now);
    apply_a(inner, now);
}

#[test]
fn a_delete_that_overtakes_the_finalizer_leaks_nothing() {
    let began = Instant::now();
    let explored = explore(&lives(), SINGLES(Decisions::default()));
    let schedules = explored.figures.schedules;
    tell(&format!("overtaken: {schedules} schedules in {:.0} s", began.elapsed().as_secs_f64()));
    assert_none(&explored);
}
