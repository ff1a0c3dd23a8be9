//! More work than the account's limits allow at once: who goes first, what is
//! said meanwhile, and what it costs.

use std::{collections::HashMap, sync::Arc, time::Duration};

use apivideo_operator::kinds::LiveStream;
use apivideo_sandbox::Changes;
use futures::StreamExt;
use kube::runtime::watcher::{self, Event, watcher};
use serde_json::json;
use tokio::{sync::Mutex, task::JoinHandle};

use crate::stage::{Stage, eventually, id, message, play, ready};

/// So many writes to a window of this length, of which nine in ten are the operator's.
const WRITES: u64 = 20;
const WINDOW: Duration = Duration::from_secs(10);

async fn limited() -> Stage {
    let stage = Stage::empty().await;
    stage.sandbox.configure(Changes { writes: Some(WRITES), window: Some(WINDOW), ..Changes::default() });
    stage
}

/// How often each LiveStream was written, its creation left out.
struct Writes {
    counted: Arc<Mutex<HashMap<String, u32>>>,
    task: JoinHandle<()>,
}

impl Writes {
    async fn counted_on(stage: &Stage) -> Self {
        let counted = Arc::new(Mutex::new(HashMap::new()));
        let (sum, mut events) =
            (Arc::clone(&counted), watcher(stage.api(), watcher::Config::default()).boxed());
        while !matches!(events.next().await, Some(Ok(Event::InitDone))) {}
        let task = tokio::spawn(async move {
            while let Some(event) = events.next().await {
                if let Ok(Event::Apply(object)) = event {
                    // The first is the creation.
                    *sum.lock().await.entry(object.metadata.name.unwrap_or_default()).or_insert(0) += 1;
                }
            }
        });
        Self { counted, task }
    }

    async fn of(&self, name: &str) -> u32 {
        self.counted.lock().await.get(name).map_or(0, |seen| seen - 1)
    }
}

impl Drop for Writes {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn somebody_waits(stage: &Stage) -> LiveStream {
    eventually("someone to say that it waits", async || {
        let all = stage.api().list(&Default::default()).await.expect("the list");
        all.items.into_iter().find(|object| ready(object).is_some_and(|c| c.reason == "RateLimited"))
    })
    .await
}

#[test]
fn a_change_overtakes_creations_that_wait_and_they_are_told_once_when_it_goes_on() {
    play(async {
        let stage = limited().await;
        let writes = Writes::counted_on(&stage).await;
        let _operator = stage.operator().await;
        let first = stage.synced("first", json!({ "name": "First" })).await;
        for n in 0..45 {
            stage.apply(&format!("wait-{n}"), json!({ "name": format!("Wait {n}") })).await;
        }
        let told = message(&somebody_waits(&stage).await);
        assert!(told.contains("next attempt around 20"), "{told}");
        let before = stage.sandbox.calls().writes();
        stage.apply("first", json!({ "name": "First, changed" })).await;
        stage.until_remote(&first, "the change", |s| s.name == "First, changed").await;
        let calls = stage.sandbox.calls();
        let after = calls.entries.iter().filter(|c| c.method != "GET" && c.path.contains("/live-streams"));
        let position = after.skip(before as usize).position(|call| call.method == "PATCH");
        assert!(position.is_some_and(|ahead| ahead <= 6), "{position:?} writes went before the change");

        for n in 0..45 {
            stage.until_reason(&format!("wait-{n}"), "Synced").await;
        }
        for n in 0..45 {
            let name = format!("wait-{n}");
            let times = writes.of(&name).await;
            // Intent, binding and status; and once that it waits.
            assert!((3..=4).contains(&times), "{name} was written {times} times");
        }
        assert_eq!(stage.sandbox.calls().count(|c| c.status == Some(429)), 0);
        assert_eq!(stage.sandbox.streams().len(), 46);
    });
}

#[test]
fn what_waits_to_be_created_can_be_deleted_at_once_and_holds_up_nobody() {
    play(async {
        let stage = limited().await;
        let _operator = stage.operator().await;
        stage.synced("first", json!({ "name": "First" })).await;
        for n in 0..80 {
            stage.apply(&format!("doomed-{n}"), json!({ "name": format!("Doomed {n}") })).await;
        }
        let waits = somebody_waits(&stage).await;
        stage.apply("last", json!({ "name": "Last" })).await;
        for n in 0..80 {
            stage.delete(&format!("doomed-{n}")).await;
        }
        stage.until_gone(waits.metadata.name.as_deref().unwrap_or_default()).await;
        // Those that were made already take a write each to go, and go first.
        stage.until_reason("last", "Synced").await;
        for n in 0..80 {
            stage.until_gone(&format!("doomed-{n}")).await;
        }
        eventually("all to be gone", async || (stage.sandbox.streams().len() == 2).then_some(())).await;
    });
}

#[test]
fn a_limit_of_nothing_and_one_beyond_reason_are_no_accident() {
    play(async {
        let stage = Stage::empty().await;
        stage.sandbox.configure(Changes { writes: Some(0), window: Some(WINDOW), ..Changes::default() });
        let _operator = stage.operator().await;
        stage.apply("patient", json!({ "name": "Patient" })).await;
        stage.until_reason("patient", "RateLimited").await;
        stage.sandbox.configure(Changes { writes: Some(1_000_000_000), ..Changes::default() });
        let stream = id(&stage.until_reason("patient", "Synced").await);
        stage.synced("patient", json!({ "name": "Patient no more" })).await;
        stage.until_remote(&stream, "the change", |s| s.name == "Patient no more").await;
    });
}
