//! The faults in force: which one befalls the next call.

use http::Request;

use crate::fault::{Fault, Rule};
use crate::generator::Generator;

/// Names a rule until it is removed or used up.
pub type RuleId = u64;

/// The rules in force, in the order they were added. The first rule that
/// befalls a call decides; the rules after it don't see that call.
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

    /// The fault that befalls this call, if any. Uses the rule up by one.
    pub fn befall<B>(&mut self, request: &Request<B>) -> Option<Fault> {
        let (method, path) = (request.method(), request.uri().path());
        let generator = &mut self.generator;
        let hit = self.rules.iter_mut().find_map(|(id, rule)| {
            if !rule.matches(method, path) {
                return None;
            }
            if rule.after > 0 {
                rule.after -= 1;
                return None;
            }
            // Certain rules draw nothing, so that adding one leaves the chances
            // of the others as they were.
            if rule.probability < 1.0 && generator.fraction() >= rule.probability {
                return None;
            }
            rule.times = rule.times.map(|times| times.saturating_sub(1));
            Some((*id, rule.fault.clone(), rule.times == Some(0)))
        });
        let (id, fault, used_up) = hit?;
        if used_up {
            self.remove(id);
        }
        Some(fault)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(method: &str, path: &str) -> Request<()> {
        Request::builder().method(method).uri(path).body(()).unwrap()
    }

    #[test]
    fn a_rule_befalls_only_what_it_matches_and_only_so_often() {
        let mut faults = Faults::new(1);
        faults.inject(Rule::once(Fault::LostAfter).on("post", "/live-streams").times(2).after(1));
        let post = call("POST", "/live-streams?x=1");
        assert_eq!(faults.befall(&call("GET", "/live-streams")), None);
        assert_eq!(faults.befall(&call("POST", "/players")), None);
        let seen: Vec<bool> = (0..4).map(|_| faults.befall(&post).is_some()).collect();
        assert_eq!(seen, [false, true, true, false]);
        assert!(faults.rules().is_empty(), "a rule that is used up is gone");
    }

    #[test]
    fn the_first_rule_decides() {
        let mut faults = Faults::new(1);
        let first = faults.inject(Rule::always(Fault::Forbidden));
        faults.inject(Rule::once(Fault::Huge));
        assert_eq!(faults.befall(&call("GET", "/")), Some(Fault::Forbidden));
        assert!(faults.remove(first));
        assert_eq!(faults.befall(&call("GET", "/")), Some(Fault::Huge));
    }

    #[test]
    fn chances_are_kept_and_repeat_with_the_seed() {
        let draw = |seed| {
            let mut faults = Faults::new(seed);
            faults.inject(Rule::always(Fault::LostBefore).with_probability(0.25));
            (0..10_000).map(|_| faults.befall(&call("GET", "/")).is_some()).collect::<Vec<bool>>()
        };
        let hits = draw(5).into_iter().filter(|hit| *hit).count();
        assert!((2_200..2_800).contains(&hits), "{hits}");
        assert_eq!(draw(5), draw(5));
        assert_ne!(draw(5), draw(6));
    }
}
