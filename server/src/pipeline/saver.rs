//! The saver: T2, beside the pipeline, so that a slow database never holds up the screens.
//!
//! What the database doesn't take yet is kept, up to a bound; beyond it the readings are let go and their ranges
//! recomputed from the observations, which are durable. It never writes under a lost lease.

use super::Parts;
use crate::store::{Fence, Made, StoreError};
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::time::Duration;
use taydo_engine::{ClosedPane, Position, Recorded, Touched};
use taydo_model::KpiId;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// Readings that may wait for the database, about an hour's of a large city.
const MAX_WAITING: usize = 200_000;
/// Closed panes that may wait for the database: a day's of a hundred KPIs.
const MAX_PANES: usize = 2_400;
/// Readings in one transaction.
const CHUNK: usize = 5_000;

/// What is to be saved together.
#[derive(Debug, Default)]
pub(super) struct Save {
    pub(super) recorded: Vec<Recorded>,
    pub(super) closed: Vec<ClosedPane>,
    pub(super) positions: Vec<Position>,
}

#[derive(Debug)]
pub(super) struct Saver {
    waiting: Vec<Recorded>,
    closed: Vec<ClosedPane>,
    positions: BTreeMap<i16, i64>,
    /// One save at a time is on its way; what comes meanwhile waits here.
    queue: mpsc::Sender<Save>,
}

/// The task that saves.
#[derive(Debug)]
pub(super) struct Saving(JoinHandle<Result<(), StoreError>>);

impl Saving {
    /// Resolves when saving has ended: after [`Saver::finish`], or before its time.
    pub(super) async fn ended(&mut self) -> Result<(), StoreError> {
        (&mut self.0).await.unwrap_or_else(|error| Err(StoreError::Internal(error.into())))
    }
}

impl Saver {
    pub(super) fn start(parts: &Parts, fence: &Fence) -> (Self, Saving) {
        let (queue, saves) = mpsc::channel(1);
        let task = tokio::spawn(run(parts.clone(), fence.clone(), saves));
        (Self { waiting: Vec::new(), closed: Vec::new(), positions: BTreeMap::new(), queue }, Saving(task))
    }

    /// Keeps what is to be saved. Returns the ranges of what had to be let go.
    pub(super) fn add(&mut self, save: Save) -> Vec<Touched> {
        self.waiting.extend(save.recorded);
        self.closed.extend(save.closed);
        // One that is let go is made again from the rows when somebody asks for it.
        self.closed.drain(..self.closed.len().saturating_sub(MAX_PANES));
        for position in save.positions {
            let seq = self.positions.entry(position.lane).or_insert(0);
            *seq = (*seq).max(position.seq);
        }
        if self.waiting.len() <= MAX_WAITING {
            return Vec::new();
        }
        let gone = self.waiting.drain(..self.waiting.len() - MAX_WAITING / 2);
        ranges(gone)
    }

    fn is_idle(&self) -> bool {
        self.waiting.is_empty() && self.closed.is_empty() && self.positions.is_empty()
    }

    /// Sends what waits, if the last save is done.
    pub(super) fn push(&mut self) {
        if self.is_idle() {
            return;
        }
        let Ok(slot) = self.queue.try_reserve() else { return };
        let rest = self.waiting.split_off(self.waiting.len().min(CHUNK));
        let recorded = std::mem::replace(&mut self.waiting, rest);
        // Positions move on only once every reading before them is saved.
        let positions = if self.waiting.is_empty() { std::mem::take(&mut self.positions) } else { BTreeMap::new() };
        let closed = std::mem::take(&mut self.closed);
        slot.send(Save { recorded, closed, positions: positions.into_iter().map(|(lane, seq)| Position { lane, seq }).collect() });
    }

    /// Resolves when something waits and the last save is done.
    pub(super) async fn room(&self) {
        if self.is_idle() {
            return std::future::pending().await;
        }
        // The place is taken again by `push`. An error means that the task is gone, which `ended` tells.
        drop(self.queue.reserve().await);
    }

    /// Sends everything that waits; the task ends when it is saved.
    pub(super) async fn finish(self) {
        let positions = self.positions.into_iter().map(|(lane, seq)| Position { lane, seq }).collect();
        // The task is gone only when the lease is, which its own outcome says.
        let _ = self.queue.send(Save { recorded: self.waiting, closed: self.closed, positions }).await;
    }
}

/// The range of each KPI among some readings.
fn ranges(readings: impl Iterator<Item = Recorded>) -> Vec<Touched> {
    let mut ranges: BTreeMap<KpiId, (Timestamp, Timestamp)> = BTreeMap::new();
    for Recorded { reading, .. } in readings {
        let range = ranges.entry(reading.kpi).or_insert((reading.time, reading.time));
        *range = (range.0.min(reading.time), range.1.max(reading.time));
    }
    ranges.into_iter().map(|(kpi, (from, to))| Touched { kpi, from, to }).collect()
}

async fn run(parts: Parts, fence: Fence, mut saves: mpsc::Receiver<Save>) -> Result<(), StoreError> {
    while let Some(save) = saves.recv().await {
        commit(&parts, &fence, &save).await?;
        let now = parts.clock.now();
        let recorded: Vec<_> = save.recorded.into_iter().map(|recorded| recorded.reading).collect();
        parts.hub.publish(now, &[], &recorded);
    }
    Ok(())
}

/// The panes, which may be missing but never wrong, and then T2.
async fn save_once(parts: &Parts, fence: &Fence, now: Timestamp, save: &Save) -> Result<usize, StoreError> {
    if !save.closed.is_empty() {
        parts.store.keep_panes(fence, &save.closed, Made::Closed).await?;
    }
    parts.store.commit_readings(fence, now, &parts.definitions, &save.recorded, &save.positions).await
}

/// T2 until it works: readings are never dropped for a database that is away. A lost lease, or a fault of ours, ends it.
async fn commit(parts: &Parts, fence: &Fence, save: &Save) -> Result<(), StoreError> {
    let mut pause = Duration::from_millis(100);
    loop {
        let now = parts.clock.now();
        match save_once(parts, fence, now, save).await {
            Ok(inserted) => {
                parts.counters.recorded.fetch_add(inserted as u64, Ordering::Relaxed);
                return Ok(());
            }
            Err(error @ (StoreError::Unavailable(_) | StoreError::Conflict(_) | StoreError::Full(_))) => {
                parts.counters.save_failures.fetch_add(1, Ordering::Relaxed);
                tracing::warn!(error = %crate::http::refusal::chain(&error), "readings can't be saved yet; trying again");
                parts.clock.pause(pause).await;
                pause = (pause * 2).min(Duration::from_secs(5));
            }
            Err(error) => return Err(error),
        }
    }
}
