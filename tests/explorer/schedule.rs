//! Which call meets which outcome.

use std::collections::BTreeMap;

use crate::{
    lives::Life,
    outcome::{Call, Outcome},
};

/// The faults of a run: outcomes by the number of the call, counted from 0.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Schedule(pub BTreeMap<usize, Outcome>);

impl Schedule {
    /// With one fault more.
    pub(crate) fn and(&self, number: usize, outcome: Outcome) -> Self {
        let mut more = self.clone();
        more.0.insert(number, outcome);
        more
    }

    /// With one fault less.
    pub(crate) fn without(&self, number: usize) -> Self {
        let mut less = self.clone();
        less.0.remove(&number);
        less
    }

    /// As a person reads it: the calls of `trace` that go wrong.
    pub(crate) fn told(&self, trace: &[Met]) -> String {
        let line = |(number, outcome): (&usize, &Outcome)| match trace.get(*number) {
            Some(met) => format!("  call {number} ({:?}): {outcome:?}\n", met.call),
            None => format!("  call {number}, which never came: {outcome:?}\n"),
        };
        self.0.iter().map(line).collect()
    }
}

/// The outcomes that are tried of a call.
pub(crate) type Menu = fn(Call) -> &'static [Outcome];

/// A call that was met in a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Met {
    pub call: Call,
    /// What came of it.
    pub outcome: Outcome,
    /// Whether a person had a step left to take.
    pub steps_left: bool,
}

impl Met {
    /// The faults of a menu that this call may meet.
    pub(crate) fn faults(self, menu: Menu) -> impl Iterator<Item = Outcome> {
        menu(self.call).iter().copied().filter(move |o| self.steps_left || *o != Outcome::Hurry)
    }
}

/// Where outcomes come from.
#[derive(Clone)]
pub(crate) enum Source {
    /// As written down.
    Fixed(Schedule),
    /// By chance: so many of a hundred calls go wrong, until so many have.
    Chance { dice: fastrand::Rng, percent: usize, left: usize, life: Life },
}

impl Source {
    /// What comes of call `number`.
    pub(crate) fn decide(&mut self, number: usize, met: Met) -> Outcome {
        match self {
            Self::Fixed(schedule) => schedule.0.get(&number).copied().unwrap_or(Outcome::Done),
            Self::Chance { dice, percent, left, life } => {
                if *left == 0 || dice.usize(..100) >= *percent {
                    return Outcome::Done;
                }
                *left -= 1;
                let menu: Vec<_> = met.faults(Call::menu).filter(|outcome| life.knows(*outcome)).collect();
                // Nothing may be left of a menu.
                menu.get(dice.usize(..menu.len().max(1))).copied().unwrap_or(Outcome::Done)
            }
        }
    }
}
