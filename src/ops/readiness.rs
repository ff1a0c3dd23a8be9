//! Whether the process is ready, and if not, what it waits for and what prevents it.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use parking_lot::Mutex;

/// The parts that must be ready before the process is, and the problems that prevent
/// it.
#[derive(Clone, Default)]
pub struct Readiness {
    /// Whether this replica is a standby of another one.
    pub standby: Flag,
    parts: Vec<(&'static str, Flag)>,
    findings: Arc<Mutex<Findings>>,
    sources: Vec<Source>,
}

/// Says what is wrong now.
type Source = Arc<dyn Fn() -> Findings + Send + Sync>;

/// A fact that changes, and is false at first. Clones share it.
#[derive(Clone, Default)]
pub struct Flag(Arc<AtomicBool>);

/// What is wrong, each with what fixes it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Findings {
    /// While there is one, the process is not ready.
    pub problems: Vec<String>,
    /// The process is ready, but some of its functions are not available.
    pub warnings: Vec<String>,
}

impl Findings {
    /// Whether there are no findings.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.problems.is_empty() && self.warnings.is_empty()
    }

    /// Adds other findings.
    pub fn add(&mut self, other: Self) {
        self.problems.extend(other.problems);
        self.warnings.extend(other.warnings);
    }
}

impl Readiness {
    /// Adds a part that is not ready yet; `what` completes the sentence "waiting for …".
    pub fn part(&mut self, what: &'static str) -> Flag {
        let ready = Flag::default();
        self.parts.push((what, ready.clone()));
        ready
    }

    /// Adds a source of findings, which is asked each time.
    pub fn add_source(&mut self, source: impl Fn() -> Findings + Send + Sync + 'static) {
        self.sources.push(Arc::new(source));
    }

    /// Replaces the last findings of the preflight checks.
    pub fn set_findings(&self, findings: Findings) {
        *self.findings.lock() = findings;
    }

    /// Whether the process is ready, and the lines that say so or why not.
    #[must_use]
    pub fn status(&self) -> (bool, String) {
        let mut findings = self.findings.lock().clone();
        self.sources.iter().for_each(|source| findings.add(source()));
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

    /// The parts that are not ready yet. A standby waits for none of them: if it were
    /// not ready, no rolling update would ever finish.
    fn waiting_for(&self) -> Vec<&'static str> {
        if self.standby.get() {
            return Vec::new();
        }
        self.parts.iter().filter(|(_, ready)| !ready.get()).map(|(what, _)| *what).collect()
    }
}

impl Flag {
    /// Sets whether it is so.
    pub fn set(&self, value: bool) {
        self.0.store(value, Ordering::Relaxed);
    }

    fn get(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_prevents_readiness_and_a_warning_does_not() {
        let mut readiness = Readiness::default();
        let part = readiness.part("the list");
        assert_eq!(readiness.status(), (false, "waiting for the list\n".into()));
        part.set(true);
        readiness
            .set_findings(Findings { problems: vec!["no CRD".into()], warnings: vec!["no events".into()] });
        assert_eq!(readiness.status(), (false, "problem: no CRD\nwarning: no events\n".into()));
        readiness.set_findings(Findings { problems: vec![], warnings: vec!["no events".into()] });
        assert_eq!(readiness.status(), (true, "ok\nwarning: no events\n".into()));
        readiness.set_findings(Findings::default());
        assert_eq!(readiness.status(), (true, "ok\n".into()));
    }
}
