//! History that is too old goes by whole parts: partitions, or TimescaleDB's chunks.
//!
//! It must never wait long for a lock: whoever asks after it would wait behind it.

use super::{Store, StoreError, micros::Micros};
use deadpool_postgres::Transaction;
use jiff::Timestamp;

/// What is kept in parts by its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum History {
    /// Observations as they came.
    Observations,
    /// Their minutes.
    Minutes,
    /// Their hours.
    Hours,
    /// Recorded readings.
    Readings,
}

impl History {
    fn table(self) -> &'static str {
        match self {
            Self::Observations => "observation",
            Self::Minutes => "rollup_1m",
            Self::Hours => "rollup_1h",
            Self::Readings => "reading",
        }
    }
}

/// Rollups of what was dropped can't be made again, so they stay as they are.
const HAS_ROLLUPS: &str = "SELECT EXISTS (SELECT FROM pg_attribute WHERE attrelid = to_regclass('rollup_state') AND attname = 'raw_from')";
/// A part that somebody reads just now goes at the next round.
const LOCK_LIMIT: &str = "SET LOCAL lock_timeout = '500ms'";
/// The partitions of a table that end at or before a time.
const PARTITIONS: &str = "SELECT quote_ident(part.relname) FROM pg_inherits JOIN pg_class part ON part.oid = inhrelid \
    WHERE inhparent = to_regclass($1) AND part.relispartition \
    AND substring(pg_get_expr(part.relpartbound, part.oid) FROM 'TO \\(''([^'']+)''\\)')::timestamptz <= $2 ORDER BY part.relname";
const IS_HYPERTABLE: &str = "SELECT EXISTS (SELECT FROM pg_extension WHERE extname = 'timescaledb') \
    AND EXISTS (SELECT FROM pg_inherits JOIN pg_class chunk ON chunk.oid = inhrelid JOIN pg_namespace space ON space.oid = chunk.relnamespace \
    WHERE inhparent = to_regclass($1) AND space.nspname = '_timescaledb_internal')";

impl Store {
    /// Drops the parts that hold only what is from before then, oldest first, and returns how many went. What somebody reads
    /// just now, and what comes after it, stays for the next time.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn drop_before(&self, what: History, before: Timestamp) -> Result<u64, StoreError> {
        let table = what.table();
        let mut client = self.client().await?;
        if what == History::Observations && client.query_one(HAS_ROLLUPS, &[]).await?.try_get(0)? {
            client.execute("UPDATE rollup_state SET raw_from = greatest(raw_from, $1)", &[&Micros::from(before)]).await?;
        }
        if client.query_one(IS_HYPERTABLE, &[&table]).await?.try_get(0)? {
            let transaction = client.transaction().await?;
            transaction.batch_execute(LOCK_LIMIT).await?;
            let chunks =
                transaction.query("SELECT drop_chunks($1::text::regclass, $2::timestamptz)", &[&table, &Micros::from(before)]).await?;
            transaction.commit().await?;
            return Ok(chunks.len() as u64);
        }
        let mut dropped = 0;
        for row in client.query(PARTITIONS, &[&table, &Micros::from(before)]).await? {
            let transaction = client.transaction().await?;
            match drop_one(&transaction, row.try_get(0)?).await {
                Ok(()) => transaction.commit().await?,
                Err(StoreError::Conflict(_)) => break,
                Err(error) => return Err(error),
            }
            dropped += 1;
        }
        if dropped > 0 {
            self.partitions().forget();
        }
        Ok(dropped)
    }
}

async fn drop_one(transaction: &Transaction<'_>, name: &str) -> Result<(), StoreError> {
    transaction.batch_execute(LOCK_LIMIT).await?;
    Ok(transaction.batch_execute(&format!("DROP TABLE {name}")).await?)
}
