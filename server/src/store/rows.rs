//! Reading what was taken in: series, observations, cases, and how far each lane has come.
//!
//! Observations and cases are streamed, so that a range of any size costs a bounded amount of memory.

use super::micros::{Micros, cut};
use super::{CommittedBatch, Store, StoreError};
use deadpool_postgres::Object;
use futures_util::TryStreamExt;
use jiff::Timestamp;
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::pin::Pin;
use std::sync::Arc;
use taydo_engine::{CaseVersion, Position, Sample, Series, SeriesId};
use taydo_model::{AreaId, Case, CaseId, CaseKey, Definitions, DepartmentId, Labels, Metric, MetricId, SourceId};
use tokio_postgres::types::ToSql;
use tokio_postgres::{Row, RowStream};

/// Rows in one chunk of a stream.
const CHUNK: usize = 4_096;

/// Rows of a query, with the connection that they come over.
struct Rows {
    rows: Pin<Box<RowStream>>,
    /// It goes back to the pool when the last row was read.
    _client: Object,
}

impl std::fmt::Debug for Rows {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Rows")
    }
}

impl Rows {
    async fn query(store: &Store, statement: &str, parameters: &[&(dyn ToSql + Sync)]) -> Result<Self, StoreError> {
        let client = store.client().await?;
        let rows = client.query_raw(statement, parameters.iter().copied()).await?;
        Ok(Self { rows: Box::pin(rows), _client: client })
    }

    /// The next rows; none at the end.
    async fn chunk<T>(&mut self, read: impl Fn(&Row) -> Result<Option<T>, StoreError>) -> Result<Option<Vec<T>>, StoreError> {
        let mut chunk = Vec::new();
        while chunk.len() < CHUNK {
            match self.rows.try_next().await? {
                Some(row) => chunk.extend(read(&row)?),
                None => break,
            }
        }
        Ok((!chunk.is_empty()).then_some(chunk))
    }
}

/// Observations in order of time, read in chunks.
#[derive(Debug)]
pub struct SampleStream {
    rows: Rows,
    metrics: HashMap<i32, Arc<Metric>>,
}

impl SampleStream {
    /// The next chunk of at most some thousands; `None` at the end.
    ///
    /// # Errors
    /// When the database can't be reached any more.
    pub async fn next(&mut self) -> Result<Option<Vec<Sample>>, StoreError> {
        let metrics = &self.metrics;
        let read = |row: &Row| -> Result<Option<Sample>, StoreError> {
            let series: i32 = row.try_get(0)?;
            let value: f64 = row.try_get(2)?;
            let ticks = metrics.get(&series).and_then(|metric| metric.ticks(value));
            let (time, revision) = (row.try_get::<_, Micros>(1)?.timestamp(), row.try_get(3)?);
            Ok(ticks.map(|ticks| Sample { series: SeriesId(series), time, ticks, revision }))
        };
        self.rows.chunk(read).await
    }
}

/// Cases, read in chunks.
#[derive(Debug)]
pub struct CaseStream(Rows);

impl CaseStream {
    /// The next chunk of at most some thousands; `None` at the end.
    ///
    /// # Errors
    /// When the database can't be reached any more.
    pub async fn next(&mut self) -> Result<Option<Vec<CaseVersion>>, StoreError> {
        self.0.chunk(|row| case(row).map(Some)).await
    }
}

const CASE: &str = "SELECT source, case_id, kind, department, area, opened, due, closed, updated, hash, labels::text FROM cases";

fn case(row: &Row) -> Result<CaseVersion, StoreError> {
    fn id<T>(parsed: Result<T, impl std::fmt::Display>) -> Result<T, StoreError> {
        parsed.map_err(|error| StoreError::internal(error.to_string()))
    }
    let moment = |column: usize| row.try_get::<_, Option<Micros>>(column).map(|time| time.map(Micros::timestamp));
    let optional = |column: usize| row.try_get::<_, Option<&str>>(column);
    let key = CaseKey { source: id(SourceId::new(row.try_get::<_, &str>(0)?))?, id: id(CaseId::new(row.try_get::<_, &str>(1)?))? };
    let updated = row.try_get::<_, Micros>(8)?.timestamp();
    let case = Case {
        id: key.id.clone(),
        kind: row.try_get(2)?,
        department: optional(3)?.map(|text| id(DepartmentId::new(text))).transpose()?,
        area: optional(4)?.map(|text| id(AreaId::new(text))).transpose()?,
        opened: row.try_get::<_, Micros>(5)?.timestamp(),
        due: moment(6)?,
        closed: moment(7)?,
        updated: Some(updated),
        labels: id(serde_json::from_str(row.try_get(10)?))?,
    };
    Ok(CaseVersion { key, updated, hash: row.try_get(9)?, case })
}

/// Cases as columns for a statement over arrays.
#[derive(Default)]
pub(super) struct CaseColumns<'c> {
    pub(super) source: Vec<&'c str>,
    pub(super) case_id: Vec<&'c str>,
    pub(super) kind: Vec<&'c str>,
    pub(super) department: Vec<Option<&'c str>>,
    pub(super) area: Vec<Option<&'c str>>,
    pub(super) opened: Vec<Micros>,
    pub(super) due: Vec<Option<Micros>>,
    pub(super) closed: Vec<Option<Micros>>,
    pub(super) updated: Vec<Micros>,
    pub(super) hash: Vec<i64>,
    pub(super) labels: Vec<String>,
}

pub(super) fn case_columns<'c>(versions: impl Iterator<Item = &'c CaseVersion>) -> CaseColumns<'c> {
    let mut columns = CaseColumns::default();
    for version in versions {
        columns.source.push(version.key.source.as_str());
        columns.case_id.push(version.key.id.as_str());
        columns.kind.push(&version.case.kind);
        columns.department.push(version.case.department.as_ref().map(DepartmentId::as_str));
        columns.area.push(version.case.area.as_ref().map(AreaId::as_str));
        columns.opened.push(Micros::from(version.case.opened));
        columns.due.push(version.case.due.map(Micros::from));
        columns.closed.push(version.case.closed.map(Micros::from));
        columns.updated.push(Micros::from(version.updated));
        columns.hash.push(version.hash);
        columns.labels.push(labels_json(&version.case.labels));
    }
    columns
}

/// A value of our own vocabulary as JSON; such values always have a JSON form.
pub(super) fn labels_json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

/// What tells one series from all others: SHA-256 over its metric and labels, each with its length before it.
fn digest(metric: &MetricId, labels: &Labels) -> Vec<u8> {
    let mut hash = Sha256::new();
    let mut part = |text: &str| {
        hash.update((text.len() as u64).to_be_bytes());
        hash.update(text.as_bytes());
    };
    part(metric.as_str());
    for (name, value) in labels.iter() {
        part(name.as_str());
        part(value);
    }
    hash.finalize().to_vec()
}

impl Store {
    /// The series' numbers, in the order asked; makes those that don't exist, for `source`. Repeating it changes nothing.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn intern_series(&self, source: &SourceId, keys: &[(MetricId, Labels)], now: Timestamp) -> Result<Vec<SeriesId>, StoreError> {
        let digests: Vec<Vec<u8>> = keys.iter().map(|(metric, labels)| digest(metric, labels)).collect();
        let metrics: Vec<&str> = keys.iter().map(|(metric, _)| metric.as_str()).collect();
        let labels: Vec<String> = keys.iter().map(|(_, labels)| labels_json(labels)).collect();
        let client = self.client().await?;
        // In the order of the digest, so that two connections that make the same series don't wait for each other.
        let insert = "INSERT INTO series (digest, source, metric, labels, created_at)
            SELECT digest, $1, metric, labels::jsonb, $2 FROM unnest($3::bytea[], $4::text[], $5::text[]) AS new (digest, metric, labels) ORDER BY digest
            ON CONFLICT (digest) DO NOTHING";
        client.execute(insert, &[&source.as_str(), &Micros::from(now), &digests, &metrics, &labels]).await?;
        let rows = client.query("SELECT digest, id FROM series WHERE digest = ANY($1)", &[&digests]).await?;
        let mut numbers: HashMap<Vec<u8>, SeriesId> = HashMap::with_capacity(rows.len());
        for row in rows {
            numbers.insert(row.try_get(0)?, SeriesId(row.try_get(1)?));
        }
        let number = |digest: &Vec<u8>| numbers.get(digest).copied().ok_or_else(|| StoreError::internal("a series that was just made is not there"));
        digests.iter().map(number).collect()
    }

    /// All series, each with the source that made it. Ones whose names are no longer ids are left out.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn series(&self) -> Result<Vec<(SourceId, Series)>, StoreError> {
        let mut all = Vec::new();
        for row in self.client().await?.query("SELECT id, source, metric, labels::text FROM series ORDER BY id", &[]).await? {
            let (source, metric) = (SourceId::new(row.try_get::<_, &str>(1)?), MetricId::new(row.try_get::<_, &str>(2)?));
            let labels = serde_json::from_str(row.try_get(3)?);
            if let (Ok(source), Ok(metric), Ok(labels)) = (source, metric, labels) {
                all.push((source, Series { id: SeriesId(row.try_get(0)?), metric, labels }));
            }
        }
        Ok(all)
    }

    /// Observations with `from ≤ time ≤ to` of these metrics (`None`: all that are defined), in order of time.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn samples(&self, definitions: &Definitions, from: Timestamp, to: Timestamp, metrics: Option<&[MetricId]>) -> Result<SampleStream, StoreError> {
        let wanted: Vec<&str> = match metrics {
            Some(metrics) => metrics.iter().map(MetricId::as_str).collect(),
            None => definitions.metrics.iter().map(|metric| metric.id.as_str()).collect(),
        };
        let mut of_series = HashMap::new();
        for row in self.client().await?.query("SELECT id, metric FROM series WHERE metric = ANY($1)", &[&wanted]).await? {
            let metric = MetricId::new(row.try_get::<_, &str>(1)?).ok().and_then(|id| definitions.metric(&id).cloned());
            if let Some(metric) = metric {
                of_series.insert(row.try_get(0)?, metric);
            }
        }
        let series: Vec<i32> = of_series.keys().copied().collect();
        let (from, to) = (Micros::clamped(from), Micros::clamped(to));
        let statement = "SELECT series_id, time, value, revision FROM observation
            WHERE time BETWEEN $1 AND $2 AND series_id = ANY($3) ORDER BY time, series_id";
        let rows = Rows::query(self, statement, &[&from, &to, &series]).await?;
        Ok(SampleStream { rows, metrics: of_series })
    }

    /// Cases that are open, or that were opened or closed at or after `relevant_from`.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn cases(&self, relevant_from: Timestamp) -> Result<CaseStream, StoreError> {
        let statement = format!("{CASE} WHERE closed IS NULL OR closed >= $1 OR opened >= $1");
        Ok(CaseStream(Rows::query(self, &statement, &[&Micros::clamped(relevant_from)]).await?))
    }

    /// Cases that the lane's batches after this position changed, in their present state: what fills a gap.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn cases_after(&self, position: Position) -> Result<CaseStream, StoreError> {
        let statement = format!(
            "{CASE} WHERE (source, case_id) IN (SELECT source, case_id FROM case_version WHERE lane = $1 AND seq > $2)"
        );
        Ok(CaseStream(Rows::query(self, &statement, &[&position.lane, &position.seq]).await?))
    }

    /// The cases of a source that are not closed.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn open_cases(&self, source: &SourceId) -> Result<Vec<CaseVersion>, StoreError> {
        let statement = format!("{CASE} WHERE source = $1 AND closed IS NULL");
        self.client().await?.query(&statement, &[&source.as_str()]).await?.iter().map(case).collect()
    }

    /// How far each lane has been consumed; 0 for a lane of which nothing was.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn positions(&self) -> Result<Vec<Position>, StoreError> {
        let statement = "SELECT lane, max(seq) FROM (SELECT lane, seq FROM lane UNION ALL SELECT DISTINCT lane, 0::int8 FROM ingest_batch) AS known
            GROUP BY lane ORDER BY lane";
        let rows = self.client().await?.query(statement, &[]).await?;
        rows.iter().map(|row| Ok(Position { lane: row.try_get(0)?, seq: row.try_get(1)? })).collect()
    }

    /// The lane's batches after this position, in order.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn batches_after(&self, position: Position) -> Result<Vec<CommittedBatch>, StoreError> {
        let statement = "SELECT seq, min_time, max_time FROM ingest_batch WHERE lane = $1 AND seq > $2 ORDER BY seq";
        let mut batches = Vec::new();
        for row in self.client().await?.query(statement, &[&position.lane, &position.seq]).await? {
            let (from, to): (Option<Micros>, Option<Micros>) = (row.try_get(1)?, row.try_get(2)?);
            let span = from.zip(to).map(|(from, to)| (from.timestamp(), to.timestamp()));
            batches.push(CommittedBatch { position: Position { lane: position.lane, seq: row.try_get(0)? }, span });
        }
        Ok(batches)
    }
}

/// Kept beside its users: a time is cut in one way only.
#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_tells_series_apart_and_not_spellings() {
        let name = |text| taydo_model::LabelName::new(text).unwrap();
        let metric = MetricId::new("m").unwrap();
        let labels = |pairs: &[(&str, &str)]| pairs.iter().map(|(n, v)| (name(n), (*v).to_owned())).collect::<Labels>();
        assert_eq!(digest(&metric, &labels(&[("a", "1"), ("b", "2")])), digest(&metric, &labels(&[("b", "2"), ("a", "1")])));
        assert_ne!(digest(&metric, &labels(&[("a", "1b2")])), digest(&metric, &labels(&[("a", "1"), ("b", "2")])));
        assert_eq!(cut("2026-01-01T00:00:00.123456789Z".parse().unwrap()), "2026-01-01T00:00:00.123456Z".parse().unwrap());
    }
}
