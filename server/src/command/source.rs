//! `taydo source`: tools for whoever connects a source.

use std::process::ExitCode;

/// Tries a source's mapping on a file or a topic, and stores nothing
#[derive(Debug, clap::Args)]
pub(super) struct Args {}

impl Args {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        anyhow::bail!("not built yet")
    }
}
