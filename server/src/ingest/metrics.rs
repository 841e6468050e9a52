//! The intake's own figures, for `/metrics`. Counters only grow, since the server's start; nothing is decided by them.

use crate::store::WriteBatch;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Counters of the intake. Depths of the queues are asked of [`super::Intake::depths`].
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
}
