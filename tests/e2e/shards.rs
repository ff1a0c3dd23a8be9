//! Several operators that share an account, each with a part of the LiveStreams:
//! each stream is handled by exactly one of them, and who takes a part over loses nothing.

use std::collections::{BTreeMap, BTreeSet};

use apivideo_sandbox::StreamPatch;
use serde_json::json;

use crate::{
    leader::{calls, stage_with_own_leases, until_called_by},
    stage::{Operator, Stage, eventually, id, play},
};

const SHARDS: [&str; 3] = ["0/3", "1/3", "2/3"];
const STREAMS: usize = 24;

/// One operator for each shard; the first call of each comes before the next
/// one starts, so that token 1 is that of the first, and so on.
async fn all(stage: &Stage) -> Vec<Operator> {
    let mut operators = Vec::new();
    for (shard, token) in SHARDS.iter().zip(1..) {
        operators.push(stage.unready_operator_with(&["--shard", shard]));
        until_called_by(stage, token).await;
    }
    for operator in &operators {
        operator.ready().await;
    }
    operators
}

/// Edits every stream behind the operators' backs.
fn edit_all(stage: &Stage, ids: &BTreeMap<String, String>) {
    for stream in ids.values() {
        let edit = StreamPatch { name: Some("Edited".into()), ..StreamPatch::default() };
        stage.sandbox.edit(stream, edit).expect("the edit");
    }
}

fn name(n: usize) -> String {
    format!("Shared {n}")
}

async fn until_corrected(stage: &Stage, ids: &BTreeMap<String, String>) {
    for (object, stream) in ids {
        let n: usize = object.trim_start_matches("shared-").parse().expect("a number");
        stage.until_remote(stream, "the correction", |s| s.name == name(n)).await;
    }
}

/// Who has patched each stream since the log was `known` long: tokens, a call each.
fn patches(stage: &Stage, known: usize) -> BTreeMap<String, Vec<u64>> {
    let mut by_stream = BTreeMap::<_, Vec<_>>::new();
    for call in calls(stage).into_iter().skip(known).filter(|call| call.method == "PATCH") {
        let stream = call.path.rsplit('/').next().unwrap_or_default().to_owned();
        by_stream.entry(stream).or_default().push(call.token.expect("a token"));
    }
    by_stream
}

#[test]
fn each_stream_is_handled_by_one_shard_and_who_takes_it_over_loses_nothing() {
    play(async {
        let stage = stage_with_own_leases().await;
        let mut operators = all(&stage).await;
        let mut ids = BTreeMap::new();
        for n in 0..STREAMS {
            stage.apply(&format!("shared-{n}"), json!({ "name": name(n) })).await;
        }
        for n in 0..STREAMS {
            let object = format!("shared-{n}");
            ids.insert(object.clone(), id(&stage.until_reason(&object, "Synced").await));
        }
        assert_eq!(stage.sandbox.streams().len(), STREAMS);
        let posts: Vec<_> = calls(&stage)
            .into_iter()
            .filter(|call| call.method == "POST" && call.path == "/live-streams")
            .filter_map(|call| call.token)
            .collect();
        assert_eq!(posts.len(), STREAMS);
        assert_eq!(BTreeSet::from_iter(posts), BTreeSet::from([1, 2, 3]), "each has a part of the work");

        let known = calls(&stage).len();
        edit_all(&stage, &ids);
        until_corrected(&stage, &ids).await;
        let first = patches(&stage, known);
        assert!(first.len() == STREAMS && first.values().all(|by| by.len() == 1), "{first:?}");

        operators[1].signal("KILL");
        let known = calls(&stage).len();
        edit_all(&stage, &ids);
        let others = |by: &&Vec<u64>| by.as_slice() != [2];
        let of_others = first.values().filter(others).count();
        eventually("the others to correct theirs", async || {
            (patches(&stage, known).len() == of_others).then_some(())
        })
        .await;
        operators[1] = stage.unready_operator_with(&["--shard", SHARDS[1]]);
        until_corrected(&stage, &ids).await;
        for (stream, by) in patches(&stage, known) {
            let expected =
                first[&stream].iter().map(|token| if *token == 2 { 4 } else { *token }).collect::<Vec<_>>();
            assert_eq!(by, expected, "{stream}");
        }

        for n in 0..STREAMS {
            stage.delete(&format!("shared-{n}")).await;
        }
        for n in 0..STREAMS {
            stage.until_gone(&format!("shared-{n}")).await;
        }
        assert!(stage.sandbox.streams().is_empty());
    });
}

#[test]
fn a_new_name_moves_a_livestream_to_another_shard_with_its_stream() {
    play(async {
        let stage = stage_with_own_leases().await;
        let _operators = all(&stage).await;
        let stream = stage.synced("moves", json!({ "name": "Moves 0" })).await;
        let known = calls(&stage).len();
        for n in 1..12 {
            let name = format!("Moves {n}");
            assert_eq!(stage.synced("moves", json!({ "name": name })).await, stream);
            assert_eq!(stage.sandbox.stream(&stream).map(|s| s.name), Some(name));
        }
        let by: BTreeSet<_> = patches(&stage, known).into_values().flatten().collect();
        assert!(by.len() > 1, "it never moved: {by:?}");
        assert_eq!(patches(&stage, known).into_values().flatten().count(), 11, "one write for each change");
        assert_eq!(stage.sandbox.streams().len(), 1);
    });
}

#[test]
fn what_one_shard_holds_no_other_takes() {
    play(async {
        let stage = stage_with_own_leases().await;
        let _operators = all(&stage).await;
        let stream = stage.synced("owner", json!({ "name": "Owned" })).await;
        for n in 0..6 {
            let spec = json!({ "name": format!("Envious {n}"), "liveStreamId": stream });
            stage.apply(&format!("envious-{n}"), spec).await;
        }
        for n in 0..6 {
            stage.until_reason(&format!("envious-{n}"), "IdConflict").await;
        }
        stage.two_passes().await;
        assert_eq!(stage.sandbox.stream(&stream).map(|s| s.name).as_deref(), Some("Owned"));
        // The owner goes and leaves the stream: one of the others has it then.
        stage.apply("owner", json!({ "name": "Owned", "deletionPolicy": "Retain" })).await;
        stage
            .until("owner", "the policy to be seen", |o| {
                o.status.as_ref().is_some_and(|s| s.observed_generation == o.metadata.generation)
            })
            .await;
        stage.delete("owner").await;
        eventually("exactly one to hold it", async || {
            let all = stage.api().list(&Default::default()).await.expect("the list");
            let held = |o: &&apivideo_operator::crd::LiveStream| {
                crate::stage::ready(o).is_some_and(|c| c.reason == "Synced")
            };
            (all.items.iter().filter(held).count() == 1).then_some(())
        })
        .await;
        assert_eq!(stage.sandbox.streams().len(), 1);
    });
}

#[test]
fn another_number_of_shards_does_not_work_beside_them() {
    play(async {
        let stage = stage_with_own_leases().await;
        let one = stage.unready_operator_with(&["--shard", "0/2"]);
        until_called_by(&stage, 1).await;
        let _other = stage.unready_operator_with(&["--shard", "1/3"]);
        let log = || std::fs::read_to_string(stage.log()).unwrap_or_default();
        eventually("the other to say that it waits", async || {
            log().contains("different number of shards").then_some(())
        })
        .await;
        stage.two_passes().await;
        assert!(calls(&stage).iter().all(|call| call.token == Some(1)), "it works beside the first");
        one.terminate();
        until_called_by(&stage, 2).await;
    });
}
