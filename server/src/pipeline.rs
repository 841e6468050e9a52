//! The pipeline: committed batches through the engine, readings to the hub and into the store.
//!
//! One task owns the engine. It never waits for a client or for the database: what is to be saved goes to a saver of
//! its own, what is to be recomputed to a job of its own. Only this module calls the engine.

mod closed;
mod desk;
mod recompute;
mod restore;
mod saver;
mod swap;

pub use desk::{RecomputeDesk, instants};

use crate::bands::UsualBands;
use crate::clock::Clock;
use crate::definitions::InForce;
use crate::hub::Hub;
use crate::store::{Fence, Store, StoreError};
use crate::telemetry::PipelineCounters;
use jiff::Timestamp;
use recompute::Recompute;
use saver::{Save, Saver, Saving};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use swap::{Missed, Next, Swap};
use taydo_engine::alert::{Evaluated, Watch};
use taydo_engine::{Batch, Effects, Engine, Input, Position};
use taydo_model::Definitions;
use taydo_model::recompute::RecomputeJob;
use tokio::sync::{mpsc, watch};

/// Batches that wait for the engine. When it is full the lane drops its copy: the rows are committed, and the pipeline
/// reads them again when it sees the hole in the lane's numbers.
pub const QUEUE: usize = 64;
/// Batches that are stepped before the screens get their turn.
const BATCHES_PER_TURN: usize = 32;

/// What the pipeline works with.
#[derive(Debug, Clone)]
pub struct Parts {
    /// The definition set by which this is done.
    pub definitions: Arc<Definitions>,
    /// The set in force, and what is to follow it.
    pub in_force: InForce,
    /// What lasts.
    pub store: Store,
    /// Live readings.
    pub hub: Hub,
    /// Time.
    pub clock: Clock,
    /// How often changes go to the hub.
    pub tick: Duration,
    /// Where figures usually lie, for the rules that ask.
    pub bands: watch::Receiver<Arc<UsualBands>>,
    /// The server's own figures.
    pub counters: Arc<PipelineCounters>,
}

/// The engine's owner.
#[derive(Debug)]
pub struct Pipeline {
    parts: Parts,
    fence: Fence,
    engine: Engine,
    /// What the rules make of recorded readings.
    watch: Watch,
    /// The last batch of each lane that the engine has seen.
    seen: BTreeMap<i16, i64>,
    saver: Saver,
    saving: Saving,
    recompute: Recompute,
    desk: RecomputeDesk,
    /// What is asked for at the desk; it is never closed while the desk is here.
    asked: mpsc::Receiver<RecomputeJob>,
    swap: Swap,
    next_tick: Timestamp,
}

impl Pipeline {
    /// Rebuilds the engine from the store as the leader, and shows what it knows.
    ///
    /// # Errors
    /// When the store can't be read.
    pub async fn start(parts: Parts, fence: Fence) -> Result<Self, StoreError> {
        let now = parts.clock.now();
        let restored = restore::restore(&parts, &fence, now).await?;
        parts.hub.open(now, fence.number(), &parts.definitions, &restored.engine.snapshot(now));
        let (saver, saving) = Saver::start(&parts, &fence);
        let (desk, asked, standing) = RecomputeDesk::open();
        let mut recompute = Recompute::new(&parts, &fence, standing);
        parts.store.unfinished_recomputes().await?.iter().for_each(|job| recompute.ask(job));
        let swap = Swap::new(&parts, &fence);
        let seen = restored.positions.iter().map(|position| (position.lane, position.seq)).collect();
        let (watch, evaluated) = restore::watch(&parts, now).await?;
        let mut pipeline =
            Self { parts, fence, engine: restored.engine, watch, seen, saver, saving, recompute, desk, asked, swap, next_tick: now };
        pipeline.decide(evaluated);
        pipeline.follow(now, restored.first);
        Ok(pipeline)
    }

    /// Where recomputes are asked for.
    #[must_use]
    pub fn desk(&self) -> RecomputeDesk {
        self.desk.clone()
    }

    /// Runs until the lanes are gone (a graceful stop: everything they sent is stepped and saved first) or the lease is
    /// lost.
    ///
    /// # Errors
    /// When another process has taken the lease.
    pub async fn run(mut self, mut batches: mpsc::Receiver<Batch>) -> Result<(), StoreError> {
        let mut waiting = Vec::with_capacity(BATCHES_PER_TURN);
        loop {
            let clock = self.parts.clock.clone();
            tokio::select! {
                received = batches.recv_many(&mut waiting, BATCHES_PER_TURN) => {
                    if received == 0 {
                        return self.finish().await;
                    }
                    for batch in waiting.drain(..) {
                        self.take(batch).await;
                    }
                }
                () = clock.sleep_until(self.next_turn()) => {}
                () = self.saver.room() => {}
                outcome = self.saving.ended() => return outcome,
                Some(job) = self.asked.recv() => self.recompute.ask(&job),
                done = self.recompute.done() => {
                    let now = self.parts.clock.now();
                    let finished = self.recompute.finished(now, done);
                    if !finished.reclosed.is_empty() {
                        let effects = self.engine.step(now, Input::Reclosed(finished.reclosed));
                        self.follow(now, effects);
                    }
                    let positions = self.recompute.hold(finished.positions);
                    self.saver.add(&self.parts.definitions, Save { positions, ..Save::default() });
                }
                () = self.swap.moved(&clock) => {}
            }
            self.redefine().await;
            self.turn();
        }
    }

    fn next_turn(&self) -> Timestamp {
        [self.engine.next_wake(), self.recompute.due(), self.swap.due()].into_iter().flatten().fold(self.next_tick, Timestamp::min)
    }

    /// What time alone brings: grid instants, the screens' tick, the next recompute.
    fn turn(&mut self) {
        let now = self.parts.clock.now();
        if self.engine.next_wake().is_some_and(|wake| wake <= now) {
            let effects = self.engine.step(now, Input::Wake);
            self.follow(now, effects);
        }
        if now >= self.next_tick {
            let effects = self.engine.step(now, Input::Tick);
            self.parts.hub.publish(now, &effects.live, &[]);
            self.follow(now, effects);
            self.next_tick = now.checked_add(self.parts.tick).unwrap_or(Timestamp::MAX);
        }
        self.recompute.start_if_due(now, |kpi| self.engine.closed_until(kpi));
        self.saver.push();
    }

    /// Steps a batch; one that doesn't follow the lane's last is preceded by what lies between.
    async fn take(&mut self, batch: Batch) {
        if let Some(position) = batch.position {
            let last = self.seen.get(&position.lane).copied().unwrap_or(0);
            if position.seq <= last {
                return;
            }
            if position.seq > last + 1 {
                self.fill_gap(Position { lane: position.lane, seq: last }).await;
            }
            let seen = self.seen.entry(position.lane).or_insert(0);
            *seen = (*seen).max(position.seq);
        }
        let now = self.parts.clock.now();
        self.parts.counters.batches.fetch_add(1, Ordering::Relaxed);
        self.parts.counters.samples.fetch_add(batch.samples.len() as u64, Ordering::Relaxed);
        self.step(now, batch);
    }

    fn step(&mut self, now: Timestamp, batch: Batch) {
        self.swap.miss(&batch);
        let effects = self.engine.step(now, Input::Batch(batch));
        self.follow(now, effects);
    }

    /// Goes on by other definitions, when some are wished for and what they change is rebuilt.
    async fn redefine(&mut self) {
        let now = self.parts.clock.now();
        match self.swap.next(now, &self.parts, &self.engine, &self.seen) {
            Next::Wait => {}
            Next::Fill(position) => self.fill_gap(position).await,
            Next::TakeOver(beside, missed) => {
                let missed = self.missed(beside.definitions(), missed).await;
                self.take_over(now, *beside, missed);
            }
        }
    }

    async fn missed(&self, definitions: &Arc<Definitions>, missed: Missed) -> Vec<Batch> {
        match missed {
            Missed::Batches(batches) => batches,
            Missed::After(positions) => {
                let parts = Parts { definitions: definitions.clone(), ..self.parts.clone() };
                let mut batches = Vec::new();
                for position in positions {
                    batches.extend(self.read_again(&parts, position).await.batches);
                }
                batches
            }
        }
    }

    /// What is owed under the old definitions is saved under them; from then on all is done by the new ones.
    fn take_over(&mut self, now: Timestamp, beside: Engine, missed: Vec<Batch>) {
        let definitions = beside.definitions().clone();
        let effects = self.engine.swap(now, beside, missed);
        self.follow(now, effects);
        self.parts.definitions = definitions.clone();
        let evaluated = self.watch.redefine(definitions.clone(), now);
        self.decide(evaluated);
        self.recompute.redefine(now, &self.parts);
        // The pages ask for boards as soon as the hub tells them, so the set is in force before.
        self.parts.in_force.replace(now, definitions.clone());
        self.parts.hub.open(now, self.fence.number(), &definitions, &self.engine.snapshot(now));
        tracing::info!(definitions = definitions.hash, kpis = definitions.kpis.len(), "other definitions are in force");
        let effects = self.engine.step(now, Input::Wake);
        self.follow(now, effects);
    }

    /// Reads again from the store what the lane committed after this position. The rows are durable, so this is tried
    /// until it works; meanwhile the screens' values age, and say so.
    async fn fill_gap(&mut self, after: Position) {
        let missed = self.read_again(&self.parts, after).await;
        let now = self.parts.clock.now();
        for batch in missed.batches {
            self.step(now, batch);
        }
        if let Some(last) = missed.last {
            self.seen.insert(last.lane, last.seq);
        }
    }

    async fn read_again(&self, parts: &Parts, after: Position) -> restore::Missed {
        loop {
            self.parts.counters.gaps.fetch_add(1, Ordering::Relaxed);
            match restore::read_after(parts, after).await {
                Ok(missed) => return missed,
                Err(error) => {
                    tracing::warn!(lane = after.lane, error = %crate::http::refusal::chain(&error), "can't read missed batches again yet");
                    self.parts.clock.pause(Duration::from_secs(1)).await;
                }
            }
        }
    }

    /// Saves what the rules came to without a reading.
    fn decide(&mut self, evaluated: Evaluated) {
        self.saver.add(&self.parts.definitions, Save { evaluated, ..Save::default() });
    }

    /// Hands effects on: recorded readings, what the rules make of them, and positions to the saver, ranges to the recompute.
    fn follow(&mut self, now: Timestamp, effects: Effects) {
        self.recompute.add(now, effects.recompute);
        self.recompute.reopen(now, effects.reopened);
        let positions = self.recompute.hold(effects.positions);
        let evaluated = {
            let bands = self.parts.bands.borrow();
            self.watch.step(now, &effects.recorded, &**bands)
        };
        let save = Save { recorded: effects.recorded, evaluated, closed: effects.closed, positions };
        let overflow = self.saver.add(&self.parts.definitions, save);
        self.recompute.add(now, overflow);
    }

    /// Saves what is left.
    async fn finish(mut self) -> Result<(), StoreError> {
        let now = self.parts.clock.now();
        let effects = self.engine.step(now, Input::Wake);
        self.follow(now, effects);
        self.recompute.abandon();
        self.swap.abandon();
        tracing::info!(fence = self.fence.number(), "the pipeline has drained");
        self.saver.finish().await;
        self.saving.ended().await
    }
}
