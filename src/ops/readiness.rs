//! Whether the process does its work yet, and if not, what it waits for and
//! what stands in its way.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicBool, Ordering},
};

/// The parts that must be ready before the process is, and what was found to
/// stand in its way.
#[derive(Clone, Default)]
pub struct Readiness {
    parts: Vec<(&'static str, Arc<AtomicBool>)>,
    stands_by: Arc<AtomicBool>,
    findings: Arc<Mutex<Findings>>,
}

/// One part of it.
#[derive(Clone)]
pub struct Part(Arc<AtomicBool>);

/// What was found about the surroundings, each with what mends it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Findings {
    /// While there is one, the process is not ready.
    pub problems: Vec<String>,
    /// The process works, but not all of it.
    pub warnings: Vec<String>,
}

impl Findings {
    /// Whether there is nothing to say.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.problems.is_empty() && self.warnings.is_empty()
    }
}

impl Readiness {
    /// Adds a part; `what` completes the sentence "waiting for …".
    pub fn part(&mut self, what: &'static str) -> Part {
        let flag = Arc::new(AtomicBool::new(false));
        self.parts.push((what, Arc::clone(&flag)));
        Part(flag)
    }

    /// The place to say that this replica stands by for another one.
    #[must_use]
    pub fn standby(&self) -> Standby {
        Standby(Arc::clone(&self.stands_by))
    }

    /// Replaces what was found last.
    pub fn found(&self, findings: Findings) {
        *self.findings.lock().unwrap_or_else(PoisonError::into_inner) = findings;
    }

    /// Whether all is ready, and the lines that say so or why not.
    #[must_use]
    pub fn answer(&self) -> (bool, String) {
        let findings = self.findings.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let waiting = self.waiting_for();
        let ready = waiting.is_empty() && findings.problems.is_empty();
        let mut lines = Vec::new();
        if ready {
            lines.push("ok".to_owned());
        }
        if !waiting.is_empty() {
            lines.push(format!("waiting for {}", waiting.join(", and for ")));
        }
        lines.extend(findings.problems.iter().map(|problem| format!("problem: {problem}")));
        lines.extend(findings.warnings.iter().map(|warning| format!("warning: {warning}")));
        lines.push(String::new());
        (ready, lines.join("\n"))
    }

    /// What is still waited for. One that stands by does all that is asked of
    /// it: were it not ready, no rolling update would ever end.
    fn waiting_for(&self) -> Vec<&'static str> {
        if self.stands_by.load(Ordering::Relaxed) {
            return Vec::new();
        }
        self.parts.iter().filter(|(_, ready)| !ready.load(Ordering::Relaxed)).map(|(what, _)| *what).collect()
    }
}

/// Whether this replica stands by.
#[derive(Clone)]
pub struct Standby(Arc<AtomicBool>);

impl Standby {
    /// It stands by from here on, or no more.
    pub fn set(&self, stands_by: bool) {
        self.0.store(stands_by, Ordering::Relaxed);
    }
}

impl Part {
    /// This part is ready.
    pub fn ready(&self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_keeps_it_from_being_ready_and_a_warning_does_not() {
        let mut readiness = Readiness::default();
        let part = readiness.part("the list");
        assert_eq!(readiness.answer(), (false, "waiting for the list\n".into()));
        part.ready();
        readiness.found(Findings { problems: vec!["no CRD".into()], warnings: vec!["no events".into()] });
        assert_eq!(readiness.answer(), (false, "problem: no CRD\nwarning: no events\n".into()));
        readiness.found(Findings { problems: vec![], warnings: vec!["no events".into()] });
        assert_eq!(readiness.answer(), (true, "ok\nwarning: no events\n".into()));
        readiness.found(Findings::default());
        assert_eq!(readiness.answer(), (true, "ok\n".into()));
    }
}
