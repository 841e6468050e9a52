//! `taydo simulate`: a simulated Cần Thơ, as a client of the public ways in.

use std::process::ExitCode;

/// Plays a simulated city: a client of the public ways in, like real devices
#[derive(Debug, clap::Args)]
pub(super) struct Args {}

impl Args {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        anyhow::bail!("not built yet")
    }
}
