//! The embedded database: a private PostgreSQL cluster of the server's own, from installed binaries.
//!
//! It owns the cluster's folder, its processes and its socket. It must never run PostgreSQL as root, listen on TCP,
//! or signal a process that isn't this cluster's.

use crate::clock::Clock;
use std::path::Path;

/// A running private cluster.
#[derive(Debug)]
pub struct EmbeddedDatabase {}

/// Why the embedded database can't run.
#[derive(Debug, thiserror::Error)]
#[error("not built yet")]
pub struct EmbeddedError;

impl EmbeddedDatabase {
    /// Starts the cluster in `<data>/postgres`, making it first if need be, or adopts the one of a server that was killed.
    ///
    /// # Errors
    /// When PostgreSQL isn't installed, another server uses the folder, or the cluster can't start; the message says what to do.
    pub async fn start(_data: &Path, _clock: Clock) -> Result<(Self, tokio_postgres::Config), EmbeddedError> {
        Err(EmbeddedError)
    }

    /// Stops the cluster: running statements are cancelled, everything committed is on disk.
    ///
    /// # Errors
    /// When it doesn't stop.
    pub async fn stop(self) -> Result<(), EmbeddedError> {
        Ok(())
    }
}
