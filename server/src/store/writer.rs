//! T1: one lane's way into the database. What it has committed may be acknowledged to its sender.
//!
//! It must never say that something is durable before the database has said so.

use super::{
    Committed, Store, StoreError, WriteBatch, case,
    micros::Micros,
    observation::{self, CopyChoice},
    partition::Table,
    reject, rollup,
    session::Session,
};
use std::time::Duration;
use taydo_engine::{Position, Sample};
use tokio_postgres::{Statement, error::SqlState, types::ToSql};

/// After so long the database gives a statement of T1 up, and the batch is tried again by its owner.
const STATEMENT_LIMIT: Duration = Duration::from_secs(60);
/// How often a batch that met another writer's is tried before its owner is told.
const ATTEMPTS: u32 = 4;
/// The pause before reconnecting, doubled with each failure in a row.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

const INSERT_BATCH: &str = "INSERT INTO ingest_batch (lane, seq, committed_at, min_time, max_time) VALUES ($1, $2, $3, $4, $5)";
const LAST_SEQ: &str = "SELECT greatest((SELECT max(seq) FROM ingest_batch WHERE lane = $1), (SELECT seq FROM lane WHERE lane = $1), 0)";

/// One lane's only writer. It has a connection of its own, and makes a new one when that breaks.
#[derive(Debug)]
pub struct Writer {
    store: Store,
    lane: i16,
    /// `None` before the first batch and after any error: the new connection learns anew what was committed.
    connection: Option<Connection>,
    /// Failures to reach the database in a row.
    failures: u32,
    copy_choice: CopyChoice,
}

/// A session with what is prepared on it.
#[derive(Debug)]
struct Connection {
    session: Session,
    /// The number that the next batch will have.
    seq: i64,
    copy: Statement,
    upsert: Statement,
    cases: Statement,
    rejects: Statement,
    batch: Statement,
    /// Where the server keeps the rollups: what notes for them is written with.
    notes: Option<rollup::Notes>,
}

impl Writer {
    pub(super) fn new(store: Store, lane: i16) -> Self {
        Self { store, lane, connection: None, failures: 0, copy_choice: CopyChoice::default() }
    }

    /// T1: makes the batch durable, all of it or nothing. Safe to repeat with the same batch after any error, and safe
    /// to drop while it runs.
    ///
    /// After `Unavailable` the outcome may be unknown. If the batch was committed after all, its number is taken, so
    /// that the next position leaves a gap and whoever follows the lane reads that batch again.
    ///
    /// # Errors
    /// See [`StoreError`]. After `Unavailable` the next call reconnects, first pausing for up to 5 s when that keeps failing.
    pub async fn commit(&mut self, batch: &WriteBatch) -> Result<Committed, StoreError> {
        let mut attempt = 1;
        loop {
            let outcome = self.attempt(batch).await;
            match &outcome {
                Ok(_) => self.failures = 0,
                Err(StoreError::Unavailable(_)) => self.failures = self.failures.saturating_add(1),
                Err(StoreError::Conflict(_)) if attempt < ATTEMPTS => {
                    attempt += 1;
                    continue;
                }
                Err(_) => {}
            }
            return outcome;
        }
    }

    async fn attempt(&mut self, batch: &WriteBatch) -> Result<Committed, StoreError> {
        // Taken out, so that neither an error nor being dropped half-way leaves a connection in an unknown state behind.
        let mut connection = match self.connection.take() {
            Some(connection) if !connection.session.client.is_closed() => connection,
            _ => self.connect().await?,
        };
        let committed = self.write(&mut connection, batch).await;
        if committed.is_ok() {
            connection.seq += 1;
            self.connection = Some(connection);
        }
        committed
    }

    async fn connect(&self) -> Result<Connection, StoreError> {
        if let Some(doublings) = self.failures.checked_sub(1) {
            let pause = FIRST_PAUSE.saturating_mul(1 << doublings.min(10)).min(LONGEST_PAUSE);
            self.store.clock().pause(pause).await;
        }
        let name = format!("taydo writer {}", self.lane);
        let session = Session::connect(self.store.config(), &name, Some(STATEMENT_LIMIT)).await?;
        let client = &session.client;
        let last: i64 = client.query_one(LAST_SEQ, &[&self.lane]).await?.try_get(0)?;
        Ok(Connection {
            seq: last + 1,
            copy: client.prepare(observation::COPY).await?,
            upsert: client.prepare(observation::UPSERT).await?,
            cases: client.prepare(case::UPSERT).await?,
            rejects: client.prepare(reject::INSERT).await?,
            batch: client.prepare(INSERT_BATCH).await?,
            notes: match self.store.layout().is_rolled_by_us() {
                true => Some(rollup::Notes::prepare(client).await?),
                false => None,
            },
            session,
        })
    }

    async fn write(&mut self, connection: &mut Connection, batch: &WriteBatch) -> Result<Committed, StoreError> {
        let now = self.store.clock().now();
        let position = Position { lane: self.lane, seq: connection.seq };
        let new = observation::winners(&batch.samples);
        let times = new.iter().map(|one| Micros::from(one.sample.time));
        self.store.partitions().ensure(&mut connection.session.client, Table::Observation, times).await?;

        let mut transaction = connection.session.client.transaction().await?;
        let mut written: Option<Vec<Sample>> = None;
        if self.copy_choice.wants(new.len()) {
            let all_new = observation::copy(&mut transaction, &connection.copy, &new).await.map_err(|error| self.look_at(error))?;
            self.copy_choice.learn(!all_new);
            written = all_new.then(|| new.iter().map(|one| one.sample).collect());
        }
        let samples = match written {
            Some(samples) => samples,
            None if new.is_empty() => Vec::new(),
            None => observation::upsert(&transaction, &connection.upsert, &new).await.map_err(|error| self.look_at(error))?,
        };
        let mut cases = Vec::new();
        if !batch.cases.is_empty() {
            cases = case::upsert(&transaction, &connection.cases, position, now, &case::winners(&batch.cases)).await?;
        }
        if !batch.rejects.is_empty() {
            reject::insert(&transaction, &connection.rejects, batch).await?;
        }
        let span = samples.iter().map(|sample| sample.time).min().zip(samples.iter().map(|sample| sample.time).max());
        let (min, max) = (span.map(|(min, _)| Micros::from(min)), span.map(|(_, max)| Micros::from(max)));
        let received = Micros::from(now);
        let parameters: [&(dyn ToSql + Sync); 5] = [&position.lane, &position.seq, &received, &min, &max];
        let batch_row = transaction.execute(&connection.batch, &parameters);
        match connection.notes.as_ref().filter(|_| !samples.is_empty()) {
            // Asked together, for one way to the database and back.
            Some(notes) => {
                let (_, until) = tokio::try_join!(batch_row, notes.until(&transaction))?;
                notes.note(&transaction, until, &samples).await?;
            }
            None => drop(batch_row.await?),
        }
        transaction.commit().await?;
        Ok(Committed { position, samples, cases, span })
    }

    /// A row without a partition means that one was dropped since we saw it: it is made again at the next attempt.
    fn look_at(&self, error: StoreError) -> StoreError {
        let StoreError::Internal(cause) = error else { return error };
        let code = cause.downcast_ref::<tokio_postgres::Error>().and_then(tokio_postgres::Error::code);
        if code == Some(&SqlState::CHECK_VIOLATION) {
            self.store.partitions().forget();
            return StoreError::Conflict(cause);
        }
        StoreError::Internal(cause)
    }
}
