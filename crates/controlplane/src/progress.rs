//! What a person sees while something takes minutes.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Where plain lines of progress go. Cheap to clone.
#[derive(Clone)]
pub struct Progress(Arc<dyn Fn(&str) + Send + Sync>);

impl Progress {
    /// Calls `sink` with each line, without a line break at its end.
    pub fn new(sink: impl Fn(&str) + Send + Sync + 'static) -> Self {
        Self(Arc::new(sink))
    }

    /// Prints each line to standard error.
    #[must_use]
    pub fn stderr() -> Self {
        Self::new(|line| eprintln!("{line}"))
    }

    /// Says nothing.
    #[must_use]
    pub fn silent() -> Self {
        Self::new(|_| {})
    }

    /// Hands one line to the sink.
    pub fn line(&self, line: impl AsRef<str>) {
        (self.0)(line.as_ref());
    }

    /// Runs `work` and says `doing` at once and then every 15 seconds with the
    /// time that went by, so that a build of minutes isn't taken for a hang.
    pub(crate) async fn while_running<T>(&self, doing: &str, work: impl Future<Output = T>) -> T {
        const EVERY: Duration = Duration::from_secs(15);
        self.line(format!("{doing} …"));
        let began = Instant::now();
        let mut ticks = tokio::time::interval_at(tokio::time::Instant::now() + EVERY, EVERY);
        let mut work = std::pin::pin!(work);
        loop {
            tokio::select! {
                done = &mut work => return done,
                _ = ticks.tick() => self.line(format!("{doing} … {} s", began.elapsed().as_secs())),
            }
        }
    }
}

impl Default for Progress {
    /// Standard error: a first start without a word would take minutes.
    fn default() -> Self {
        Self::stderr()
    }
}

impl fmt::Debug for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Progress")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;

    #[tokio::test(start_paused = true)]
    async fn long_work_is_reported_at_once_and_every_fifteen_seconds() {
        let lines = Arc::new(Mutex::new(Vec::new()));
        let sink = Arc::clone(&lines);
        let progress = Progress::new(move |line| sink.lock().unwrap().push(line.to_owned()));
        progress.while_running("building", tokio::time::sleep(Duration::from_secs(32))).await;
        let lines = lines.lock().unwrap();
        assert_eq!(lines.len(), 3, "{lines:?}");
        assert_eq!(lines[0], "building …");
    }
}
