//! When the centre was there, and the reports of when it was not.
//!
//! It must never let a heartbeat go back in time.

use super::session::Rows;
use super::{Session, Store, StoreError, micros::Micros};
use jiff::Timestamp;
use std::collections::BTreeSet;
use taydo_model::gap::Gap;
use taydo_model::kpi::Better;
use taydo_model::{Kpi, Scope, SourceId};
use tokio_postgres::Row;
use tokio_postgres::types::Json;

/// The one process that computes; see the engine's lease.
const CENTRE: &str = "centre";

impl Store {
    /// The centre is there.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn beat(&self, now: Timestamp) -> Result<(), StoreError> {
        let sql = "INSERT INTO presence (name, alive_at) VALUES ($1, $2) \
            ON CONFLICT (name) DO UPDATE SET alive_at = greatest(presence.alive_at, excluded.alive_at)";
        self.client().await?.execute(sql, &[&CENTRE, &Micros::from(now)]).await?;
        Ok(())
    }

    /// When the centre was last there; `None` when it never was.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn last_beat(&self) -> Result<Option<Timestamp>, StoreError> {
        let row = self.client().await?.query_opt("SELECT alive_at FROM presence WHERE name = $1", &[&CENTRE]).await?;
        Ok(row.map(|row| row.try_get::<_, Micros>(0)).transpose()?.map(Micros::timestamp))
    }

    /// Keeps a new report; returns its number.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn add_gap(&self, gap: &Gap) -> Result<i64, StoreError> {
        let sql = "INSERT INTO gap (from_time, is_closed, report) VALUES ($1, $2, $3) RETURNING id";
        let row = self.client().await?.query_one(sql, &[&Micros::from(gap.from), &gap.is_closed, &Json(gap)]).await?;
        Ok(row.try_get(0)?)
    }

    /// Brings a report up to date.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn update_gap(&self, gap: &Gap) -> Result<(), StoreError> {
        let sql = "UPDATE gap SET is_closed = $2, report = $3 WHERE id = $1";
        self.client().await?.execute(sql, &[&gap.id, &gap.is_closed, &Json(gap)]).await?;
        Ok(())
    }

    /// The newest reports, the newest first; with `open` only those that are not closed.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn gaps(&self, open: bool, limit: u32) -> Result<Vec<Gap>, StoreError> {
        let sql = "SELECT id, report FROM gap WHERE NOT is_closed OR NOT $1 ORDER BY id DESC LIMIT $2";
        let rows = self.client().await?.query(sql, &[&open, &i64::from(limit)]).await?;
        rows.iter().map(|row| Ok(Gap { id: row.try_get(0)?, ..row.try_get::<_, Json<Gap>>(1)?.0 })).collect()
    }

    /// The sources that have ever brought an observation or a case.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn sources_seen(&self) -> Result<BTreeSet<SourceId>, StoreError> {
        // Of the cases one of each source is looked up after the other, by the key, because there may be millions.
        let sql = "WITH RECURSIVE having_cases (source) AS ((SELECT source FROM cases ORDER BY source LIMIT 1) UNION ALL \
            SELECT (SELECT source FROM cases WHERE cases.source > having_cases.source ORDER BY source LIMIT 1) FROM having_cases \
            WHERE having_cases.source IS NOT NULL) \
            SELECT source FROM having_cases WHERE source IS NOT NULL UNION SELECT source FROM series";
        let rows = self.client().await?.query(sql, &[]).await?;
        rows.iter().map(|row| SourceId::new(row.try_get::<_, &str>(0)?).map_err(|error| StoreError::Internal(error.into()))).collect()
    }

    /// The newest revisions of a KPI's readings with `after < time ≤ until` that lie beyond this limit, scope by scope, in
    /// order of time.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn beyond(&self, kpi: &Kpi, limit: f64, after: Timestamp, until: Timestamp) -> Result<BeyondStream, StoreError> {
        let sql = "SELECT scope.name, time, value FROM (SELECT DISTINCT ON (scope_id, time) scope_id, time, value FROM reading \
            WHERE kpi_id = (SELECT id FROM kpi WHERE name = $1) AND time > $2 AND time <= $3 \
            ORDER BY scope_id, time, revision DESC) AS newest JOIN scope ON scope.id = scope_id \
            WHERE CASE WHEN $5 THEN value < $4 ELSE value > $4 END ORDER BY scope_id, time";
        let session = Session::connect(self.config(), "taydo gap", None).await?;
        let is_low_bad = kpi.better == Better::Higher;
        let rows = Rows::of(session, sql, &[&kpi.id.as_str(), &Micros::from(after), &Micros::from(until), &limit, &is_low_bad]).await?;
        Ok(BeyondStream(rows))
    }
}

/// Readings beyond a limit, in chunks.
#[derive(Debug)]
pub struct BeyondStream(Rows);

impl BeyondStream {
    /// The next chunk; `None` at the end.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn next(&mut self) -> Result<Option<Vec<(Scope, Timestamp, f64)>>, StoreError> {
        let decode = |row: &Row| {
            let scope = row.try_get::<_, &str>(0)?.parse().map_err(StoreError::internal)?;
            Ok(Some((scope, row.try_get::<_, Micros>(1)?.timestamp(), row.try_get(2)?)))
        };
        self.0.next(decode).await
    }
}
