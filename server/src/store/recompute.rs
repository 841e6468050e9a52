//! Recomputes that somebody asked for, so that a restart goes on with them.
//!
//! It must never forget one that has not ended.

use super::{Store, StoreError, micros::Micros, text::storable};
use jiff::Timestamp;
use taydo_model::KpiId;
use taydo_model::recompute::{RecomputeJob, RecomputeRequest, RecomputeState};
use tokio_postgres::Row;

const COLUMNS: &str = "id, requested_at, kpis, from_time, to_time, instants, changed, finished_at, error";

impl Store {
    /// Keeps a request for so many grid instants; returns the job, which waits.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn add_recompute(&self, request: &RecomputeRequest, instants: u64, now: Timestamp) -> Result<RecomputeJob, StoreError> {
        let sql = format!(
            "INSERT INTO recompute (requested_at, kpis, from_time, to_time, instants, changed) VALUES ($1, $2, $3, $4, $5, 0) RETURNING {COLUMNS}"
        );
        let kpis: Vec<&str> = request.kpis.iter().map(KpiId::as_str).collect();
        let instants = i64::try_from(instants).unwrap_or(i64::MAX);
        let (from, to) = (Micros::from(request.from), Micros::from(request.to));
        decode(&self.client().await?.query_one(&sql, &[&Micros::from(now), &kpis, &from, &to, &instants]).await?)
    }

    /// The job has ended: well, or for this reason.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn end_recompute(&self, id: i64, changed: u64, error: Option<&str>, now: Timestamp) -> Result<(), StoreError> {
        let sql = "UPDATE recompute SET changed = $2, error = $3, finished_at = $4 WHERE id = $1";
        let changed = i64::try_from(changed).unwrap_or(i64::MAX);
        self.client().await?.execute(sql, &[&id, &changed, &error.map(storable), &Micros::from(now)]).await?;
        Ok(())
    }

    /// One job.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn recompute(&self, id: i64) -> Result<Option<RecomputeJob>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM recompute WHERE id = $1");
        self.client().await?.query_opt(&sql, &[&id]).await?.as_ref().map(decode).transpose()
    }

    /// The newest jobs, the newest first.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn recomputes(&self, limit: u32) -> Result<Vec<RecomputeJob>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM recompute ORDER BY id DESC LIMIT $1");
        self.client().await?.query(&sql, &[&i64::from(limit)]).await?.iter().map(decode).collect()
    }

    /// The jobs that have not ended, the oldest first.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn unfinished_recomputes(&self) -> Result<Vec<RecomputeJob>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM recompute WHERE finished_at IS NULL ORDER BY id");
        self.client().await?.query(&sql, &[]).await?.iter().map(decode).collect()
    }
}

/// A job that has not ended waits, for all that the store knows.
fn decode(row: &Row) -> Result<RecomputeJob, StoreError> {
    let kpis: Vec<String> = row.try_get(2)?;
    let kpis = kpis.iter().map(|kpi| KpiId::new(kpi).map_err(|error| StoreError::Internal(error.into()))).collect::<Result<_, _>>()?;
    let time = |at: usize| Ok::<_, StoreError>(row.try_get::<_, Micros>(at)?.timestamp());
    let instants = row.try_get::<_, i64>(5)?.unsigned_abs();
    let finished = row.try_get::<_, Option<Micros>>(7)?.map(Micros::timestamp);
    let error: Option<String> = row.try_get(8)?;
    let state = match (&finished, &error) {
        (None, _) => RecomputeState::Waiting,
        (Some(_), None) => RecomputeState::Done,
        (Some(_), Some(_)) => RecomputeState::Failed,
    };
    Ok(RecomputeJob {
        id: row.try_get(0)?,
        requested: time(1)?,
        request: RecomputeRequest { kpis, from: time(3)?, to: time(4)? },
        state,
        instants_done: if state == RecomputeState::Done { instants } else { 0 },
        instants,
        changed: row.try_get::<_, i64>(6)?.unsigned_abs(),
        finished,
        error,
    })
}
