//! Other definitions while running: what changed is rebuilt from the store by the code of a restart, beside the engine that
//! goes on, and taken over in one step.
//!
//! It owns the rebuilding and what it misses meanwhile. It must never put a set in force before its windows are whole.

use super::{Parts, restore};
use crate::clock::{Clock, later};
use crate::http::refusal::chain;
use crate::store::{Fence, StoreError};
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use taydo_engine::{Batch, Engine, Position};
use taydo_model::Definitions;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// After a failure the rebuilding begins again so much later.
const RETRY: Duration = Duration::from_secs(5);
/// So long the lanes' own copies of what the rebuilt engine has read already are waited for; then they are read again.
const PATIENCE: Duration = Duration::from_secs(2);
/// Observations and cases that are kept for the rebuilt engine. When there are more they are let go, and read again from
/// the store at the swap.
const MAX_MISSED: usize = 1_000_000;

/// What is on its way.
#[derive(Debug)]
pub(super) struct Swap {
    fence: Fence,
    wishes: watch::Receiver<Arc<Definitions>>,
    building: Option<Building>,
    /// What failed is tried again then.
    retry: Option<(Timestamp, Arc<Definitions>)>,
}

#[derive(Debug)]
struct Building {
    definitions: Arc<Definitions>,
    state: State,
    /// How far the engine that goes on had come when it began.
    since: BTreeMap<i16, i64>,
    missed: Vec<Batch>,
    missed_rows: usize,
    lost: bool,
}

#[derive(Debug)]
enum State {
    Running(JoinHandle<Result<Rebuilt, StoreError>>),
    /// Since when it has been waiting for the lanes' copies.
    Done(Box<Rebuilt>, Timestamp),
}

/// An engine with what the store had.
#[derive(Debug)]
pub(super) struct Rebuilt {
    pub(super) engine: Engine,
    /// It may know rows of the lanes up to these.
    pub(super) positions: Vec<Position>,
}

/// What is to be done now.
#[derive(Debug)]
pub(super) enum Next {
    /// Nothing yet.
    Wait,
    /// Read again what this lane committed after the position: its copy was dropped.
    Fill(Position),
    /// Take over.
    TakeOver(Box<Engine>, Missed),
}

/// What the rebuilt engine has not been told.
#[derive(Debug)]
pub(super) enum Missed {
    /// These batches.
    Batches(Vec<Batch>),
    /// Whatever the lanes committed after these.
    After(Vec<Position>),
}

impl Swap {
    pub(super) fn new(parts: &Parts, fence: &Fence) -> Self {
        let mut wishes = parts.in_force.wishes();
        // What was wished for before this began is looked at too.
        wishes.mark_changed();
        Self { fence: fence.clone(), wishes, building: None, retry: None }
    }

    /// Resolves when there is another wish, or the rebuilding has ended.
    pub(super) async fn moved(&mut self, clock: &Clock) {
        let ended = async {
            match self.building.as_mut().map(|building| &mut building.state) {
                Some(State::Running(task)) => {
                    let ended = task.await.unwrap_or_else(|error| Err(StoreError::Internal(error.into())));
                    Some(ended)
                }
                _ => std::future::pending().await,
            }
        };
        let ended = tokio::select! {
            changed = self.wishes.changed() => {
                if changed.is_err() {
                    std::future::pending::<()>().await;
                }
                self.wishes.mark_changed();
                None
            }
            ended = ended => ended,
        };
        if let Some(ended) = ended {
            self.ended(clock.now(), ended);
        }
    }

    fn ended(&mut self, now: Timestamp, ended: Result<Rebuilt, StoreError>) {
        let Some(mut building) = self.building.take() else { return };
        match ended {
            Ok(rebuilt) => {
                building.state = State::Done(Box::new(rebuilt), now);
                self.building = Some(building);
            }
            Err(error) => {
                tracing::warn!(error = %chain(&error), "the changed KPIs can't be rebuilt now; trying again");
                self.retry = Some((later(now, RETRY), building.definitions));
            }
        }
    }

    /// When `next` has something to do without anything else having happened.
    pub(super) fn due(&self) -> Option<Timestamp> {
        let waits = match self.building.as_ref().map(|building| &building.state) {
            Some(State::Done(_, since)) => Some(later(*since, PATIENCE)),
            _ => None,
        };
        waits.or(self.retry.as_ref().map(|(at, _)| *at))
    }

    /// Keeps a batch for the rebuilt engine.
    pub(super) fn miss(&mut self, batch: &Batch) {
        let Some(building) = &mut self.building else { return };
        building.missed_rows += batch.samples.len() + batch.cases.len();
        building.lost |= building.missed_rows > MAX_MISSED;
        if building.lost {
            building.missed = Vec::new();
        } else {
            building.missed.push(Batch { position: None, ..batch.clone() });
        }
    }

    /// Begins what is wished for, and says what is to be done now.
    pub(super) fn next(&mut self, now: Timestamp, parts: &Parts, engine: &Engine, seen: &BTreeMap<i16, i64>) -> Next {
        if self.wishes.has_changed().unwrap_or(false) {
            let wish = self.wishes.borrow_and_update().clone();
            self.abandon();
            if wish.hash != parts.definitions.hash {
                self.begin(now, parts, engine, seen, wish);
            }
        }
        if let Some((_, definitions)) = self.retry.take_if(|(at, _)| *at <= now) {
            self.begin(now, parts, engine, seen, definitions);
        }
        self.judge(now, seen)
    }

    fn begin(&mut self, now: Timestamp, parts: &Parts, engine: &Engine, seen: &BTreeMap<i16, i64>, definitions: Arc<Definitions>) {
        let changed = engine.changed(&definitions);
        tracing::info!(definitions = definitions.hash, kpis = changed.len(), "other definitions: rebuilding what changed");
        let beside = engine.beside(definitions.clone(), now);
        let state = if changed.is_empty() {
            State::Done(Box::new(Rebuilt { engine: beside, positions: Vec::new() }), now)
        } else {
            let parts = Parts { definitions: definitions.clone(), ..parts.clone() };
            let fence = self.fence.clone();
            State::Running(tokio::spawn(async move { restore::rebuild(&parts, &fence, now, beside).await }))
        };
        self.building = Some(Building { definitions, state, since: seen.clone(), missed: Vec::new(), missed_rows: 0, lost: false });
    }

    /// The engine that goes on must have been told every row that the rebuilt one has read.
    fn judge(&mut self, now: Timestamp, seen: &BTreeMap<i16, i64>) -> Next {
        let Some(Building { state: State::Done(rebuilt, since), .. }) = &self.building else { return Next::Wait };
        let last = |lane: i16| seen.get(&lane).copied().unwrap_or(0);
        if let Some(behind) = rebuilt.positions.iter().find(|position| last(position.lane) < position.seq) {
            let waited = later(*since, PATIENCE) <= now;
            return if waited { Next::Fill(Position { lane: behind.lane, seq: last(behind.lane) }) } else { Next::Wait };
        }
        match self.building.take() {
            Some(Building { state: State::Done(rebuilt, _), since, missed, lost, .. }) => {
                let since = || seen.keys().map(|lane| Position { lane: *lane, seq: since.get(lane).copied().unwrap_or(0) }).collect();
                let missed = if lost { Missed::After(since()) } else { Missed::Batches(missed) };
                Next::TakeOver(Box::new(rebuilt.engine), missed)
            }
            _ => Next::Wait,
        }
    }

    /// Ends without finishing.
    pub(super) fn abandon(&mut self) {
        self.retry = None;
        if let Some(Building { state: State::Running(task), .. }) = self.building.take() {
            task.abort();
        }
    }
}
