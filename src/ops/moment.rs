//! A moment by two clocks.
//!
//! Neither clock is enough. The monotonic one stops while the machine is
//! suspended, and the wall clock can be set back. So between two moments the clock
//! that advanced more counts.

use std::time::{Duration, Instant, SystemTime};

/// A moment by both clocks.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    /// By the clock that is never set, and stops with the machine.
    pub monotonic: Instant,
    /// By the clock that runs while the machine is suspended, and may be set.
    pub wall: SystemTime,
}

impl Moment {
    /// This moment.
    #[must_use]
    pub fn now() -> Self {
        Self { monotonic: Instant::now(), wall: SystemTime::now() }
    }

    /// The time since an earlier moment, by the clock that advanced more.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Duration {
        let wall = self.wall.duration_since(earlier.wall).unwrap_or_default();
        self.monotonic.saturating_duration_since(earlier.monotonic).max(wall)
    }
}
