//! A KPI's readings over a range, from the revisions or from their rollups.
//!
//! It must never mix the two in one answer to what was known at an earlier time: rollups know the present alone.

use crate::store::{Store, StoreError, micros::Micros, reader::ReadError};
use jiff::Timestamp;
use taydo_model::course::{Relation, Stretch, Values};
use taydo_model::{KpiId, Quality, Scope};
use tokio_postgres::Row;

/// The KPI's and the scope's numbers, as the first two parameters name them.
const WHOSE: &str = "kpi_id = (SELECT id FROM kpi WHERE name = $1) AND scope_id = (SELECT id FROM scope WHERE name = $2)";

/// The most readings in one answer, of more the latest: only a KPI whose grid was once far finer has so many in a range that is allowed.
const MOST: u32 = 200_000;

impl Store {
    /// What is known of `from ≤ time < until`, in order of time: the newest revision of each reading (with `as_of` the one that
    /// was the newest then), or their rollups. Of those an `as_of` knows nothing: it is for [`Relation::Reading`] alone.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub async fn stretches(
        &self,
        kpi: &KpiId,
        scope: &Scope,
        relation: Relation,
        (from, until): (Timestamp, Timestamp),
        as_of: Option<Timestamp>,
    ) -> Result<Vec<Stretch>, ReadError> {
        let reader = self.course_reader().await?;
        let (scope, from, until) = (scope.to_string(), Micros::from(from), Micros::from(until));
        if relation == Relation::Reading {
            let sql = format!(
                "SELECT DISTINCT ON (time) time, value, quality FROM reading WHERE {WHOSE} AND time >= $3 AND time < $4 \
                 AND recorded_at <= coalesce($5::timestamptz, 'infinity') ORDER BY time DESC, revision DESC LIMIT {MOST}"
            );
            let statement = reader.client.prepare_cached(&sql).await?;
            let rows = reader.client.query(&statement, &[&kpi.as_str(), &scope, &from, &until, &as_of.map(Micros::from)]).await?;
            return Ok(rows.iter().rev().map(reading).collect::<Result<_, _>>()?);
        }
        let relation = if relation == Relation::Hour { "reading_1h" } else { "reading_1d" };
        let sql = format!(
            "SELECT time, first, last, min, max, sum, count, readings, partial, stale, missing FROM {relation} \
             WHERE {WHOSE} AND time >= $3 AND time < $4 ORDER BY time"
        );
        let statement = reader.client.prepare_cached(&sql).await?;
        let rows = reader.client.query(&statement, &[&kpi.as_str(), &scope, &from, &until]).await?;
        Ok(rows.iter().map(rolled).collect::<Result<_, _>>()?)
    }
}

fn reading(row: &Row) -> Result<Stretch, StoreError> {
    Ok(Stretch::reading(row.try_get::<_, Micros>(0)?.timestamp(), row.try_get(1)?, Quality::from_code(row.try_get(2)?)))
}

fn rolled(row: &Row) -> Result<Stretch, StoreError> {
    let value = |column: usize| row.try_get::<_, Option<f64>>(column);
    let number = |column: usize| row.try_get::<_, i32>(column).map(|number| u64::from(number.unsigned_abs()));
    let values = match (value(1)?, value(2)?, value(3)?, value(4)?, value(5)?) {
        (Some(first), Some(last), Some(min), Some(max), Some(sum)) => Some(Values { first, last, min, max, sum }),
        _ => None,
    };
    Ok(Stretch {
        time: row.try_get::<_, Micros>(0)?.timestamp(),
        values,
        count: number(6)?,
        readings: number(7)?,
        partial: number(8)?,
        stale: number(9)?,
        missing: number(10)?,
    })
}
