//! Recorded readings as they are and as they were: at some moments, at all revisions, and where there are any.
//!
//! It must never compute: what is not recorded is not there.

use super::{Store, StoreError, micros::Micros};
use jiff::Timestamp;
use std::collections::BTreeMap;
use taydo_model::{Flags, KpiId, Quality, Reading, Scope, history::Revision};
use tokio_postgres::Row;

/// The KPI's and the scope's numbers, as the first two parameters name them.
const WHOSE: &str = "kpi_id = (SELECT id FROM kpi WHERE name = $1) AND scope_id = (SELECT id FROM scope WHERE name = $2)";

/// A reading's columns, as [`decode_reading`] takes them.
const READING: &str = "time, value, numerator, denominator, samples, coverage, quality, flags, data_time";

pub(super) fn decode_reading(row: &Row, kpi: &KpiId, scope: &Scope) -> Result<Reading, StoreError> {
    Ok(Reading {
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
    })
}

impl Store {
    /// The newest recorded reading of a KPI for a scope.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn newest_reading(&self, kpi: &KpiId, scope: &Scope) -> Result<Option<Reading>, StoreError> {
        let sql = format!("SELECT {READING} FROM reading WHERE {WHOSE} ORDER BY time DESC, revision DESC LIMIT 1");
        let row = self.client().await?.query_opt(&sql, &[&kpi.as_str(), &scope.to_string()]).await?;
        row.map(|row| decode_reading(&row, kpi, scope)).transpose()
    }

    /// What was first told of an instant: the value of the reading's first revision.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn first_told(&self, kpi: &KpiId, scope: &Scope, instant: Timestamp) -> Result<Option<f64>, StoreError> {
        let sql = format!("SELECT value FROM reading WHERE {WHOSE} AND time = $3 ORDER BY revision LIMIT 1");
        let row = self.client().await?.query_opt(&sql, &[&kpi.as_str(), &scope.to_string(), &Micros::from(instant)]).await?;
        Ok(row.map(|row| row.try_get(0)).transpose()?.flatten())
    }

    /// The newest recorded instant of a KPI and scope with `after < time ≤ at`; with `as_of`, of those that were recorded by then.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn newest_instant(
        &self,
        kpi: &KpiId,
        scope: &Scope,
        (after, at): (Timestamp, Timestamp),
        as_of: Option<Timestamp>,
    ) -> Result<Option<Timestamp>, StoreError> {
        let sql = format!(
            "SELECT max(time) FROM reading WHERE {WHOSE} AND time > $3 AND time <= $4 AND recorded_at <= coalesce($5::timestamptz, 'infinity')"
        );
        let (after, at, as_of) = (Micros::from(after), Micros::from(at), as_of.map(Micros::from));
        let row = self.client().await?.query_one(&sql, &[&kpi.as_str(), &scope.to_string(), &after, &at, &as_of]).await?;
        Ok(row.try_get::<_, Option<Micros>>(0)?.map(Micros::timestamp))
    }

    /// The newest revisions of the readings at these instants, by instant; one without a reading is not in it. With `as_of`
    /// those that were the newest then.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn readings_at(
        &self,
        kpi: &KpiId,
        scope: &Scope,
        instants: &[Timestamp],
        as_of: Option<Timestamp>,
    ) -> Result<BTreeMap<Timestamp, Reading>, StoreError> {
        // Looked up one by one: the instants lie years apart, each in a partition of its own.
        let sql = format!(
            "SELECT found.* FROM unnest($3::timestamptz[]) AS wanted (at), LATERAL (SELECT {READING} FROM reading WHERE {WHOSE} AND time = wanted.at \
             AND recorded_at <= coalesce($4::timestamptz, 'infinity') ORDER BY revision DESC LIMIT 1) AS found"
        );
        let instants: Vec<Micros> = instants.iter().copied().map(Micros::from).collect();
        let rows = self.client().await?.query(&sql, &[&kpi.as_str(), &scope.to_string(), &instants, &as_of.map(Micros::from)]).await?;
        let decode = |row: &Row| {
            let reading = decode_reading(row, kpi, scope)?;
            Ok((reading.time, reading))
        };
        rows.iter().map(decode).collect()
    }

    /// Every revision of the reading at an instant, the first one first.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn revisions(&self, kpi: &KpiId, scope: &Scope, time: Timestamp) -> Result<Vec<Revision>, StoreError> {
        let sql = format!(
            "SELECT revision, recorded_at, kpi_version.name, value, numerator, denominator, samples, quality, flags, data_time \
             FROM reading JOIN kpi_version ON kpi_version.id = definition_id WHERE {WHOSE} AND time = $3 ORDER BY revision"
        );
        let rows = self.client().await?.query(&sql, &[&kpi.as_str(), &scope.to_string(), &Micros::from(time)]).await?;
        let decode = |row: &Row| {
            Ok(Revision {
                revision: row.try_get(0)?,
                recorded: row.try_get::<_, Micros>(1)?.timestamp(),
                definition: row.try_get(2)?,
                value: row.try_get(3)?,
                numerator: row.try_get(4)?,
                denominator: row.try_get(5)?,
                samples: row.try_get::<_, i64>(6)?.unsigned_abs(),
                quality: Quality::from_code(row.try_get(7)?),
                flags: Flags::from_code(row.try_get(8)?),
                data_time: row.try_get::<_, Option<Micros>>(9)?.map(Micros::timestamp),
            })
        };
        rows.iter().map(decode).collect()
    }

    /// The scopes and instants with `after < time ≤ until` at which a KPI's newest revision is not missing.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn present(&self, kpi: &KpiId, after: Timestamp, until: Timestamp) -> Result<Vec<(Scope, Timestamp)>, StoreError> {
        let sql = "SELECT scope.name, time FROM (SELECT DISTINCT ON (scope_id, time) scope_id, time, quality FROM reading \
            WHERE kpi_id = (SELECT id FROM kpi WHERE name = $1) AND time > $2 AND time <= $3 \
            ORDER BY scope_id, time, revision DESC) AS newest JOIN scope ON scope.id = scope_id WHERE quality <> $4";
        let parameters: [&(dyn tokio_postgres::types::ToSql + Sync); 4] =
            [&kpi.as_str(), &Micros::from(after), &Micros::from(until), &Quality::Missing.code()];
        let rows = self.client().await?.query(sql, &parameters).await?;
        let decode = |row: &Row| {
            let scope = row.try_get::<_, &str>(0)?.parse().map_err(StoreError::internal)?;
            Ok((scope, row.try_get::<_, Micros>(1)?.timestamp()))
        };
        rows.iter().map(decode).collect()
    }

    /// The newest revisions of a KPI's readings that can be relied on, with `from ≤ time ≤ to` and a time that is a whole
    /// number of steps since the Unix epoch, in order of time: good or partial, and not under suspicion.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn sound_values(
        &self,
        kpi: &KpiId,
        scope: &Scope,
        range: (Timestamp, Timestamp),
        step_s: i64,
    ) -> Result<Vec<(Timestamp, f64)>, StoreError> {
        let sql = format!(
            "SELECT time, value FROM (SELECT DISTINCT ON (time) time, value, quality, flags FROM reading WHERE {WHOSE} \
             AND time BETWEEN $3 AND $4 AND extract(epoch FROM time)::bigint % $5 = 0 ORDER BY time, revision DESC) AS newest \
             WHERE value IS NOT NULL AND quality <= $6 AND coalesce(flags, 0) & $7 = 0 ORDER BY time"
        );
        let suspect = i32::from(Flags::SUSPECT.code().unwrap_or(0));
        let parameters: [&(dyn tokio_postgres::types::ToSql + Sync); 7] = [
            &kpi.as_str(),
            &scope.to_string(),
            &Micros::from(range.0),
            &Micros::from(range.1),
            &step_s,
            &Quality::Partial.code(),
            &suspect,
        ];
        let rows = self.client().await?.query(&sql, &parameters).await?;
        rows.iter().map(|row| Ok((row.try_get::<_, Micros>(0)?.timestamp(), row.try_get(1)?))).collect()
    }
}
