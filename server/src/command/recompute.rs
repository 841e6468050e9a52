//! `taydo recompute`: asks the server to compute readings of the past again, and shows how far it has got.
//!
//! It must never compute anything itself.

use super::client::{Client, Server};
use crate::app;
use crate::clock::Clock;
use anyhow::{bail, ensure};
use indicatif::{ProgressBar, ProgressStyle};
use jiff::Timestamp;
use std::process::ExitCode;
use std::time::Duration;
use taydo_model::KpiId;
use taydo_model::recompute::{RecomputeJob, RecomputeRequest, RecomputeState};

/// How often the server is asked how far it has got.
const ASK: Duration = Duration::from_millis(250);

/// Computes recorded readings of the past again from what is stored
///
/// Readings that come out other than they were become new revisions; what was shown before is kept. The work is done by
/// the server, also when this command is stopped. The exit code is 0 when every instant is computed, and 1 otherwise.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The KPI; may be given several times
    #[arg(long, value_name = "ID", required = true, num_args = 1..)]
    kpi: Vec<String>,
    /// The first moment, such as 2026-03-01T00:00:00+07:00
    #[arg(long, value_name = "TIME")]
    from: Timestamp,
    /// The last moment
    #[arg(long, value_name = "TIME")]
    to: Timestamp,
    #[command(flatten)]
    server: Server,
}

impl Args {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        ensure!(self.from <= self.to, "--from {} is after --to {}; give the earlier moment first", self.from, self.to);
        let request = RecomputeRequest { kpis: kpis(&self.kpi)?, from: self.from, to: self.to };
        let job = app::runtime()?.block_on(self.server.with(async |client| follow(&client, &request).await))?;
        match job.state {
            RecomputeState::Done => {
                println!("{} instants computed, {} readings changed", job.instants, job.changed);
                Ok(ExitCode::SUCCESS)
            }
            _ => bail!("recompute {} failed: {}", job.id, job.error.unwrap_or_default()),
        }
    }
}

fn kpis(names: &[String]) -> anyhow::Result<Vec<KpiId>> {
    let id = |name: &String| KpiId::new(name).map_err(|error| anyhow::anyhow!("--kpi {name:?}: {error}"));
    names.iter().map(id).collect()
}

/// Asks for the job and follows it to its end.
async fn follow(client: &Client, request: &RecomputeRequest) -> anyhow::Result<RecomputeJob> {
    let again = "ask again, which is harmless";
    let mut job: RecomputeJob = client.answer(client.post("/api/v1/recomputes", &[]).json(request), "the recompute", again).await?;
    let bar = bar(&job);
    let clock = Clock::real();
    let path = format!("/api/v1/recomputes/{}", job.id);
    let after = format!("the server goes on by itself; GET {path} tells how far it has got");
    while !job.state.is_final() {
        bar.set_position(job.instants_done);
        bar.set_message(format!("{} changed", job.changed));
        clock.sleep(ASK).await;
        job = client.answer(client.get(&path), "the question after the recompute", &after).await?;
    }
    bar.finish_and_clear();
    Ok(job)
}

fn bar(job: &RecomputeJob) -> ProgressBar {
    let bar = ProgressBar::new(job.instants);
    if let Ok(style) = ProgressStyle::with_template("{bar:32} {percent:>3} %  {human_pos} of {human_len} instants  {msg}  {eta} left") {
        bar.set_style(style);
    }
    bar
}
