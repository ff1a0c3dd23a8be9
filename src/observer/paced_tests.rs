//! The observer over an account of many pages, in simulated time.

use std::{sync::Arc, time::Duration};

use apivideo_sandbox::{NewStream, StreamPatch};
use tokio::time::Instant;

use super::paced_stage::{INTERVAL, Stage, key};
use crate::{account::Trigger, core::facts::observation::Observation};

#[tokio::test(start_paused = true)]
async fn the_first_scan_is_not_spread_and_later_ones_are() {
    let stage = Stage::of(401, 1_000).await;
    stage.scans(3).await;
    let each = |from: u64| [1, 2, 3, 4, 5].map(|page| (page, from + (u64::from(page) - 1) * 48 / 5));
    assert_eq!(stage.asked()[..5], [1, 2, 3, 4, 5].map(|page| (page, 0)));
    assert_eq!(stage.asked()[5..10], each(60));
    assert_eq!(stage.asked()[10..15], each(120));
    assert_eq!(stage.scans(3).await.interval, INTERVAL);
}

#[tokio::test(start_paused = true)]
async fn the_interval_stretches_beyond_half_of_the_reads() {
    // 9 of 10 reads of a minute are its own, so 10 pages need two minutes and more.
    let stage = Stage::of(1_000, 10).await;
    assert_eq!(stage.scans(2).await.interval.as_secs(), 133);
    stage.scans(3).await;
    let asked: Vec<_> = stage.door.asked.lock().iter().map(|(_, at)| *at).collect();
    for scan in asked[10..].chunks(10) {
        let gaps = scan.windows(2).map(|two| (two[1] - two[0]).as_secs_f64());
        assert!(gaps.into_iter().all(|gap| (13.2..13.5).contains(&gap)), "{scan:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_page_that_fails_is_read_again_and_not_the_scan() {
    let stage = Stage::of(401, 1_000).await;
    // The client itself repeats a read twice.
    stage.meets(|_, page, number| page == 3 && number < 5 + 3 + 4);
    stage.scans(2).await;
    let pages: Vec<_> = stage.asked()[5..].iter().map(|(page, _)| *page).collect();
    assert_eq!(pages, [1, 2, 3, 3, 3, 3, 3, 4, 5]);
}

#[tokio::test(start_paused = true)]
async fn a_scan_requested_during_another_begins_at_once() {
    let stage = Stage::of(401, 1_000).await;
    tokio::time::sleep_until(stage.door.began + Duration::from_secs(65)).await;
    stage.account.scan_now.notify_one();
    let hurried = stage.scans(2).await;
    assert!(hurried.requested);
    stage.scans(4).await;
    let asked = stage.asked();
    assert_eq!(asked[5..10], [(1, 60), (2, 65), (3, 65), (4, 65), (5, 65)], "the rest of it is hurried up");
    assert_eq!(asked[10..15], [1, 2, 3, 4, 5].map(|page| (page, 65)), "it is not spread either");
    assert_eq!(asked[15..17], [(1, 125), (2, 134)], "and the next one is");
}

#[tokio::test(start_paused = true)]
async fn a_request_between_two_passes_is_for_one_pass() {
    let stage = Stage::of(201, 1_000).await;
    tokio::time::sleep_until(stage.door.began + Duration::from_secs(30)).await;
    stage.account.scan_now.notify_one();
    stage.scans(3).await;
    let expected = [(1, 30), (2, 30), (3, 30), (1, 90), (2, 106), (3, 122)];
    assert_eq!(stage.asked()[3..], expected);
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_does_not_wait_for_a_spread_pass() {
    let stage = Stage::of(401, 1_000).await;
    tokio::time::sleep_until(stage.door.began + Duration::from_secs(65)).await;
    let before = Instant::now();
    stage.shutdown.cancel();
    stage.observer.await.unwrap();
    assert_eq!(before.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn going_on_the_air_and_drift_are_told_within_one_pass_with_their_age() {
    let mut stage = Stage::of(250, 1_000).await;
    tokio::time::sleep_until(stage.door.began + Duration::from_secs(50)).await;
    stage.edit(120, |state, id, now| drop(state.set_broadcasting(id, true, now).unwrap()));
    let patch = StreamPatch { name: Some("Somebody's".into()), ..StreamPatch::default() };
    stage.edit(240, |state, id, now| drop(state.edit(id, &patch, now).unwrap()));
    let scan = stage.scans(2).await;
    let concerned = [120, 240].map(|stream| Trigger::One(key(&stage.ids[stream])));
    assert_eq!(stage.triggered(), concerned);
    let [on_air, drift] = scan.latencies[..] else { panic!("{:?}", scan.latencies) };
    assert!((75..=77).contains(&on_air.as_secs()), "since page 2 of the pass before: {on_air:?}");
    assert!((42..=43).contains(&drift.as_secs()), "since the edit: {drift:?}");
}

#[tokio::test(start_paused = true)]
async fn what_is_created_during_a_scan_makes_nothing_absent() {
    let mut stage = Stage::of(250, 1_000).await;
    stage.meets(|state, page, _| {
        if page == 2 {
            let now = "2026-01-01T00:01:00Z".parse().unwrap();
            (0..60).for_each(|n| drop(state.create(&NewStream::named(format!("New {n}")), now).unwrap()));
        }
        false
    });
    let scan = stage.scans(2).await;
    assert_eq!((scan.pages, scan.streams, scan.absent, scan.unconfirmed), (4, 310, 0, 0));
    assert_eq!(stage.triggered(), []);
}

/// Deletes these streams of the first page before page 2 of the second pass is shown.
fn delete_while_read(stage: &Stage, streams: std::ops::Range<usize>) {
    let gone = stage.ids[streams].to_vec();
    stage.meets(move |state, page, number| {
        if page == 2 && number == 7 {
            let now = "2026-01-01T00:01:00Z".parse().unwrap();
            gone.iter().for_each(|id| state.delete(id.as_str(), now).unwrap());
        }
        false
    });
}

#[tokio::test(start_paused = true)]
async fn a_few_streams_that_a_shrinking_list_passes_over_are_asked_for_one_by_one() {
    let mut stage = Stage::of(450, 1_000).await;
    delete_while_read(&stage, 0..5);
    let scan = stage.scans(2).await;
    assert_eq!((scan.absent, scan.unconfirmed), (5, 0));
    assert_eq!(stage.triggered().len(), 5);
    let sight = stage.account.snapshot().observation(&stage.ids[100]);
    assert_eq!(sight, Observation::Absent, "it is there, and a GET shows it");
    stage.scans(3).await;
    assert!(matches!(stage.account.snapshot().observation(&stage.ids[100]), Observation::Present { .. }));
}

#[tokio::test(start_paused = true)]
async fn many_streams_that_a_shrinking_list_passes_over_are_left_to_the_next_pass() {
    let mut stage = Stage::of(450, 1_000).await;
    delete_while_read(&stage, 0..20);
    let scan = stage.scans(2).await;
    assert_eq!((scan.absent, scan.unconfirmed), (0, 20));
    assert_eq!(stage.triggered(), [], "nobody asks for a stream that the next pass shows");
    let scan = stage.scans(3).await;
    assert_eq!((scan.absent, scan.unconfirmed), (20, 0), "the deleted ones");
    let mut gone: Vec<_> = stage.ids[..20].iter().map(|id| Trigger::One(key(id))).collect();
    let mut triggered = stage.triggered();
    let name = |trigger: &Trigger| format!("{trigger:?}");
    gone.sort_by_key(name);
    triggered.sort_by_key(name);
    assert_eq!(triggered, gone, "and none of those that were passed over");
    assert!(!stage.account.view(Some(&stage.ids[0])).guarded, "20 of 450 are not many");
}

#[tokio::test(start_paused = true)]
async fn the_guard_judges_what_is_unconfirmed_first() {
    let stage = Stage::of(450, 1_000).await;
    stage.edit(0, |state, id, now| state.delete(id, now).unwrap());
    stage.account.gone(&stage.ids[0]);
    delete_while_read(&stage, 1..91);
    let scan = stage.scans(2).await;
    assert_eq!((scan.absent, scan.unconfirmed), (1, 90));
    assert!(stage.account.view(Some(&stage.ids[0])).guarded, "one that is known to be gone, among so many");
    stage.scans(3).await;
    assert!(!stage.account.view(Some(&stage.ids[150])).guarded, "it was passed over, and is let go");
    assert!(stage.account.view(Some(&stage.ids[1])).guarded);
}

#[tokio::test(start_paused = true)]
async fn what_a_pass_misses_in_which_the_key_changed_is_judged_with_what_the_next_one_misses() {
    let stage = Stage::of(1_000, 1_000).await;
    let account = Arc::clone(&stage.account);
    // The last page alone lacks streams, one in a hundred of all.
    let lost = stage.ids[990..].to_vec();
    stage.meets(move |state, page, number| {
        if page == 10 && number <= 20 {
            let now = "2026-01-01T00:01:00Z".parse().unwrap();
            lost.iter().for_each(|id| state.delete(id.as_str(), now).unwrap());
            account.scan_now.notify_one();
        } else if page == 1 && number > 20 {
            state.clear_streams();
        }
        false
    });
    let scan = stage.scans(2).await;
    assert_eq!((scan.requested, scan.absent, scan.unconfirmed), (true, 0, 10));
    stage.scans(3).await;
    assert!(stage.ids.iter().all(|id| stage.account.view(Some(id)).guarded));
}
