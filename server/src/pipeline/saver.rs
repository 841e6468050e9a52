//! The saver: T2, beside the pipeline, so that a slow database never holds up the screens.
//!
//! What the database doesn't take yet is kept, up to a bound; beyond it the readings are let go and their ranges
//! recomputed from the observations, which are durable. It never writes under a lost lease.

use super::Parts;
use crate::store::{Fence, Made, StoreError};
use jiff::Timestamp;
use std::collections::{BTreeMap, HashSet, VecDeque};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use taydo_engine::alert::Evaluated;
use taydo_engine::{ClosedPane, Position, Recorded, Touched};
use taydo_model::{Definitions, KpiId};
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
    /// What the rules made of them: in the same transaction.
    pub(super) evaluated: Evaluated,
    pub(super) closed: Vec<ClosedPane>,
    pub(super) positions: Vec<Position>,
}

/// Readings that wait, and what the rules made of them.
#[derive(Debug, Default)]
struct Waiting {
    /// By which they were made: a reading's row says which they were.
    definitions: Arc<Definitions>,
    recorded: Vec<Recorded>,
    evaluated: Evaluated,
}

impl Waiting {
    /// The readings that a transition came from last, so that they are in its transaction however many there are.
    fn in_order(mut self) -> Self {
        let transitions = &self.evaluated.transitions;
        if self.recorded.len() > CHUNK && !transitions.is_empty() {
            let decided: HashSet<_> = transitions
                .iter()
                .filter_map(|one| one.reading.as_ref())
                .map(|reading| (&reading.kpi, &reading.scope, reading.time))
                .collect();
            let is_cause = |recorded: &Recorded| decided.contains(&(&recorded.reading.kpi, &recorded.reading.scope, recorded.reading.time));
            self.recorded.sort_by_key(is_cause);
        }
        self
    }

    fn is_empty(&self) -> bool {
        self.recorded.is_empty() && self.evaluated.is_empty()
    }
}

#[derive(Debug)]
pub(super) struct Saver {
    /// Oldest first.
    waiting: VecDeque<Waiting>,
    closed: Vec<ClosedPane>,
    positions: BTreeMap<i16, i64>,
    /// One save at a time is on its way; what comes meanwhile waits here.
    queue: mpsc::Sender<(Arc<Definitions>, Save)>,
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
        (Self { waiting: VecDeque::new(), closed: Vec::new(), positions: BTreeMap::new(), queue }, Saving(task))
    }

    /// Keeps what is to be saved, made by these definitions. Returns the ranges of what had to be let go.
    pub(super) fn add(&mut self, definitions: &Arc<Definitions>, save: Save) -> Vec<Touched> {
        self.closed.extend(save.closed);
        // One that is let go is made again from the rows when somebody asks for it.
        self.closed.drain(..self.closed.len().saturating_sub(MAX_PANES));
        for position in save.positions {
            let seq = self.positions.entry(position.lane).or_insert(0);
            *seq = (*seq).max(position.seq);
        }
        let new = Waiting { definitions: definitions.clone(), recorded: save.recorded, evaluated: save.evaluated };
        match self.waiting.back_mut() {
            _ if new.is_empty() => {}
            // What the rules made of readings stays with them.
            Some(last) if Arc::ptr_eq(&last.definitions, definitions) && last.evaluated.is_empty() && new.evaluated.is_empty() => {
                last.recorded.extend(new.recorded);
            }
            _ => self.waiting.push_back(new.in_order()),
        }
        let waiting: usize = self.waiting.iter().map(|waiting| waiting.recorded.len()).sum();
        if waiting <= MAX_WAITING { Vec::new() } else { self.let_go(waiting - MAX_WAITING / 2) }
    }

    /// Lets the oldest readings go. What the rules made of them stays: it can't be made again.
    fn let_go(&mut self, mut count: usize) -> Vec<Touched> {
        let mut gone = Vec::new();
        for waiting in &mut self.waiting {
            let some = count.min(waiting.recorded.len());
            gone.extend(waiting.recorded.drain(..some));
            count -= some;
        }
        self.waiting.retain(|waiting| !waiting.is_empty());
        ranges(gone.into_iter())
    }

    fn is_idle(&self) -> bool {
        self.waiting.is_empty() && self.closed.is_empty() && self.positions.is_empty()
    }

    /// Sends what waits, if the last save is done.
    pub(super) fn push(&mut self) {
        if self.is_idle() {
            return;
        }
        let Ok(slot) = self.queue.clone().try_reserve_owned() else { return };
        slot.send(self.next());
    }

    /// The next transaction. Positions move on only once every reading before them is saved.
    fn next(&mut self) -> (Arc<Definitions>, Save) {
        let Waiting { definitions, mut recorded, mut evaluated } = self.waiting.pop_front().unwrap_or_default();
        let rest = recorded.split_off(recorded.len().min(CHUNK));
        if !rest.is_empty() {
            let evaluated = std::mem::take(&mut evaluated);
            self.waiting.push_front(Waiting { definitions: definitions.clone(), recorded: rest, evaluated });
        }
        let positions = if self.waiting.is_empty() { std::mem::take(&mut self.positions) } else { BTreeMap::new() };
        let positions = positions.into_iter().map(|(lane, seq)| Position { lane, seq }).collect();
        (definitions, Save { recorded, evaluated, closed: std::mem::take(&mut self.closed), positions })
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
    pub(super) async fn finish(mut self) {
        while !self.is_idle() {
            let next = self.next();
            // The task is gone only when the lease is, which its own outcome says.
            if self.queue.send(next).await.is_err() {
                return;
            }
        }
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

async fn run(parts: Parts, fence: Fence, mut saves: mpsc::Receiver<(Arc<Definitions>, Save)>) -> Result<(), StoreError> {
    while let Some((definitions, save)) = saves.recv().await {
        commit(&parts, &fence, &definitions, &save).await?;
        let now = parts.clock.now();
        let recorded: Vec<_> = save.recorded.into_iter().map(|recorded| recorded.reading).collect();
        parts.hub.publish(now, &[], &recorded);
    }
    Ok(())
}

/// The panes, which may be missing but never wrong, and then T2.
async fn save_once(parts: &Parts, fence: &Fence, definitions: &Definitions, now: Timestamp, save: &Save) -> Result<usize, StoreError> {
    if !save.closed.is_empty() {
        parts.store.keep_panes(fence, &save.closed, Made::Closed).await?;
    }
    parts.store.commit_readings(fence, now, definitions, &save.recorded, &save.evaluated, &save.positions).await
}

/// T2 until it works: readings are never dropped for a database that is away. A lost lease, or a fault of ours, ends it.
async fn commit(parts: &Parts, fence: &Fence, definitions: &Definitions, save: &Save) -> Result<(), StoreError> {
    let mut pause = Duration::from_millis(100);
    loop {
        let now = parts.clock.now();
        match save_once(parts, fence, definitions, now, save).await {
            Ok(inserted) => {
                parts.counters.recorded.fetch_add(inserted as u64, Ordering::Relaxed);
                parts.counters.save_failures_in_a_row.store(0, Ordering::Relaxed);
                return Ok(());
            }
            Err(error @ (StoreError::Unavailable(_) | StoreError::Conflict(_) | StoreError::Full(_))) => {
                parts.counters.save_failures.fetch_add(1, Ordering::Relaxed);
                parts.counters.save_failures_in_a_row.fetch_add(1, Ordering::Relaxed);
                tracing::warn!(error = %crate::http::refusal::chain(&error), "readings can't be saved yet; trying again");
                parts.clock.pause(pause).await;
                pause = (pause * 2).min(Duration::from_secs(5));
            }
            Err(error) => return Err(error),
        }
    }
}
