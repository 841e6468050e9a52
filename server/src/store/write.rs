//! T1: one lane's writer. A batch becomes durable as a whole, and one that repeats what is stored changes nothing.
//!
//! It decides nothing about data but which of two rows for one key stays. It never acknowledges anything itself.

use super::partition::Partitions;
use super::rows::{case_columns, labels_json};
use super::{Committed, NewReject, NewSample, Store, StoreError, WriteBatch, micros::Micros, micros::cut};
use bytes::{BufMut, Bytes, BytesMut};
use futures_util::SinkExt;
use jiff::Timestamp;
use std::collections::{BTreeMap, HashMap};
use std::time::Duration;
use taydo_engine::{CaseVersion, Position, Sample, SeriesId};
use taydo_model::CaseKey;
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, NoTls, Transaction};

/// From so many observations on, COPY is quicker than an INSERT of arrays.
const COPY_FROM: usize = 1_500;
/// The longest pause before a new connection is tried.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// One lane's only writer. It has a connection of its own, and makes a new one when that breaks.
#[derive(Debug)]
pub struct Writer {
    store: Store,
    lane: i16,
    connection: Option<Connection>,
    pause: Duration,
}

#[derive(Debug)]
struct Connection {
    client: Client,
    /// The number of the lane's next batch.
    next_seq: i64,
}

impl Writer {
    pub(super) fn new(store: Store, lane: i16) -> Self {
        Self { store, lane, connection: None, pause: Duration::ZERO }
    }

    /// T1: makes the batch durable, all of it or nothing. Safe to repeat with the same batch after any error.
    ///
    /// # Errors
    /// See [`StoreError`]. After `Unavailable` the next call reconnects, first pausing for up to 5 s when that keeps failing.
    pub async fn commit(&mut self, batch: &WriteBatch) -> Result<Committed, StoreError> {
        let mut connection = match self.connection.take() {
            Some(connection) if !connection.client.is_closed() => connection,
            _ => self.connect().await?,
        };
        // After an error the connection is dropped: the commit's outcome may be unknown, so the lane's number is read again.
        let committed = connection.commit(&self.store.partitions, self.lane, batch).await?;
        self.connection = Some(connection);
        Ok(committed)
    }

    async fn connect(&mut self) -> Result<Connection, StoreError> {
        if !self.pause.is_zero() {
            self.store.clock.pause(self.pause).await;
        }
        self.pause = (self.pause * 2).clamp(Duration::from_millis(100), LONGEST_PAUSE);
        let (client, connection) = self.store.config.connect(NoTls).await?;
        // It ends with the client; an error of it reaches whoever uses the client.
        tokio::spawn(connection);
        let statement = "SELECT greatest((SELECT max(seq) FROM ingest_batch WHERE lane = $1), (SELECT seq FROM lane WHERE lane = $1), 0) + 1";
        let next_seq = client.query_one(statement, &[&self.lane]).await?.try_get(0)?;
        self.pause = Duration::ZERO;
        Ok(Connection { client, next_seq })
    }
}

impl Connection {
    async fn commit(&mut self, partitions: &Partitions, lane: i16, batch: &WriteBatch) -> Result<Committed, StoreError> {
        let position = Position { lane, seq: self.next_seq };
        let samples = winners(&batch.samples);
        partitions.ensure(&self.client, "observation", samples.iter().map(|new| new.sample.time)).await?;
        let transaction = self.client.transaction().await?;
        let (transaction, samples) = observations(transaction, &samples).await?;
        let cases = cases(&transaction, position, batch).await?;
        rejects(&transaction, batch.received, &batch.rejects).await?;
        let times = samples.iter().map(|sample| sample.time);
        let span = times.clone().min().zip(times.max());
        let (from, to) = (span.map(|(from, _)| Micros::from(from)), span.map(|(_, to)| Micros::from(to)));
        let statement = "INSERT INTO ingest_batch (lane, seq, committed_at, min_time, max_time) VALUES ($1, $2, $3, $4, $5)";
        transaction.execute(statement, &[&position.lane, &position.seq, &Micros::from(batch.received), &from, &to]).await?;
        transaction.commit().await?;
        self.next_seq += 1;
        Ok(Committed { position, samples, cases, span })
    }
}

/// One row for each key, in the order of the key: the highest revision, then the larger value. The order keeps two lanes
/// that change the same rows from waiting for each other.
fn winners(samples: &[NewSample]) -> Vec<NewSample> {
    let mut rows: Vec<NewSample> = samples.iter().map(|new| NewSample { sample: Sample { time: cut(new.sample.time), ..new.sample }, ..*new }).collect();
    rows.sort_unstable_by(|a, b| {
        let key = |new: &NewSample| (new.sample.series, new.sample.time);
        let worth = |new: &NewSample| (new.sample.revision, new.sample.ticks);
        key(a).cmp(&key(b)).then(worth(b).cmp(&worth(a)))
    });
    rows.dedup_by_key(|new| (new.sample.series, new.sample.time));
    rows
}

/// Stores observations and returns those that were new or replaced the stored one. The common case, that all are new, is
/// tried with a plain COPY first: an upsert costs twice as much.
async fn observations<'t>(mut transaction: Transaction<'t>, rows: &[NewSample]) -> Result<(Transaction<'t>, Vec<Sample>), StoreError> {
    if rows.len() >= COPY_FROM {
        let attempt = transaction.savepoint("copy").await?;
        match copy(&attempt, rows).await {
            Ok(()) => {
                attempt.commit().await?;
                return Ok((transaction, rows.iter().map(|new| new.sample).collect()));
            }
            Err(error) if error.code() == Some(&SqlState::UNIQUE_VIOLATION) => attempt.rollback().await?,
            Err(error) => return Err(error.into()),
        }
    }
    let samples = upsert(&transaction, rows).await?;
    Ok((transaction, samples))
}

async fn copy(transaction: &Transaction<'_>, rows: &[NewSample]) -> Result<(), tokio_postgres::Error> {
    const CHUNK: usize = 1 << 16;
    let sink = transaction.copy_in::<_, Bytes>("COPY observation (time, value, series_id, revision) FROM STDIN BINARY").await?;
    futures_util::pin_mut!(sink);
    let mut out = BytesMut::with_capacity(CHUNK + 64);
    out.put_slice(b"PGCOPY\n\xff\r\n\0");
    out.put_u64(0);
    for NewSample { sample, value } in rows {
        out.put_u16(4);
        out.put_u32(8);
        out.put_i64(Micros::from(sample.time).wire());
        out.put_u32(8);
        out.put_f64(*value);
        out.put_u32(4);
        out.put_i32(sample.series.0);
        out.put_u32(4);
        out.put_i32(sample.revision);
        if out.len() >= CHUNK {
            sink.send(out.split().freeze()).await?;
            out.reserve(CHUNK + 64);
        }
    }
    out.put_i16(-1);
    sink.send(out.freeze()).await?;
    sink.finish().await?;
    Ok(())
}

const UPSERT: &str = "
    INSERT INTO observation AS old (time, value, series_id, revision)
    SELECT * FROM unnest($1::timestamptz[], $2::float8[], $3::int4[], $4::int4[])
    ON CONFLICT (series_id, time) DO UPDATE SET value = excluded.value, revision = excluded.revision
    WHERE (excluded.revision, excluded.value) > (old.revision, old.value)
    RETURNING series_id, time";

async fn upsert(transaction: &Transaction<'_>, rows: &[NewSample]) -> Result<Vec<Sample>, StoreError> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let times: Vec<Micros> = rows.iter().map(|new| Micros::from(new.sample.time)).collect();
    let values: Vec<f64> = rows.iter().map(|new| new.value).collect();
    let series: Vec<i32> = rows.iter().map(|new| new.sample.series.0).collect();
    let revisions: Vec<i32> = rows.iter().map(|new| new.sample.revision).collect();
    let statement = transaction.prepare(UPSERT).await?;
    let changed = transaction.query(&statement, &[&times, &values, &series, &revisions]).await?;
    if changed.len() == rows.len() {
        return Ok(rows.iter().map(|new| new.sample).collect());
    }
    let by_key: HashMap<(SeriesId, Timestamp), Sample> = rows.iter().map(|new| ((new.sample.series, new.sample.time), new.sample)).collect();
    let mut samples = Vec::with_capacity(changed.len());
    for row in changed {
        let key = (SeriesId(row.try_get(0)?), row.try_get::<_, Micros>(1)?.timestamp());
        samples.extend(by_key.get(&key));
    }
    Ok(samples)
}

const UPSERT_CASES: &str = "
    WITH changed AS (
        INSERT INTO cases AS old (source, case_id, version, kind, department, area, opened, due, closed, updated, hash, labels)
        SELECT source, case_id, 1, kind, department, area, opened, due, closed, updated, hash, labels::jsonb
        FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::timestamptz[], $7::timestamptz[], $8::timestamptz[],
                    $9::timestamptz[], $10::int8[], $11::text[])
            AS new (source, case_id, kind, department, area, opened, due, closed, updated, hash, labels)
        ON CONFLICT (source, case_id) DO UPDATE SET version = old.version + 1, kind = excluded.kind, department = excluded.department,
            area = excluded.area, opened = excluded.opened, due = excluded.due, closed = excluded.closed, updated = excluded.updated,
            hash = excluded.hash, labels = excluded.labels
        WHERE (excluded.updated, excluded.hash) > (old.updated, old.hash)
        RETURNING *)
    INSERT INTO case_version (source, case_id, version, lane, seq, recorded_at, kind, department, area, opened, due, closed, updated, hash, labels)
    SELECT source, case_id, version, $12, $13, $14, kind, department, area, opened, due, closed, updated, hash, labels FROM changed
    RETURNING source, case_id";

/// Stores cases and returns those that were new or replaced the stored state.
async fn cases(transaction: &Transaction<'_>, position: Position, batch: &WriteBatch) -> Result<Vec<CaseVersion>, StoreError> {
    if batch.cases.is_empty() {
        return Ok(Vec::new());
    }
    let mut latest: BTreeMap<&CaseKey, &CaseVersion> = BTreeMap::new();
    for version in &batch.cases {
        let known = latest.entry(&version.key).or_insert(version);
        if (version.updated, version.hash) > (known.updated, known.hash) {
            *known = version;
        }
    }
    let columns = case_columns(latest.values().copied());
    let statement = transaction.prepare(UPSERT_CASES).await?;
    let changed = transaction
        .query(
            &statement,
            &[
                &columns.source, &columns.case_id, &columns.kind, &columns.department, &columns.area, &columns.opened, &columns.due,
                &columns.closed, &columns.updated, &columns.hash, &columns.labels, &position.lane, &position.seq, &Micros::from(batch.received),
            ],
        )
        .await?;
    let mut cases = Vec::with_capacity(changed.len());
    let by_text: HashMap<(&str, &str), &CaseVersion> = latest.iter().map(|(key, version)| ((key.source.as_str(), key.id.as_str()), *version)).collect();
    for row in &changed {
        let key: (&str, &str) = (row.try_get(0)?, row.try_get(1)?);
        cases.extend(by_text.get(&key).map(|version| (*version).clone()));
    }
    Ok(cases)
}

async fn rejects(transaction: &Transaction<'_>, received: Timestamp, rejects: &[NewReject]) -> Result<(), StoreError> {
    const MAX_PAYLOAD_BYTES: usize = 4096;
    if rejects.is_empty() {
        return Ok(());
    }
    // PostgreSQL's text holds no NUL.
    let text = |text: &str| text.chars().filter(|c| *c != '\0').collect::<String>();
    let cut = |text: &str| text.get(..text.floor_char_boundary(MAX_PAYLOAD_BYTES)).unwrap_or_default().to_owned();
    let source: Vec<&str> = rejects.iter().map(|reject| reject.source.as_str()).collect();
    let code: Vec<String> = rejects.iter().map(|reject| labels_json(&reject.code).trim_matches('"').to_owned()).collect();
    let reason: Vec<String> = rejects.iter().map(|reject| text(&reject.reason)).collect();
    let payload: Vec<String> = rejects.iter().map(|reject| cut(&text(&reject.payload))).collect();
    let statement = "INSERT INTO reject (received_at, source, code, reason, payload)
        SELECT $1, * FROM unnest($2::text[], $3::text[], $4::text[], $5::text[])";
    transaction.execute(statement, &[&Micros::from(received), &source, &code, &reason, &payload]).await?;
    Ok(())
}
