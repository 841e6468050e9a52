//! The CPU time of this thread, and the best of several figures with their spread.
//!
//! It must never read the clock on the wall: what else runs on the machine is in that.

use rustix::time::{ClockId, clock_gettime};
use std::time::Duration;

/// The CPU time that this thread has used.
pub(crate) fn cpu() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap())
}

/// Figures of which the least counts, because other work on the machine only ever adds.
#[derive(Debug, Default)]
pub(crate) struct Best(Vec<f64>);

impl Best {
    pub(crate) fn add(&mut self, figure: f64) {
        self.0.push(figure);
    }

    pub(crate) fn least(&self) -> f64 {
        self.0.iter().copied().fold(f64::INFINITY, f64::min)
    }

    /// The least, and up to where they lie: `310 (–342)`.
    pub(crate) fn show(&self) -> String {
        let most = self.0.iter().copied().fold(0.0, f64::max);
        format!("{:.0} (–{most:.0})", self.least())
    }
}
