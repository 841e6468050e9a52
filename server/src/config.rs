//! What `taydo serve` is told: raw arguments in, checked configuration out.

pub mod folder;

use crate::store::DatabaseAddress;
use anyhow::Context as _;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

/// The checked configuration of the server.
#[derive(Debug, Clone)]
pub struct Config {
    /// The city's folder.
    pub city: PathBuf,
    /// Where the server keeps what is its own.
    pub data: PathBuf,
    /// Where it listens; a loopback address.
    pub listen: SocketAddr,
    /// The broker, where MQTT sources are to be read.
    pub mqtt: Option<SocketAddr>,
    /// Another database than the embedded one.
    pub database: Option<DatabaseAddress>,
    /// The folder into which departments put files.
    pub inbox: Option<PathBuf>,
    /// The providers over which people are paged; without it nobody is.
    pub paging: Option<PathBuf>,
    /// The file that says when back-ups are made and where they go; without it none are made by themselves.
    pub backups: Option<PathBuf>,
    /// Whether the embedded database is backed up before its schema changes.
    pub migration_backup: bool,
    /// Where messages' links are answered, and how people reach that.
    pub answer: Option<Answer>,
    /// How often changes are sent to screens.
    pub tick: Duration,
    /// Threads that serve connections.
    pub workers: usize,
    /// The socket of the test that moves the clock.
    pub test_clock: Option<PathBuf>,
    /// What a test calls this build.
    pub test_build: Option<String>,
}

/// The listener that messages' links lead to.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Where it listens; a loopback address.
    pub listen: SocketAddr,
    /// How people reach it, such as `https://ioc.example.vn`.
    pub url: String,
}

/// Where the server keeps its data when it isn't told.
///
/// # Errors
/// When an ordinary user has no home.
pub fn default_data() -> anyhow::Result<PathBuf> {
    if rustix::process::geteuid().is_root() {
        return Ok(PathBuf::from("/var/lib/taydo"));
    }
    let home = || std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".local/share"));
    let base = std::env::var_os("XDG_DATA_HOME").map(PathBuf::from).or_else(home);
    Ok(base.context("HOME is not set, so there is no user's data folder; name one with --data")?.join("taydo"))
}
