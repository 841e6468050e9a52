//! Recorded readings as they were first told, of all scopes of some KPIs: what rules were judged by.
//!
//! It must never show a later revision.

use super::history::decode_reading;
use super::{Store, StoreError, micros::Micros};
use jiff::Timestamp;
use taydo_model::{KpiId, Reading};

/// A reading's first revision, and when it was recorded.
#[derive(Debug, Clone, PartialEq)]
pub struct FirstReading {
    /// The reading.
    pub reading: Reading,
    /// When it was recorded: after its turn where it was made up for later.
    pub recorded_at: Timestamp,
}

impl Store {
    /// The first revisions of these KPIs' readings with `after < time ≤ until`, in no order. Ask for a few hours at a time:
    /// all of it is held in memory.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn first_readings(&self, kpis: &[KpiId], after: Timestamp, until: Timestamp) -> Result<Vec<FirstReading>, StoreError> {
        let sql = "SELECT time, value, numerator, denominator, samples, coverage, quality, flags, data_time, recorded_at, kpi.name, scope.name \
            FROM reading JOIN kpi ON kpi.id = kpi_id JOIN scope ON scope.id = scope_id \
            WHERE kpi.name = ANY($1) AND time > $2 AND time <= $3 AND revision = 1";
        let names: Vec<&str> = kpis.iter().map(KpiId::as_str).collect();
        let rows = self.client().await?.query(sql, &[&names, &Micros::from(after), &Micros::from(until)]).await?;
        let decode = |row: &tokio_postgres::Row| {
            let kpi = KpiId::new(row.try_get::<_, &str>(10)?).map_err(|error| StoreError::Internal(error.into()))?;
            let scope = row.try_get::<_, &str>(11)?.parse().map_err(StoreError::internal)?;
            let recorded_at = row.try_get::<_, Micros>(9)?.timestamp();
            Ok(FirstReading { reading: decode_reading(row, &kpi, &scope)?, recorded_at })
        };
        rows.iter().map(decode).collect()
    }

    /// The newest readings of these KPIs with `after < time ≤ until`, one of each scope, as they were first told.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn newest_first_readings(&self, kpis: &[KpiId], after: Timestamp, until: Timestamp) -> Result<Vec<Reading>, StoreError> {
        let sql = "SELECT DISTINCT ON (kpi_id, scope_id) time, value, numerator, denominator, samples, coverage, quality, flags, data_time, \
            kpi.name, scope.name FROM reading JOIN kpi ON kpi.id = kpi_id JOIN scope ON scope.id = scope_id \
            WHERE kpi.name = ANY($1) AND time > $2 AND time <= $3 AND revision = 1 AND value IS NOT NULL \
            ORDER BY kpi_id, scope_id, time DESC";
        let names: Vec<&str> = kpis.iter().map(KpiId::as_str).collect();
        let rows = self.client().await?.query(sql, &[&names, &Micros::from(after), &Micros::from(until)]).await?;
        let decode = |row: &tokio_postgres::Row| {
            let kpi = KpiId::new(row.try_get::<_, &str>(9)?).map_err(|error| StoreError::Internal(error.into()))?;
            let scope = row.try_get::<_, &str>(10)?.parse().map_err(StoreError::internal)?;
            decode_reading(row, &kpi, &scope)
        };
        rows.iter().map(decode).collect()
    }
}
