//! What a passport needs of the past: the newest reading, the definition's versions, and where data has come from.
//!
//! It must never judge: how a feed is, its health knows.

use super::{Store, StoreError, micros::Micros};
use taydo_model::{Flags, KpiId, MetricId, Quality, Reading, Scope, SourceId, passport::Version};

/// The most earlier versions that a passport names.
const VERSIONS: i64 = 20;

impl Store {
    /// The newest recorded reading of a KPI for a scope.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn newest_reading(&self, kpi: &KpiId, scope: &Scope) -> Result<Option<Reading>, StoreError> {
        let sql = "SELECT time, value, numerator, denominator, samples, coverage, quality, flags, data_time FROM reading \
            WHERE kpi_id = (SELECT id FROM kpi WHERE name = $1) AND scope_id = (SELECT id FROM scope WHERE name = $2) \
            ORDER BY time DESC, revision DESC LIMIT 1";
        let row = self.client().await?.query_opt(sql, &[&kpi.as_str(), &scope.to_string()]).await?;
        let Some(row) = row else { return Ok(None) };
        Ok(Some(Reading {
            kpi: kpi.clone(),
            scope: scope.clone(),
            time: row.try_get::<_, Micros>(0)?.timestamp(),
            value: row.try_get(1)?,
            numerator: row.try_get(2)?,
            denominator: row.try_get(3)?,
            samples: row.try_get::<_, i64>(4)?.unsigned_abs(),
            coverage: row.try_get(5)?,
            quality: Quality::from_code(row.try_get(6)?),
            flags: Flags::from_code(row.try_get(7)?),
            data_time: row.try_get::<_, Option<Micros>>(8)?.map(Micros::timestamp),
        }))
    }

    /// The versions of a KPI's definition that have made readings, the newest first.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn versions(&self, kpi: &KpiId) -> Result<Vec<Version>, StoreError> {
        let sql = "SELECT name, first_used FROM kpi_version WHERE kpi = $1 AND first_used IS NOT NULL ORDER BY first_used DESC LIMIT $2";
        let rows = self.client().await?.query(sql, &[&kpi.as_str(), &VERSIONS]).await?;
        rows.iter().map(|row| Ok(Version { version: row.try_get(0)?, since: row.try_get::<_, Micros>(1)?.timestamp() })).collect()
    }

    /// The sources that have made a metric's series.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn sources_of_metric(&self, metric: &MetricId) -> Result<Vec<SourceId>, StoreError> {
        self.sources("SELECT DISTINCT source FROM series WHERE metric = $1", metric.as_str()).await
    }

    /// The sources that have told of cases of a kind (empty: of any).
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn sources_of_cases(&self, kind: &str) -> Result<Vec<SourceId>, StoreError> {
        self.sources("SELECT DISTINCT source FROM cases WHERE $1 IN ('', kind)", kind).await
    }

    async fn sources(&self, sql: &str, of: &str) -> Result<Vec<SourceId>, StoreError> {
        let rows = self.client().await?.query(sql, &[&of]).await?;
        rows.iter().map(|row| SourceId::new(row.try_get::<_, &str>(0)?).map_err(|error| StoreError::Internal(error.into()))).collect()
    }
}
