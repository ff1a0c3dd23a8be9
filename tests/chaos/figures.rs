//! What a game comes to, in numbers.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use apivideo_sandbox::CallLog;

/// Counted while the game goes on, by everybody.
#[derive(Default)]
pub(crate) struct Figures(Mutex<Counts>);

#[derive(Default)]
struct Counts {
    operations: BTreeMap<&'static str, u64>,
    starts: Vec<Duration>,
    notes: Vec<String>,
}

impl Figures {
    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Something was done.
    pub(crate) fn did(&self, what: &'static str) {
        *self.counts().operations.entry(what).or_default() += 1;
    }

    /// An operator became ready, so long after its start.
    pub(crate) fn started(&self, took: Duration) {
        self.counts().starts.push(took);
    }

    /// Something worth a line.
    pub(crate) fn note(&self, line: String) {
        self.counts().notes.push(line);
    }

    /// Notes how the game went, while the sandbox's log still tells.
    pub(crate) fn note_game(&self, calls: &CallLog, lasted: Duration) {
        let operations: u64 = self.counts().operations.values().sum();
        let each = operations as f64 / lasted.as_secs_f64();
        self.note(format!("{operations} operations in {lasted:.0?}: {each:.1} a second"));
        self.note(format!("{} reads and {} writes came to the API", calls.reads(), calls.writes()));
        let mut faults = BTreeMap::<_, u64>::new();
        for fault in calls.entries.iter().filter_map(|entry| entry.fault) {
            *faults.entry(fault).or_default() += 1;
        }
        self.note(format!("{} faults: {faults:?}", faults.values().sum::<u64>()));
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counts = self.counts();
        writeln!(f, "operations: {:?}", counts.operations)?;
        for note in &counts.notes {
            writeln!(f, "{note}")?;
        }
        let mut starts = counts.starts.clone();
        starts.sort();
        if let (Some(least), Some(most)) = (starts.first(), starts.last()) {
            let median = starts[starts.len() / 2];
            write!(
                f,
                "ready again amid faults, {} times, after {least:.1?} to {most:.1?}, median {median:.1?}",
                starts.len()
            )?;
        }
        Ok(())
    }
}
