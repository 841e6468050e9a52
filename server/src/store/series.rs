//! Series: a number for each metric with each set of labels.
//!
//! It must never give two numbers to one series, nor give one number twice.

use super::{Store, StoreError, micros::Micros, text::storable_labels};
use jiff::Timestamp;
use sha2::{Digest, Sha256};
use std::{borrow::Cow, collections::HashMap};
use taydo_engine::{Series, SeriesId};
use taydo_model::{Labels, MetricId, SourceId};
use tokio_postgres::types::Json;

impl Store {
    /// The series' numbers, in the order asked; makes those that don't exist, for `source`. Repeating it changes nothing.
    /// How many a source may make is the caller's to check.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn intern_series(&self, source: &SourceId, keys: &[(MetricId, Labels)], now: Timestamp) -> Result<Vec<SeriesId>, StoreError> {
        let digests: Vec<Vec<u8>> = keys.iter().map(digest).collect::<Result<_, _>>()?;
        let mut known = self.known_series(&digests).await?;
        let missing: HashMap<&[u8], &(MetricId, Labels)> =
            digests.iter().map(Vec::as_slice).zip(keys).filter(|(digest, _)| !known.contains_key(*digest)).collect();
        if !missing.is_empty() {
            let (new, keys): (Vec<&[u8]>, Vec<&(MetricId, Labels)>) = missing.into_iter().unzip();
            let metrics: Vec<&str> = keys.iter().map(|(metric, _)| metric.as_str()).collect();
            let labels: Vec<Json<Cow<'_, Labels>>> = keys.iter().map(|(_, labels)| Json(storable_labels(labels))).collect();
            let sql = "INSERT INTO series (digest, source, metric, labels, created_at) \
                SELECT digest, $1, metric, labels, $2 FROM unnest($3::bytea[], $4::text[], $5::jsonb[]) AS new (digest, metric, labels) \
                ORDER BY digest ON CONFLICT (digest) DO NOTHING";
            self.client().await?.execute(sql, &[&source.as_str(), &Micros::from(now), &new, &metrics, &labels]).await?;
            // Read apart: of a series that somebody else made at the same time, the insertion tells nothing.
            known = self.known_series(&digests).await?;
        }
        let id =
            |digest: &Vec<u8>| known.get(digest).copied().ok_or_else(|| StoreError::internal("a series that was just made is not there"));
        digests.iter().map(id).collect()
    }

    async fn known_series(&self, digests: &[Vec<u8>]) -> Result<HashMap<Vec<u8>, SeriesId>, StoreError> {
        let rows = self.client().await?.query("SELECT digest, id FROM series WHERE digest = ANY($1)", &[&digests]).await?;
        rows.iter().map(|row| Ok((row.try_get(0)?, SeriesId(row.try_get(1)?)))).collect()
    }

    /// All series, each with the source that made it, by number.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn series(&self) -> Result<Vec<(SourceId, Series)>, StoreError> {
        let rows = self.client().await?.query("SELECT id, source, metric, labels FROM series ORDER BY id", &[]).await?;
        let wrong = |error: taydo_model::id::InvalidId| StoreError::Internal(error.into());
        let decode = |row: &tokio_postgres::Row| {
            let source = SourceId::new(row.try_get::<_, &str>(1)?).map_err(wrong)?;
            let metric = MetricId::new(row.try_get::<_, &str>(2)?).map_err(wrong)?;
            Ok((source, Series { id: SeriesId(row.try_get(0)?), metric, labels: row.try_get::<_, Json<Labels>>(3)?.0 }))
        };
        rows.iter().map(decode).collect()
    }

    /// When the newest observation of a metric was made; nothing where there is none.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn newest(&self, metric: &MetricId) -> Result<Option<Timestamp>, StoreError> {
        // One look at the index of each series, however long its history.
        let sql = "SELECT max(newest.time) FROM series, LATERAL \
            (SELECT time FROM observation WHERE series_id = series.id ORDER BY time DESC LIMIT 1) AS newest WHERE metric = $1";
        let row = self.client().await?.query_one(sql, &[&metric.as_str()]).await?;
        Ok(row.try_get::<_, Option<Micros>>(0)?.map(Micros::timestamp))
    }

    /// How many series each source has made; a source without any is not in it.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn series_counts(&self) -> Result<HashMap<SourceId, u64>, StoreError> {
        let rows = self.client().await?.query("SELECT source, count(*) FROM series GROUP BY source", &[]).await?;
        let decode = |row: &tokio_postgres::Row| {
            let source = SourceId::new(row.try_get::<_, &str>(0)?).map_err(|error| StoreError::Internal(error.into()))?;
            Ok((source, row.try_get::<_, i64>(1)?.unsigned_abs()))
        };
        rows.iter().map(decode).collect()
    }
}

/// SHA-256 over the metric and the labels, which are sorted: equal series have equal digests.
fn digest(key: &(MetricId, Labels)) -> Result<Vec<u8>, StoreError> {
    let text = serde_json::to_vec(key).map_err(|error| StoreError::Internal(error.into()))?;
    Ok(Sha256::digest(text).to_vec())
}
