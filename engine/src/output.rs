//! What follows from a step: readings, ranges to recompute, positions.
//!
//! Plain values. Nothing here may decide anything.

use crate::Position;
use jiff::Timestamp;
use taydo_model::{KpiId, Reading};

/// What follows from a step.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Effects {
    /// Live readings that changed; only a tick gives them.
    pub live: Vec<Reading>,
    /// Recorded readings, in the order of their instants: new ones and corrected ones.
    pub recorded: Vec<Recorded>,
    /// Ranges that late data touched beyond the allowed lateness, and that a recompute must mend.
    pub recompute: Vec<Touched>,
    /// How far each lane has been consumed, with everything that follows from it told. A batch's position comes later
    /// than the batch's own step when it led to corrections that still wait; read again after a restart, such a
    /// batch must end in a recompute of the time that it covers (see [`crate::Engine::touched`]).
    pub positions: Vec<Position>,
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
