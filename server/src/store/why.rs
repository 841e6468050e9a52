//! What an explanation of a change rests on: a KPI's readings of all scopes at two instants.
//!
//! It must never divide or judge anything.

use super::{Store, StoreError, micros::Micros};
use jiff::Timestamp;
use std::collections::BTreeMap;
use taydo_model::{KpiId, Quality, Scope, why::Standing};

/// The newest readings of each scope at two instants; missing where there is none.
pub type Standings = BTreeMap<Scope, [Standing; 2]>;

impl Store {
    /// The newest revisions of a KPI's readings of all scopes at two instants.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn standings(&self, kpi: &KpiId, instants: [Timestamp; 2]) -> Result<Standings, StoreError> {
        let sql = "SELECT DISTINCT ON (scope_id, time) scope.name, time, value, numerator, denominator, quality \
            FROM reading JOIN scope ON scope.id = scope_id \
            WHERE kpi_id = (SELECT id FROM kpi WHERE name = $1) AND time IN ($2, $3) ORDER BY scope_id, time, revision DESC";
        let times = instants.map(Micros::from);
        let mut standings = Standings::new();
        for row in self.client().await?.query(sql, &[&kpi.as_str(), &times[0], &times[1]]).await? {
            let scope: Scope = row.try_get::<_, &str>(0)?.parse().map_err(StoreError::internal)?;
            let standing = Standing {
                value: row.try_get(2)?,
                numerator: row.try_get(3)?,
                denominator: row.try_get(4)?,
                quality: Quality::from_code(row.try_get(5)?),
            };
            let [before, after] = standings.entry(scope).or_default();
            let time = row.try_get::<_, Micros>(1)?;
            if time == times[0] {
                *before = standing;
            }
            if time == times[1] {
                *after = standing;
            }
        }
        Ok(standings)
    }

    /// What was first told of an instant: the value of the reading's first revision.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn first_told(&self, kpi: &KpiId, scope: &Scope, instant: Timestamp) -> Result<Option<f64>, StoreError> {
        let sql = "SELECT value FROM reading WHERE kpi_id = (SELECT id FROM kpi WHERE name = $1) \
            AND scope_id = (SELECT id FROM scope WHERE name = $2) AND time = $3 ORDER BY revision LIMIT 1";
        let row = self.client().await?.query_opt(sql, &[&kpi.as_str(), &scope.to_string(), &Micros::from(instant)]).await?;
        Ok(row.map(|row| row.try_get(0)).transpose()?.flatten())
    }
}
