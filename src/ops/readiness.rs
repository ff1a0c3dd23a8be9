//! Whether the process does its work yet, and if not, what it waits for.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

/// The parts that must be ready before the process is.
#[derive(Clone, Default)]
pub struct Readiness {
    parts: Vec<(&'static str, Arc<AtomicBool>)>,
    stands_by: Arc<AtomicBool>,
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

    /// The place to say that this replica stands by for another one.
    #[must_use]
    pub fn standby(&self) -> Standby {
        Standby(Arc::clone(&self.stands_by))
    }

    /// What is still waited for. One that stands by does all that is asked of
    /// it: were it not ready, no rolling update would ever end.
    #[must_use]
    pub fn waiting_for(&self) -> Vec<&'static str> {
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
