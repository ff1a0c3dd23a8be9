use proptest::prelude::*;

use super::*;

fn failed() -> Report {
    Report::Failed("503".to_owned())
}

fn unauthorized() -> Report {
    Report::Unauthorized("403".to_owned())
}

fn call(gate: &mut Gate, report: Report, now: Instant) -> Option<Moved> {
    gate.look(now, true).expect("the gate lets it through");
    let ticket = gate.enter();
    gate.report(ticket, report, now, 1.0)
}

fn shut_by_failures(now: Instant) -> Gate {
    let mut gate = Gate::new();
    for _ in 1..FAILURES {
        assert_eq!(call(&mut gate, failed(), now), None);
    }
    assert_eq!(call(&mut gate, failed(), now), Some(Moved::Shut(Reason::Unavailable, "503".to_owned())));
    gate
}

fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

#[test]
fn five_failures_in_a_row_shut_it_and_an_answer_between_starts_anew() {
    let now = Instant::now();
    let mut gate = Gate::new();
    for _ in 1..FAILURES {
        call(&mut gate, failed(), now);
    }
    call(&mut gate, Report::Works, now);
    for _ in 1..FAILURES {
        call(&mut gate, failed(), now);
    }
    assert!(gate.look(now, true).is_ok());
    call(&mut gate, failed(), now);
    let held = gate.look(now, true).unwrap_err();
    assert_eq!((held.reason, held.retry_in, held.message.as_str()), (Reason::Unavailable, seconds(1), "503"));
}

#[test]
fn refused_credentials_shut_it_at_once() {
    let now = Instant::now();
    let mut gate = Gate::new();
    call(&mut gate, unauthorized(), now);
    assert_eq!(gate.look(now, true).unwrap_err().reason, Reason::Unauthorized);
}

#[test]
fn one_probe_at_a_time_and_its_success_opens_it() {
    let start = Instant::now();
    let mut gate = shut_by_failures(start);
    let later = start + seconds(1);
    assert!(gate.look(later - Duration::from_millis(1), true).is_err());
    gate.look(later, true).unwrap();
    let probe = gate.enter();
    assert_eq!(gate.look(later, true).unwrap_err().retry_in, seconds(1));
    assert_eq!(gate.report(probe, Report::Works, later, 1.0), Some(Moved::Opened));
    assert!(gate.look(later, true).is_ok());
    assert_eq!(gate.shut(), None);
}

#[test]
fn a_probe_that_fails_doubles_the_pause_up_to_thirty_seconds() {
    for (mut gate, report) in [
        (shut_by_failures(Instant::now()), failed()),
        (
            {
                let mut gate = Gate::new();
                call(&mut gate, unauthorized(), Instant::now());
                gate
            },
            unauthorized(),
        ),
    ] {
        let mut now = Instant::now() + seconds(1);
        let mut pauses = Vec::new();
        for _ in 0..7 {
            call(&mut gate, report.clone(), now);
            let held = gate.look(now, true).unwrap_err();
            pauses.push(held.retry_in.as_secs());
            now += held.retry_in;
        }
        assert_eq!(pauses, [2, 4, 8, 16, 30, 30, 30]);
    }
}

#[test]
fn a_probe_that_nobody_waits_for_gives_its_place_back() {
    let start = Instant::now();
    let mut gate = shut_by_failures(start);
    let later = start + seconds(1);
    let probe = gate.enter();
    assert!(gate.look(later, true).is_err());
    gate.report(probe, Report::Nothing, later, 1.0);
    assert!(gate.look(later, true).is_ok());
}

#[test]
fn the_place_of_a_probe_is_not_freed_by_another_call() {
    let start = Instant::now();
    let mut gate = Gate::new();
    let early = gate.enter();
    for _ in 0..FAILURES {
        call(&mut gate, failed(), start);
    }
    let later = start + seconds(1);
    gate.look(later, true).unwrap();
    gate.enter();
    gate.report(early, failed(), later, 1.0);
    assert!(gate.look(later, true).is_err(), "the probe is still under way");
}

#[test]
fn late_failures_of_calls_under_way_do_not_lengthen_the_pause() {
    let start = Instant::now();
    let mut gate = Gate::new();
    let under_way: Vec<_> = (0..50).map(|_| gate.enter()).collect();
    for ticket in under_way {
        gate.report(ticket, failed(), start, 1.0);
    }
    assert_eq!(gate.look(start, true).unwrap_err().retry_in, seconds(1));
}

#[test]
fn a_429_opens_what_failures_had_shut_but_not_refused_credentials() {
    let start = Instant::now();
    let mut gate = shut_by_failures(start);
    assert_eq!(call(&mut gate, Report::Limited, start + seconds(1)), Some(Moved::Opened));
    call(&mut gate, unauthorized(), start);
    call(&mut gate, Report::Limited, start + seconds(1));
    let held = gate.look(start + seconds(1), true).unwrap_err();
    assert_eq!((held.reason, held.retry_in), (Reason::Unauthorized, seconds(1)));
}

#[test]
fn a_failed_probe_of_refused_credentials_keeps_the_reason() {
    let start = Instant::now();
    let mut gate = Gate::new();
    call(&mut gate, unauthorized(), start);
    call(&mut gate, failed(), start + seconds(1));
    let held = gate.look(start + seconds(1), true).unwrap_err();
    assert_eq!(
        (held.reason, held.retry_in, held.message.as_str()),
        (Reason::Unauthorized, seconds(2), "403")
    );
}

#[test]
fn refused_credentials_replace_the_reason_unavailable() {
    let start = Instant::now();
    let mut gate = shut_by_failures(start);
    let moved = call(&mut gate, unauthorized(), start + seconds(1));
    assert_eq!(moved, Some(Moved::Shut(Reason::Unauthorized, "403".to_owned())));
}

#[test]
fn a_new_key_opens_it_and_the_old_keys_refusals_no_longer_shut_it() {
    let now = Instant::now();
    let mut gate = Gate::new();
    let of_the_old_key = gate.enter();
    call(&mut gate, unauthorized(), now);
    gate.forget_unauthorized();
    assert!(gate.look(now, true).is_ok());
    assert_eq!(gate.report(of_the_old_key, unauthorized(), now, 1.0), None);
    assert!(gate.look(now, true).is_ok());
}

#[test]
fn a_new_key_does_not_open_what_failures_had_shut() {
    let now = Instant::now();
    let mut gate = shut_by_failures(now);
    gate.forget_unauthorized();
    assert_eq!(gate.look(now, true).unwrap_err().reason, Reason::Unavailable);
}

proptest! {
    /// Whatever calls meet and however they overlap, the gate never stays shut
    /// for longer than 30 s once no probe is under way, and never has two probes.
    #[test]
    fn it_always_lets_a_probe_through_in_time(
        steps in prop::collection::vec((0_u8..7, 0_u64..8, 0.0_f64..=1.0), 1..120)
    ) {
        let mut now = Instant::now();
        let mut gate = Gate::new();
        let mut under_way: Vec<Ticket> = Vec::new();
        for (action, wait, chance) in steps {
            now += seconds(wait);
            if action < 3 && gate.look(now, true).is_ok() {
                under_way.push(gate.enter());
            } else if !under_way.is_empty() {
                let report = match action {
                    3 => Report::Works,
                    4 => unauthorized(),
                    5 => Report::Nothing,
                    6 => Report::Limited,
                    _ => failed(),
                };
                let ticket = under_way.remove(usize::from(action) % under_way.len());
                gate.report(ticket, report, now, chance);
            }
            let probe = match &gate.state { State::Shut(shut) => shut.probe, State::Open { .. } => None };
            if probe.is_none() {
                prop_assert!(gate.look(now + seconds(30), true).is_ok());
            } else {
                prop_assert_eq!(under_way.iter().filter(|ticket| ticket.probe == probe).count(), 1);
                prop_assert!(gate.look(now + seconds(3600), true).is_err());
            }
        }
    }
}
