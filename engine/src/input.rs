//! What happens to the engine: committed rows, the hub's tick, time passing.
//!
//! Plain values. Nothing here may decide anything.

use crate::ClosedPane;
use jiff::Timestamp;
use taydo_model::{Case, CaseKey, KpiId, Labels, MetricId, SampleState};

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
    /// The event time, in whole microseconds.
    pub time: Timestamp,
    /// The value, in steps of the metric's resolution.
    pub ticks: i64,
    /// For one series and time the highest revision wins, then the larger value, then the larger state.
    pub revision: i32,
    /// What the sender says of the value.
    pub state: SampleState,
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
    /// Series that the samples use and that may be new. A sample of a series that was never named is left out.
    pub series: Vec<Series>,
    /// Observations that were new or changed.
    pub samples: Vec<Sample>,
    /// Cases that were new or changed. A version that lost against a stored one must not be among them: the engine
    /// forgets cases that closed long ago, and would take it for news.
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

/// Closed panes as they are now stored, in the place of all that the engine has between two moments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reclosed {
    /// The KPI.
    pub kpi: KpiId,
    /// What they were made by.
    pub basis: i64,
    /// Where the first stretch begins.
    pub after: Timestamp,
    /// Where the last one ends.
    pub until: Timestamp,
    /// Readings up to this instant have been recomputed with them.
    pub computed: Timestamp,
    /// The panes.
    pub panes: Vec<ClosedPane>,
}

/// What happens to the engine.
#[derive(Debug, Clone)]
pub enum Input {
    /// Committed rows.
    Batch(Batch),
    /// Panes that were made again, as [`crate::Effects::reopened`] asked.
    Reclosed(Vec<Reclosed>),
    /// The hub's tick: live readings that changed since the last one are wanted.
    Tick,
    /// Nothing but time passing: `next_wake` has come.
    Wake,
}
