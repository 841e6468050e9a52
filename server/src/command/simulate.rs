//! `taydo simulate`: a simulated Cần Thơ, as a client of the public ways in.

use crate::config::folder;
use crate::simulate::{self, Plan};
use jiff::{SignedDuration, Timestamp};
use std::{path::PathBuf, process::ExitCode};
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// Plays a simulated city: a client of the public ways in, like real devices
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The server's address
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:4390")]
    server: String,
    /// The broker's address
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:4391")]
    mqtt: String,
    /// The city's folder of definitions
    #[arg(long, value_name = "DIR", default_value = "dashboards/can-tho")]
    city: PathBuf,
    /// Which of the possible cities; the same seed gives the same numbers
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How much history there should be before the start, such as 48h; what the server has is not sent again
    #[arg(long, value_name = "DURATION", default_value = "0s")]
    backfill: SignedDuration,
    /// When simulated time begins; by default now
    #[arg(long, value_name = "TIME")]
    from: Option<Timestamp>,
    /// How many times as fast as real time a past given by --from is played, until it has caught up
    #[arg(long, default_value_t = 1.0, value_parser = speed)]
    speed: f64,
    /// When simulated time ends; by default never
    #[arg(long, value_name = "TIME")]
    until: Option<Timestamp>,
    /// What is to happen besides, from the start on: congestion, flood, outage, accident, air or silence, at a ward's code
    /// or name, a road, an asset, or (silence) a source; such as congestion:ninh-kieu:45. May be given several times
    #[arg(long = "incident", value_name = "KIND:PLACE[:MINUTES]")]
    incidents: Vec<simulate::Request>,
}

fn speed(text: &str) -> Result<f64, String> {
    let speed: f64 = text.parse().map_err(|_| format!("{text:?} is not a number"))?;
    if speed > 0.0 && speed <= 100_000.0 { Ok(speed) } else { Err("a speed is above 0 and at most 100000".to_owned()) }
}

impl Args {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        let definitions = folder::load(&self.city)?;
        let plan = Plan {
            server: self.server,
            broker: self.mqtt,
            seed: self.seed,
            backfill: self.backfill,
            from: self.from,
            speed: self.speed,
            until: self.until,
            incidents: self.incidents,
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async {
            let stop = CancellationToken::new();
            tokio::spawn(stop_on_signal(stop.clone()));
            simulate::run(&definitions, plan, stop).await
        })?;
        Ok(ExitCode::SUCCESS)
    }
}

/// Ctrl-C and SIGTERM end the run; what is on its way may still arrive.
async fn stop_on_signal(stop: CancellationToken) {
    let Ok(mut terminate) = signal(SignalKind::terminate()) else { return };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminate.recv() => {}
    }
    stop.cancel();
}
