//! `taydo broker`: Mosquitto in the foreground with our configuration.

use std::process::ExitCode;

/// Runs Mosquitto in the foreground with Tây Đô's configuration, on loopback
#[derive(Debug, clap::Args)]
pub(super) struct Args {}

impl Args {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        anyhow::bail!("not built yet")
    }
}
