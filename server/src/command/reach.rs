//! The database that a command works on: one that is named, that of the running server, or the one in the data folder.
//!
//! It must never start a server: a database that is started for a command is stopped with it.

use crate::clock::Clock;
use crate::config;
use crate::store::{DatabaseAddress, EmbeddedDatabase};
use anyhow::ensure;
use std::path::PathBuf;

/// Where the database is.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Reach {
    /// The server's data folder [default: as `taydo serve` has it]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Another database server than the embedded one, such as postgresql://taydo@db:5432/taydo
    #[arg(long, value_name = "URL")]
    database: Option<String>,
    /// The file that holds its password
    #[arg(long, value_name = "FILE", requires = "database")]
    database_password_file: Option<PathBuf>,
}

impl Reach {
    /// The data folder.
    pub(super) fn data(&self) -> anyhow::Result<PathBuf> {
        self.data.clone().map_or_else(config::default_data, Ok)
    }

    /// The outside database, where one is named.
    pub(super) fn outside(&self) -> anyhow::Result<Option<tokio_postgres::Config>> {
        let parse = |url: &String| DatabaseAddress::parse(url, self.database_password_file.as_deref());
        Ok(self.database.as_ref().map(parse).transpose()?.map(|address| address.config().clone()))
    }

    /// Does a command's work with the database, which is started for it where no server runs.
    pub(super) async fn with<T>(
        &self,
        clock: &Clock,
        work: impl AsyncFnOnce(tokio_postgres::Config) -> anyhow::Result<T>,
    ) -> anyhow::Result<T> {
        if let Some(outside) = self.outside()? {
            return work(outside).await;
        }
        let data = self.data()?;
        if let Some(running) = EmbeddedDatabase::running(&data) {
            return work(running).await;
        }
        ensure!(
            data.join("postgres").is_dir(),
            "there is no database in {}; name the server's data folder with --data, or its database with --database",
            data.display()
        );
        eprintln!("no server runs over {}; starting its database for this command", data.display());
        let (embedded, config) = EmbeddedDatabase::start(&data, clock.clone()).await?;
        let outcome = work(config).await;
        embedded.stop().await?;
        outcome
    }
}
