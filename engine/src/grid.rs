//! The grid of a KPI's recorded readings: which instants are due, and which may still be computed here.
//!
//! It must never look at data.

use crate::moment::{NEVER, SECOND, micros, seconds, step_ceil, step_floor};
use jiff::Timestamp;
use taydo_model::Kpi;

/// The most instants that one step computes for a KPI after an absence; what is older goes to a recompute, so that
/// a step stays short.
const CATCH_UP: i64 = 120;
/// How much longer than the lateness data is kept, for corrections that wait to be told.
const SLACK: i64 = 60 * SECOND;

/// How far back a KPI keeps what its own readings rest on.
pub(crate) fn keeps(kpi: &Kpi) -> i64 {
    seconds(kpi.delay_s) + seconds(kpi.lateness_s) + SLACK
}

/// Where a KPI stands on its grid. All in microseconds.
#[derive(Debug)]
pub(crate) struct Grid {
    pub(crate) every: i64,
    delay: i64,
    lateness: i64,
    /// How far back everything that readings rest on is kept.
    kept: i64,
    /// The last instant whose turn has been.
    pub(crate) recorded: i64,
}

/// What is due: `instants` are to be computed, `skipped` (both ends included) is too old for that.
#[derive(Debug)]
pub(crate) struct Due {
    pub(crate) skipped: Option<(i64, i64)>,
    pub(crate) first: i64,
    pub(crate) last: i64,
}

impl Grid {
    /// The first instant to be recorded is the first one after `now`. What readings rest on is kept for at least so long.
    pub(crate) fn new(kpi: &Kpi, kept: i64, now: i64) -> Self {
        let every = seconds(kpi.every_s.max(1));
        let (delay, lateness) = (seconds(kpi.delay_s), seconds(kpi.lateness_s));
        Self { every, delay, lateness, kept: kept.max(keeps(kpi)), recorded: step_floor(now, every) * every }
    }

    /// The instants up to and including `time` are in the store already.
    pub(crate) fn resume_after(&mut self, time: Timestamp) {
        self.recorded = step_floor(micros(time), self.every) * self.every;
    }

    /// When the next instant's reading is computed.
    pub(crate) fn next_due(&self) -> i64 {
        (self.recorded + self.every + self.delay).min(NEVER)
    }

    /// The first instant that data coming at `now` corrects at once. Lateness counts from an instant's turn, which is
    /// `delay` after it.
    pub(crate) fn correctable_from(&self, now: i64) -> i64 {
        step_ceil(now - self.delay - self.lateness, self.every) * self.every
    }

    /// From this instant on everything that readings rest on is kept.
    pub(crate) fn computable_from(&self, now: i64) -> i64 {
        now - self.kept
    }

    /// Moves on to the last instant whose turn has come; `None` when there is no new one.
    pub(crate) fn take_due(&mut self, now: i64) -> Option<Due> {
        let last = step_floor(now - self.delay, self.every) * self.every;
        let next = self.recorded + self.every;
        if last < next {
            return None;
        }
        self.recorded = last;
        let first = next.max(self.correctable_from(now)).max(last - (CATCH_UP - 1) * self.every);
        Some(Due { skipped: (next < first).then(|| (next, first - self.every)), first, last })
    }
}
