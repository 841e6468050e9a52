//! `taydo import`: sends a file's rows to the running server.

use std::process::ExitCode;

/// Imports a CSV file through a source's mapping
#[derive(Debug, clap::Args)]
pub(super) struct Args {}

impl Args {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        anyhow::bail!("not built yet")
    }
}
