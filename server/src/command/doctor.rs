//! `taydo doctor`: says how a server is, and what to do next.

use super::reach::Reach;
use crate::app;
use crate::clock::Clock;
use crate::doctor::{Level, Patient, worst};
use std::path::PathBuf;
use std::process::ExitCode;

/// Looks at a server, its database, its disk and its back-ups, and says what to do next; also while the server is down
///
/// The exit code is 0 when all is well, 1 when something should be looked at, and 2 when something is broken.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The server
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:4390")]
    server: String,
    /// The folder with the back-ups [default: `backups` in the data folder]
    #[arg(long, value_name = "DIR")]
    backups: Option<PathBuf>,
    /// Writes JSON: {"worst", "findings": [{"about", "level", "found", "next"}]}
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    reach: Reach,
}

impl Args {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        let data = self.reach.data()?;
        let backups = self.backups.clone().unwrap_or_else(|| data.join("backups"));
        let server = self.server.trim_end_matches('/').to_owned();
        let patient = Patient { server, data, outside: self.reach.outside()?, backups };
        let findings = app::runtime()?.block_on(patient.examine(&Clock::real()));
        let worst = worst(&findings);
        if self.json {
            println!("{}", serde_json::json!({ "worst": worst, "findings": findings }));
        } else {
            for finding in &findings {
                let mark = match finding.level {
                    Level::Fine => "ok       ",
                    Level::Attention => "attention",
                    Level::Broken => "BROKEN   ",
                };
                println!("{mark}  {:<10}  {}", finding.about, finding.found);
                finding.next.iter().for_each(|next| println!("{:<21}  → {next}", ""));
            }
        }
        Ok(ExitCode::from(match worst {
            Level::Fine => 0,
            Level::Attention => 1,
            Level::Broken => 2,
        }))
    }
}
