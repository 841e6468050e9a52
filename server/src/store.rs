//! The store: everything that lasts. Every SQL statement of the server is in this module.
//!
//! It owns the database's schema, the two transactions (T1 in [`Writer::commit`], T2 in [`Store::commit_readings`]) and
//! the reads. It must never decide what data means, never call SQL's `now()` (times are arguments), and never let a
//! caller see a connection or a statement.

mod address;
mod batch;
mod embedded;
mod error;
mod micros;
mod migrate;
mod partition;
mod readings;
mod rows;
mod write;

pub use address::{AddressError, DatabaseAddress};
pub use batch::{Committed, NewReject, NewSample, WriteBatch};
pub use embedded::{EmbeddedDatabase, EmbeddedError};
pub use error::{Cause, StoreError};
pub use rows::{CaseStream, SampleStream};
pub use write::Writer;

use crate::clock::Clock;
use deadpool_postgres::{Manager, ManagerConfig, Object, Pool, PoolError, RecyclingMethod};
use jiff::Timestamp;
use micros::Micros;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use taydo_engine::Position;
use taydo_model::{ErrorCode, SourceId, api};
use tokio_postgres::NoTls;

/// Connections for reads and T2. A reader that finds none free waits.
const POOL: usize = 8;

/// A way to the database. A copy is the same store.
#[derive(Debug, Clone)]
pub struct Store {
    pool: deadpool_postgres::Pool,
    config: tokio_postgres::Config,
    clock: Clock,
    names: Arc<readings::Names>,
    partitions: Arc<partition::Partitions>,
}

/// The right to write as the one holder of a lease. Every taking of the lease raises the number, and a lower one can't write any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fence {
    name: Arc<str>,
    number: i64,
}

impl Fence {
    /// The number; frames carry it as their epoch.
    #[must_use]
    pub fn number(&self) -> i64 {
        self.number
    }
}

/// A committed batch as the store remembers it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommittedBatch {
    /// The lane and the batch's number in it.
    pub position: Position,
    /// The earliest and the latest time among the observations that it changed.
    pub span: Option<(Timestamp, Timestamp)>,
}


impl Store {
    /// Connects and brings the schema up to date.
    ///
    /// # Errors
    /// When the database can't be reached, or its schema is newer than this program or was changed.
    pub async fn open(config: tokio_postgres::Config, clock: Clock) -> Result<Self, StoreError> {
        let manager = Manager::from_config(config.clone(), NoTls, ManagerConfig { recycling_method: RecyclingMethod::Fast });
        let pool = Pool::builder(manager).max_size(POOL).build().map_err(|error| StoreError::Internal(error.into()))?;
        let store = Self { pool, config, clock, names: Arc::default(), partitions: Arc::default() };
        migrate::run(&mut *store.client().await?, store.clock.now()).await?;
        Ok(store)
    }

    async fn client(&self) -> Result<Object, StoreError> {
        self.pool.get().await.map_err(|error| match error {
            PoolError::Backend(error) => error.into(),
            other => StoreError::Unavailable(other.into()),
        })
    }

    /// The only writer of a lane; lanes are small numbers that the caller gives out, each to one writer.
    #[must_use]
    pub fn writer(&self, lane: i16) -> Writer {
        Writer::new(self.clone(), lane)
    }

    /// Takes the lease, raising its fence: whoever held it before can't write any more.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn take_lease(&self, name: &str, now: Timestamp) -> Result<Fence, StoreError> {
        let statement = "INSERT INTO lease AS old (name, fence, taken_at) VALUES ($1, 1, $2)
            ON CONFLICT (name) DO UPDATE SET fence = old.fence + 1, taken_at = excluded.taken_at RETURNING fence";
        let number = self.client().await?.query_one(statement, &[&name, &Micros::from(now)]).await?.try_get(0)?;
        Ok(Fence { name: name.into(), number })
    }

    /// How many series each source has made.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn series_counts(&self) -> Result<HashMap<SourceId, u64>, StoreError> {
        let rows = self.client().await?.query("SELECT source, count(*) FROM series GROUP BY source", &[]).await?;
        let mut counts = HashMap::new();
        for row in rows {
            if let Ok(source) = SourceId::new(row.try_get::<_, &str>(0)?) {
                counts.insert(source, u64::try_from(row.try_get::<_, i64>(1)?).unwrap_or(0));
            }
        }
        Ok(counts)
    }

    /// The newest refused items, newest first.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn rejects(&self, limit: u32) -> Result<Vec<api::Reject>, StoreError> {
        let statement = "SELECT id, received_at, source, code, reason, payload FROM reject ORDER BY id DESC LIMIT $1";
        let mut rejects = Vec::new();
        for row in self.client().await?.query(statement, &[&i64::from(limit)]).await? {
            let code = serde_json::from_value(serde_json::Value::String(row.try_get(3)?)).unwrap_or(ErrorCode::Invalid);
            let Ok(source) = SourceId::new(row.try_get::<_, &str>(2)?) else { continue };
            let time = row.try_get::<_, Micros>(1)?.timestamp();
            rejects.push(api::Reject { id: row.try_get(0)?, time, source, code, reason: row.try_get(4)?, payload: row.try_get(5)? });
        }
        Ok(rejects)
    }

    /// Keeps a definition set: its files' names and contents. One that is known is left as it is.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn save_definitions(&self, hash: &str, files: &BTreeMap<String, String>, now: Timestamp) -> Result<(), StoreError> {
        let statement = "INSERT INTO definition_set (hash, loaded_at, files) VALUES ($1, $2, $3::text::jsonb) ON CONFLICT DO NOTHING";
        self.client().await?.execute(statement, &[&hash, &Micros::from(now), &rows::labels_json(files)]).await?;
        Ok(())
    }

    /// Deletes rejects beyond 7 days or 100,000 rows, and batches that the engine consumed a day ago or earlier.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn prune(&self, now: Timestamp) -> Result<(), StoreError> {
        let ago = |days: i64| Micros::from(now.saturating_sub(jiff::SignedDuration::from_hours(24 * days)).unwrap_or(now));
        let client = self.client().await?;
        client.execute("DELETE FROM reject WHERE received_at < $1 OR id <= (SELECT max(id) FROM reject) - 100000", &[&ago(7)]).await?;
        let consumed = "DELETE FROM ingest_batch USING lane WHERE ingest_batch.lane = lane.lane AND ingest_batch.seq < lane.seq AND committed_at < $1";
        client.execute(consumed, &[&ago(1)]).await?;
        Ok(())
    }

    /// Whether the database answers.
    ///
    /// # Errors
    /// When it doesn't.
    pub async fn ping(&self) -> Result<(), StoreError> {
        self.client().await?.execute("SELECT 1", &[]).await?;
        Ok(())
    }
}
