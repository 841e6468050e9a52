//! What ingest hands to the store in one transaction, and what it learns when that is durable.
//!
//! Plain values; it must never hold a connection or decide anything.

use jiff::Timestamp;
use taydo_engine::{Batch, CaseVersion, Position, Sample, Series};
use taydo_model::{ErrorCode, SourceId};

/// An observation to be stored: checked, rounded to the metric's resolution, its series interned.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NewSample {
    /// What the engine will see. Its time is cut to whole microseconds, which is what the database keeps.
    pub sample: Sample,
    /// `Metric::value(sample.ticks)`, in the metric's unit: what SQL sees.
    pub value: f64,
}

/// An item that is not taken, to be kept with the reason.
#[derive(Debug, Clone, PartialEq)]
pub struct NewReject {
    /// By which source it came.
    pub source: SourceId,
    /// What kind of refusal.
    pub code: ErrorCode,
    /// What is wrong with it.
    pub reason: String,
    /// What came; the store keeps its first 4 KiB.
    pub payload: String,
}

/// Everything that is to become durable together. One key may occur more than once, in any order.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct WriteBatch {
    /// When it was received.
    pub received: Timestamp,
    /// Observations.
    pub samples: Vec<NewSample>,
    /// Cases.
    pub cases: Vec<CaseVersion>,
    /// Refused items.
    pub rejects: Vec<NewReject>,
}

impl WriteBatch {
    /// Whether there is nothing to store.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.samples.is_empty() && self.cases.is_empty() && self.rejects.is_empty()
    }
}

/// What a commit changed. Repeats and rows that lost against a higher revision are not in it.
#[derive(Debug, Clone, PartialEq)]
pub struct Committed {
    /// The lane and the batch's number in it.
    pub position: Position,
    /// Observations that were new or replaced the stored one.
    pub samples: Vec<Sample>,
    /// Cases that were new or replaced the stored state.
    pub cases: Vec<CaseVersion>,
    /// The earliest and the latest time among `samples`.
    pub span: Option<(Timestamp, Timestamp)>,
}

impl Committed {
    /// What the engine is told: these rows, and the series of theirs that it may not know.
    #[must_use]
    pub fn into_batch(self, series: Vec<Series>) -> Batch {
        Batch { position: Some(self.position), series, samples: self.samples, cases: self.cases }
    }
}
