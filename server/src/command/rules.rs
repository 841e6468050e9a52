//! `taydo rules`: what a city's alert rules do, shown by their scenarios, by what is stored, or by a simulated city.
//!
//! Must never change anything, nor need a running server.

mod backtest;
mod table;

use crate::config::folder;
use anyhow::bail;
use clap::Subcommand;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use taydo_engine::alert::scenario::run;
use taydo_model::{Definitions, files};

/// Where a city keeps its scenarios.
const SCENARIOS: &str = "alerts/scenarios";

/// Shows what alert rules do
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Test(Test),
    Backtest(Box<backtest::Args>),
}

/// Runs the scenarios of a city's alert rules: readings in over time, and the transitions that must follow
///
/// Scenarios are in DIR/alerts/scenarios/*.toml. The exit code is 0 when every rule has one and all come out as they say,
/// and 1 otherwise.
#[derive(Debug, clap::Args)]
struct Test {
    /// The city's folder
    #[arg(value_name = "DIR", default_value = "dashboards/can-tho")]
    folder: PathBuf,
}

impl Args {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        match self.command {
            Command::Test(test) => test.run(),
            Command::Backtest(backtest) => backtest.run(),
        }
    }
}

impl Test {
    fn run(&self) -> anyhow::Result<ExitCode> {
        let definitions = folder::load(&self.folder)?;
        let (scenarios, problems) = files::scenarios(&read(&self.folder)?, &definitions);
        for problem in &problems {
            println!("{}", self.folder.join(problem.to_string()).display());
        }
        let mut failed = 0;
        for scenario in &scenarios {
            match run(&definitions, scenario) {
                Ok(()) => println!("ok      {}: {}", scenario.rule, scenario.name),
                Err(difference) => {
                    failed += 1;
                    print!("FAILED  {}: {}\n{difference}", scenario.rule, scenario.name);
                }
            }
        }
        let shown = scenarios.iter().map(|scenario| scenario.rule.as_str()).collect();
        let lacking = without_scenario(&definitions, &shown);
        lacking.iter().for_each(|rule| println!("FAILED  {rule}: it has no scenario; add one in {SCENARIOS}"));
        println!("\n{} scenarios of {} rules: {failed} failed, {} rules have none", scenarios.len(), shown.len(), lacking.len());
        let is_good = problems.is_empty() && failed == 0 && lacking.is_empty();
        Ok(if is_good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

fn without_scenario<'d>(definitions: &'d Definitions, shown: &BTreeSet<&str>) -> Vec<&'d str> {
    definitions.rules.iter().map(|rule| rule.id.as_str()).filter(|rule| !shown.contains(rule)).collect()
}

/// The scenarios' files, named within the city's folder.
fn read(folder: &Path) -> anyhow::Result<Vec<files::File>> {
    let scenarios = folder.join(SCENARIOS);
    if !scenarios.is_dir() {
        bail!("{} has no scenarios: rules are tested by files in {}", folder.display(), scenarios.display());
    }
    let mut files = folder::read(&scenarios)?;
    files.iter_mut().for_each(|file| file.name = format!("{SCENARIOS}/{}", file.name));
    Ok(files)
}
