//! LiveStreams that are deleted while their finalizer is added.
//!
//! The API server reads an object for a deletion, and deletes it later without checking
//! again (kubernetes/kubernetes#77988): the object vanishes with its finalizer. How many do
//! is up to chance; that no stream is left is not.

use std::time::Duration;

use futures::future::join_all;
use serde_json::json;

use crate::stage::{Stage, eventually, play};

/// How many are made and deleted again, and how many at a time.
const COUNT: usize = 300;
const AT_ONCE: usize = 30;

/// The longest life of one.
const MAX_LIFE: u64 = 60;

async fn live_shortly(stage: &Stage, number: usize) {
    let name = format!("short-{number}");
    stage.apply(&name, json!({ "name": format!("Short {number}") })).await;
    tokio::time::sleep(Duration::from_millis(number as u64 * 7 % MAX_LIFE)).await;
    stage.delete(&name).await;
}

#[test]
fn livestreams_deleted_right_after_their_creation_leave_no_stream() {
    play(async {
        let (stage, _operator) = Stage::set().await;
        for first in (0..COUNT).step_by(AT_ONCE) {
            join_all((first..first + AT_ONCE).map(|number| live_shortly(&stage, number))).await;
        }
        eventually("every LiveStream to be gone", async || {
            let left = stage.api().list(&Default::default()).await.expect("the list").items;
            left.is_empty().then_some(())
        })
        .await;
        eventually("every stream to be gone", async || stage.sandbox.streams().is_empty().then_some(()))
            .await;
        stage.two_passes().await;
        assert!(stage.sandbox.streams().is_empty(), "{:?}", stage.sandbox.streams());
        let made =
            stage.sandbox.calls().count(|call| call.method == "POST" && call.resource == "live-streams");
        println!("{made} streams were made for {COUNT} LiveStreams, and are gone");
        assert!(made > 0, "no LiveStream lived long enough to get a stream");
    });
}
