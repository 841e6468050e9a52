//! `taydo backup`: makes a back-up now, while the server works or not, and lists those that are there.

use super::progress::{Progress, mb};
use super::reach::Reach;
use crate::app;
use crate::backup::{self, Reason};
use crate::clock::Clock;
use std::path::PathBuf;
use std::process::ExitCode;

/// Makes a back-up of the database, of one moment, while the server goes on working
///
/// A back-up is a folder taydo-CITY-TIME with the database, a manifest and their SHA-256 sums. It holds people's contacts and the
/// keys of messages' links, so keep it as you keep the database; files beside the database, such as the paging file and the
/// passwords it names, are not in it.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The folder into which the back-up's own folder is put [default: `backups` in the data folder]
    #[arg(long, value_name = "DIR")]
    to: Option<PathBuf>,
    /// Also restores it into a database of its own and compares that, as scheduled back-ups do
    #[arg(long)]
    verify: bool,
    /// Lists the back-ups that are in the folder, and makes none
    #[arg(long, conflicts_with = "verify")]
    list: bool,
    #[command(flatten)]
    reach: Reach,
}

impl Args {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        let to = match &self.to {
            Some(to) => std::path::absolute(to)?,
            None => self.reach.data()?.join("backups"),
        };
        if self.list {
            for sealed in backup::sealed_in(&to) {
                let manifest = &sealed.manifest;
                let (rows, reason) = (manifest.rows(), &manifest.reason);
                println!(
                    "{}  {}  {} MB, {rows} rows, schema {}, {reason}",
                    sealed.name(),
                    manifest.taken_at,
                    mb(sealed.bytes()),
                    manifest.schema
                );
            }
            return Ok(ExitCode::SUCCESS);
        }
        let clock = Clock::real();
        let progress = Progress::new();
        let tell = |step| progress.tell(&step);
        app::runtime()?.block_on(async {
            let sealed =
                self.reach.with(&clock, async |config| backup::make(&config, &to, Reason::Asked, clock.now(), &tell).await).await?;
            if self.verify {
                backup::rehearse(&sealed, &self.reach.data()?, self.reach.outside()?.as_ref(), &clock, &tell).await?;
            }
            progress.finish();
            let manifest = &sealed.manifest;
            println!("{}", sealed.folder.display());
            println!(
                "{} MB, {} rows in {} tables as of {}, schema {}{}",
                mb(sealed.bytes()),
                manifest.rows(),
                manifest.tables.len(),
                manifest.taken_at,
                manifest.schema,
                if self.verify { ", restored and compared" } else { "" }
            );
            Ok(ExitCode::SUCCESS)
        })
    }
}
