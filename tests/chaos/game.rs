//! The game: people, faults and kills at once; then an evening, when all of it stops.

use std::time::Duration;

use apivideo_sandbox::{Fault, NewStream, Options, Rule, Sandbox, Scope, StreamView};
use fastrand::Rng;
use futures::future::join_all;
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;

use crate::{
    cluster::Cluster,
    figures::Figures,
    invariants::{self, Doubles},
    operator::kill_and_start,
    people::{PEOPLE, Wanted, apply, work},
    restart,
    secrecy::Secrecy,
    stage::{Operator, Stage},
};

/// How far the lists trail behind: below the settle time, as it must be, also
/// together with [`LATE`] on a busy machine.
const LAG: Duration = Duration::from_millis(300);
const SETTLE: &str = "2s";
const TIMEOUT: &str = "1s";

/// Later than the timeout: the call is given up, and takes effect all the same.
const LATE: Duration = Duration::from_millis(1200);

/// The LiveStream whose creates are refused until the evening.
const NEVER_CREATED: &str = "chaos-refused";

fn inject_faults(stage: &Stage) {
    let faults = [
        (Fault::LostAfter, 0.07),
        (Fault::LostBefore, 0.03),
        (Fault::ErrorAfter { status: 503 }, 0.04),
        (Fault::ErrorBefore { status: 502 }, 0.03),
        (Fault::Truncated, 0.03),
        (Fault::NotJson, 0.03),
        (Fault::Huge, 0.005),
        (Fault::Delay { duration: LATE }, 0.02),
        (Fault::DelayAfter { duration: LATE }, 0.02),
        (Fault::Unauthorized, 0.02),
        (Fault::Forbidden, 0.005),
        (Fault::RateLimited { retry_after: 1 }, 0.01),
    ];
    for (fault, probability) in faults {
        let of_auth = (probability / 2.0_f64).max(0.01);
        let rule = |path: &str, chance| Rule::always(fault.clone()).on_path(path).with_probability(chance);
        stage.sandbox.inject(rule("/live-streams", probability));
        stage.sandbox.inject(rule("/auth", of_auth));
    }
    // Statuses that leave open whether a create had its effect.
    for status in [408, 409, 423, 425, 499] {
        inject_at_creates(stage, Fault::ErrorAfter { status });
        inject_at_creates(stage, Fault::ErrorBefore { status });
    }
    for status in [404, 405] {
        inject_at_creates(stage, Fault::ErrorBefore { status });
    }
}

fn inject_at_creates(stage: &Stage, fault: Fault) {
    stage.sandbox.inject(Rule::always(fault).on("POST", "^/live-streams$").with_probability(0.01));
}

/// Two faults that do not stop before the evening: no create of one LiveStream is
/// accepted, from the beginning; and no second page of the list is to be had, from noon on.
async fn inject_lasting_faults(stage: &Stage, wanted: &Wanted, noon: Duration) {
    let refused = Rule::always(Fault::Forbidden).on("POST", "^/live-streams$");
    stage.sandbox.inject(refused.on_name(format!("of {NEVER_CREATED}$")));
    apply(stage, NEVER_CREATED, 0, true, wanted, "").await;
    tokio::time::sleep(noon).await;
    let second_page = Scope { method: Some("GET".into()), page: Some(2), ..Scope::default() };
    stage.sandbox.inject(Rule::always(Fault::ProblemBefore { status: 500 }).within(second_page));
}

/// Plays for so long, and judges.
pub(crate) async fn play(seed: u64, length: Duration) {
    let (stage, foreign) = stage_of(seed).await;
    let (wanted, figures) = (Wanted::default(), Figures::default());
    let operator = stage.operator().await;
    inject_faults(&stage);
    let (operator, doubles, mut secrecy) = day(&stage, seed, length, operator, &wanted, &figures).await;
    stage.sandbox.clear_faults();
    let wanted = wanted.all();
    let took = invariants::come_to_hold(&stage, &wanted, seed).await;
    figures.note(format!(
        "{} LiveStreams at the end; all as they should be {took:.1?} after the faults stopped",
        wanted.len()
    ));
    doubles.assert_none(&stage, seed);
    invariants::quiet_is_quiet(&stage, seed).await;
    assert_eq!(
        invariants::foreign(&stage),
        foreign,
        "seed {seed}: a stream that is nobody's here was touched"
    );
    secrecy.nothing_shows(&stage, &operator).await;
    let operator = restart::measure(&stage, operator, &figures, seed).await;
    drop(operator);
    println!("{figures}\nno secret of {} showed", secrecy.len());
}

async fn stage_of(seed: u64) -> (Stage, Vec<StreamView>) {
    let options = Options {
        reads: 10_000_000,
        writes: 10_000_000,
        list_lag: LAG,
        call_log: 1_000_000,
        seed,
        ..Options::default()
    };
    // Streams are deleted behind the operator's back by the dozen: with the guard on they would be held.
    let settings =
        ["--create-settle", SETTLE, "--request-timeout", TIMEOUT, "--missing-guard", "off"].as_slice();
    let account = Sandbox::start(options).await.expect("a sandbox");
    let stage = Stage::between(Cluster::shared().await, account).await.with(settings);
    for name in ["Foreign", "Title 1", "Title 1 of nobody"] {
        stage.sandbox.create(NewStream::named(name)).expect("a stream");
    }
    let foreign = invariants::foreign(&stage);
    (stage, foreign)
}

/// The choices of one player; players of one seed choose apart from each other.
fn dice(seed: u64, player: u64) -> Rng {
    Rng::with_seed(seed ^ player.wrapping_mul(0xd1b5_4a32_d192_ed03))
}

/// Everything at once, until the length is over.
async fn day(
    stage: &Stage,
    seed: u64,
    length: Duration,
    operator: Operator,
    wanted: &Wanted,
    figures: &Figures,
) -> (Operator, Doubles, Secrecy) {
    let began = Instant::now();
    let evening = CancellationToken::new();
    let people = join_all(
        (0..PEOPLE).map(|person| work(stage, dice(seed, person), person, wanted, figures, &evening)),
    );
    let killing = kill_and_start(stage, dice(seed, PEOPLE), operator, figures, &evening);
    let watching = watch(stage, &evening);
    let ending = async {
        tokio::time::sleep(length).await;
        evening.cancel();
    };
    let lasting = inject_lasting_faults(stage, wanted, length / 2);
    let ((), (), _, operator, (doubles, secrecy)) = tokio::join!(ending, lasting, people, killing, watching);
    figures.note_game(&stage.sandbox.calls(), began.elapsed());
    (operator, doubles, secrecy)
}

/// Looks at what must not be even for a moment, and at what must not show later.
async fn watch(stage: &Stage, evening: &CancellationToken) -> (Doubles, Secrecy) {
    let (mut doubles, mut secrecy) = (Doubles::default(), Secrecy::of(stage));
    loop {
        doubles.look(stage);
        secrecy.note(stage);
        if timeout(Duration::from_millis(50), evening.cancelled()).await.is_ok() {
            return (doubles, secrecy);
        }
    }
}
