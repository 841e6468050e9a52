//! What follows from a step: readings, ranges to recompute, positions.
//!
//! Plain values. Nothing here may decide anything.

use crate::Position;
use crate::closed::Content;
use crate::moment::{micros, step_floor, timestamp};
use jiff::{SignedDuration, Timestamp};
use taydo_model::{KpiId, MetricId, Reading};

/// What follows from a step.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Effects {
    /// Live readings that changed; only a tick gives them.
    pub live: Vec<Reading>,
    /// Recorded readings, in the order of their instants: new ones and corrected ones.
    pub recorded: Vec<Recorded>,
    /// Ranges that late data touched beyond the allowed lateness, and that a recompute must mend.
    pub recompute: Vec<Touched>,
    /// Panes that were closed: to be stored, so that a restart needs no samples of that time. One that is stored already
    /// stays as it is.
    pub closed: Vec<ClosedPane>,
    /// Closed panes that late data touched: to be made again, stored, and handed back with [`crate::Input::Reclosed`].
    pub reopened: Vec<Reopened>,
    /// How far each lane has been consumed, with everything that follows from it told. A batch's position comes later
    /// than the batch's own step when it led to corrections that still wait; read again after a restart, such a
    /// batch must end in a recompute of the time that it covers (see [`crate::Engine::touched`]).
    pub positions: Vec<Position>,
}

/// What a KPI remembers of a stretch of time that is closed: (until − stretch, until], for all its scopes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClosedPane {
    /// The KPI.
    pub kpi: KpiId,
    /// What it was made by: definitions of another basis have no use for it.
    pub basis: i64,
    /// The stretch's end.
    pub until: Timestamp,
    /// What is remembered; only the engine reads it.
    pub content: Vec<u8>,
}

/// The closed panes of a KPI between two moments, one for each stretch, also where nothing happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClosedSpan {
    /// The KPI.
    pub kpi: KpiId,
    /// The metric that it is computed from.
    pub metric: MetricId,
    /// What they are made by.
    pub basis: i64,
    /// How long each stretch is. All end at its multiples since the Unix epoch.
    pub stretch: SignedDuration,
    /// Where the first begins.
    pub after: Timestamp,
    /// Where the last ends.
    pub until: Timestamp,
}

impl ClosedPane {
    /// Whether an engine can read it. One that isn't must be made again.
    #[must_use]
    pub fn is_readable(&self) -> bool {
        Content::read(&self.content).is_some()
    }
}

impl ClosedSpan {
    /// The last end of a stretch at or before the moment.
    #[must_use]
    pub fn edge_before(&self, moment: Timestamp) -> Timestamp {
        let stretch = i64::try_from(self.stretch.as_micros()).unwrap_or(i64::MAX).max(1);
        timestamp(step_floor(micros(moment), stretch) * stretch)
    }

    /// The ends of all stretches, in order.
    pub fn edges(&self) -> impl Iterator<Item = Timestamp> + use<> {
        let stretch = i64::try_from(self.stretch.as_micros()).unwrap_or(i64::MAX).max(1);
        (step_floor(micros(self.after), stretch) + 1..=step_floor(micros(self.until), stretch)).map(move |edge| timestamp(edge * stretch))
    }
}

/// Closed panes that are wanted, some of them made again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reopened {
    /// What the engine wants to be handed.
    pub span: ClosedSpan,
    /// What of it must be made again from the samples: the stretches whose ends lie after the first moment, and up to or
    /// around the second.
    pub stale: Vec<(Timestamp, Timestamp)>,
    /// The last instant that had been recorded when the data came: readings up to here that rest on it are in `recompute`.
    pub recorded: Timestamp,
}

impl Reopened {
    /// Takes what was reopened later of the same KPI: all of both is wanted.
    pub fn join(&mut self, later: Self) {
        self.span.after = self.span.after.min(later.span.after);
        self.span.until = self.span.until.max(later.span.until);
        self.recorded = self.recorded.max(later.recorded);
        for (after, until) in later.stale {
            match self.stale.iter_mut().find(|known| known.0 <= until && after <= known.1) {
                Some(known) => *known = (known.0.min(after), known.1.max(until)),
                None => self.stale.push((after, until)),
            }
        }
    }
}

/// A reading on a KPI's grid.
#[derive(Debug, Clone, PartialEq)]
pub struct Recorded {
    /// The reading.
    pub reading: Reading,
    /// Whether its instant's turn was over: it corrects what was given then. Corrections never fire or resolve an alert.
    pub correction: bool,
}

/// Grid instants of a KPI whose readings may no longer be right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Touched {
    /// The KPI.
    pub kpi: KpiId,
    /// The first instant, inclusive.
    pub from: Timestamp,
    /// The last instant, inclusive.
    pub to: Timestamp,
}
