//! The log of committed batches, and how far the engine has consumed each lane of it.
//!
//! It must never forget a batch that the engine hasn't consumed.

use super::{Store, StoreError, micros::Micros};
use jiff::{SignedDuration, Timestamp};
use taydo_engine::Position;
use tokio_postgres::Transaction;

/// How many batches are read at once.
const CHUNK: i64 = 10_000;
/// How long consumed batches are kept, for whoever looks into what happened.
const KEPT: SignedDuration = SignedDuration::from_hours(24);
const MOST_REJECTS: i64 = 100_000;

/// A committed batch as the store remembers it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommittedBatch {
    /// The lane and the batch's number in it.
    pub position: Position,
    /// The earliest and the latest time among the observations that it changed.
    pub span: Option<(Timestamp, Timestamp)>,
}

/// Moves lanes on; one that is further already stays.
pub(super) async fn advance(transaction: &Transaction<'_>, positions: &[Position]) -> Result<(), StoreError> {
    for position in positions {
        let sql = "INSERT INTO lane (lane, seq) VALUES ($1, $2) ON CONFLICT (lane) DO UPDATE SET seq = greatest(lane.seq, excluded.seq)";
        transaction.execute(sql, &[&position.lane, &position.seq]).await?;
    }
    Ok(())
}

impl Store {
    /// How far each lane has been consumed, by lane; one that never was has the number 0.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn positions(&self) -> Result<Vec<Position>, StoreError> {
        let sql = "SELECT lane, max(seq) FROM (SELECT lane, seq FROM lane UNION ALL SELECT DISTINCT lane, 0 FROM ingest_batch) AS known GROUP BY lane ORDER BY lane";
        let rows = self.client().await?.query(sql, &[]).await?;
        rows.iter().map(|row| Ok(Position { lane: row.try_get(0)?, seq: row.try_get(1)? })).collect()
    }

    /// The lane's batches after this position, in order, at most 10,000 of them; ask again from the last for more.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn batches_after(&self, position: Position) -> Result<Vec<CommittedBatch>, StoreError> {
        let sql = "SELECT seq, min_time, max_time FROM ingest_batch WHERE lane = $1 AND seq > $2 ORDER BY seq LIMIT $3";
        let rows = self.client().await?.query(sql, &[&position.lane, &position.seq, &CHUNK]).await?;
        let decode = |row: &tokio_postgres::Row| {
            let (min, max): (Option<Micros>, Option<Micros>) = (row.try_get(1)?, row.try_get(2)?);
            let span = min.zip(max).map(|(min, max)| (min.timestamp(), max.timestamp()));
            Ok(CommittedBatch { position: Position { lane: position.lane, seq: row.try_get(0)? }, span })
        };
        rows.iter().map(decode).collect()
    }

    /// When the oldest batch that is still remembered was committed.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn oldest_batch(&self) -> Result<Option<Timestamp>, StoreError> {
        let row = self.client().await?.query_one("SELECT min(committed_at) FROM ingest_batch", &[]).await?;
        Ok(row.try_get::<_, Option<Micros>>(0)?.map(Micros::timestamp))
    }

    /// Deletes rejects from before `rejects_before` or beyond 100,000 rows, and batches that were committed a day ago and are consumed.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn prune(&self, rejects_before: Timestamp, now: Timestamp) -> Result<(), StoreError> {
        let client = self.client().await?;
        let rejects = "DELETE FROM reject WHERE received_at < $1 OR id <= (SELECT max(id) FROM reject) - $2";
        client.execute(rejects, &[&Micros::from(rejects_before), &MOST_REJECTS]).await?;
        let batches = "DELETE FROM ingest_batch AS batch USING lane WHERE lane.lane = batch.lane AND batch.seq <= lane.seq AND batch.committed_at < $1";
        client.execute(batches, &[&Micros::from(now.checked_sub(KEPT).unwrap_or(Timestamp::MIN))]).await?;
        Ok(())
    }
}
