//! The engine: committed observations and cases in, readings out.
//!
//! It owns windows, KPI arithmetic, quality and the recording grid. It never reads a clock, does input or output,
//! waits, or fails: `now` is an argument, and the shell wakes it when `next_wake` says so. The same inputs give the
//! same effects.

use jiff::Timestamp;
use std::sync::Arc;
use taydo_model::{Case, CaseKey, Definitions, KpiId, Labels, MetricId, Reading};

/// Names a series within one store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SeriesId(pub i32);

/// A series: all observations of one metric with one set of labels.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// Its number in the store.
    pub id: SeriesId,
    /// The metric.
    pub metric: MetricId,
    /// The labels, enriched by the register.
    pub labels: Labels,
}

/// An observation as it is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sample {
    /// The series.
    pub series: SeriesId,
    /// The event time.
    pub time: Timestamp,
    /// The value, in steps of the metric's resolution.
    pub ticks: i64,
    /// For one series and time the highest revision wins, then the larger value.
    pub revision: i32,
}

/// A case's state, with what orders its versions.
#[derive(Debug, Clone, PartialEq)]
pub struct CaseVersion {
    /// Names the case.
    pub key: CaseKey,
    /// When the source wrote this state; of two versions the later wins …
    pub updated: Timestamp,
    /// … then the larger hash of the content.
    pub hash: i64,
    /// The state. Its `due` is resolved.
    pub case: Case,
}

/// What one transaction of a lane has committed.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Batch {
    /// The lane and the batch's number in it; `None` when the rows were read again from the store.
    pub position: Option<Position>,
    /// Series that the samples use and that may be new.
    pub series: Vec<Series>,
    /// Observations that were new or changed.
    pub samples: Vec<Sample>,
    /// Cases that were new or changed.
    pub cases: Vec<CaseVersion>,
}

/// How far a lane has been consumed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Position {
    /// The lane.
    pub lane: i16,
    /// The last batch's number.
    pub seq: i64,
}

/// What happens to the engine.
#[derive(Debug, Clone)]
pub enum Input {
    /// Committed rows.
    Batch(Batch),
    /// The hub's tick: live readings that changed since the last one are wanted.
    Tick,
    /// Nothing but time passing: `next_wake` has come.
    Wake,
}

/// What follows from a step.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Effects {
    /// Live readings that changed; only a tick gives them.
    pub live: Vec<Reading>,
    /// Recorded readings: new ones in the order of their instants, and corrected ones.
    pub recorded: Vec<Recorded>,
    /// Ranges that late data touched beyond the allowed lateness, and that a recompute must mend.
    pub recompute: Vec<Touched>,
    /// How far each lane has been consumed.
    pub positions: Vec<Position>,
}

/// A reading on a KPI's grid.
#[derive(Debug, Clone, PartialEq)]
pub struct Recorded {
    /// The reading.
    pub reading: Reading,
    /// Whether it corrects one that was given before. Corrections never fire or resolve an alert.
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

/// The engine. One task owns it.
#[derive(Debug)]
pub struct Engine {
    definitions: Arc<Definitions>,
}

impl Engine {
    /// An engine that knows the definitions and no data yet. Recorded readings begin with the first grid instant after `now`.
    #[must_use]
    pub fn new(definitions: Arc<Definitions>, now: Timestamp) -> Self {
        let _ = now;
        Self { definitions }
    }

    /// Takes one input and says what follows from it.
    pub fn step(&mut self, now: Timestamp, input: Input) -> Effects {
        let _ = (now, input, &self.definitions);
        Effects::default()
    }

    /// When the engine wants to be woken, if data doesn't come before.
    #[must_use]
    pub fn next_wake(&self) -> Option<Timestamp> {
        None
    }

    /// Every live reading as of the last step: what a new viewer is shown first.
    #[must_use]
    pub fn snapshot(&self, now: Timestamp) -> Vec<Reading> {
        let _ = now;
        Vec::new()
    }
}
