//! A fault that never stops, at one LiveStream beside healthy ones (invariant 7): it
//! changes no other LiveStream, costs no more than is said, and is told when its
//! reason or its cause changes, not for each try.

mod kind;
mod kinds;
mod list;

use std::{collections::BTreeSet, ops::Range, time::Duration};

use apivideo_operator::{core::decisions::Decisions, kinds::live_stream::metadata::CREATE_INTENT};
use apivideo_sandbox::StreamPatch;
use serde_json::json;
use tokio::time::Instant;

use self::kind::{FAULTY, Kind, apply, held_by_faulty};
use crate::{
    explore::tell,
    ledger::Invariant,
    memory_cluster::Change,
    outcome::Call,
    process::Settings,
    run::TICK,
    stage::{Stage, play, ready_of},
};

/// How many healthy LiveStreams stand beside it.
const HEALTHY: usize = 50;
/// The most calls in the first minute, and in each from the tenth on.
const MOST_AT_FIRST: usize = 12;
const MOST_LATER: usize = 2;
/// The most writes to the cluster in the first minute: a try of a create stores an intent
/// and removes it, and it is tried six times.
const MOST_WRITES_AT_FIRST: usize = 15;

/// What was seen from the moment of the fault on.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen {
    /// When each call about the faulty one was made, in seconds.
    to_the_api: Vec<u64>,
    to_the_cluster: Vec<u64>,
    /// Calls to the API that are about no stream.
    of_the_account: Vec<u64>,
    /// Calls about healthy ones, to the API and the cluster: none of them is due.
    of_healthy: Vec<String>,
    /// The reason and the message of each status of the faulty one, as they were written.
    told: Vec<(String, String)>,
    /// The events about it.
    events: usize,
    /// Its reason in the end; `None`: it is gone.
    end: Option<(String, String)>,
    violations: Vec<String>,
}

fn within(times: &[u64], minute: Range<u64>) -> usize {
    times.iter().filter(|second| (minute.start * 60..minute.end * 60).contains(*second)).count()
}

/// The most in one minute, from the tenth on.
fn later(times: &[u64], minutes: u64) -> usize {
    (9..minutes).map(|minute| within(times, minute..minute + 1)).max().unwrap_or_default()
}

/// Plays a kind; without the fault it is the run to compare with.
fn seen(kind: &Kind, with_fault: bool, decisions: Decisions) -> Seen {
    play(decisions.into(), async |stage| {
        for number in 0..HEALTHY {
            stage.apply(&format!("healthy-{number}"), json!({ "name": format!("Healthy {number}") }));
        }
        if kind.exists {
            stage.change(apply);
        }
        stage.settled().await;
        stage.rest(Duration::from_secs(90)).await;
        let began = Instant::now();
        let (calls, changes) = stage.see(|inner| (inner.calls.len(), inner.cluster.changes().len()));
        let mut streams: BTreeSet<String> = stage.see(held_by_faulty).into_iter().collect();
        stage.change(|inner, now| {
            if with_fault {
                (kind.fault)(inner);
            }
            (kind.act)(inner, now);
        });
        let mut ends = kind.ends;
        while began.elapsed() < Duration::from_secs(kind.minutes * 60) {
            stage.rest(TICK).await;
            if with_fault {
                stage.change(kind.each_second);
            }
            if let Some((_, end)) = ends.take_if(|(after, _)| began.elapsed() >= *after) {
                stage.change(end);
            }
            streams.extend(stage.see(held_by_faulty));
        }
        summed_up(stage, began, calls, changes, &streams)
    })
}

fn summed_up(
    stage: &Stage,
    began: Instant,
    calls: usize,
    changes: usize,
    streams: &BTreeSet<String>,
) -> Seen {
    let mut seen = Seen::default();
    stage.see(|inner| {
        for entry in &inner.calls[calls..] {
            let second = entry.at.duration_since(began).as_secs();
            let faulty = entry.about == FAULTY
                || ["Faulty", "Trim me "].contains(&entry.about.as_str())
                || streams.contains(&entry.about);
            match (entry.call.is_to_the_api(), faulty) {
                (true, true) => seen.to_the_api.push(second),
                (false, true) => seen.to_the_cluster.push(second),
                _ if entry.about.is_empty() && entry.call.is_to_the_api() => seen.of_the_account.push(second),
                _ if entry.about.is_empty() => {}
                _ => seen.of_healthy.push(format!("{:?} {} at {second} s", entry.call, entry.about)),
            }
            seen.events += usize::from(faulty && entry.call == Call::Event);
        }
        let of_faulty = |change: &&Change| change.object["metadata"]["name"] == FAULTY;
        let (before, after) = inner.cluster.changes().split_at(changes);
        let mut last = before.iter().rfind(of_faulty).map(|change| &change.object["status"]);
        for Change { kind, object, .. } in after.iter().filter(of_faulty) {
            if last != Some(&object["status"]) && *kind == "MODIFIED" {
                seen.told.push(ready_of(object));
            }
            last = Some(&object["status"]);
        }
    });
    seen.end = Some(stage.ready(FAULTY)).filter(|_| !stage.object(FAULTY).is_null());
    // What an open search has not found yet is no leak.
    let open = !stage.object(FAULTY)["metadata"]["annotations"][CREATE_INTENT].is_null();
    let broken = stage.violations().into_iter().filter(|v| !(open && v.invariant == Invariant::NoLeak));
    seen.violations = broken.map(|violation| violation.to_string()).collect();
    seen
}

/// What is wrong with what was seen.
fn judged(kind: &Kind, seen: &Seen, without: &Seen) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut check = |so: bool, what: String| {
        if !so {
            wrong.push(format!("{}: {what}", kind.name));
        }
    };
    check(seen.of_healthy == without.of_healthy, format!("healthy ones: {:?}", seen.of_healthy));
    let extra = |minute: Range<u64>| {
        let (with, without) = (&seen.of_the_account, &without.of_the_account);
        within(with, minute.clone()).saturating_sub(within(without, minute))
    };
    let first = within(&seen.to_the_api, 0..1) + extra(0..1);
    check(first <= MOST_AT_FIRST, format!("{first} calls in the first minute"));
    let most = (9..kind.minutes)
        .map(|minute| within(&seen.to_the_api, minute..minute + 1) + extra(minute..minute + 1))
        .max()
        .unwrap_or_default();
    check(most <= MOST_LATER, format!("{most} calls in a minute from the tenth on"));
    let first = within(&seen.to_the_cluster, 0..1);
    check(first <= MOST_WRITES_AT_FIRST, format!("{first} cluster calls in the first minute"));
    let most = later(&seen.to_the_cluster, kind.minutes);
    check(most <= MOST_LATER, format!("{most} cluster calls in a minute from the tenth on"));
    check(seen.told.len() <= kind.statuses, format!("{} statuses: {:#?}", seen.told.len(), seen.told));
    let reason = seen.end.as_ref().map_or("gone", |(reason, _)| reason.as_str());
    let retries = within(&seen.to_the_api, 1..kind.minutes) + within(&seen.to_the_cluster, 1..kind.minutes);
    check(retries > 0 || matches!(reason, "Synced" | "gone"), "it is never retried".to_owned());
    check(kind.reasons.contains(&reason), format!("{reason} in the end: {:?}", seen.end));
    check(seen.violations.is_empty(), format!("{:?}", seen.violations));
    wrong
}

fn line(kind: &Kind, seen: &Seen, without: &Seen) -> String {
    let minutes = kind.minutes;
    format!(
        "{:32} API {:2} then {}, cluster {:2} then {}, list {:2} ({}) then {} ({}), statuses {}, events {}, healthy {}, {}",
        kind.name,
        within(&seen.to_the_api, 0..1),
        later(&seen.to_the_api, minutes),
        within(&seen.to_the_cluster, 0..1),
        later(&seen.to_the_cluster, minutes),
        within(&seen.of_the_account, 0..1),
        within(&without.of_the_account, 0..1),
        later(&seen.of_the_account, minutes),
        later(&without.of_the_account, minutes),
        seen.told.len(),
        seen.events,
        seen.of_healthy.len(),
        seen.end.as_ref().map_or("gone", |(reason, _)| reason.as_str()),
    )
}

/// What is wrong with these kinds.
pub(crate) fn wrong(decisions: Decisions, with: impl Fn(&str) -> bool) -> Vec<String> {
    let mut wrong = Vec::new();
    for kind in kinds::all().iter().filter(|kind| with(kind.name)) {
        let (with, without) = (seen(kind, true, decisions), seen(kind, false, decisions));
        tell(&line(kind, &with, &without));
        wrong.extend(judged(kind, &with, &without));
    }
    wrong
}

#[test]
fn a_lasting_fault_costs_little_and_disturbs_nobody() {
    let wrong = wrong(Decisions::default(), |_| true);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Four corrections of four fields, or of four values of one, are no fight.
#[test]
fn four_edits_in_a_row_are_corrected_at_once() {
    play(Settings::default(), async |stage| {
        stage.change(|inner, now| {
            inner.api.state.add_player("ptOne", now);
            inner.api.state.add_player("ptTwo", now);
        });
        stage.apply("a", json!({ "name": "Town hall", "public": true, "playerId": "ptOne" }));
        stage.settled().await;
        let edits = [
            StreamPatch { name: Some("One".into()), ..Default::default() },
            StreamPatch { public: Some(false), ..Default::default() },
            StreamPatch { player_id: Some(Some("ptTwo".into())), ..Default::default() },
            StreamPatch { name: Some("Two".into()), ..Default::default() },
            StreamPatch { name: Some("Three".into()), ..Default::default() },
            StreamPatch { name: Some("Four".into()), ..Default::default() },
        ];
        for edit in edits {
            let id = stage.held("a").expect("a stream");
            stage.change(|inner, now| inner.api.state.edit(&id, &edit, now).expect("the edit"));
            let equal = |stage: &Stage| {
                let stream = stage.stream_of("a").expect("its stream");
                stream.name == "Town hall" && stream.public && stream.player_id.as_deref() == Some("ptOne")
            };
            assert!(stage.until(Duration::from_secs(70), equal).await, "{edit:?}: {:?}", stage.ready("a"));
        }
    });
}
