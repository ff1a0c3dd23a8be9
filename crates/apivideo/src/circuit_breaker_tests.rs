use proptest::prelude::*;

use super::*;

fn failed() -> Signal {
    Signal::Failed("503".to_owned())
}

fn unauthorized() -> Signal {
    Signal::Unauthorized("403".to_owned())
}

fn unavailable() -> AccountState {
    AccountState::Unavailable { message: "503".to_owned() }
}

/// What a call that may probe is deferred with: why, for how long, and the message.
fn rejection(breaker: &CircuitBreaker, now: Instant) -> (Deferral, Duration, String) {
    match breaker.check(now, true) {
        Err(Error::Deferred { because, retry_in, message }) => (because, retry_in, message),
        other => panic!("{other:?}"),
    }
}

fn call(breaker: &mut CircuitBreaker, signal: Signal, now: Instant) -> Option<AccountState> {
    breaker.check(now, true).expect("the breaker lets it through");
    let admission = breaker.admit();
    breaker.report(admission, signal, now, 1.0)
}

fn shut_by_failures(now: Instant) -> CircuitBreaker {
    let mut breaker = CircuitBreaker::default();
    for _ in 1..FAILURES {
        assert_eq!(call(&mut breaker, failed(), now), None);
    }
    assert_eq!(call(&mut breaker, failed(), now), Some(unavailable()));
    breaker
}

fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

#[test]
fn failures_in_a_row_shut_it_and_an_answer_between_starts_anew() {
    let now = Instant::now();
    let mut breaker = CircuitBreaker::default();
    for _ in 1..FAILURES {
        call(&mut breaker, failed(), now);
    }
    call(&mut breaker, Signal::Healthy, now);
    for _ in 1..FAILURES {
        call(&mut breaker, failed(), now);
    }
    assert!(breaker.check(now, true).is_ok());
    call(&mut breaker, failed(), now);
    let (because, retry_in, message) = rejection(&breaker, now);
    assert_eq!((because, retry_in, message.as_str()), (Deferral::Unavailable, seconds(1), "503"));
}

#[test]
fn refused_credentials_shut_it_at_once() {
    let now = Instant::now();
    let mut breaker = CircuitBreaker::default();
    call(&mut breaker, unauthorized(), now);
    assert_eq!(rejection(&breaker, now).0, Deferral::Unauthorized);
}

#[test]
fn one_probe_at_a_time_and_its_success_opens_it() {
    let start = Instant::now();
    let mut breaker = shut_by_failures(start);
    let later = start + seconds(1);
    assert!(breaker.check(later - Duration::from_millis(1), true).is_err());
    breaker.check(later, true).unwrap();
    let probe = breaker.admit();
    assert_eq!(rejection(&breaker, later).1, seconds(1));
    assert_eq!(breaker.report(probe, Signal::Healthy, later, 1.0), Some(AccountState::Available));
    assert!(breaker.check(later, true).is_ok());
    assert_eq!(breaker.state(), AccountState::Available);
}

#[test]
fn a_probe_that_fails_doubles_the_pause_up_to_thirty_seconds() {
    for (mut breaker, report) in [
        (shut_by_failures(Instant::now()), failed()),
        (
            {
                let mut breaker = CircuitBreaker::default();
                call(&mut breaker, unauthorized(), Instant::now());
                breaker
            },
            unauthorized(),
        ),
    ] {
        let mut now = Instant::now() + seconds(1);
        let mut pauses = Vec::new();
        for _ in 0..7 {
            call(&mut breaker, report.clone(), now);
            let (_, retry_in, _) = rejection(&breaker, now);
            pauses.push(retry_in.as_secs());
            now += retry_in;
        }
        assert_eq!(pauses, [2, 4, 8, 16, 30, 30, 30]);
    }
}

#[test]
fn a_probe_that_nobody_waits_for_gives_its_place_back() {
    let start = Instant::now();
    let mut breaker = shut_by_failures(start);
    let later = start + seconds(1);
    let probe = breaker.admit();
    assert!(breaker.check(later, true).is_err());
    breaker.report(probe, Signal::Neutral, later, 1.0);
    assert!(breaker.check(later, true).is_ok());
}

#[test]
fn the_place_of_a_probe_is_not_freed_by_another_call() {
    let start = Instant::now();
    let mut breaker = CircuitBreaker::default();
    let early = breaker.admit();
    for _ in 0..FAILURES {
        call(&mut breaker, failed(), start);
    }
    let later = start + seconds(1);
    breaker.check(later, true).unwrap();
    breaker.admit();
    breaker.report(early, failed(), later, 1.0);
    assert!(breaker.check(later, true).is_err(), "the probe is still under way");
}

#[test]
fn late_failures_of_calls_under_way_do_not_lengthen_the_pause() {
    let start = Instant::now();
    let mut breaker = CircuitBreaker::default();
    let under_way: Vec<_> = (0..50).map(|_| breaker.admit()).collect();
    for admission in under_way {
        breaker.report(admission, failed(), start, 1.0);
    }
    assert_eq!(rejection(&breaker, start).1, seconds(1));
}

#[test]
fn a_429_opens_what_failures_had_shut_but_not_refused_credentials() {
    let start = Instant::now();
    let mut breaker = shut_by_failures(start);
    assert_eq!(call(&mut breaker, Signal::Limited, start + seconds(1)), Some(AccountState::Available));
    call(&mut breaker, unauthorized(), start);
    call(&mut breaker, Signal::Limited, start + seconds(1));
    let (because, retry_in, _) = rejection(&breaker, start + seconds(1));
    assert_eq!((because, retry_in), (Deferral::Unauthorized, seconds(1)));
}

#[test]
fn a_failed_probe_of_refused_credentials_keeps_the_reason() {
    let start = Instant::now();
    let mut breaker = CircuitBreaker::default();
    call(&mut breaker, unauthorized(), start);
    call(&mut breaker, failed(), start + seconds(1));
    let (because, retry_in, message) = rejection(&breaker, start + seconds(1));
    assert_eq!((because, retry_in, message.as_str()), (Deferral::Unauthorized, seconds(2), "403"));
}

#[test]
fn refused_credentials_replace_the_reason_unavailable() {
    let start = Instant::now();
    let mut breaker = shut_by_failures(start);
    let transition = call(&mut breaker, unauthorized(), start + seconds(1));
    assert_eq!(transition, Some(AccountState::Unauthorized { message: "403".to_owned() }));
}

#[test]
fn a_new_key_opens_it_and_the_old_keys_refusals_no_longer_shut_it() {
    let now = Instant::now();
    let mut breaker = CircuitBreaker::default();
    let of_the_old_key = breaker.admit();
    call(&mut breaker, unauthorized(), now);
    breaker.forget_unauthorized();
    assert!(breaker.check(now, true).is_ok());
    assert_eq!(breaker.report(of_the_old_key, unauthorized(), now, 1.0), None);
    assert!(breaker.check(now, true).is_ok());
}

#[test]
fn a_new_key_does_not_open_what_failures_had_shut() {
    let now = Instant::now();
    let mut breaker = shut_by_failures(now);
    breaker.forget_unauthorized();
    assert_eq!(rejection(&breaker, now).0, Deferral::Unavailable);
}

proptest! {
    /// Whatever calls meet and however they overlap, the breaker never stays shut
    /// for longer than 30 s once no probe is under way, and never has two probes.
    #[test]
    fn it_always_lets_a_probe_through_in_time(
        steps in prop::collection::vec((0_u8..7, 0_u64..8, 0.0_f64..=1.0), 1..120)
    ) {
        let mut now = Instant::now();
        let mut breaker = CircuitBreaker::default();
        let mut under_way: Vec<Admission> = Vec::new();
        for (action, wait, chance) in steps {
            now += seconds(wait);
            if action < 3 && breaker.check(now, true).is_ok() {
                under_way.push(breaker.admit());
            } else if !under_way.is_empty() {
                let report = match action {
                    3 => Signal::Healthy,
                    4 => unauthorized(),
                    5 => Signal::Neutral,
                    6 => Signal::Limited,
                    _ => failed(),
                };
                let admission = under_way.remove(usize::from(action) % under_way.len());
                breaker.report(admission, report, now, chance);
            }
            let probe = breaker.tripped.as_ref().and_then(|tripped| tripped.probe);
            if probe.is_none() {
                prop_assert!(breaker.check(now + seconds(30), true).is_ok());
            } else {
                prop_assert_eq!(under_way.iter().filter(|admission| admission.probe == probe).count(), 1);
                prop_assert!(breaker.check(now + seconds(3600), true).is_err());
            }
        }
    }
}
