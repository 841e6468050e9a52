//! A database server of a measurement that can be started anew: the product's own PostgreSQL, or a TimescaleDB in a Debian root.
//!
//! It must never touch a server that it has not started, nor leave one behind.

use crate::process::tree_cpu_s;
use crate::stopwatch::Stopwatch;
use anyhow::ensure;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;
use taydo_outside::Timescale;
use taydo_server::clock::Clock;
use taydo_server::store::EmbeddedDatabase;
use tokio_postgres::Config;

/// The settings that matter for speed are those of the embedded database.
const SETTINGS: [&str; 10] = [
    "work_mem=16MB",
    "max_wal_size=2GB",
    "min_wal_size=160MB",
    "wal_compression=on",
    "wal_buffers=16MB",
    "wal_level=minimal",
    "max_wal_senders=0",
    "checkpoint_timeout=10min",
    "jit=off",
    "random_page_cost=1.1",
];

/// A running server.
#[derive(Debug)]
pub struct Cluster {
    server: Running,
    address: Config,
}

#[derive(Debug)]
enum Running {
    Embedded { data: PathBuf, database: Option<EmbeddedDatabase> },
    Timescale(Box<Timescale>),
}

impl Cluster {
    /// The product's own, with its data in this folder.
    ///
    /// # Errors
    /// When it doesn't start.
    pub async fn embedded(data: &Path) -> anyhow::Result<Self> {
        let (database, address) = EmbeddedDatabase::start(data, Clock::real()).await?;
        Ok(Self { server: Running::Embedded { data: data.to_owned(), database: Some(database) }, address })
    }

    /// TimescaleDB in this Debian root. Needs to be root, for its namespace.
    ///
    /// # Errors
    /// When it doesn't start.
    pub async fn timescale(root: &Path) -> anyhow::Result<Self> {
        let server = Timescale::start(Command::new("unshare"), root, &SETTINGS)?;
        answers(&server).await?;
        let address = server.address().clone();
        Ok(Self { server: Running::Timescale(Box::new(server)), address })
    }

    /// How to reach its first database.
    #[must_use]
    pub fn address(&self) -> &Config {
        &self.address
    }

    /// Makes an empty database, and says how to reach it.
    ///
    /// # Errors
    /// When there is one of that name.
    pub async fn make(&self, name: &str) -> anyhow::Result<Config> {
        crate::database::connect(&self.address).await?.batch_execute(&format!("CREATE DATABASE {name}")).await?;
        let mut config = self.address.clone();
        config.dbname(name);
        Ok(config)
    }

    /// Drops a database that nobody uses any more.
    ///
    /// # Errors
    /// When the server refuses it.
    pub async fn forget(&self, name: &str) -> anyhow::Result<()> {
        Ok(crate::database::connect(&self.address).await?.batch_execute(&format!("DROP DATABASE {name} WITH (FORCE)")).await?)
    }

    /// CPU seconds of all its processes so far; a restart may begin the count anew.
    #[must_use]
    pub fn cpu_s(&self) -> f64 {
        match &self.server {
            Running::Embedded { data, .. } => crate::database::postmaster(data).map_or(0.0, tree_cpu_s),
            Running::Timescale(server) => tree_cpu_s(server.pid()),
        }
    }

    /// Stops the server and starts it again; its own memory is then empty.
    ///
    /// # Errors
    /// When it doesn't come back.
    pub async fn restart(&mut self) -> anyhow::Result<()> {
        match &mut self.server {
            Running::Embedded { data, database } => {
                if let Some(database) = database.take() {
                    database.stop().await?;
                }
                *database = Some(EmbeddedDatabase::start(data, Clock::real()).await?.0);
                Ok(())
            }
            Running::Timescale(server) => {
                server.restart()?;
                answers(server).await
            }
        }
    }

    /// Stops the server; of a Debian root's nothing is left.
    ///
    /// # Errors
    /// When it doesn't stop.
    pub async fn stop(self) -> anyhow::Result<()> {
        match self.server {
            Running::Embedded { database, .. } => match database {
                Some(database) => Ok(database.stop().await?),
                None => Ok(()),
            },
            Running::Timescale(server) => server.stop(),
        }
    }
}

/// Waits until a server can be used.
async fn answers(server: &Timescale) -> anyhow::Result<()> {
    let patience = Stopwatch::start();
    while let Err(error) = server.answers().await {
        ensure!(patience.seconds() < 60.0, "{error:#}");
        Clock::real().sleep(Duration::from_millis(50)).await;
    }
    Ok(())
}

/// Writes everything to the disk and empties the system's cache of it, where this process may; whether it did.
pub fn forget_pages() -> bool {
    rustix::fs::sync();
    std::fs::write("/proc/sys/vm/drop_caches", "3").is_ok()
}
