//! Observations: writing many at once, and reading them in order of time.
//!
//! It must never let the order or the grouping of what arrives decide what stays: for one series and time the highest
//! revision wins, then the larger value, then the state with the larger code.

use super::{
    NewSample, Store, StoreError,
    micros::{Micros, cut},
    session::{Rows, Session},
};
use bytes::{BufMut, Bytes, BytesMut};
use futures_util::SinkExt;
use jiff::Timestamp;
use std::{collections::HashMap, pin::pin, sync::Arc};
use taydo_engine::{ANCHORS, LONGEST_STEP, Sample, SeriesId};
use taydo_model::{Definitions, Metric, MetricId, SampleState};
use tokio_postgres::{Row, Statement, Transaction, error::SqlState};

/// Below so many rows an upsert from arrays is faster than COPY, which costs a millisecond or two by itself.
const COPY_FROM: usize = 1500;
/// What is sent to the database at once.
const COPY_BUFFER: usize = 1 << 16;

pub(super) const COPY: &str = "COPY observation (time, value, series_id, revision, state) FROM STDIN BINARY";
pub(super) const UPSERT: &str = "INSERT INTO observation (series_id, time, value, revision, state) \
    SELECT * FROM unnest($1::int[], $2::timestamptz[], $3::float8[], $4::int[], $5::smallint[]) \
    ON CONFLICT (series_id, time) DO UPDATE SET value = excluded.value, revision = excluded.revision, state = excluded.state \
    WHERE (excluded.revision, excluded.value, coalesce(excluded.state, 0)) \
    > (observation.revision, observation.value, coalesce(observation.state, 0)) \
    RETURNING series_id, time";

/// Cuts times to what the database keeps, sorts by time and series, and leaves of each key the sample that wins.
pub(super) fn winners(samples: &[NewSample]) -> Vec<NewSample> {
    let mut samples = samples.to_vec();
    for one in &mut samples {
        one.sample.time = cut(one.sample.time);
    }
    // Of one key the winner comes first, and `dedup_by` keeps the first.
    samples.sort_by(|a, b| {
        let key = |one: &NewSample| (one.sample.time, one.sample.series);
        key(a)
            .cmp(&key(b))
            .then(b.sample.revision.cmp(&a.sample.revision))
            .then(b.value.total_cmp(&a.value))
            .then(b.sample.state.cmp(&a.sample.state))
    });
    samples.dedup_by(|b, a| (a.sample.time, a.sample.series) == (b.sample.time, b.sample.series));
    samples
}

/// Whether to try COPY, which is twice as fast but fails on the first key that is already there. After a collision the
/// next batches go to the upsert directly, twice as many after each collision in a row: repeats come in runs.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct CopyChoice {
    skip: u32,
    penalty: u32,
}

impl CopyChoice {
    pub(super) fn wants(&mut self, rows: usize) -> bool {
        if rows < COPY_FROM {
            return false;
        }
        let skipped = self.skip > 0;
        self.skip = self.skip.saturating_sub(1);
        !skipped
    }

    pub(super) fn learn(&mut self, collided: bool) {
        self.penalty = if collided { (self.penalty * 2).clamp(2, 64) } else { 0 };
        self.skip = self.penalty;
    }
}

/// Writes rows in the binary COPY format. Returns whether they were all new; when a key was there already, nothing is
/// written and the transaction goes on.
pub(super) async fn copy(transaction: &mut Transaction<'_>, copy: &Statement, samples: &[NewSample]) -> Result<bool, StoreError> {
    let rows = samples.iter().map(|one| {
        move |out: &mut BytesMut| {
            out.put_u16(5);
            out.put_u32(8);
            out.put_i64(Micros::from(one.sample.time).wire());
            out.put_u32(8);
            out.put_f64(one.value);
            out.put_u32(4);
            out.put_i32(one.sample.series.0);
            out.put_u32(4);
            out.put_i32(one.sample.revision);
            match one.sample.state.code() {
                Some(code) => {
                    out.put_u32(2);
                    out.put_i16(code);
                }
                None => out.put_i32(-1),
            }
        }
    });
    copy_new(transaction, copy, rows).await
}

/// Writes rows in the binary COPY format, all of them or, when a key of theirs is there already, none. Returns which; the
/// transaction goes on either way.
pub(super) async fn copy_new(
    transaction: &mut Transaction<'_>,
    copy: &Statement,
    rows: impl Iterator<Item = impl FnOnce(&mut BytesMut)>,
) -> Result<bool, StoreError> {
    let savepoint = transaction.savepoint("copy").await?;
    match send_copy(&savepoint, copy, rows).await {
        Ok(()) => {
            savepoint.commit().await?;
            Ok(true)
        }
        Err(error) if error.code() == Some(&SqlState::UNIQUE_VIOLATION) => {
            savepoint.rollback().await?;
            Ok(false)
        }
        Err(error) => Err(error.into()),
    }
}

/// Sends rows, each of which writes itself, in the binary COPY format.
async fn send_copy(
    transaction: &Transaction<'_>,
    copy: &Statement,
    rows: impl Iterator<Item = impl FnOnce(&mut BytesMut)>,
) -> Result<(), tokio_postgres::Error> {
    let mut sink = pin!(transaction.copy_in::<_, Bytes>(copy).await?);
    let mut out = BytesMut::with_capacity(COPY_BUFFER * 2);
    out.put_slice(b"PGCOPY\n\xff\r\n\0");
    out.put_u64(0);
    for row in rows {
        row(&mut out);
        if out.len() >= COPY_BUFFER {
            sink.send(out.split().freeze()).await?;
            out.reserve(COPY_BUFFER * 2);
        }
    }
    out.put_i16(-1);
    sink.send(out.freeze()).await?;
    sink.as_mut().finish().await?;
    Ok(())
}

/// Writes rows that may be there already; returns those that were new or won. They must be [`winners`].
pub(super) async fn upsert(transaction: &Transaction<'_>, upsert: &Statement, samples: &[NewSample]) -> Result<Vec<Sample>, StoreError> {
    let mut columns = (Vec::with_capacity(samples.len()), Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for one in samples {
        columns.0.push(one.sample.series.0);
        columns.1.push(Micros::from(one.sample.time));
        columns.2.push(one.value);
        columns.3.push(one.sample.revision);
        columns.4.push(one.sample.state.code());
    }
    let rows = transaction.query(upsert, &[&columns.0, &columns.1, &columns.2, &columns.3, &columns.4]).await?;
    let mut changed = Vec::with_capacity(rows.len());
    for row in rows {
        let key = (row.try_get::<_, Micros>(1)?.timestamp(), SeriesId(row.try_get(0)?));
        let at = samples.binary_search_by_key(&key, |one| (one.sample.time, one.sample.series));
        changed.extend(at.ok().and_then(|at| samples.get(at)).map(|one| one.sample));
    }
    Ok(changed)
}

/// Observations in order of time, read in chunks.
#[derive(Debug)]
pub struct SampleStream {
    rows: Rows,
    /// The metric of each series that is wanted.
    metrics: HashMap<i32, Arc<Metric>>,
}

impl SampleStream {
    /// The next chunk, of at most some thousands; `None` at the end. Rows of metrics that are no longer defined are left out.
    ///
    /// # Errors
    /// When the database can't be reached any more.
    pub async fn next(&mut self) -> Result<Option<Vec<Sample>>, StoreError> {
        let metrics = &self.metrics;
        self.rows.next(|row| decode(row, metrics)).await
    }
}

fn decode(row: &Row, metrics: &HashMap<i32, Arc<Metric>>) -> Result<Option<Sample>, StoreError> {
    let series: i32 = row.try_get(0)?;
    let Some(metric) = metrics.get(&series) else { return Ok(None) };
    let value: f64 = row.try_get(2)?;
    let Some(ticks) = metric.ticks(value) else { return Ok(None) };
    let time = row.try_get::<_, Micros>(1)?.timestamp();
    let state = SampleState::from_code(row.try_get(4)?);
    Ok(Some(Sample { series: SeriesId(series), time, ticks, revision: row.try_get(3)?, state }))
}

impl Store {
    /// Observations with `from ≤ time ≤ to` of these metrics (`None`: all that are defined), in order of time, then series.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn samples(
        &self,
        definitions: &Definitions,
        from: Timestamp,
        to: Timestamp,
        metrics: Option<&[MetricId]>,
    ) -> Result<SampleStream, StoreError> {
        let wanted = |id: &MetricId| metrics.is_none_or(|metrics| metrics.contains(id));
        let series = self.series().await?.into_iter().filter(|(_, series)| wanted(&series.metric));
        let of: HashMap<i32, Arc<Metric>> =
            series.filter_map(|(_, series)| Some((series.id.0, Arc::clone(definitions.metric(&series.metric)?)))).collect();
        let ids: Vec<i32> = of.keys().copied().collect();
        let sql = "SELECT series_id, time, value, revision, state FROM observation \
            WHERE time BETWEEN $1 AND $2 AND ($3 OR series_id = ANY($4)) ORDER BY time, series_id";
        let session = Session::connect(self.config(), "taydo observations", None).await?;
        let rows = Rows::of(session, sql, &[&Micros::from(from), &Micros::from(to), &metrics.is_none(), &ids]).await?;
        Ok(SampleStream { rows, metrics: of })
    }
}

impl Store {
    /// What growth after `before` is counted from: of each series of these metrics the newest samples up to then that
    /// measure something possible, as many as [`ANCHORS`] and none more than [`LONGEST_STEP`] older; in order of time, then series.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn anchors(&self, definitions: &Definitions, before: Timestamp, metrics: &[MetricId]) -> Result<SampleStream, StoreError> {
        let mut of: HashMap<i32, Arc<Metric>> = HashMap::new();
        let (mut ids, mut least, mut most) = (Vec::new(), Vec::new(), Vec::new());
        for (_, series) in self.series().await?.into_iter().filter(|(_, series)| metrics.contains(&series.metric)) {
            let Some(metric) = definitions.metric(&series.metric) else { continue };
            let end = |end: f64| metric.ticks(end).map_or(end, |ticks| metric.value(ticks));
            let range = metric.range.unwrap_or((f64::NEG_INFINITY, f64::INFINITY));
            ids.push(series.id.0);
            least.push(end(range.0));
            most.push(end(range.1));
            of.insert(series.id.0, Arc::clone(metric));
        }
        // The key's index finds them from the newest backwards, a partition at a time.
        let sql = "SELECT o.series_id, o.time, o.value, o.revision, o.state FROM unnest($1::int[], $2::float8[], $3::float8[]) AS s (id, least, most) \
            CROSS JOIN LATERAL (SELECT * FROM observation WHERE series_id = s.id AND time > $4 AND time <= $5 \
            AND coalesce(state, 0) NOT IN (1, 2) AND value BETWEEN s.least AND s.most ORDER BY time DESC LIMIT $6) AS o ORDER BY o.time, o.series_id";
        let session = Session::connect(self.config(), "taydo anchors", None).await?;
        let (from, count) = (Micros(before.as_microsecond().saturating_sub(LONGEST_STEP)), i64::try_from(ANCHORS).unwrap_or(i64::MAX));
        let rows = Rows::of(session, sql, &[&ids, &least, &most, &from, &Micros::from(before), &count]).await?;
        Ok(SampleStream { rows, metrics: of })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_one_key_the_highest_revision_wins_then_the_larger_value() {
        let one = |series, time: &str, ticks: i64, revision| NewSample {
            sample: Sample { series: SeriesId(series), time: time.parse().unwrap(), ticks, revision, state: SampleState::Normal },
            value: f64::from(i32::try_from(ticks).unwrap()),
        };
        let early = "2026-01-05T07:30:00.000001Z";
        let winners = winners(&[
            one(2, early, 7, 0),
            one(1, "2026-01-05T07:30:01Z", 1, 0),
            one(2, early, 9, 0),
            one(2, "2026-01-05T07:30:00.0000015Z", 3, 1),
            one(2, early, 8, 0),
            one(1, early, 5, 0),
        ]);
        assert_eq!(winners, [one(1, early, 5, 0), one(2, early, 3, 1), one(1, "2026-01-05T07:30:01Z", 1, 0)]);
    }

    #[test]
    fn copy_is_not_tried_again_at_once_after_a_collision() {
        let mut choice = CopyChoice::default();
        assert!(!choice.wants(10));
        assert!(choice.wants(10_000));
        choice.learn(true);
        assert_eq!([choice.wants(10_000), choice.wants(10_000), choice.wants(10_000)], [false, false, true]);
        choice.learn(false);
        assert!(choice.wants(10_000));
    }
}
