//! The store: everything that lasts. Every SQL statement of the server is in this module.
//!
//! It owns the database's schema, the two transactions (T1 in [`Writer::commit`], T2 in [`Store::commit_readings`]) and
//! the reads. It must never decide what data means, never call SQL's `now()` (times are arguments), and never let a
//! caller see a connection or a statement.

mod address;
mod aggregate;
mod alert;
mod backup_run;
mod baseline;
mod batch;
mod batch_log;
mod case;
mod chain;
mod definition_set;
mod dump;
mod embedded;
mod error;
mod event;
mod expiry;
mod feed;
pub mod figures;
mod first_reading;
mod form;
pub mod frozen;
mod gap;
mod heartbeat;
mod history;
pub mod incident;
mod inspection;
mod layout;
mod lease;
mod limit;
mod micros;
mod migration;
mod observation;
pub mod outbox;
mod overdue;
mod pane;
mod partition;
mod passport;
pub mod past;
mod reader;
mod reading;
mod recompute;
mod record;
mod reject;
pub mod reply;
mod rollup;
pub mod roster;
mod scratch;
mod series;
mod session;
pub mod shift_log;
mod snapshot;
mod stage;
pub mod task;
#[cfg(test)]
mod tests;
mod text;
mod view;
pub mod wall;
mod why;
mod word;
mod writer;

pub use address::{AddressError, DatabaseAddress};
pub use backup_run::{BackupRecord, BackupRun};
pub use batch::{Committed, NewReject, NewSample, WriteBatch};
pub use batch_log::CommittedBatch;
pub use case::CaseStream;
pub use dump::{DumpError, Extension, dump, load};
pub use embedded::{EmbeddedDatabase, EmbeddedError};
pub use error::{Cause, StoreError};
pub use expiry::Dropped;
pub use first_reading::FirstReading;
pub use form::{NewEntry, NewReceipt, Unobserved};
pub use gap::BeyondStream;
pub use inspection::{Inspection, SchemaState};
pub use layout::{Engine, Layout};
pub use lease::{Fence, LeaseBeat};
pub use migration::{OpenError, newest_schema};
pub use observation::SampleStream;
pub use pane::Made;
pub use partition::Table;
pub use past::Past;
pub use reader::{LIMIT as READ_LIMIT, ReadError};
pub use reading::{ReadingRoller, ReadingsRolled};
pub use record::{CasesWanted, Observations, ObservationsWanted};
pub use rollup::{Rolled, Roller, RollupProgress};
pub use scratch::ScratchDatabase;
pub use snapshot::{Facts, Snapshot, TableCensus};
pub use why::Standings;
pub(crate) use word::word;
pub use writer::Writer;

use crate::clock::Clock;
use deadpool_postgres::{Object, Pool};
use partition::Partitions;
use reader::Readers;
use session::Session;
use std::{fmt, sync::Arc};

/// A way to the database. A copy is the same store.
#[derive(Clone)]
pub struct Store(Arc<Inner>);

struct Inner {
    config: tokio_postgres::Config,
    clock: Clock,
    layout: Layout,
    engine: Engine,
    /// For short statements.
    pool: Pool,
    /// For questions about history.
    readers: Readers,
    /// The partitions that are known to exist.
    partitions: Partitions,
    /// The numbers of KPIs, scopes and versions that are known.
    names: reading::Names,
    /// Held by whoever writes readings. The saver and a recompute would otherwise both give the first revision of an
    /// instant, and one of them fail; who waits, waits for one statement of a few thousand rows.
    readings: tokio::sync::Mutex<()>,
    /// The roster as it was last read.
    roster: roster::Latest,
}

impl Store {
    /// Connects and brings the schema up to date.
    ///
    /// # Errors
    /// When the database can't be reached, or its schema is newer than this program or was changed.
    pub async fn open(config: tokio_postgres::Config, clock: Clock) -> Result<Self, OpenError> {
        // A migration may rewrite a large table, so no limit.
        let mut session = Session::connect(&config, "taydo migration", None).await?;
        migration::migrate(&mut session, migration::MIGRATIONS, clock.now()).await?;
        let layout = layout::settle(&mut session, clock.now()).await?;
        view::make(&mut session).await?;
        Ok(Self::with(config, clock, layout)?)
    }

    /// Connects to the database of a server, which may be running, for reading alone: the database itself refuses
    /// everything else.
    ///
    /// # Errors
    /// When the database can't be reached, or its schema is not this program's.
    pub async fn open_to_read(mut config: tokio_postgres::Config, clock: Clock) -> Result<Self, OpenError> {
        let given = config.get_options().unwrap_or_default().to_owned();
        config.options(format!("{given} -c default_transaction_read_only=on").trim_start());
        let mut session = Session::connect(&config, "taydo", None).await?;
        migration::check(&session, migration::MIGRATIONS).await?;
        let layout = layout::find(&mut session).await?.ok_or_else(migration::unfinished)?;
        Ok(Self::with(config, clock, layout)?)
    }

    fn with(config: tokio_postgres::Config, clock: Clock, (layout, engine): (Layout, Engine)) -> Result<Self, StoreError> {
        let pool = session::pool(&config)?;
        let readers = Readers::new(&config, clock.clone())?;
        Ok(Self(Arc::new(Inner {
            config,
            clock,
            layout,
            engine,
            pool,
            readers,
            partitions: Partitions::new(layout),
            names: reading::Names::default(),
            readings: tokio::sync::Mutex::default(),
            roster: roster::Latest::default(),
        })))
    }

    /// The only writer of a lane; lanes are small numbers that the caller gives out, each to one writer. Connects with the first batch.
    #[must_use]
    pub fn writer(&self, lane: i16) -> Writer {
        Writer::new(self.clone(), lane)
    }

    /// How the database keeps history.
    #[must_use]
    pub fn layout(&self) -> Layout {
        self.0.layout
    }

    /// What the database's server can do.
    #[must_use]
    pub fn engine(&self) -> &Engine {
        &self.0.engine
    }

    /// Whether the database answers.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn ping(&self) -> Result<(), StoreError> {
        self.client().await?.simple_query("SELECT 1").await?;
        Ok(())
    }

    /// The size of the database on its disk, in bytes.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn size_bytes(&self) -> Result<u64, StoreError> {
        let row = self.client().await?.query_one("SELECT pg_database_size(current_database())", &[]).await?;
        Ok(row.try_get::<_, i64>(0)?.unsigned_abs())
    }

    async fn client(&self) -> Result<Object, StoreError> {
        Ok(self.0.pool.get().await?)
    }

    fn config(&self) -> &tokio_postgres::Config {
        &self.0.config
    }

    fn clock(&self) -> &Clock {
        &self.0.clock
    }

    fn partitions(&self) -> &Partitions {
        &self.0.partitions
    }

    fn names(&self) -> &reading::Names {
        &self.0.names
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").finish_non_exhaustive()
    }
}
