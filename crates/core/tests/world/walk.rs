//! Breadth first through every state, each once.

use std::collections::{HashSet, VecDeque};

use crate::{
    around::{self, Happens},
    canon::canonical,
    checks, effects, goal,
    hash::{Plain, hash},
    model::{LATE, Object, SLOTS, World},
    shell::Rules,
    step::{Broken, Next, Step},
    values::Policies,
};

/// What to walk through.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Walk {
    /// How many LiveStreams there are at the beginning.
    pub objects: usize,
    pub happens: Happens,
    pub rules: Rules,
    /// Whether it is not asked where a state leads without faults.
    pub safety_only: bool,
}

/// One LiveStream.
pub(crate) fn one(happens: Happens) -> Walk {
    Walk { objects: 1, happens: Happens { deletions: 1, ..happens }, ..Walk::default() }
}

/// Two LiveStreams that ask for the same.
pub(crate) fn two(happens: Happens) -> Walk {
    let policies = Policies { proceed: true, ..Policies::default() };
    let rules = Rules { lost_only: true, policies, ..Rules::default() };
    Walk { objects: 2, happens: Happens { reconciles_in_one: true, ..happens }, rules, safety_only: false }
}

/// What was walked through.
#[derive(Debug, Default)]
pub(crate) struct Walked {
    pub states: usize,
    pub transitions: usize,
    /// The first violation, which is one with the shortest way to it.
    pub violation: Option<(Broken, Vec<Step>)>,
}

/// The way to each state.
struct Ways(Vec<(u32, Step)>);

impl Ways {
    fn to(&self, mut state: u32, last: Option<Step>) -> Vec<Step> {
        let mut steps: Vec<Step> = last.into_iter().collect();
        while state > 0 {
            let (before, step) = self.0[state as usize];
            steps.push(step);
            state = before;
        }
        steps.reverse();
        steps
    }
}

/// A world in which nothing has happened yet.
fn beginning(objects: usize) -> World {
    let object = |i| Object { exists: i < objects, ..Object::default() };
    World { objects: [object(0), object(1)], streams: [None; SLOTS], late: [None; LATE], process: None }
}

/// Everything that can come next.
pub(crate) fn next(world: &World, walk: &Walk, out: &mut Vec<Next>) {
    let alone = walk.happens.reconciles_in_one && around::within(world);
    for i in 0..2 {
        let runs = world.entry(i).and_then(|entry| entry.run).is_some_and(|run| run.posting.is_none());
        if runs || !alone {
            effects::next(world, i, &walk.rules, out);
        }
    }
    // One that waits for the lock lets the others go on.
    let blocked = out.is_empty();
    let happens = Happens { reconciles_in_one: walk.happens.reconciles_in_one && !blocked, ..walk.happens };
    if alone && blocked {
        for i in 0..2 {
            effects::next(world, i, &walk.rules, out);
        }
    }
    around::next(world, &happens, &walk.rules, out);
}

/// Walks until everything was seen, or a promise is broken.
pub(crate) fn walk(walk: &Walk) -> Walked {
    let first = canonical(beginning(walk.objects));
    let mut walked = Walked::default();
    let mut known: HashSet<u128, Plain> = HashSet::default();
    let mut goals = goal::Goals::default();
    let mut ways = Ways(vec![(0, Step::Begin)]);
    let mut queue = VecDeque::from([(0_u32, first)]);
    known.insert(hash(&first));
    let mut out = Vec::new();
    while let Some((number, world)) = queue.pop_front() {
        if !walk.safety_only && !goals.reaches(&world, &walk.rules) {
            let way = ways.to(number, None);
            walked.violation = Some((Broken::Stuck, way));
            break;
        }
        next(&world, walk, &mut out);
        for (step, world, broken) in out.drain(..) {
            walked.transitions += 1;
            if let Some(broken) = broken.or_else(|| checks::broken(&world, &walk.rules)) {
                walked.violation = Some((broken, ways.to(number, Some(step))));
                walked.states = known.len();
                return walked;
            }
            let world = canonical(world);
            if known.insert(hash(&world)) {
                let reached = u32::try_from(ways.0.len()).unwrap();
                ways.0.push((number, step));
                queue.push_back((reached, world));
            }
        }
    }
    walked.states = known.len();
    walked
}
