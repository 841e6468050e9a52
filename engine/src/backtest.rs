//! Backtests: what rules would have made of readings, had they been in force, and whom that would have told when.
//!
//! It is the same [`Watch`] and the same routing as the server's, over a roster of stand-ins (see [`Assumptions`]). It must
//! never judge or route otherwise than they do, nor know where the readings come from.

mod desk;
mod episode;
mod report;
#[cfg(test)]
mod tests;

pub use desk::{Assumptions, Message};
pub use episode::Episode;
pub use report::{Busiest, Hours, Load, Part, Report, RuleReport, TeamReport};

use crate::Recorded;
use crate::alert::{Bands, Watch};
use desk::Desk;
use episode::Episodes;
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;
use std::sync::Arc;
use taydo_model::{Definitions, KpiId, Reading};

/// A backtest under way.
#[derive(Debug)]
pub struct Backtest {
    definitions: Arc<Definitions>,
    from: Timestamp,
    watch: Watch,
    desk: Desk,
    episodes: Episodes,
    /// Readings whose evaluation has not come, by when it comes and by KPI: those of one instant are evaluated together.
    waiting: BTreeMap<(Timestamp, KpiId), Vec<Reading>>,
}

impl Backtest {
    /// The rules of a set, from a moment on.
    #[must_use]
    pub fn new(definitions: Arc<Definitions>, from: Timestamp, assumptions: &Assumptions) -> Self {
        Self {
            watch: Watch::new(Arc::clone(&definitions), from),
            desk: Desk::new(&definitions, assumptions),
            episodes: Episodes::default(),
            waiting: BTreeMap::new(),
            definitions,
            from,
        }
    }

    /// Takes readings, each as it was first recorded. They are evaluated when their turn comes, in whichever order they are
    /// taken; those of KPIs that the set doesn't have are left out.
    pub fn take(&mut self, readings: impl IntoIterator<Item = Reading>) {
        for reading in readings {
            let Some(kpi) = self.definitions.kpi(&reading.kpi) else { continue };
            let delay = SignedDuration::from_secs(i64::from(kpi.delay_s));
            let due = reading.time.checked_add(delay).unwrap_or(Timestamp::MAX);
            self.waiting.entry((due, reading.kpi.clone())).or_default().push(reading);
        }
    }

    /// Lets time pass: everything that was due by then is evaluated and told.
    pub fn run(&mut self, until: Timestamp, bands: &dyn Bands) {
        while let Some(first) = self.waiting.first_entry().filter(|first| first.key().0 <= until) {
            let ((now, _), readings) = first.remove_entry();
            let recorded: Vec<Recorded> = readings.into_iter().map(|reading| Recorded { reading, correction: false }).collect();
            let transitions = self.watch.step(now, &recorded, bands).transitions;
            self.desk.take(now, &transitions);
            transitions.into_iter().for_each(|transition| self.episodes.follow(transition));
        }
        self.desk.run(until);
    }

    /// What came of it, up to a moment at or after everything that was run.
    #[must_use]
    pub fn finish(self, until: Timestamp) -> Report {
        let evaluations = self.watch.evaluations().map(|evaluation| (evaluation.rule.clone(), evaluation.number)).collect();
        report::report(&self.definitions, (self.from, until), self.episodes.all(), evaluations, self.desk.told())
    }
}
