//! `taydo serve`: starts the centre.

use std::process::ExitCode;

/// Runs the centre: takes data in, computes, and serves the screens
#[derive(Debug, clap::Args)]
pub(super) struct Args {}

impl Args {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        anyhow::bail!("not built yet")
    }
}
