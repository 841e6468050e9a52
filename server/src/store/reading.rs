//! Recorded readings: T2, and reading them back.
//!
//! Insert-only: it must never change or delete a revision.

mod course;
mod name;
mod rollup;
mod row;

pub(super) use name::Names;
pub use rollup::{ReadingRoller, ReadingsRolled};

use super::{
    Fence, Store, StoreError, alert, batch_log, incident,
    micros::{Micros, cut},
    observation::copy_new,
    partition::Table,
};
use jiff::Timestamp;
use row::{COPY, Columns, INSERT, Row};
use std::collections::HashMap;
use taydo_engine::alert::Evaluated;
use taydo_engine::{Position, Recorded};
use taydo_model::{Definitions, KpiId, Quality, Scope, api::Point};
use tokio_postgres::Transaction;

/// How many readings one statement takes.
const CHUNK: usize = 5000;
/// Below so many readings an insert from arrays is faster than COPY.
const COPY_FROM: usize = 500;

impl Store {
    /// T2: of these readings those whose content (value, numerator, denominator, samples, quality, definition) differs
    /// from the newest revision are inserted as the next one, what the rules made of them goes to alerts, incidents and
    /// pages, and the lanes move on. Of several for one KPI, scope and time the last counts. Returns how many were inserted.
    ///
    /// # Errors
    /// `FenceLost` when another process has taken the lease; `Internal` for a KPI that `definitions` doesn't have; see [`StoreError`].
    pub async fn commit_readings(
        &self,
        fence: &Fence,
        now: Timestamp,
        definitions: &Definitions,
        readings: &[Recorded],
        evaluated: &Evaluated,
        positions: &[Position],
    ) -> Result<usize, StoreError> {
        self.commit(fence, now, definitions, readings, (evaluated, positions), None).await
    }

    /// The same for readings that a recompute made of what it had read from `read_at` on: what was recorded since then is
    /// newer, and stays.
    ///
    /// # Errors
    /// As [`Store::commit_readings`].
    pub async fn mend_readings(
        &self,
        fence: &Fence,
        now: Timestamp,
        definitions: &Definitions,
        readings: &[Recorded],
        read_at: Timestamp,
    ) -> Result<usize, StoreError> {
        self.commit(fence, now, definitions, readings, (&Evaluated::default(), &[]), Some(read_at)).await
    }

    async fn commit(
        &self,
        fence: &Fence,
        now: Timestamp,
        definitions: &Definitions,
        readings: &[Recorded],
        (evaluated, positions): (&Evaluated, &[Position]),
        read_at: Option<Timestamp>,
    ) -> Result<usize, StoreError> {
        let mut client = self.client().await?;
        self.names().learn(&client, now, definitions, readings).await?;
        let rows = self.names().rows(definitions, readings)?;
        self.partitions().ensure(&mut client, Table::Reading, rows.iter().map(|row| row.time)).await?;

        let _alone = self.0.readings.lock().await;
        let mut transaction = tokio_postgres::Client::transaction(&mut client).await?;
        fence.check(&transaction).await?;
        let noted_until = rollup::noted_until(&transaction).await?;
        // First readings of an instant can be written without looking at what is there; corrections can't.
        let (corrections, first): (Vec<Row>, Vec<Row>) = rows.into_iter().partition(|row| row.correction);
        let mut inserted = 0;
        let mut straight = first.len() >= COPY_FROM;
        for chunk in first.chunks(CHUNK) {
            straight = straight && copy(&mut transaction, now, chunk).await?;
            inserted += if straight {
                rollup::note(&transaction, noted_until, chunk.iter().map(|row| (row.kpi, row.scope, row.time))).await?;
                chunk.len()
            } else {
                insert(&transaction, now, chunk, read_at, noted_until).await?
            };
        }
        for chunk in corrections.chunks(CHUNK) {
            inserted += insert(&transaction, now, chunk, read_at, noted_until).await?;
        }
        let transitions = alert::write(&transaction, evaluated, now).await?;
        incident::apply_transitions(self, &transaction, definitions, &transitions, now).await?;
        batch_log::advance(&transaction, positions).await?;
        transaction.commit().await?;
        Ok(inserted)
    }

    /// The newest recorded instant of each KPI for the city; a KPI without any is not in it.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn latest_readings(&self) -> Result<HashMap<KpiId, Timestamp>, StoreError> {
        let sql = "SELECT kpi.name, (SELECT max(time) FROM reading WHERE kpi_id = kpi.id AND scope_id = scope.id) FROM kpi, scope WHERE scope.name = 'city'";
        let mut latest = HashMap::new();
        for row in self.client().await?.query(sql, &[]).await? {
            let kpi = KpiId::new(row.try_get::<_, &str>(0)?).map_err(|error| StoreError::Internal(error.into()))?;
            latest.extend(row.try_get::<_, Option<Micros>>(1)?.map(|time| (kpi, time.timestamp())));
        }
        Ok(latest)
    }

    /// The newest revisions of a KPI's recorded readings with `from ≤ time ≤ to`, in order of time; of more than `limit`,
    /// the latest. With `as_of` those that were the newest then: what was shown.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn readings(
        &self,
        kpi: &KpiId,
        scope: &Scope,
        (from, to): (Timestamp, Timestamp),
        as_of: Option<Timestamp>,
        limit: u32,
    ) -> Result<Vec<Point>, StoreError> {
        let sql = "SELECT DISTINCT ON (time) time, value, quality FROM reading \
            WHERE kpi_id = (SELECT id FROM kpi WHERE name = $1) AND scope_id = (SELECT id FROM scope WHERE name = $2) \
            AND time BETWEEN $3 AND $4 AND recorded_at <= coalesce($6::timestamptz, 'infinity') ORDER BY time DESC, revision DESC LIMIT $5";
        let (from, to, as_of) = (Micros::from(from), Micros::from(to), as_of.map(Micros::from));
        let client = self.client().await?;
        let rows = client.query(sql, &[&kpi.as_str(), &scope.to_string(), &from, &to, &i64::from(limit), &as_of]).await?;
        let decode = |row: &tokio_postgres::Row| {
            let quality = Quality::from_code(row.try_get(2)?);
            Ok(Point { time: row.try_get::<_, Micros>(0)?.timestamp(), value: row.try_get(1)?, quality })
        };
        rows.iter().rev().map(decode).collect()
    }
}

/// Writes rows as first revisions; when one of them is there already, nothing is written and the answer is no.
async fn copy(transaction: &mut Transaction<'_>, now: Timestamp, rows: &[Row]) -> Result<bool, StoreError> {
    let statement = transaction.prepare(COPY).await?;
    let now = Micros::from(now);
    copy_new(transaction, &statement, rows.iter().map(|row| move |out: &mut bytes::BytesMut| row.put(now, out))).await
}

/// Inserts the rows whose content differs from the newest revision, where that was not recorded after `read_at`, and notes
/// the hours of those before `noted_until`.
async fn insert(
    transaction: &Transaction<'_>,
    now: Timestamp,
    rows: &[Row],
    read_at: Option<Timestamp>,
    noted_until: Option<Micros>,
) -> Result<usize, StoreError> {
    let columns = Columns::of(rows);
    let inserted = transaction.query(INSERT, &columns.parameters(&Micros::from(now), &read_at.map(Micros::from))).await?;
    let of = |row: &tokio_postgres::Row| Ok((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?));
    let written: Vec<(i32, i32, Micros)> = inserted.iter().map(of).collect::<Result<_, StoreError>>()?;
    rollup::note(transaction, noted_until, written.iter().copied()).await?;
    Ok(written.len())
}

/// Leaves of several rows for one key the last, in the order of time.
fn last_of_each(rows: Vec<Row>) -> Vec<Row> {
    let mut at: HashMap<(Micros, i32, i32), Row> = HashMap::with_capacity(rows.len());
    for row in rows {
        at.insert((row.time, row.kpi, row.scope), row);
    }
    let mut rows: Vec<Row> = at.into_values().collect();
    rows.sort_by_key(|row| (row.time, row.kpi, row.scope));
    rows
}

/// A reading's moment as the database keeps it.
fn stored_time(reading: &taydo_model::Reading) -> Micros {
    Micros::from(cut(reading.time))
}
