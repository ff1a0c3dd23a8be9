//! What one decision costs, and what one page of a drift pass costs:
//! `cargo bench --bench planner`.
//!
//! Neither does I/O. A LiveStream that is woken is planned a few times, until
//! it rests; a pass over N streams merges N/100 pages and then ends once.

use std::{collections::HashSet, hint::black_box, sync::Arc, time::Duration};

use apivideo_operator::{
    core::{
        action::Action,
        binding::Binding,
        memory::Memory,
        model::{Assets, Desired, Manifest, Place, Remote, StreamId},
        observed::{AccountView, Observed, Sight},
        plan::{Step, plan},
        policy::{DriftPolicy, OnRemoteMissing, WhileBroadcasting},
    },
    observer::snapshot::Snapshot,
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

#[allow(clippy::expect_used, reason = "the text is made here: that it is no id is a slip of this file")]
fn id(number: usize) -> StreamId {
    StreamId::parse(&format!("li{number}")).expect("li and digits")
}

fn manifest() -> Manifest {
    Manifest {
        uid: "0f7c2f2e-8f0e-4a52-b7f2-0b1f3a1d9c55".into(),
        place: Place { namespace: "default".into(), name: "town-hall".into() },
        generation: 1,
        deleting: false,
        finalizer: true,
        desired: Desired { name: "Town hall".into(), public: Some(true), player_id: Some("pt1".into()) },
        adopt: None,
        deletion_policy: None,
        drift_policy: DriftPolicy::Correct,
        on_remote_missing: OnRemoteMissing::Recreate,
        suspend: false,
        while_broadcasting: WhileBroadcasting::Defer,
        requested_at: None,
        confirm_recreate: None,
    }
}

/// A stream that is as [`manifest`] wants it.
fn remote(number: usize) -> Remote {
    let url = |what: &str| Some(format!("https://embed.api.video/live/li{number}/{what}"));
    Remote {
        id: id(number),
        name: Some("Town hall".into()),
        public: Some(true),
        player_id: Some("pt1".into()),
        broadcasting: false,
        created_at: Some(Timestamp::UNIX_EPOCH),
        updated_at: Some(Timestamp::UNIX_EPOCH),
        assets: Assets {
            hls: url("hls"),
            iframe: url("iframe"),
            player: url("player"),
            thumbnail: url("thumbnail"),
        },
    }
}

fn bound() -> Memory {
    let mut memory = Memory::default();
    memory.binding = Binding::Bound { id: id(1), stored: true, adopted: false };
    memory.synced_generation = Some(1);
    memory
}

fn seeing(stream: Sight) -> Observed {
    let account = AccountView {
        observed: true,
        trouble: None,
        guarded: false,
        judged: true,
        settle: Duration::from_secs(30),
        marker: false,
    };
    Observed { stream, account, late: None, crd_terminating: false }
}

fn present(remote: Remote) -> Observed {
    seeing(Sight::Present { remote: Arc::new(remote), fresh: false })
}

/// One call of the planner, in the four situations of a LiveStream's life.
mod decide {
    use super::*;

    /// `is_case` tells the case by its answer, so that what is measured is what the name says.
    fn measure(
        bencher: Bencher<'_, '_>,
        manifest: &Manifest,
        memory: &Memory,
        observed: &Observed,
        is_case: impl Fn(&Step) -> bool,
    ) {
        let now = Timestamp::UNIX_EPOCH;
        let answer = plan(manifest, memory, observed, now);
        assert!(is_case(&answer.step), "another case than meant: {answer:?}");
        bencher.bench(|| plan(black_box(manifest), black_box(memory), black_box(observed), black_box(now)));
    }

    #[divan::bench]
    fn synced(bencher: Bencher<'_, '_>) {
        measure(bencher, &manifest(), &bound(), &present(remote(1)), |step| matches!(step, Step::Rest));
    }

    #[divan::bench]
    fn drifted(bencher: Bencher<'_, '_>) {
        let edited = Remote { name: Some("Edited elsewhere".into()), public: Some(false), ..remote(1) };
        measure(bencher, &manifest(), &bound(), &present(edited), |step| {
            matches!(step, Step::Do(Action::Update { .. }))
        });
    }

    #[divan::bench]
    fn new(bencher: Bencher<'_, '_>) {
        let manifest = Manifest { finalizer: false, ..manifest() };
        measure(bencher, &manifest, &Memory::default(), &seeing(Sight::Missing), |step| {
            matches!(step, Step::Do(Action::RecordIntent { .. }))
        });
    }

    #[divan::bench]
    fn deleting(bencher: Bencher<'_, '_>) {
        let manifest = Manifest { deleting: true, ..manifest() };
        // It may have gone live since it was seen: it is read once more.
        measure(bencher, &manifest, &bound(), &present(remote(1)), |step| {
            matches!(step, Step::Do(Action::Get { .. }))
        });
    }
}

/// What a pass does to the snapshot of an account with [`STREAMS`] streams.
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
        bencher.bench_local(|| snapshot.end_pass(black_box(&held), black_box(seen), |_| false));
    }
}
