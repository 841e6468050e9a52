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

/// Fills an empty database from such a file, which `dumped_by` has written. A database with TimescaleDB is told before and after.
///
/// # Errors
/// See [`DumpError`].
pub async fn load(
    config: &tokio_postgres::Config,
    file: &Path,
    dumped_by: u32,
    timescaledb: Option<&str>,
    mut tell: impl FnMut(),
) -> Result<(), DumpError> {
    let programs = Binaries::at_least(dumped_by).map_err(|found| DumpError::Programs { wanted: dumped_by, found })?;
    let access = Access::of(config)?;
    let session = Session::connect(config, "taydo restore", None).await?;
    if let Some(version) = timescaledb {
        let version = version.replace('\'', "''");
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
