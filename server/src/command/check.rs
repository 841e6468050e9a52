//! `taydo check`: reads a city's folder and reports every problem.

use std::process::ExitCode;

/// Checks a city's definition files and reports every problem at once
#[derive(Debug, clap::Args)]
pub(super) struct Args {}

impl Args {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        anyhow::bail!("not built yet")
    }
}
