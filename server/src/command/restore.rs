//! `taydo restore`: makes the database of a back-up.

use super::progress::Progress;
use super::reach::Reach;
use crate::app;
use crate::backup::{self, Sealed};
use crate::clock::Clock;
use std::path::PathBuf;
use std::process::ExitCode;

/// Restores a back-up: checks it, makes a database of it beside what is there, compares that, and puts it in place
///
/// The server must be stopped. What is there already is only replaced with --replace, and is kept under another name until you
/// delete it.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The back-up: the folder taydo-CITY-TIME
    backup: PathBuf,
    /// Puts aside what is there already
    #[arg(long)]
    replace: bool,
    #[command(flatten)]
    reach: Reach,
}

impl Args {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        let clock = Clock::real();
        let progress = Progress::new();
        let tell = |step| progress.tell(&step);
        let sealed = Sealed::open(&std::path::absolute(&self.backup)?, &tell)?;
        let replace = |losing: &backup::Losing| {
            if self.replace {
                eprintln!("putting aside {losing}");
            }
            self.replace
        };
        let outside = self.reach.outside()?;
        let restored = app::runtime()?.block_on(async {
            match &outside {
                Some(config) => backup::into_database(&sealed, config, replace, &clock, &tell).await,
                None => backup::into_folder(&sealed, &self.reach.data()?, replace, &clock, &tell).await,
            }
        })?;
        progress.finish();
        let manifest = &sealed.manifest;
        println!("restored {}: {} rows as of {}, the same as when it was made", sealed.name(), manifest.rows(), manifest.taken_at);
        if let Some(replaced) = restored.replaced {
            println!("what was there before is {replaced}; delete it when you are sure");
        }
        println!(
            "start `taydo serve`; what came after {} is not there, and sources that still have it may send it again",
            manifest.taken_at
        );
        Ok(ExitCode::SUCCESS)
    }
}
