//! Random faults and kills while 200 LiveStreams are made, changed and
//! deleted, by the real binary against a real API server; once the faults stop,
//! every invariant of the design holds within [`BOUND`].
//!
//! `cargo test --test chaos` plays a short game, `cargo test --test chaos --
//! --ignored` a long one. Settings, as environment variables:
//!
//! | variable | what | default |
//! |---|---|---|
//! | `CHAOS_SEED` | drives all choices, and is printed | the clock |
//! | `CHAOS_MINUTES` | how long the soak plays | 10 |
//! | `APIVIDEO_OPERATOR_BIN` | another binary, such as a release | this build's |
//!
//! The same seed makes the same choices; how they meet is up to the machine.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test ends by a panic; its helpers stand outside the functions that clippy knows as tests"
)]

#[allow(dead_code, reason = "shared with the e2e tests, of which each uses another part")]
#[path = "../support/cluster.rs"]
mod cluster;
mod figures;
mod game;
mod invariants;
mod operator;
mod people;
mod restart;
#[allow(dead_code, reason = "shared with the e2e tests, of which each uses another part")]
#[path = "../support/secrecy.rs"]
mod secrecy;
#[allow(dead_code, reason = "shared with the e2e tests, of which each uses another part")]
#[path = "../support/stage.rs"]
mod stage;

use std::time::Duration;

use stage::play;

/// Within this after the faults stopped everything is as it should be. The
/// longest waits that may follow each other by then are a LiveStream's backoff
/// (72 s), the gate's pause (30 s), and two looks for a lost create (4 s).
const BOUND: Duration = Duration::from_secs(120);

/// How long the game goes on in every test run.
const SHORT: Duration = Duration::from_secs(15);

fn setting(name: &str, default: u64) -> u64 {
    let told = std::env::var(name).ok();
    told.map_or(default, |text| text.parse().unwrap_or_else(|_| panic!("{name}={text} is no number")))
}

fn seed() -> u64 {
    let since_epoch = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let seed = setting("CHAOS_SEED", since_epoch.map_or(1, |time| u64::from(time.subsec_nanos())));
    println!("CHAOS_SEED={seed}");
    seed
}

#[test]
fn random_faults_and_kills_leave_exactly_one_stream_for_each_livestream() {
    play(game::play(seed(), SHORT));
}

#[test]
#[ignore = "a soak of minutes: cargo test --test chaos -- --ignored; the short run above runs everywhere"]
fn a_long_soak_of_faults_and_kills_leaves_exactly_one_stream_for_each_livestream() {
    play(game::play(seed(), Duration::from_secs(60 * setting("CHAOS_MINUTES", 10))));
}
