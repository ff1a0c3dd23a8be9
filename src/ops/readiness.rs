//! Whether the process is ready, and if not, what it waits for and what prevents it.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicBool, Ordering},
};

/// The parts that must be ready before the process is, and the problems that prevent
/// it.
#[derive(Clone, Default)]
pub struct Readiness {
    parts: Vec<(&'static str, Arc<AtomicBool>)>,
    standby: Arc<AtomicBool>,
    findings: Arc<Mutex<Findings>>,
    sources: Vec<Source>,
}

/// Says what is wrong now.
type Source = Arc<dyn Fn() -> Findings + Send + Sync>;

/// One part of the process.
#[derive(Clone)]
pub struct Part(Arc<AtomicBool>);

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
}

impl Readiness {
    /// Adds a part; `what` completes the sentence "waiting for …".
    pub fn part(&mut self, what: &'static str) -> Part {
        let flag = Arc::new(AtomicBool::new(false));
        self.parts.push((what, Arc::clone(&flag)));
        Part(flag)
    }

    /// The handle that marks this replica as a standby of another one.
    #[must_use]
    pub fn standby(&self) -> Standby {
        Standby(Arc::clone(&self.standby))
    }

    /// Adds a source of findings, which is asked each time.
    pub fn add_source(&mut self, source: impl Fn() -> Findings + Send + Sync + 'static) {
        self.sources.push(Arc::new(source));
    }

    /// Replaces the last findings of the preflight checks.
    pub fn set_findings(&self, findings: Findings) {
        *self.findings.lock().unwrap_or_else(PoisonError::into_inner) = findings;
    }

    /// Whether the process is ready, and the lines that say so or why not.
    #[must_use]
    pub fn status(&self) -> (bool, String) {
        let findings = self.all_findings();
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

    fn all_findings(&self) -> Findings {
        let mut all = self.findings.lock().unwrap_or_else(PoisonError::into_inner).clone();
        for found in self.sources.iter().map(|source| source()) {
            all.problems.extend(found.problems);
            all.warnings.extend(found.warnings);
        }
        all
    }

    /// The parts that are not ready yet. A standby waits for none of them: if it were
    /// not ready, no rolling update would ever finish.
    fn waiting_for(&self) -> Vec<&'static str> {
        if self.standby.load(Ordering::Relaxed) {
            return Vec::new();
        }
        self.parts.iter().filter(|(_, ready)| !ready.load(Ordering::Relaxed)).map(|(what, _)| *what).collect()
    }
}

/// Marks this replica as a standby.
#[derive(Clone)]
pub struct Standby(Arc<AtomicBool>);

impl Standby {
    /// Sets whether this replica is a standby.
    pub fn set(&self, standby: bool) {
        self.0.store(standby, Ordering::Relaxed);
    }
}

impl Part {
    /// Marks this part as ready.
    pub fn ready(&self) {
        self.0.store(true, Ordering::Relaxed);
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
        part.ready();
        readiness
            .set_findings(Findings { problems: vec!["no CRD".into()], warnings: vec!["no events".into()] });
        assert_eq!(readiness.status(), (false, "problem: no CRD\nwarning: no events\n".into()));
        readiness.set_findings(Findings { problems: vec![], warnings: vec!["no events".into()] });
        assert_eq!(readiness.status(), (true, "ok\nwarning: no events\n".into()));
        readiness.set_findings(Findings::default());
        assert_eq!(readiness.status(), (true, "ok\n".into()));
    }
}
