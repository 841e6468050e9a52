//! How the database keeps history: chosen once for a database, by what its server can do.
//!
//! It must never change the layout of a database that holds data: what was chosen stays.

use super::{StoreError, micros::Micros, session::Session};
use jiff::Timestamp;
use std::fmt;
use tokio_postgres::Transaction;

const PLAIN: &str = include_str!("../../../migrations/layouts/plain.sql");
const HYPERTABLES: &str = include_str!("../../../migrations/layouts/hypertables.sql");
const TIMESCALE_APACHE: &str = include_str!("../../../migrations/layouts/timescale_apache.sql");
const ROLLED: &str = include_str!("../../../migrations/layouts/rolled.sql");

/// Serialises servers that start at the same time on one database. Any number that nothing else uses.
const LOCK: i64 = 0x7461_7964_6f02;

/// How a database keeps observations, readings and rollups. The relations' names and columns are the same in each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// PostgreSQL alone: partitions and rollups are the server's work.
    Plain,
    /// TimescaleDB under the Apache licence: hypertables; rollups are the server's work.
    TimescaleApache,
    /// TimescaleDB's full edition: continuous aggregates, columns and retention are the database's work.
    Timescale,
}

impl Layout {
    const ALL: [Self; 3] = [Self::Plain, Self::TimescaleApache, Self::Timescale];

    /// Its name, as `/readyz` and the database have it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::TimescaleApache => "timescale-apache",
            Self::Timescale => "timescale",
        }
    }

    /// Whether the server makes partitions.
    pub(super) fn has_partitions(self) -> bool {
        self == Self::Plain
    }

    /// Whether the server keeps the rollups.
    pub(super) fn is_rolled_by_us(self) -> bool {
        self != Self::Timescale
    }
}

impl fmt::Display for Layout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What a database's server can do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Engine {
    /// PostgreSQL's version, as `15.14`.
    pub postgres: String,
    /// TimescaleDB's version, where it is loaded.
    pub timescale: Option<String>,
    /// The layout that a new database gets here.
    pub best: Layout,
}

impl fmt::Display for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PostgreSQL {}", self.postgres)?;
        self.timescale.as_ref().map_or(Ok(()), |version| write!(f, ", TimescaleDB {version}"))
    }
}

impl Engine {
    async fn look(transaction: &Transaction<'_>) -> Result<Self, StoreError> {
        // The extension can be made only where its library was loaded when the server started.
        let sql = "SELECT current_setting('server_version'), \
            (SELECT coalesce(installed_version, default_version) FROM pg_available_extensions WHERE name = 'timescaledb'), \
            current_setting('timescaledb.license', true), coalesce(current_setting('shared_preload_libraries', true), '') LIKE '%timescaledb%'";
        let row = transaction.query_one(sql, &[]).await?;
        let (version, license): (Option<String>, Option<String>) = (row.try_get(1)?, row.try_get(2)?);
        let is_loaded: bool = row.try_get(3)?;
        let timescale = version.filter(|_| is_loaded || license.is_some());
        let best = match (&timescale, license.as_deref()) {
            (None, _) => Layout::Plain,
            (Some(_), Some("timescale")) => Layout::Timescale,
            (Some(_), _) => Layout::TimescaleApache,
        };
        let postgres: String = row.try_get(0)?;
        Ok(Self { postgres: postgres.split(' ').next().unwrap_or_default().to_owned(), timescale, best })
    }
}

/// The database's layout, for reading alone; `None` when it has none yet.
pub(super) async fn find(session: &mut Session) -> Result<Option<(Layout, Engine)>, StoreError> {
    let transaction = session.client.transaction().await?;
    let engine = Engine::look(&transaction).await?;
    Ok(chosen(&transaction).await?.map(|layout| (layout, engine)))
}

/// The database's layout; chosen and made now, when it has none yet.
pub(super) async fn settle(session: &mut Session, now: Timestamp) -> Result<(Layout, Engine), StoreError> {
    let transaction = session.client.transaction().await?;
    transaction.execute("SELECT pg_advisory_xact_lock($1)", &[&LOCK]).await?;
    let engine = Engine::look(&transaction).await?;
    let layout = match chosen(&transaction).await? {
        Some(layout) => layout,
        None => {
            let layout = if is_empty(&transaction).await? { engine.best } else { Layout::Plain };
            make(&transaction, layout).await?;
            transaction.execute("INSERT INTO layout (name, chosen_at) VALUES ($1, $2)", &[&layout.name(), &Micros::from(now)]).await?;
            layout
        }
    };
    transaction.commit().await?;
    tracing::info!(%layout, database = %engine, "the store's layout");
    if layout != engine.best {
        tracing::info!(%layout, best = %engine.best, "the database was made with another layout than a new one would get; it stays");
    }
    Ok((layout, engine))
}

async fn chosen(transaction: &Transaction<'_>) -> Result<Option<Layout>, StoreError> {
    let Some(row) = transaction.query_opt("SELECT name FROM layout", &[]).await? else { return Ok(None) };
    let name: String = row.try_get(0)?;
    let known = Layout::ALL.into_iter().find(|layout| layout.name() == name);
    known.map(Some).ok_or_else(|| StoreError::internal(format!("the database's layout {name} is none that this program knows")))
}

async fn is_empty(transaction: &Transaction<'_>) -> Result<bool, StoreError> {
    let sql = "SELECT NOT EXISTS (SELECT FROM observation) AND NOT EXISTS (SELECT FROM reading)";
    Ok(transaction.query_one(sql, &[]).await?.try_get(0)?)
}

async fn make(transaction: &Transaction<'_>, layout: Layout) -> Result<(), StoreError> {
    let steps: &[&str] = match layout {
        Layout::Plain => &[PLAIN, ROLLED],
        Layout::TimescaleApache => &[HYPERTABLES, TIMESCALE_APACHE, ROLLED],
        // Its rollups come with the city's zone.
        Layout::Timescale => &[HYPERTABLES],
    };
    for step in steps {
        transaction.batch_execute(step).await?;
    }
    Ok(())
}
