//! What one decision costs, and what one page of a drift pass costs:
//! `cargo bench --bench planner`.
//!
//! Neither does I/O. A LiveStream that is woken is planned a few times, until
//! it rests; a pass over N streams merges N/100 pages and then ends once.

use std::{collections::HashSet, hint::black_box, sync::Arc, time::Duration};

use apivideo_operator::{
    account::snapshot::Snapshot,
    core::{
        facts::{
            Facts, binding::Binding, ids::StreamId, manifest::Manifest, observation::Observation,
            stream::Remote,
        },
        fixture,
        plan::plan,
        state::reconcile_state::ReconcileState,
        step::{Step, action::Action},
    },
};
use divan::{Bencher, counter::ItemsCount};
use jiff::Timestamp;
use tokio::time::Instant;

/// The streams of an account with much in it.
const STREAMS: usize = 10_000;

/// The most that the API puts on a page.
const PAGE: usize = 100;

fn main() {
    divan::main();
}

fn id(number: usize) -> StreamId {
    fixture::id(&format!("li{number}"))
}

/// A stream that is as the manifest wants it.
fn remote(number: usize) -> Remote {
    let url = |what: &str| Some(format!("https://embed.api.video/live/li{number}/{what}"));
    let mut remote = fixture::remote(&format!("li{number}"));
    (remote.assets.hls, remote.assets.iframe) = (url("hls"), url("iframe"));
    (remote.assets.player, remote.assets.thumbnail) = (url("player"), url("thumbnail"));
    remote
}

fn bound() -> ReconcileState {
    ReconcileState {
        binding: Binding::Bound { id: id(1), stored: true, adopted: false },
        synced_generation: Some(1),
        ..ReconcileState::default()
    }
}

fn present(manifest: Manifest, remote: Remote) -> Facts {
    let observation = Observation::Present { remote: Arc::new(remote), fresh: false };
    Facts { manifest, ..fixture::observing(observation) }
}

/// One call of the planner, in the four situations of a LiveStream's life.
mod decide {
    use super::*;

    /// `is_case` checks the answer, so that what is measured is what the name says.
    fn measure(
        bencher: Bencher<'_, '_>,
        facts: &Facts,
        state: &ReconcileState,
        is_case: impl Fn(&Step) -> bool,
    ) {
        let now = Timestamp::UNIX_EPOCH;
        let answer = plan(facts, state, now);
        assert!(is_case(&answer.step), "another case than meant: {answer:?}");
        bencher.bench(|| plan(black_box(facts), black_box(state), black_box(now)));
    }

    #[divan::bench]
    fn synced(bencher: Bencher<'_, '_>) {
        let facts = present(fixture::manifest(), remote(1));
        measure(bencher, &facts, &bound(), |step| matches!(step, Step::Wait { .. }));
    }

    #[divan::bench]
    fn drifted(bencher: Bencher<'_, '_>) {
        let edited = Remote { name: Some("Edited elsewhere".into()), public: Some(false), ..remote(1) };
        measure(bencher, &present(fixture::manifest(), edited), &bound(), |step| {
            matches!(step, Step::Do(Action::Update { .. }))
        });
    }

    #[divan::bench]
    fn new(bencher: Bencher<'_, '_>) {
        let manifest = Manifest { finalizer: false, ..fixture::manifest() };
        let facts = Facts { manifest, ..fixture::observing(Observation::Absent) };
        measure(bencher, &facts, &ReconcileState::default(), |step| {
            matches!(step, Step::Do(Action::RecordIntent { .. }))
        });
    }

    #[divan::bench]
    fn deleting(bencher: Bencher<'_, '_>) {
        let manifest = Manifest { deleting: true, ..fixture::manifest() };
        // A broadcast may have begun since it was observed: it is read once more.
        measure(bencher, &present(manifest, remote(1)), &bound(), |step| {
            matches!(step, Step::Do(Action::Get { .. }))
        });
    }
}

/// What a scan does to the snapshot of an account with [`STREAMS`] streams.
mod observe {
    use super::*;

    /// A snapshot in which every stream was seen, and when.
    fn full() -> (Snapshot, Instant) {
        let seen = Instant::now();
        let mut snapshot = Snapshot::default();
        (0..STREAMS).map(remote).for_each(|stream| drop(snapshot.listed(stream, seen)));
        (snapshot, seen)
    }

    /// Merges a page again and again, each asked for later than the one before:
    /// an older one would be ignored.
    fn merge(bencher: Bencher<'_, '_>, page: impl Fn(u64) -> Vec<Remote>) {
        let (mut snapshot, seen) = full();
        let mut round = 0;
        bencher
            .counter(ItemsCount::new(PAGE))
            .with_inputs(|| {
                round += 1;
                (page(round), seen + Duration::from_millis(round))
            })
            .bench_local_values(|(page, asked)| {
                page.into_iter().filter_map(|stream| snapshot.listed(stream, asked)).count()
            });
    }

    #[divan::bench]
    fn page_without_news(bencher: Bencher<'_, '_>) {
        let page: Vec<_> = (0..PAGE).map(|n| remote(n * (STREAMS / PAGE))).collect();
        merge(bencher, |_| page.clone());
    }

    #[divan::bench]
    fn page_of_news(bencher: Bencher<'_, '_>) {
        let page: Vec<_> = (0..PAGE).map(|n| remote(n * (STREAMS / PAGE))).collect();
        merge(bencher, |round| {
            let renamed = |stream: &Remote| Remote { name: Some(format!("Edit {round}")), ..stream.clone() };
            page.iter().map(renamed).collect()
        });
    }

    #[divan::bench]
    fn end_of_a_pass(bencher: Bencher<'_, '_>) {
        let (mut snapshot, seen) = full();
        let held: Vec<_> = (0..STREAMS).map(id).collect();
        let held: HashSet<_> = held.iter().collect();
        bencher.bench_local(|| snapshot.end_scan(black_box(&held), black_box(seen), |_| false));
    }
}
