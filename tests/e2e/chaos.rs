//! Random faults and kills while LiveStreams are made, changed and deleted;
//! once the faults stop, every invariant holds.
//!
//! The seed is printed; `CHAOS_SEED` plays it again, `CHAOS_STEPS` makes it longer.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use apivideo_sandbox::{Fault, NewStream, Rule};
use serde_json::json;

use crate::stage::{Operator, Stage, eventually, id, play, ready};

/// How many names the LiveStreams take turns with.
const NAMES: u64 = 24;

/// SplitMix64: the same seed, the same run of choices.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % limit
    }
}

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// What is wanted of each LiveStream that was not deleted: name and public flag.
type Wanted = BTreeMap<String, (String, bool)>;

fn inject_faults(stage: &Stage) {
    let late = Duration::from_millis(700);
    let faults = [
        (Fault::LostAfter, 0.10),
        (Fault::LostBefore, 0.05),
        (Fault::ErrorAfter { status: 503 }, 0.05),
        (Fault::ErrorBefore { status: 502 }, 0.05),
        (Fault::Truncated, 0.04),
        (Fault::NotJson, 0.04),
        (Fault::Delay { duration: late }, 0.05),
        (Fault::DelayAfter { duration: late }, 0.05),
        (Fault::Unauthorized, 0.03),
        (Fault::RateLimited { retry_after: 1 }, 0.03),
    ];
    for (fault, probability) in faults {
        stage.sandbox.inject(Rule::always(fault).on_path("/live-streams").with_probability(probability));
    }
}

/// One step of a person's day, or of the machine's.
async fn step(stage: &Stage, dice: &mut Dice, wanted: &mut Wanted, operator: &mut Operator) -> &'static str {
    let name = format!("chaos-{}", dice.below(NAMES));
    let title = format!("Title {}", dice.below(4));
    match dice.below(100) {
        0..60 => {
            let busy = stage.api().get_opt(&name).await.expect("an answer");
            if busy.is_some_and(|o| o.metadata.deletion_timestamp.is_some()) {
                return "one that is going is left alone";
            }
            let public = dice.below(2) == 0;
            stage.apply(&name, json!({ "name": format!("{title} of {name}"), "public": public })).await;
            wanted.insert(name.clone(), (format!("{title} of {name}"), public));
            "applied"
        }
        60..80 if wanted.remove(&name).is_some() => {
            stage.delete(&name).await;
            "deleted"
        }
        80..90 => {
            *operator = stage.unready_operator();
            "killed and started again"
        }
        _ => {
            tokio::time::sleep(Duration::from_millis(dice.below(300))).await;
            "let some time pass"
        }
    }
}

#[test]
fn random_faults_and_kills_leave_exactly_one_stream_for_each_livestream() {
    play(async {
        let since_epoch = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        let seed = setting("CHAOS_SEED", since_epoch.map_or(1, |time| u64::from(time.subsec_nanos())));
        println!("CHAOS_SEED={seed}");
        let stage = Stage::empty().await.with(&["--create-settle", "1500ms", "--request-timeout", "1s"]);
        let foreign = stage.sandbox.create(NewStream::named("Foreign")).expect("a stream");
        let mut operator = stage.operator().await;
        inject_faults(&stage);
        let (mut dice, mut wanted) = (Dice(seed), Wanted::new());
        let mut kills = 0;
        for _ in 0..setting("CHAOS_STEPS", 150) {
            let did = step(&stage, &mut dice, &mut wanted, &mut operator).await;
            kills += u32::from(did.starts_with("killed"));
        }
        stage.sandbox.clear_faults();
        every_invariant_holds(&stage, &wanted, seed).await;
        assert!(stage.sandbox.streams().contains(&foreign), "seed {seed}: a foreign stream was touched");
        println!("{} LiveStreams at the end, {kills} kills", wanted.len());
    });
}

async fn every_invariant_holds(stage: &Stage, wanted: &Wanted, seed: u64) {
    eventually(&format!("all to be Ready or gone (seed {seed})"), async || {
        let all = stage.api().list(&Default::default()).await.expect("the list").items;
        let settled = all.iter().all(|o| {
            ready(o).is_some_and(|c| c.reason == "Synced" && c.observed_generation == o.metadata.generation)
        });
        (settled && all.len() == wanted.len()).then_some(())
    })
    .await;
    stage.two_passes().await;
    let mut held = BTreeSet::new();
    for (name, (title, public)) in wanted {
        let stream = id(&stage.get(name).await);
        let remote =
            stage.sandbox.stream(&stream).unwrap_or_else(|| panic!("seed {seed}: {name}'s stream is gone"));
        assert_eq!((&remote.name, remote.public), (title, *public), "seed {seed}: {name}");
        assert!(held.insert(stream), "seed {seed}: two LiveStreams hold one stream");
    }
    let leaked: Vec<_> = stage
        .sandbox
        .streams()
        .into_iter()
        .filter(|s| s.name != "Foreign" && !held.contains(&s.live_stream_id))
        .collect();
    assert!(leaked.is_empty(), "seed {seed}: leaked or doubled: {leaked:#?}");
    stage.sandbox.reset_calls();
    stage.two_passes().await;
    assert_eq!(stage.sandbox.calls().writes(), 0, "seed {seed}: quiet is not quiet");
}
