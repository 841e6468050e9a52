//! Dropping what is old: whole partitions or chunks of the tables that are kept by time.
//!
//! It must never drop rows that are not rolled up yet, never let the rollups of what was dropped be made again from
//! nothing, and never let those who write wait long for those who read.

use super::partition::Table;
use super::rollup::ROLLING;
use super::{Layout, Store, StoreError, aggregate, micros::Micros, session::Session};
use jiff::Timestamp;
use tokio_postgres::Transaction;

/// Dropping waits so long for readers, and writers behind it. Who comes too late tries again with the next call.
const LOCK_LIMIT: &str = "SET LOCAL lock_timeout = '200ms'";

/// What has been dropped.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Dropped {
    /// Partitions or chunks.
    pub parts: u64,
    /// Nothing of before this is left; `None` when nothing was dropped.
    pub until: Option<Timestamp>,
    /// Whether there is more, which is being read just now: ask again later.
    pub is_in_use: bool,
}

impl Store {
    /// Drops what lies wholly before the instant, in whole partitions or chunks, oldest first: less than was asked
    /// when something before it is not rolled up yet, or is still needed to make a rollup again. Minutes never go
    /// before the rows, nor hours.
    ///
    /// # Errors
    /// See [`StoreError`]; what was dropped until then stays dropped.
    pub async fn drop_before(&self, table: Table, instant: Timestamp) -> Result<Dropped, StoreError> {
        let mut session = Session::connect(self.config(), "taydo retention", None).await?;
        // Nobody rolls up meanwhile. The lock goes with the connection.
        session.client.execute("SELECT pg_advisory_lock($1)", &[&ROLLING]).await?;
        let now = self.clock().now();
        let instant = self.droppable(&session, table, instant.min(now)).await?;
        let mut dropped = Dropped::default();
        let Some(instant) = instant else { return Ok(dropped) };
        if self.layout() == Layout::Timescale {
            aggregate::settle_before_drop(&session, table, instant, now).await?;
        }
        for (part, end) in parts(&session, self.layout(), table, instant).await? {
            match self.drop_part(&mut session, table, &part, end).await {
                Ok(()) => dropped = Dropped { parts: dropped.parts + 1, until: Some(end.timestamp()), is_in_use: false },
                Err(StoreError::Conflict(_)) => {
                    dropped.is_in_use = true;
                    break;
                }
                Err(error) => return Err(error),
            }
        }
        self.partitions().forget();
        Ok(dropped)
    }

    /// Up to where the table may be dropped, at most the instant.
    async fn droppable(&self, session: &Session, table: Table, instant: Timestamp) -> Result<Option<Micros>, StoreError> {
        if !self.layout().is_rolled_by_us() {
            return Ok(Some(instant.into()));
        }
        // A day is made again from its hours, of which the first may be of the day before in UTC.
        let sql = match table {
            Table::Reading => return Ok(Some(instant.into())),
            Table::Observation => "SELECT least(done_1m, (SELECT min(first) FROM rollup_note, unnest(firsts) AS first)) FROM rollup_state",
            Table::Minutes => "SELECT CASE WHEN raw_from IS NOT NULL THEN least(raw_from, done_1h) END FROM rollup_state",
            Table::Hours => {
                "SELECT CASE WHEN raw_from IS NOT NULL THEN least(raw_from, done_1d) - interval '24 hours' END FROM rollup_state"
            }
        };
        let limit: Option<Micros> = session.client.query_one(sql, &[]).await?.try_get(0)?;
        Ok(limit.map(|limit| limit.min(instant.into())))
    }

    async fn drop_part(&self, session: &mut Session, table: Table, part: &str, end: Micros) -> Result<(), StoreError> {
        let transaction = session.client.transaction().await?;
        transaction.batch_execute(LOCK_LIMIT).await?;
        if table == Table::Observation && self.layout().is_rolled_by_us() {
            transaction.execute("UPDATE rollup_state SET raw_from = greatest(raw_from, $1)", &[&end]).await?;
        }
        match self.layout() {
            Layout::Plain => transaction.batch_execute(&format!("DROP TABLE {part}")).await?,
            Layout::TimescaleApache | Layout::Timescale => drop_chunks(&transaction, self.layout(), table, end).await?,
        }
        transaction.commit().await?;
        Ok(())
    }
}

async fn drop_chunks(transaction: &Transaction<'_>, layout: Layout, table: Table, end: Micros) -> Result<(), StoreError> {
    let sql = "SELECT count(*) FROM drop_chunks($1::text::regclass, older_than => $2::timestamptz)";
    transaction.query_one(sql, &[&table.relation(layout), &end]).await?;
    Ok(())
}

/// The parts that end at or before the instant, oldest first, by name and end.
async fn parts(session: &Session, layout: Layout, table: Table, instant: Micros) -> Result<Vec<(String, Micros)>, StoreError> {
    let sql = match layout {
        Layout::Plain => {
            "SELECT format('%I', relname), until FROM (SELECT c.relname, \
            substring(pg_get_expr(c.relpartbound, c.oid) FROM 'TO \\(''(.*)''\\)')::timestamptz AS until \
            FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = $1::text::regclass) AS part \
            WHERE until <= $2 ORDER BY until"
        }
        // A continuous aggregate's chunks are listed under the table behind it.
        Layout::TimescaleApache | Layout::Timescale => {
            "SELECT chunk_name::text, range_end FROM timescaledb_information.chunks \
            WHERE hypertable_name = coalesce((SELECT materialization_hypertable_name FROM timescaledb_information.continuous_aggregates \
            WHERE view_name = $1), $1) AND range_end <= $2 ORDER BY range_end"
        }
    };
    let rows = session.client.query(sql, &[&table.relation(layout), &instant]).await?;
    rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect()
}
