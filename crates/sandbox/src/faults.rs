//! The rules in force: which faults strike the next call.

use crate::delivery::Arrival;
use crate::generator::Generator;
use crate::rule::Rule;
use crate::scope::Facts;

/// Names a rule until it is removed or used up.
pub type RuleId = u64;

/// The rules in force, in the order they were added. The first rule that strikes
/// a call decides what happens to it; the rules after it don't see that call, but
/// for those with a quirk ([`Fault::is_quirk`](crate::Fault::is_quirk)), which
/// all apply.
#[derive(Debug)]
pub struct Faults {
    rules: Vec<(RuleId, Rule)>,
    added: RuleId,
    generator: Generator,
}

impl Faults {
    /// No faults. The seed decides the chances, apart from the ids' sequence.
    pub fn new(seed: u64) -> Self {
        Self { rules: Vec::new(), added: 0, generator: Generator::new(!seed) }
    }

    /// Adds a rule behind the others.
    pub fn inject(&mut self, rule: Rule) -> RuleId {
        self.added += 1;
        if rule.times != Some(0) {
            self.rules.push((self.added, rule));
        }
        self.added
    }

    /// Removes a rule; false: it is not there (any more).
    pub fn remove(&mut self, id: RuleId) -> bool {
        let before = self.rules.len();
        self.rules.retain(|(each, _)| *each != id);
        self.rules.len() < before
    }

    /// Removes all rules.
    pub fn clear(&mut self) {
        self.rules.clear();
    }

    /// The rules in force; `times` and `after` are what is left of them.
    pub fn rules(&self) -> &[(RuleId, Rule)] {
        &self.rules
    }

    /// The faults that strike this call. Uses their rules up by one.
    pub(crate) fn strike(&mut self, call: &Facts<'_>) -> Arrival {
        let mut arrival = Arrival::default();
        for (_, rule) in &mut self.rules {
            let quirk = rule.fault.is_quirk();
            if !quirk && arrival.fault.is_some() || !strikes(rule, call, &mut self.generator) {
                continue;
            }
            if quirk {
                arrival.quirks.push(rule.fault.clone());
            } else {
                arrival.fault = Some(rule.fault.clone());
            }
        }
        self.rules.retain(|(_, rule)| rule.times != Some(0));
        arrival
    }
}

/// Whether the rule strikes the call; if so, it is used up by one.
fn strikes(rule: &mut Rule, call: &Facts<'_>, generator: &mut Generator) -> bool {
    if !rule.scope.matches(call) {
        return false;
    }
    if rule.after > 0 {
        rule.after -= 1;
        return false;
    }
    // Certain rules draw nothing, so that adding one leaves the chances of the
    // others as they were.
    if rule.probability < 1.0 && generator.fraction() >= rule.probability {
        return false;
    }
    rule.times = rule.times.map(|times| times.saturating_sub(1));
    true
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::Request;

    use super::*;
    use crate::config::Config;
    use crate::fault::Fault;
    use crate::state::State;

    fn struck(faults: &mut Faults, method: &str, path: &str) -> Option<Fault> {
        let call = Request::builder().method(method).uri(path).body(Bytes::new()).unwrap();
        faults.strike(&Facts::of(&call, &State::new(Config::default(), 1))).fault().cloned()
    }

    #[test]
    fn a_rule_strikes_what_it_matches_and_only_so_often() {
        let mut faults = Faults::new(1);
        faults.inject(Rule::once(Fault::LostAfter).on("post", "/live-streams").times(2).after(1));
        assert_eq!(struck(&mut faults, "GET", "/live-streams"), None);
        assert_eq!(struck(&mut faults, "POST", "/players"), None);
        let seen: Vec<bool> =
            (0..4).map(|_| struck(&mut faults, "POST", "/live-streams?x=1").is_some()).collect();
        assert_eq!(seen, [false, true, true, false]);
        assert!(faults.rules().is_empty(), "a rule that is used up is gone");
    }

    #[test]
    fn the_first_rule_decides() {
        let mut faults = Faults::new(1);
        let first = faults.inject(Rule::always(Fault::Forbidden));
        faults.inject(Rule::once(Fault::Huge));
        assert_eq!(struck(&mut faults, "GET", "/"), Some(Fault::Forbidden));
        assert!(faults.remove(first));
        assert_eq!(struck(&mut faults, "GET", "/"), Some(Fault::Huge));
    }

    #[test]
    fn chances_are_kept_and_repeat_with_the_seed() {
        let draw = |seed| {
            let mut faults = Faults::new(seed);
            faults.inject(Rule::always(Fault::LostBefore).with_probability(0.25));
            (0..10_000).map(|_| struck(&mut faults, "GET", "/").is_some()).collect::<Vec<bool>>()
        };
        let hits = draw(5).into_iter().filter(|hit| *hit).count();
        assert!((2_200..2_800).contains(&hits), "{hits}");
        assert_eq!(draw(5), draw(5));
        assert_ne!(draw(5), draw(6));
    }
}
