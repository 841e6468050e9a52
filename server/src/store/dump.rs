//! PostgreSQL's own programs for copying a database out and in: `pg_dump` and `pg_restore`.
//!
//! It must never show a password to other users of the machine, nor leave a program running that nobody waits for.

use super::embedded::binaries::Binaries;
use super::{Facts, StoreError, session::Session};
use crate::clock::Clock;
use std::{
    io::Write as _,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};
use tokio::process::Command;
use tokio_postgres::config::Host;

/// How often the caller is told how far a program has got.
const TELL_EVERY: Duration = Duration::from_millis(500);
/// How many tables are filled at once.
const JOBS: &str = "--jobs=2";

/// Why a database can't be copied.
#[derive(Debug, thiserror::Error)]
pub enum DumpError {
    /// PostgreSQL's programs are missing, or too old for this.
    #[error(
        "PostgreSQL's programs {wanted} or newer are needed for this, and {found}; install its client package, or name its folder in TAYDO_POSTGRES_BIN"
    )]
    Programs {
        /// The major version that would do.
        wanted: u32,
        /// What there is.
        found: String,
    },
    /// The server can't hold what the copied database needs of TimescaleDB.
    #[error("the back-up is of a database with TimescaleDB {wanted}, and {found}; restore it on a server with just that")]
    Extension {
        /// Its version, with its edition where that matters.
        wanted: String,
        /// What there is, in words.
        found: String,
    },
    /// The program failed.
    #[error("{program} failed: {said}")]
    Failed {
        /// Its name.
        program: &'static str,
        /// What it said last.
        said: String,
    },
    /// A file can't be read or written, or the program can't be started.
    #[error("can't use {}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        cause: std::io::Error,
    },
    /// The database didn't do what was asked.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<tokio_postgres::Error> for DumpError {
    fn from(error: tokio_postgres::Error) -> Self {
        Self::Store(error.into())
    }
}

/// Writes the database as a snapshot sees it into `file`, in PostgreSQL's custom format, and returns which major version
/// of `pg_dump` did it. `tell` learns the file's size now and then.
///
/// # Errors
/// See [`DumpError`].
pub async fn dump(
    config: &tokio_postgres::Config,
    facts: &Facts,
    snapshot: &str,
    file: &Path,
    mut tell: impl FnMut(u64),
) -> Result<u32, DumpError> {
    let programs = Binaries::at_least(facts.postgres).map_err(|found| DumpError::Programs { wanted: facts.postgres, found })?;
    let access = Access::of(config)?;
    let mut command = access.command(&programs, "pg_dump");
    // A little compression costs hardly more time than none, and most of what more would save.
    command.args(["--format=custom", "--compress=3", "--no-owner", "--no-privileges", "--lock-wait-timeout=60s"]);
    command.arg(format!("--snapshot={snapshot}")).arg("--file").arg(file).arg("--dbname").arg(access.database.as_str());
    run(command, "pg_dump", &mut || tell(std::fs::metadata(file).map_or(0, |meta| meta.len()))).await?;
    Ok(programs.major)
}

/// What a copied database needs of TimescaleDB.
#[derive(Debug, Clone, Copy)]
pub struct Extension<'a> {
    /// Its version, to the last digit: its tables describe themselves in each version's own way.
    pub version: &'a str,
    /// Whether it needs the full edition, for columns and continuous aggregates.
    pub is_full: bool,
}

impl Extension<'_> {
    /// Makes sure that a server has it, and that a database which is to be filled doesn't have another one. Changes nothing.
    ///
    /// # Errors
    /// [`DumpError::Extension`] where it can't be had there.
    pub async fn check(&self, config: &tokio_postgres::Config, is_to_be_filled: bool) -> Result<(), DumpError> {
        let session = Session::connect(config, "taydo restore", None).await?;
        let sql = "SELECT (SELECT extversion FROM pg_extension WHERE extname = 'timescaledb'), \
            ARRAY(SELECT version FROM pg_available_extension_versions WHERE name = 'timescaledb'), \
            coalesce(current_setting('shared_preload_libraries', true), '') LIKE '%timescaledb%', \
            current_setting('timescaledb.license', true)";
        let row = session.client.query_one(sql, &[]).await?;
        let (made, versions): (Option<String>, Vec<String>) = (row.try_get(0)?, row.try_get(1)?);
        let (is_loaded, license): (bool, Option<String>) = (row.try_get(2)?, row.try_get(3)?);
        let found = match made.filter(|_| is_to_be_filled) {
            Some(made) if made != self.version => format!("this database has {made}"),
            _ if versions.is_empty() => "this server has none".to_owned(),
            _ if !versions.iter().any(|version| version == self.version) => format!("this server has {}", versions.join(", ")),
            _ if !is_loaded => "this server doesn't load it (shared_preload_libraries)".to_owned(),
            _ if self.is_full && license.as_deref() != Some("timescale") => "this server has the Apache edition".to_owned(),
            _ => return Ok(()),
        };
        let edition = if self.is_full { ", full edition" } else { "" };
        Err(DumpError::Extension { wanted: format!("{}{edition}", self.version), found })
    }
}

/// Fills an empty database from such a file, which `dumped_by` has written. A database with TimescaleDB is told before and after.
///
/// # Errors
/// See [`DumpError`].
pub async fn load(
    config: &tokio_postgres::Config,
    file: &Path,
    dumped_by: u32,
    timescaledb: Option<Extension<'_>>,
    mut tell: impl FnMut(),
) -> Result<(), DumpError> {
    let programs = Binaries::at_least(dumped_by).map_err(|found| DumpError::Programs { wanted: dumped_by, found })?;
    let access = Access::of(config)?;
    let session = Session::connect(config, "taydo restore", None).await?;
    if let Some(extension) = &timescaledb {
        extension.check(config, true).await?;
        let version = extension.version.replace('\'', "''");
        session.client.batch_execute(&format!("CREATE EXTENSION IF NOT EXISTS timescaledb VERSION '{version}'")).await?;
        session.client.batch_execute("SELECT timescaledb_pre_restore()").await?;
    }
    let mut command = access.command(&programs, "pg_restore");
    command.args(["--no-owner", "--no-privileges"]);
    // TimescaleDB's own tables refer to one another, so they go in one after the other; and its extension is there already.
    if timescaledb.is_none() {
        command.args(["--exit-on-error", JOBS]);
    }
    command.arg("--dbname").arg(access.database.as_str()).arg(file);
    run(command, "pg_restore", &mut tell).await?;
    if timescaledb.is_some() {
        session.client.batch_execute("SELECT timescaledb_post_restore()").await?;
    }
    session.client.batch_execute("ANALYZE").await?;
    Ok(())
}

/// How a program reaches the database.
struct Access {
    host: String,
    port: u16,
    user: String,
    database: String,
    /// The password's file, which only this account can read; removed when dropped.
    password: Option<tempfile::NamedTempFile>,
}

impl Access {
    fn of(config: &tokio_postgres::Config) -> Result<Self, DumpError> {
        let host = config.get_hosts().first().map_or_else(String::new, |host| match host {
            Host::Tcp(name) => name.clone(),
            Host::Unix(path) => path.display().to_string(),
        });
        let password =
            config.get_password().map(pass_file).transpose().map_err(|cause| DumpError::Io { path: std::env::temp_dir(), cause })?;
        Ok(Self {
            host,
            port: config.get_ports().first().copied().unwrap_or(5432),
            user: config.get_user().unwrap_or_default().to_owned(),
            database: config.get_dbname().unwrap_or_default().to_owned(),
            password,
        })
    }

    fn command(&self, programs: &Binaries, name: &str) -> Command {
        let mut command = Command::new(programs.program(name));
        command.env_clear().env("PATH", "/usr/bin:/bin").env("LC_ALL", "C").current_dir("/");
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).kill_on_drop(true);
        if let Some(file) = &self.password {
            command.env("PGPASSFILE", file.path());
        }
        command.arg("--no-password").arg("--host").arg(&self.host).arg("--port").arg(self.port.to_string());
        command.arg("--username").arg(&self.user);
        command
    }
}

/// A password file of libpq, with the one line that fits everything; made for its owner alone.
fn pass_file(password: &[u8]) -> std::io::Result<tempfile::NamedTempFile> {
    let mut file = tempfile::NamedTempFile::new()?;
    file.write_all(b"*:*:*:*:")?;
    for byte in password {
        if matches!(byte, b':' | b'\\') {
            file.write_all(b"\\")?;
        }
        file.write_all(&[*byte])?;
    }
    file.write_all(b"\n")?;
    file.flush()?;
    Ok(file)
}

async fn run(mut command: Command, program: &'static str, tell: &mut impl FnMut()) -> Result<(), DumpError> {
    let failed = |cause| DumpError::Io { path: PathBuf::from(program), cause };
    let child = command.spawn().map_err(failed)?;
    let mut done = std::pin::pin!(child.wait_with_output());
    // What a program does takes its time whatever a test's clock says.
    let clock = Clock::real();
    let output = loop {
        tokio::select! {
            output = &mut done => break output.map_err(failed)?,
            () = clock.pause(TELL_EVERY) => tell(),
        }
    };
    tell();
    if output.status.success() {
        return Ok(());
    }
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).take(4).collect();
    let said = if lines.is_empty() { "it said nothing".to_owned() } else { lines.join(" / ") };
    Err(DumpError::Failed { program, said })
}
