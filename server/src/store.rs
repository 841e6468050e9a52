//! The store: everything that lasts. Every SQL statement of the server is in this module.
//!
//! It owns the database's schema, the two transactions (T1 in [`Writer::commit`], T2 in [`Store::commit_readings`]) and
//! the reads. It must never decide what data means, never call SQL's `now()` (times are arguments), and never let a
//! caller see a connection or a statement.

mod address;
mod batch;
mod embedded;
mod error;

pub use address::{AddressError, DatabaseAddress};
pub use batch::{Committed, NewReject, NewSample, WriteBatch};
pub use embedded::{EmbeddedDatabase, EmbeddedError};
pub use error::{Cause, StoreError};

use crate::clock::Clock;
use jiff::Timestamp;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use taydo_engine::{CaseVersion, Position, Recorded, Sample, Series, SeriesId};
use taydo_model::{Definitions, KpiId, Labels, MetricId, Scope, SourceId, api};

/// A way to the database. A copy is the same store.
#[derive(Debug, Clone)]
pub struct Store {}

/// The right to write as the one holder of a lease. Every taking of the lease raises the number, and a lower one can't write any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fence {
    name: Arc<str>,
    number: i64,
}

impl Fence {
    /// The number; frames carry it as their epoch.
    #[must_use]
    pub fn number(&self) -> i64 {
        self.number
    }
}

/// A committed batch as the store remembers it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommittedBatch {
    /// The lane and the batch's number in it.
    pub position: Position,
    /// The earliest and the latest time among the observations that it changed.
    pub span: Option<(Timestamp, Timestamp)>,
}

/// One lane's only writer. It has a connection of its own, and makes a new one when that breaks.
#[derive(Debug)]
pub struct Writer {}

impl Writer {
    /// T1: makes the batch durable, all of it or nothing. Safe to repeat with the same batch after any error.
    ///
    /// # Errors
    /// See [`StoreError`]. After `Unavailable` the next call reconnects, first pausing for up to 5 s when that keeps failing.
    pub async fn commit(&mut self, _batch: &WriteBatch) -> Result<Committed, StoreError> {
        Err(StoreError::internal("not built yet"))
    }
}

/// Observations in order of time, read in chunks.
#[derive(Debug)]
pub struct SampleStream {}

impl SampleStream {
    /// The next chunk of at most some thousands; `None` at the end.
    ///
    /// # Errors
    /// When the database can't be reached any more.
    pub async fn next(&mut self) -> Result<Option<Vec<Sample>>, StoreError> {
        Err(StoreError::internal("not built yet"))
    }
}

/// Cases, read in chunks.
#[derive(Debug)]
pub struct CaseStream {}

impl CaseStream {
    /// The next chunk of at most some thousands; `None` at the end.
    ///
    /// # Errors
    /// When the database can't be reached any more.
    pub async fn next(&mut self) -> Result<Option<Vec<CaseVersion>>, StoreError> {
        Err(StoreError::internal("not built yet"))
    }
}

#[allow(clippy::unused_async, missing_docs)]
impl Store {
    /// Connects and brings the schema up to date.
    ///
    /// # Errors
    /// When the database can't be reached, or its schema is newer than this program or was changed.
    pub async fn open(_config: tokio_postgres::Config, _clock: Clock) -> Result<Self, StoreError> {
        Err(StoreError::internal("not built yet"))
    }
    /// The only writer of a lane; lanes are small numbers that the caller gives out, each to one writer.
    #[must_use]
    pub fn writer(&self, _lane: i16) -> Writer {
        Writer {}
    }
    /// Takes the lease, raising its fence: whoever held it before can't write any more.
    pub async fn take_lease(&self, _name: &str, _now: Timestamp) -> Result<Fence, StoreError> {
        Err(StoreError::internal("not built yet"))
    }
    /// The series' numbers, in the order asked; makes those that don't exist, for `source`. Repeating it changes nothing.
    pub async fn intern_series(
        &self,
        _source: &SourceId,
        _keys: &[(MetricId, Labels)],
        _now: Timestamp,
    ) -> Result<Vec<SeriesId>, StoreError> {
        Err(StoreError::internal("not built yet"))
    }
    /// All series, each with the source that made it.
    pub async fn series(&self) -> Result<Vec<(SourceId, Series)>, StoreError> {
        Err(StoreError::internal("not built yet"))
    }
    /// How many series each source has made.
    pub async fn series_counts(&self) -> Result<HashMap<SourceId, u64>, StoreError> {
        Err(StoreError::internal("not built yet"))
    }
    /// T2: readings whose content differs from the newest revision are inserted as the next one, and the lanes move on. Returns how many were inserted.
    pub async fn commit_readings(
        &self,
        _fence: &Fence,
        _now: Timestamp,
        _definitions: &Definitions,
        _readings: &[Recorded],
        _positions: &[Position],
    ) -> Result<usize, StoreError> {
        Err(StoreError::internal("not built yet"))
    }
    /// How far each lane has been consumed.
    pub async fn positions(&self) -> Result<Vec<Position>, StoreError> {
        Err(StoreError::internal("not built yet"))
    }
    /// The lane's batches after this position, in order.
    pub async fn batches_after(&self, _position: Position) -> Result<Vec<CommittedBatch>, StoreError> {
        Err(StoreError::internal("not built yet"))
    }
    /// Observations with `from ≤ time ≤ to` of these metrics (`None`: all that are defined), in order of time.
    pub async fn samples(
        &self,
        _definitions: &Definitions,
        _from: Timestamp,
        _to: Timestamp,
        _metrics: Option<&[MetricId]>,
    ) -> Result<SampleStream, StoreError> {
        Err(StoreError::internal("not built yet"))
    }
    /// Cases that are open, or that were opened or closed at or after `relevant_from`.
    pub async fn cases(&self, _relevant_from: Timestamp) -> Result<CaseStream, StoreError> {
        Err(StoreError::internal("not built yet"))
    }
    /// Cases that the lane's batches after this position changed, in their present state: what fills a gap.
    pub async fn cases_after(&self, _position: Position) -> Result<CaseStream, StoreError> {
        Err(StoreError::internal("not built yet"))
    }
    /// The cases of a source that are not closed.
    pub async fn open_cases(&self, _source: &SourceId) -> Result<Vec<CaseVersion>, StoreError> {
        Err(StoreError::internal("not built yet"))
    }
    /// The newest revisions of a KPI's recorded readings with `from ≤ time ≤ to`, in order of time; of more than `limit`, the latest.
    pub async fn readings(
        &self,
        _kpi: &KpiId,
        _scope: &Scope,
        _from: Timestamp,
        _to: Timestamp,
        _limit: u32,
    ) -> Result<Vec<api::Point>, StoreError> {
        Err(StoreError::internal("not built yet"))
    }
    /// The newest refused items, newest first.
    pub async fn rejects(&self, _limit: u32) -> Result<Vec<api::Reject>, StoreError> {
        Err(StoreError::internal("not built yet"))
    }
    /// Keeps a definition set: its files' names and contents. One that is known is left as it is.
    pub async fn save_definitions(&self, _hash: &str, _files: &BTreeMap<String, String>, _now: Timestamp) -> Result<(), StoreError> {
        Err(StoreError::internal("not built yet"))
    }
    /// Deletes rejects beyond 7 days or 100,000 rows, and batches that the engine consumed a day ago or earlier.
    pub async fn prune(&self, _now: Timestamp) -> Result<(), StoreError> {
        Err(StoreError::internal("not built yet"))
    }
    /// Whether the database answers.
    pub async fn ping(&self) -> Result<(), StoreError> {
        Err(StoreError::internal("not built yet"))
    }
}
