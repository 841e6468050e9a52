//! `taydo database`: what is done to the embedded database as a whole.

use super::progress::Progress;
use crate::clock::Clock;
use crate::{app, backup, config};
use clap::Subcommand;
use std::path::PathBuf;
use std::process::ExitCode;

/// Looks after the embedded database as a whole
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Moves the embedded database to the newest PostgreSQL that is installed
    ///
    /// The server must be stopped. The database goes through a back-up into a new cluster, which is compared with the old one; the
    /// old cluster and the back-up stay until you delete them. Needs both versions' programs and room for two more copies.
    Upgrade {
        /// The server's data folder [default: as `taydo serve` has it]
        #[arg(long, value_name = "DIR")]
        data: Option<PathBuf>,
    },
}

impl Args {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        let What::Upgrade { data } = self.what;
        let data = data.map_or_else(config::default_data, Ok)?;
        let progress = Progress::new();
        let tell = |step| progress.tell(&step);
        let upgraded = app::runtime()?.block_on(backup::upgrade(&data, &Clock::real(), &tell))?;
        progress.finish();
        match upgraded {
            None => println!("the database is of the newest PostgreSQL that is installed; nothing was done"),
            Some(done) => {
                println!("the database is now of PostgreSQL {}, and every table is as it was", done.to);
                println!("that of PostgreSQL {} is {}; the back-up is {}", done.from, done.aside.display(), done.backup.display());
                println!("start `taydo serve`; delete both when you are sure");
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}
