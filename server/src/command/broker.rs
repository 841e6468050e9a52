//! `taydo broker`: Mosquitto in the foreground with our configuration.

use crate::{app, broker, telemetry};
use std::path::PathBuf;
use std::process::ExitCode;

/// Runs Mosquitto in the foreground with Tây Đô's configuration, on loopback
///
/// The configuration keeps every message for a server that is away for an hour, and saves it every 5 seconds.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The folder for the broker's configuration and what it keeps
    #[arg(long, value_name = "DIR")]
    dir: PathBuf,
    /// The port on 127.0.0.1
    #[arg(long, default_value_t = 4391)]
    port: u16,
}

impl Args {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        telemetry::log(false);
        let status = app::runtime()?.block_on(broker::run(&self.dir, self.port, telemetry::stop_signal()))?;
        Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}
