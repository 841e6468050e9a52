//! The intake's own figures, for `/metrics`. Counters only grow, since the server's start; nothing is decided by them.

use super::lane::QUEUE_WEIGHT;
use crate::store::WriteBatch;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// A counter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Figure {
    /// Its name, without the product's.
    pub name: &'static str,
    /// What it counts.
    pub help: &'static str,
    /// How many since the server's start.
    pub total: u64,
}

/// What goes up and down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Level {
    /// Its name, without the product's.
    pub name: &'static str,
    /// What it measures.
    pub help: &'static str,
    /// How much there is now.
    pub now: u64,
}

/// Counters of the intake. The depths of the queues are [`super::Intake::levels`].
#[derive(Debug, Default)]
pub struct IntakeMetrics {
    /// Transactions that were committed.
    pub commits: AtomicU64,
    /// Attempts to commit that failed; each is repeated or answered.
    pub failed_commits: AtomicU64,
    /// Observations that were committed, repeats included.
    pub samples: AtomicU64,
    /// Cases that were committed, repeats included.
    pub cases: AtomicU64,
    /// Rejects that were committed.
    pub rejects: AtomicU64,
    /// Submissions that found no room in a lane and were refused as busy.
    pub refused_busy: AtomicU64,
    /// Submissions that could not be made durable in time.
    pub refused_unavailable: AtomicU64,
    /// Committed batches that the pipeline's full queue did not take; the pipeline reads them again from the store.
    pub skipped_batches: AtomicU64,
    /// MQTT messages that were received and are not yet acknowledged.
    pub mqtt_in_flight: AtomicU64,
    /// MQTT messages that were acknowledged after their commit.
    pub mqtt_acknowledged: AtomicU64,
}

impl IntakeMetrics {
    pub(super) fn committed(&self, batch: &WriteBatch) {
        self.commits.fetch_add(1, Relaxed);
        self.samples.fetch_add(batch.samples.len() as u64, Relaxed);
        self.cases.fetch_add(batch.cases.len() as u64, Relaxed);
        self.rejects.fetch_add(batch.rejects.len() as u64, Relaxed);
    }

    pub(super) fn figures(&self) -> Vec<Figure> {
        let figure = |name, help, counter: &AtomicU64| Figure { name, help, total: counter.load(Relaxed) };
        vec![
            figure("ingest_commits", "Transactions that were committed", &self.commits),
            figure("ingest_commit_failures", "Attempts to commit that failed; each is repeated or answered", &self.failed_commits),
            figure("ingest_observations", "Observations that were committed, repeats included", &self.samples),
            figure("ingest_cases", "Cases that were committed, repeats included", &self.cases),
            figure("ingest_rejects", "Refused items that were committed", &self.rejects),
            figure("ingest_refused_busy", "Submissions refused because the queue was full", &self.refused_busy),
            figure("ingest_refused_unavailable", "Submissions that could not be made durable", &self.refused_unavailable),
            figure("ingest_batches_skipped", "Committed batches that the pipeline reads again from the store", &self.skipped_batches),
            figure("mqtt_messages_acknowledged", "Messages acknowledged after their commit", &self.mqtt_acknowledged),
        ]
    }

    pub(super) fn levels(&self, queued: u64) -> Vec<Level> {
        vec![
            Level { name: "ingest_queue", help: "What waits for its commit, by weight", now: queued },
            Level { name: "ingest_queue_limit", help: "The most that may wait in one lane", now: u64::from(QUEUE_WEIGHT) },
            Level {
                name: "mqtt_messages_in_flight",
                help: "Messages received and not yet acknowledged",
                now: self.mqtt_in_flight.load(Relaxed),
            },
        ]
    }
}
