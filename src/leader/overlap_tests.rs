//! Two replicas in simulated time: their terms never overlap, whatever happens to a
//! clock of each, to the network, and to the processes.

use std::time::{Duration, Instant, SystemTime};

use proptest::prelude::*;

use super::{
    decide::{Decision, Observed, RENEW_DEADLINE, decide},
    lease::{LEASE_DURATION, Record},
    term::Term,
};
use crate::ops::moment::Moment;

/// Milliseconds of true time in one step of the simulation.
const TICK: u64 = 50;
/// Duration of a run, in milliseconds.
const RUN: u64 = 240_000;
/// Timeout of a request, in milliseconds.
const REQUEST: u64 = 4_000;

/// The Lease at the server: its version and its holder.
type Stored = Option<(u64, String)>;

/// A write that is conditional on a version, or on there being none.
#[derive(Clone)]
struct Write {
    expected: Option<u64>,
    holder: String,
}

/// A request in flight. It has its effect whatever happens to its sender.
struct Flight {
    serial: u64,
    arrives: u64,
    answered: u64,
    write: Option<Write>,
    answer: Option<Result<Stored, ()>>,
}

struct Replica {
    name: String,
    base: Moment,
    /// How fast its clocks run.
    rate: f64,
    /// How long its monotonic clock was stopped, and by how much its wall clock was set.
    clock_stopped: u64,
    wall_set: i64,
    stopped_until: u64,
    /// Whether its machine is stopped, and not the process alone.
    suspended: bool,
    /// One clock at a time: its machine may be suspended, or its wall clock set. If
    /// between two checks the machine is suspended and the clock is set back by as
    /// much, the time that passed is hidden (RELIABILITY.md).
    may_be_suspended: bool,
    term: Term,
    seen: Option<Observed>,
    /// Its observation is recent enough to act on.
    fresh: bool,
    /// The request that it waits for: its serial, and when it began.
    waits: Option<(u64, u64, Moment)>,
    next: u64,
}

impl Replica {
    fn new(name: &str, dice: &mut fastrand::Rng) -> Self {
        let mut some_time = || Duration::from_secs(dice.u64(..100_000));
        let base = Moment {
            monotonic: Instant::now() + some_time(),
            wall: SystemTime::UNIX_EPOCH + Duration::from_secs(1 << 30) + some_time(),
        };
        Self {
            name: name.to_owned(),
            base,
            rate: 0.95 + 0.1 * dice.f64(),
            clock_stopped: 0,
            wall_set: 0,
            stopped_until: 0,
            suspended: false,
            may_be_suspended: dice.bool(),
            term: Term::Pending,
            seen: None,
            fresh: false,
            waits: None,
            next: dice.u64(..3_000),
        }
    }

    fn moment(&self, now: u64) -> Moment {
        let span = |true_time: u64| Duration::from_millis(true_time).mul_f64(self.rate);
        let (set, wall) = (Duration::from_millis(self.wall_set.unsigned_abs()), self.base.wall + span(now));
        Moment {
            monotonic: self.base.monotonic + span(now - self.clock_stopped),
            wall: if self.wall_set < 0 { wall - set } else { wall + set },
        }
    }

    fn leads(&self) -> bool {
        matches!(self.term, Term::Running { .. })
    }

    /// Another process in its place, with another identity.
    fn restart(&mut self, now: u64) {
        self.name.push('\'');
        (self.term, self.seen, self.fresh, self.waits, self.next) =
            (Term::Pending, None, false, None, now + 500);
    }

    fn hears(&mut self, wrote: bool, answer: Result<Stored, ()>, began: Moment, now: u64) {
        let moment = self.moment(now);
        self.fresh = answer.is_ok();
        let Ok(stored) = answer else { return };
        let record = stored.map(|(version, holder)| Record {
            version: version.to_string(),
            holder: Some(holder).filter(|holder| !holder.is_empty()),
            duration: LEASE_DURATION,
        });
        self.seen = Some(Observed::after(self.seen.take(), record, moment.monotonic));
        if wrote {
            self.fresh = self.term.extend(began, RENEW_DEADLINE, moment);
            self.next = now + 2_000;
        }
    }
}

struct World {
    dice: fastrand::Rng,
    stored: Stored,
    version: u64,
    flights: Vec<Flight>,
    replicas: [Replica; 2],
    serial: u64,
    /// How many terms have begun.
    terms: usize,
}

impl World {
    fn new(seed: u64) -> Self {
        let mut dice = fastrand::Rng::with_seed(seed);
        let replicas = ["a", "b"].map(|name| Replica::new(name, &mut dice));
        Self { dice, stored: None, version: 0, flights: Vec::new(), replicas, serial: 0, terms: 0 }
    }

    /// Plays it; fails in the moment in which both may act.
    fn play(mut self) -> Result<usize, String> {
        for now in (0..RUN).step_by(TICK as usize) {
            self.serve(now);
            for of in [0, 1] {
                self.disturb(of, now);
                self.act(of, now);
            }
            let open = |replica: &Replica| {
                let mut term = replica.term;
                term.remaining(replica.moment(now)).is_some()
            };
            if self.replicas.iter().all(open) {
                return Err(format!("both lead after {now} ms"));
            }
        }
        Ok(self.terms)
    }

    /// What arrives at the server has its effect.
    fn serve(&mut self, now: u64) {
        for flight in self.flights.iter_mut().filter(|f| f.answer.is_none() && f.arrives <= now) {
            flight.answer = Some(match flight.write.clone() {
                Some(write) if write.expected != self.stored.as_ref().map(|(version, _)| *version) => Err(()),
                Some(write) => {
                    self.version += 1;
                    self.stored = Some((self.version, write.holder));
                    Ok(self.stored.clone())
                }
                None => Ok(self.stored.clone()),
            });
        }
    }

    /// Somebody stops a replica or suspends its machine, or sets its clock.
    fn disturb(&mut self, of: usize, now: u64) {
        let replica = &mut self.replicas[of];
        if replica.stopped_until > now {
            replica.clock_stopped += if replica.suspended { TICK } else { 0 };
            return;
        }
        match self.dice.u16(..600) {
            which @ (0 | 1) => {
                replica.stopped_until = now + self.dice.u64(..40_000);
                replica.suspended = which == 1 && replica.may_be_suspended;
            }
            2 if !replica.may_be_suspended && (!replica.leads() || self.dice.bool()) => {
                replica.wall_set += self.dice.i64(-3_600_000..3_600_000);
            }
            _ => {}
        }
    }

    fn act(&mut self, of: usize, now: u64) {
        let replica = &mut self.replicas[of];
        if replica.stopped_until > now {
            return;
        }
        if replica.leads() && replica.term.remaining(replica.moment(now)).is_none() {
            return replica.restart(now);
        }
        if let Some((serial, since, began)) = replica.waits {
            let answer = self.flights.iter().position(|f| f.serial == serial && f.answered <= now);
            match answer.filter(|at| self.flights[*at].answer.is_some()) {
                Some(at) => {
                    let (flight, led) = (self.flights.swap_remove(at), replica.leads());
                    replica.waits = None;
                    replica.hears(flight.write.is_some(), flight.answer.unwrap(), began, now);
                    self.terms += usize::from(!led && replica.leads());
                }
                None if now > since + REQUEST => {
                    (replica.waits, replica.fresh, replica.next) = (None, false, now);
                }
                None => {}
            }
        } else if now >= replica.next {
            self.ask(of, now);
        }
    }

    fn ask(&mut self, of: usize, now: u64) {
        let replica = &mut self.replicas[of];
        let Some(seen) = replica.seen.as_ref().filter(|_| replica.fresh) else {
            return self.send(of, None, now);
        };
        let expected = seen.record.as_ref().map(|record| record.version.parse().unwrap());
        match decide(seen, &replica.name, replica.moment(now).monotonic) {
            Decision::Renew if replica.leads() && self.dice.u8(..20) == 0 => {
                // Asked to end: it closes its fence and lets the lease go.
                self.send(of, Some(Write { expected, holder: String::new() }), now);
                self.replicas[of].restart(now);
            }
            Decision::Wait(_) | Decision::Acquire if replica.leads() => replica.restart(now),
            Decision::Wait(_) => (replica.fresh, replica.next) = (false, now + 1_000),
            Decision::Acquire | Decision::Renew => {
                let holder = replica.name.clone();
                self.send(of, Some(Write { expected, holder }), now);
            }
        }
    }

    fn send(&mut self, of: usize, write: Option<Write>, now: u64) {
        let dice = &mut self.dice;
        let mut way = || match dice.u8(..12) {
            0 => dice.u64(..20_000),
            1..4 => dice.u64(..3_000),
            _ => dice.u64(..100),
        };
        let (there, back) = (way(), way());
        let arrives = if dice.u8(..20) == 0 { u64::MAX } else { now + there };
        self.serial += 1;
        let serial = self.serial;
        let began = self.replicas[of].moment(now);
        self.replicas[of].waits = Some((serial, now, began));
        self.flights.push(Flight { serial, arrives, answered: now + there + back, write, answer: None });
    }
}

proptest! {
    #[test]
    fn the_terms_of_two_replicas_never_overlap(seed in any::<u64>()) {
        prop_assert_eq!(World::new(seed).play().err(), None);
    }
}

#[test]
fn in_the_simulation_the_lease_changes_hands_often() {
    let terms: usize = (0..20).map(|seed| World::new(seed).play().unwrap()).sum();
    assert!(terms > 100, "{terms}");
}
