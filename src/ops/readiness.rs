//! Whether the process does its work yet, and if not, what it waits for.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

/// The parts that must be ready before the process is.
#[derive(Clone, Default)]
pub struct Readiness {
    parts: Vec<(&'static str, Arc<AtomicBool>)>,
}

/// One part of it.
#[derive(Clone)]
pub struct Part(Arc<AtomicBool>);

impl Readiness {
    /// Adds a part; `what` completes the sentence "waiting for …".
    pub fn part(&mut self, what: &'static str) -> Part {
        let flag = Arc::new(AtomicBool::new(false));
        self.parts.push((what, Arc::clone(&flag)));
        Part(flag)
    }

    /// What is still waited for.
    #[must_use]
    pub fn waiting_for(&self) -> Vec<&'static str> {
        self.parts.iter().filter(|(_, ready)| !ready.load(Ordering::Relaxed)).map(|(what, _)| *what).collect()
    }
}

impl Part {
    /// This part is ready.
    pub fn ready(&self) {
        self.0.store(true, Ordering::Relaxed);
    }
}
