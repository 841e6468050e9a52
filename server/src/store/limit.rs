//! Changes of targets and thresholds: every one is kept, the newest of each limit is in force.
//!
//! Append-only: it must never change or delete a change.

use super::micros::Micros;
use super::word::{from_word, word};
use super::{Store, StoreError};
use jiff::Timestamp;
use std::collections::BTreeMap;
use taydo_model::limit::{ChangeLimit, LimitChange, Which};
use taydo_model::{KpiId, PersonId};

impl Store {
    /// Notes a change.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn change_limit(&self, kpi: &KpiId, change: &ChangeLimit, now: Timestamp) -> Result<(), StoreError> {
        let sql = "INSERT INTO limit_change (kpi, which, value, person, reason, at) VALUES ($1, $2, $3, $4, $5, $6)";
        let ChangeLimit { person, which, value, reason } = change;
        let which = word(*which);
        self.client().await?.execute(sql, &[&kpi.as_str(), &which, value, &person.as_str(), reason, &Micros::from(now)]).await?;
        Ok(())
    }

    /// The changes of a KPI's limits, the newest first.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn limit_changes(&self, kpi: &KpiId, limit: u32) -> Result<Vec<LimitChange>, StoreError> {
        let sql = "SELECT which, value, person, reason, at FROM limit_change WHERE kpi = $1 ORDER BY id DESC LIMIT $2";
        let rows = self.client().await?.query(sql, &[&kpi.as_str(), &i64::from(limit)]).await?;
        let change = |row: &tokio_postgres::Row| {
            Ok(LimitChange {
                which: from_word(row.try_get(0)?)?,
                value: row.try_get(1)?,
                person: PersonId::new(row.try_get::<_, &str>(2)?).map_err(|error| StoreError::Internal(error.into()))?,
                reason: row.try_get(3)?,
                at: row.try_get::<_, Micros>(4)?.timestamp(),
            })
        };
        rows.iter().map(change).collect()
    }

    /// The limits that hold instead of the city's files.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn changed_limits(&self) -> Result<BTreeMap<String, BTreeMap<Which, f64>>, StoreError> {
        let sql = "SELECT kpi, which, value FROM (SELECT DISTINCT ON (kpi, which) kpi, which, value FROM limit_change \
            ORDER BY kpi, which, id DESC) AS newest WHERE value IS NOT NULL";
        let mut limits: BTreeMap<String, BTreeMap<Which, f64>> = BTreeMap::new();
        for row in self.client().await?.query(sql, &[]).await? {
            limits.entry(row.try_get(0)?).or_default().insert(from_word(row.try_get(1)?)?, row.try_get(2)?);
        }
        Ok(limits)
    }
}
