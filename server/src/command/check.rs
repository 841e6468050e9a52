//! `taydo check`: reads a city's folder and reports every problem.
//!
//! Must never change anything, nor need a server, a database or the network.

use crate::config::folder;
use std::{path::PathBuf, process::ExitCode};
use taydo_model::{Definitions, files, source::Way};

/// Checks a city's definition files and reports every problem at once
///
/// Problems go to standard output, one a line as FILE:LINE:COLUMN, each with a hint. The exit code is 0 when there
/// are none, and 1 otherwise.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The city's folder, such as dashboards/can-tho
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// Leave out the sketches of the boards' grids
    #[arg(long)]
    brief: bool,
}

impl Args {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        let files = folder::read(&self.folder)?;
        let (definitions, problems) = files::check(&files);
        for problem in &problems {
            // Joined with the folder, so that a terminal can open the place.
            println!("{}{}", self.folder.join(&problem.file).display(), after_name(problem));
        }
        if problems.is_empty() {
            print!("{}", summary(&definitions));
            if !self.brief {
                definitions.boards.iter().for_each(|board| print!("\nboard {}: {}\n{}", board.id, board.title.vi, board.sketch()));
            }
            return Ok(ExitCode::SUCCESS);
        }
        let in_files = problems.iter().map(|problem| &problem.file).collect::<std::collections::BTreeSet<_>>().len();
        println!("\n{} in {} of {}", count(problems.len(), "problem"), in_files, count(files.len(), "file"));
        Ok(ExitCode::FAILURE)
    }
}

fn after_name(problem: &files::Problem) -> String {
    let text = problem.to_string();
    text.strip_prefix(&problem.file).unwrap_or(&text).to_owned()
}

fn count(number: usize, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

/// What a sound city has.
fn summary(set: &Definitions) -> String {
    let ways = |is: fn(&Way) -> bool| set.sources.iter().filter(|source| is(&source.way)).count();
    let ways = [
        (ways(|way| matches!(way, Way::Mqtt { .. })), "MQTT"),
        (ways(|way| matches!(way, Way::Http)), "HTTP"),
        (ways(|way| matches!(way, Way::Line { .. })), "line protocol"),
        (ways(|way| matches!(way, Way::Csv(_))), "CSV"),
        (ways(|way| matches!(way, Way::Own)), "of the centre itself"),
    ];
    let ways: Vec<String> = ways.iter().filter(|(number, _)| *number > 0).map(|(number, way)| format!("{number} {way}")).collect();
    let series: usize = set.assets.iter().map(|asset| asset.metrics.len()).sum();
    let rows = [
        ("areas", set.city.areas.len().to_string()),
        ("departments", set.city.departments.len().to_string()),
        ("metrics", set.metrics.len().to_string()),
        ("assets", format!("{} ({series} series expected)", set.assets.len())),
        ("sources", format!("{} ({})", set.sources.len(), ways.join(", "))),
        ("KPIs", set.kpis.len().to_string()),
        ("boards", set.boards.len().to_string()),
        ("walls", set.walls.len().to_string()),
        ("rules", set.rules.len().to_string()),
        ("kinds", set.kinds.len().to_string()),
        ("goals", set.goals.iter().map(|part| part.goals.len()).sum::<usize>().to_string()),
    ];
    let rows: String = rows.iter().map(|(noun, number)| format!("  {noun:<12} {number}\n")).collect();
    format!(
        "{} ({}, {}) is sound: definition set {}\n{rows}",
        set.city.name.vi,
        set.city.id,
        set.city.zone,
        set.hash.get(..16).unwrap_or(&set.hash)
    )
}
