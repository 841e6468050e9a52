//! Lanes: each is one task with one writer, which commits together whatever has queued up meanwhile.
//!
//! A lane never decides whether an item is good, and never answers before COMMIT. Its queue is bounded by weight; a
//! submission that finds no room in time is refused as busy, and its sender keeps what it has.

use super::{metrics::IntakeMetrics, registry::Registry};
use crate::{
    clock::Clock,
    store::{Committed, NewReject, NewSample, StoreError, WriteBatch, Writer},
};
use jiff::Timestamp;
use std::{collections::HashSet, sync::Arc, sync::atomic::Ordering::Relaxed, time::Duration};
use taydo_engine::{Batch, CaseVersion, Series, SeriesId};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};
use tokio_util::sync::CancellationToken;

/// A lane's room. An observation weighs 1, and about 64 bytes.
pub const QUEUE_WEIGHT: u32 = 200_000;
/// What a case or a reject weighs, with its texts.
const HEAVY: usize = 8;
/// The most submissions that wait in a lane, whatever they weigh.
const QUEUE_SUBMISSIONS: usize = 8192;
/// A commit takes in no more once it weighs this much: beyond it, larger commits are hardly faster.
const COMMIT_WEIGHT: usize = 20_000;
/// A commit that weighs less than this waits for more …
const TRICKLE_WEIGHT: usize = 1_000;
/// … for so long, unless a backlog filled it at once.
const GATHER: Duration = Duration::from_millis(2);
/// The pause after a commit failed; it doubles up to the second one.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LAST_PAUSE: Duration = Duration::from_secs(5);

/// Rows of one submission.
#[derive(Debug, Clone, Default)]
pub(super) struct Rows {
    pub(super) received: Timestamp,
    pub(super) samples: Vec<NewSample>,
    pub(super) cases: Vec<CaseVersion>,
    pub(super) rejects: Vec<NewReject>,
}

/// Why rows did not become durable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Failure {
    /// The lane had no room.
    Busy,
    /// The database can't be reached, or the server stops.
    Unavailable,
    /// The database's disk is full.
    Full,
    /// The database refuses these rows.
    Internal,
}

#[derive(Debug)]
struct Submission {
    rows: Rows,
    done: oneshot::Sender<Result<(), Failure>>,
    /// Gives the room back when the submission is dropped.
    _room: OwnedSemaphorePermit,
}

/// The way into a lane.
#[derive(Debug, Clone)]
pub(super) struct Lane {
    queue: mpsc::Sender<Submission>,
    room: Arc<Semaphore>,
}

impl Rows {
    fn weight(&self) -> usize {
        self.samples.len() + HEAVY * (self.cases.len() + self.rejects.len())
    }
}

impl Lane {
    /// How much room is left.
    pub(super) fn room(&self) -> usize {
        self.room.available_permits()
    }

    /// What waits or is being committed, by weight.
    pub(super) fn depth(&self) -> usize {
        (QUEUE_WEIGHT as usize).saturating_sub(self.room())
    }

    /// Queues rows and waits until they are durable; at most so long for room, and so long for the commit.
    pub(super) async fn commit(&self, rows: Rows, patience: Duration, clock: &Clock) -> Result<(), Failure> {
        // What is heavier than the whole lane goes alone through an empty one.
        let weight = u32::try_from(rows.weight()).unwrap_or(QUEUE_WEIGHT).clamp(1, QUEUE_WEIGHT);
        let room = clock.timeout(patience, Arc::clone(&self.room).acquire_many_owned(weight)).await;
        let room = room.map_err(|_| Failure::Busy)?.map_err(|_| Failure::Unavailable)?;
        let (done, answer) = oneshot::channel();
        let submission = Submission { rows, done, _room: room };
        let sent = clock.timeout(patience, self.queue.send(submission)).await;
        sent.map_err(|_| Failure::Busy)?.map_err(|_| Failure::Unavailable)?;
        match clock.timeout(patience, answer).await {
            Ok(Ok(outcome)) => outcome,
            // Whoever no longer waits is left out of the next attempt; that the last one succeeded after all does no harm.
            Ok(Err(_)) | Err(_) => Err(Failure::Unavailable),
        }
    }
}

/// The task of a lane.
#[derive(Debug)]
pub(super) struct Worker {
    queue: mpsc::Receiver<Submission>,
    writer: Writer,
    registry: Arc<Registry>,
    pipeline: mpsc::Sender<Batch>,
    metrics: Arc<IntakeMetrics>,
    clock: Clock,
    stop: CancellationToken,
    /// Series made since the start that the engine has been told of by this lane.
    told: HashSet<SeriesId>,
}

/// A lane and its task, which runs until `stop` is cancelled and the queue is empty.
pub(super) fn open(
    writer: Writer,
    registry: Arc<Registry>,
    pipeline: mpsc::Sender<Batch>,
    metrics: Arc<IntakeMetrics>,
    clock: Clock,
    stop: CancellationToken,
) -> (Lane, Worker) {
    let (sender, queue) = mpsc::channel(QUEUE_SUBMISSIONS);
    let lane = Lane { queue: sender, room: Arc::new(Semaphore::new(QUEUE_WEIGHT as usize)) };
    (lane, Worker { queue, writer, registry, pipeline, metrics, clock, stop, told: HashSet::new() })
}

impl Worker {
    /// Commits until it is stopped and its queue is empty.
    pub(super) async fn run(mut self) {
        while let Some(first) = self.next().await {
            let submissions = self.gather(first).await;
            self.commit(submissions).await;
        }
    }

    async fn next(&mut self) -> Option<Submission> {
        tokio::select! {
            biased;
            submission = self.queue.recv() => submission,
            () = self.stop.cancelled() => {
                self.queue.close();
                self.queue.recv().await
            }
        }
    }

    /// The first submission and what has queued up behind it.
    async fn gather(&mut self, first: Submission) -> Vec<Submission> {
        let mut weight = first.rows.weight();
        let mut submissions = vec![first];
        self.take(&mut submissions, &mut weight);
        if weight < TRICKLE_WEIGHT {
            // A pause in real time, because a test that moves the clock doesn't mean this one.
            self.clock.pause(GATHER).await;
            self.take(&mut submissions, &mut weight);
        }
        submissions
    }

    fn take(&mut self, submissions: &mut Vec<Submission>, weight: &mut usize) {
        while *weight < COMMIT_WEIGHT {
            let Ok(next) = self.queue.try_recv() else { return };
            *weight += next.rows.weight();
            submissions.push(next);
        }
    }

    /// Commits submissions together and answers each. What the database refuses is tried again one by one, so that a
    /// submission that can't be stored takes no other with it.
    async fn commit(&mut self, submissions: Vec<Submission>) {
        let mut groups = vec![submissions];
        while let Some(group) = groups.pop() {
            let (group, outcome) = self.persist(group).await;
            match outcome {
                Err(Failure::Internal) if group.len() > 1 => groups.extend(group.into_iter().map(|one| vec![one])),
                outcome => {
                    for submission in group {
                        // Nobody waiting any more is no error: the sender has been told to try again.
                        let _ = submission.done.send(outcome);
                    }
                }
            }
        }
    }

    /// Commits until it succeeds, fails for good, nobody waits for it any more, or the server stops.
    async fn persist(&mut self, mut group: Vec<Submission>) -> (Vec<Submission>, Result<(), Failure>) {
        let mut pause = FIRST_PAUSE;
        let mut batch = merge(&group);
        loop {
            let failure = match self.writer.commit(&batch).await {
                Ok(committed) => {
                    self.metrics.committed(&batch);
                    self.hand_over(committed);
                    return (group, Ok(()));
                }
                Err(error @ StoreError::Conflict(_)) => {
                    tracing::debug!(%error, "a commit collided and is repeated");
                    Failure::Unavailable
                }
                Err(error @ StoreError::Full(_)) => {
                    tracing::warn!(error = &error as &dyn std::error::Error, "a commit found the disk full");
                    Failure::Full
                }
                Err(error @ StoreError::Unavailable(_)) => {
                    tracing::warn!(error = &error as &dyn std::error::Error, "a commit failed and is repeated");
                    Failure::Unavailable
                }
                Err(error) => {
                    tracing::error!(error = &error as &dyn std::error::Error, rows = batch.samples.len(), "the database refuses a commit");
                    Failure::Internal
                }
            };
            self.metrics.failed_commits.fetch_add(1, Relaxed);
            if failure != Failure::Unavailable || self.stop.is_cancelled() {
                return (group, Err(failure));
            }
            self.clock.pause(pause).await;
            pause = (pause * 2).min(LAST_PAUSE);
            if group.iter().any(|submission| submission.done.is_closed()) {
                group.retain(|submission| !submission.done.is_closed());
                if group.is_empty() {
                    return (group, Err(Failure::Unavailable));
                }
                batch = merge(&group);
            }
        }
    }

    /// Tells the pipeline what was committed. When its queue is full the batch is let go: it is durable, and the
    /// pipeline finds the gap by the next batch's number and reads it again from the store.
    fn hand_over(&mut self, committed: Committed) {
        let mut series: Vec<Series> = Vec::new();
        let mut last = None;
        for sample in &committed.samples {
            if last != Some(sample.series) && !self.registry.is_old(sample.series) && self.told.insert(sample.series) {
                series.extend(self.registry.young(sample.series));
            }
            last = Some(sample.series);
        }
        if let Err(error) = self.pipeline.try_send(committed.into_batch(series)) {
            let (mpsc::error::TrySendError::Full(batch) | mpsc::error::TrySendError::Closed(batch)) = error;
            // Its series have to be told again with the next batch that uses them.
            for series in &batch.series {
                self.told.remove(&series.id);
            }
            self.metrics.skipped_batches.fetch_add(1, Relaxed);
        }
    }
}

/// The submissions' rows as one batch. They are copied, so that they can be put together otherwise after a failure;
/// that costs a hundredth of what committing them does.
fn merge(group: &[Submission]) -> WriteBatch {
    let mut batch = WriteBatch::default();
    for Submission { rows, .. } in group {
        batch.received = batch.received.max(rows.received);
        batch.samples.extend_from_slice(&rows.samples);
        batch.cases.extend_from_slice(&rows.cases);
        batch.rejects.extend_from_slice(&rows.rejects);
    }
    batch
}
