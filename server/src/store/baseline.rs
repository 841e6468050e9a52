//! Baselines as they were made, by KPI, scope and version.
//!
//! Insert-only: what used a version finds it as it was.

use super::{Store, StoreError, micros::Micros};
use jiff::Timestamp;
use std::collections::HashMap;
use taydo_model::baseline::{Band, Baseline, Slots};
use taydo_model::{KpiId, Scope};

impl Store {
    /// Keeps a baseline of a KPI and scope that have readings; its version is one higher than the newest, whatever it
    /// says itself. Returns the version.
    ///
    /// # Errors
    /// `Conflict` when another one of the same KPI and scope was made at the same time; see [`StoreError`].
    pub async fn save_baseline(&self, baseline: &Baseline) -> Result<i32, StoreError> {
        let sql = "INSERT INTO baseline (kpi_id, scope_id, version, made_at, definition, from_time, to_time, low, middle, high) \
            SELECT kpi.id, scope.id, coalesce((SELECT max(version) FROM baseline WHERE kpi_id = kpi.id AND scope_id = scope.id), 0) + 1, \
            $3, $4, $5, $6, $7, $8, $9 FROM kpi, scope WHERE kpi.name = $1 AND scope.name = $2 RETURNING version";
        let column = |of: fn(&Band) -> f64| -> Vec<Option<f64>> { baseline.slots.0.iter().map(|band| band.as_ref().map(of)).collect() };
        let parameters: [&(dyn tokio_postgres::types::ToSql + Sync); 9] = [
            &baseline.kpi.as_str(),
            &baseline.scope.to_string(),
            &Micros::from(baseline.made_at),
            &baseline.definition,
            &Micros::from(baseline.from),
            &Micros::from(baseline.to),
            &column(|band| band.low),
            &column(|band| band.middle),
            &column(|band| band.high),
        ];
        Ok(self.client().await?.query_one(sql, &parameters).await?.try_get(0)?)
    }

    /// A version of a KPI's and scope's baseline; without a version the newest. With `as_of`, of those made by then.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn baseline(
        &self,
        kpi: &KpiId,
        scope: &Scope,
        version: Option<i32>,
        as_of: Option<Timestamp>,
    ) -> Result<Option<Baseline>, StoreError> {
        let sql = "SELECT version, made_at, definition, from_time, to_time, low, middle, high FROM baseline \
            WHERE kpi_id = (SELECT id FROM kpi WHERE name = $1) AND scope_id = (SELECT id FROM scope WHERE name = $2) \
            AND version = coalesce($3, version) AND made_at <= coalesce($4::timestamptz, 'infinity') ORDER BY version DESC LIMIT 1";
        let parameters: [&(dyn tokio_postgres::types::ToSql + Sync); 4] =
            [&kpi.as_str(), &scope.to_string(), &version, &as_of.map(Micros::from)];
        let Some(row) = self.client().await?.query_opt(sql, &parameters).await? else { return Ok(None) };
        let column = |at: usize| row.try_get::<_, Vec<Option<f64>>>(at);
        let (low, middle, high) = (column(5)?, column(6)?, column(7)?);
        let band =
            |((low, middle), high): ((Option<f64>, Option<f64>), Option<f64>)| Some(Band { low: low?, middle: middle?, high: high? });
        let time = |at: usize| Ok::<_, StoreError>(row.try_get::<_, Micros>(at)?.timestamp());
        Ok(Some(Baseline {
            kpi: kpi.clone(),
            scope: scope.clone(),
            version: row.try_get(0)?,
            made_at: time(1)?,
            definition: row.try_get(2)?,
            from: time(3)?,
            to: time(4)?,
            slots: Slots(low.into_iter().zip(middle).zip(high).map(band).collect()),
        }))
    }

    /// When the newest baseline of each KPI and scope was made, and of which definition.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn baselines_made(&self) -> Result<HashMap<(KpiId, Scope), (Timestamp, String)>, StoreError> {
        let sql = "SELECT DISTINCT ON (kpi_id, scope_id) kpi.name, scope.name, made_at, definition FROM baseline \
            JOIN kpi ON kpi.id = kpi_id JOIN scope ON scope.id = scope_id ORDER BY kpi_id, scope_id, version DESC";
        let rows = self.client().await?.query(sql, &[]).await?;
        let decode = |row: &tokio_postgres::Row| {
            let kpi = KpiId::new(row.try_get::<_, &str>(0)?).map_err(|error| StoreError::Internal(error.into()))?;
            let scope = row.try_get::<_, &str>(1)?.parse().map_err(StoreError::internal)?;
            Ok(((kpi, scope), (row.try_get::<_, Micros>(2)?.timestamp(), row.try_get(3)?)))
        };
        rows.iter().map(decode).collect()
    }
}
