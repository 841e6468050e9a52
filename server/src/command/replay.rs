//! `taydo replay`: plays a recording over MQTT as if it were live.

use std::process::ExitCode;

/// Plays a recording over MQTT as if it were live
#[derive(Debug, clap::Args)]
pub(super) struct Args {}

impl Args {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        anyhow::bail!("not built yet")
    }
}
