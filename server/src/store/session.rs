//! Connections: the pool for short statements, and sessions for what takes long.
//!
//! It owns how we connect. It must never retry by itself: that is the caller's decision.

use super::StoreError;
use deadpool_postgres::{Manager, ManagerConfig, Pool, RecyclingMethod};
use futures_util::{StreamExt, TryStreamExt, stream::Fuse};
use std::{fmt, pin::Pin, time::Duration};
use tokio::task::AbortHandle;
use tokio_postgres::{Client, Config, NoTls, Row, RowStream, types::ToSql};

/// Connections for short statements. When all are busy the next caller waits for one, in turn; `STATEMENT_LIMIT`
/// bounds how long each is held.
const POOL_SIZE: usize = 6;
/// Connections for reading the past. When all are busy the next replay waits for one, in turn.
const PAST_POOL_SIZE: usize = 3;
/// After so long the database gives a read of the past up.
const PAST_LIMIT: Duration = Duration::from_secs(10);
/// After so long the database gives a statement up.
const STATEMENT_LIMIT: Duration = Duration::from_secs(30);
/// After so long the attempt to connect has failed.
const CONNECT_LIMIT: Duration = Duration::from_secs(5);
/// How many rows a stream gives at once.
const CHUNK_ROWS: usize = 8192;

/// Makes the pool; connects only when a connection is wanted.
pub(super) fn pool(config: &Config) -> Result<Pool, StoreError> {
    pool_of(named(config, "taydo", Some(STATEMENT_LIMIT)), POOL_SIZE)
}

/// A pool for reading the past, apart from the other: whoever plays the past back never makes the present wait.
pub(super) fn past_pool(config: &Config) -> Result<Pool, StoreError> {
    let mut config = named(config, "taydo replay", Some(PAST_LIMIT));
    let given = config.get_options().unwrap_or_default().to_owned();
    config.options(format!("{given} -c default_transaction_read_only=on"));
    pool_of(config, PAST_POOL_SIZE)
}

fn pool_of(config: Config, size: usize) -> Result<Pool, StoreError> {
    let manager = Manager::from_config(config, NoTls, ManagerConfig { recycling_method: RecyclingMethod::Fast });
    Pool::builder(manager).max_size(size).build().map_err(|error| StoreError::Internal(error.into()))
}

/// How the database plans a prepared statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Plans {
    /// For what is asked each time, when that looks cheaper: for statements that may be asked in very different ways.
    Anew,
    /// Once for a connection. A table in hundreds of parts takes far longer to plan than to read a few of them.
    Once,
}

/// Makes a pool of `size` that only reads, each statement on one core of the database, so that what is asked there leaves the
/// others to the live path.
pub(super) fn reading_pool(config: &Config, size: usize, limit: Duration, plans: Plans) -> Result<Pool, StoreError> {
    let mut config = named(config, "taydo history", Some(limit));
    let given = config.get_options().unwrap_or_default().to_owned();
    let mode = if plans == Plans::Once { "force_generic_plan" } else { "auto" };
    config.options(format!(
        "{given} -c default_transaction_read_only=on -c max_parallel_workers_per_gather=0 -c jit=off -c plan_cache_mode={mode}"
    ));
    let manager = Manager::from_config(config, NoTls, ManagerConfig { recycling_method: RecyclingMethod::Fast });
    Pool::builder(manager).max_size(size).build().map_err(|error| StoreError::Internal(error.into()))
}

fn named(config: &Config, name: &str, limit: Option<Duration>) -> Config {
    let mut config = config.clone();
    let limit_ms = limit.map_or(0, |limit| limit.as_millis());
    let given = config.get_options().unwrap_or_default().to_owned();
    config.options(format!("{given} -c statement_timeout={limit_ms} -c timezone=UTC").trim_start());
    config.application_name(name).connect_timeout(CONNECT_LIMIT).tcp_user_timeout(STATEMENT_LIMIT);
    config
}

/// A connection of one owner. Dropping it closes it, whatever it is doing.
pub(super) struct Session {
    pub(super) client: Client,
    connection: AbortHandle,
}

impl Session {
    /// Connects; `limit` bounds each statement, `None` is for reads that go on as long as somebody takes the rows.
    pub(super) async fn connect(config: &Config, name: &str, limit: Option<Duration>) -> Result<Self, StoreError> {
        let (client, connection) = named(config, name, limit).connect(NoTls).await?;
        let driver = tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(error = %error, "a database connection has ended");
            }
        });
        Ok(Self { client, connection: driver.abort_handle() })
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.connection.abort();
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").finish_non_exhaustive()
    }
}

/// The rows of one long read, taken in chunks. The database waits while nobody takes any.
pub(super) struct Rows {
    /// Fused, because the driver's stream answers an error when it is asked again after its end.
    stream: Pin<Box<Fuse<RowStream>>>,
    /// The connection that the rows come over.
    _session: Session,
}

impl Rows {
    pub(super) async fn of(session: Session, sql: &str, parameters: &[&(dyn ToSql + Sync)]) -> Result<Self, StoreError> {
        let stream = session.client.query_raw(sql, parameters.iter().copied()).await?;
        Ok(Self { stream: Box::pin(stream.fuse()), _session: session })
    }

    /// The next rows, decoded; those that `decode` has nothing for are left out. `None` at the end.
    pub(super) async fn next<T>(&mut self, decode: impl Fn(&Row) -> Result<Option<T>, StoreError>) -> Result<Option<Vec<T>>, StoreError> {
        let mut chunk = Vec::new();
        while let Some(row) = self.stream.try_next().await? {
            chunk.extend(decode(&row)?);
            if chunk.len() == CHUNK_ROWS {
                break;
            }
        }
        Ok((!chunk.is_empty()).then_some(chunk))
    }
}

impl fmt::Debug for Rows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rows").finish_non_exhaustive()
    }
}
