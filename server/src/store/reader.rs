//! Connections for reading history: apart from those of the live path, so that a slow question costs nobody else.
//!
//! It must never write: the database itself refuses that here.

use super::{
    Store, StoreError,
    session::{self, Plans},
};
use crate::clock::Clock;
use deadpool_postgres::{Object, Pool};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, TryAcquireError};
use tokio_postgres::{Config, error::SqlState};

/// Questions that are answered at a time.
const AT_A_TIME: usize = 4;
/// Questions that are answered or wait, of several boards that open at once. The next one is refused at once.
const WAITING: usize = 128;
/// A question that has waited for so long is refused.
const PATIENCE: Duration = Duration::from_secs(5);
/// After so long the database gives a question up.
pub const LIMIT: Duration = Duration::from_secs(10);

/// Why a question about history is not answered.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// All connections for history are busy. Ask again in a few seconds.
    #[error("too many questions about history at once; ask again in a few seconds")]
    Busy,
    /// It took longer than [`LIMIT`]. Ask for less.
    #[error("the database didn't answer within {} s; ask for a shorter range, or for fewer series", LIMIT.as_secs())]
    TooSlow,
    /// This database doesn't keep what was asked for. Ask for another step.
    #[error("this rollup is not kept yet; ask with another `step`, or for raw observations")]
    NotKept,
    /// The store can't answer at all.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<tokio_postgres::Error> for ReadError {
    fn from(error: tokio_postgres::Error) -> Self {
        match error.code() {
            Some(&SqlState::QUERY_CANCELED) => Self::TooSlow,
            Some(&SqlState::UNDEFINED_TABLE) => Self::NotKept,
            _ => Self::Store(error.into()),
        }
    }
}

/// The connections.
pub(super) struct Readers {
    /// For whatever is asked.
    any: Pool,
    /// For courses, whose statements are always asked in the same way.
    courses: Pool,
    clock: Clock,
    /// One for each connection that works. Taken in turn; who waits longer than [`PATIENCE`] goes without.
    turns: Arc<Semaphore>,
    /// One for each question that is answered or waits.
    places: Arc<Semaphore>,
}

/// A connection for one question.
pub(super) struct Reader {
    pub(super) client: Object,
    _turn: OwnedSemaphorePermit,
    _place: OwnedSemaphorePermit,
}

impl Readers {
    pub(super) fn new(config: &Config, clock: Clock) -> Result<Self, StoreError> {
        let any = session::reading_pool(config, AT_A_TIME, LIMIT, Plans::Anew)?;
        let courses = session::reading_pool(config, AT_A_TIME, LIMIT, Plans::Once)?;
        Ok(Self { any, courses, clock, turns: Arc::new(Semaphore::new(AT_A_TIME)), places: Arc::new(Semaphore::new(WAITING)) })
    }

    async fn next(&self, pool: &Pool) -> Result<Reader, ReadError> {
        let place = Arc::clone(&self.places).try_acquire_owned().map_err(|_: TryAcquireError| ReadError::Busy)?;
        let turn = tokio::select! {
            biased;
            turn = Arc::clone(&self.turns).acquire_owned() => turn.map_err(|_| ReadError::Busy)?,
            () = self.clock.sleep(PATIENCE) => return Err(ReadError::Busy),
        };
        Ok(Reader { client: pool.get().await.map_err(StoreError::from)?, _turn: turn, _place: place })
    }
}

impl Store {
    pub(super) async fn reader(&self) -> Result<Reader, ReadError> {
        self.0.readers.next(&self.0.readers.any).await
    }

    /// For statements with the same conditions each time, on few rows of many parts.
    pub(super) async fn course_reader(&self) -> Result<Reader, ReadError> {
        self.0.readers.next(&self.0.readers.courses).await
    }
}
