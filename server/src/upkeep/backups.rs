//! Makes back-ups at their time: made, restored and compared, copied to the targets, and old ones removed.
//!
//! What fails is tried again in an hour, and told when the last good one is too old. It must never call a back-up good that was
//! not restored, or that one target lacks.

use super::{BackupState, Keeping, tell};
use crate::backup::{self, Reason, Sealed, Settings, is_due, own_folder, superfluous};
use crate::clock::Clock;
use crate::definitions::InForce;
use crate::disk::Room;
use crate::http::refusal::chain;
use crate::store::{BackupRecord, BackupRun, Store, StoreError};
use anyhow::{Context as _, ensure};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::path::PathBuf;
use std::time::Duration;
use taydo_model::Text;
use taydo_model::alert::Severity;

/// How often it is looked whether one is due.
const EVERY: Duration = Duration::from_secs(60);

/// Makes back-ups until it is aborted.
#[derive(Debug)]
pub struct BackupKeeper {
    /// When, where and how many.
    pub settings: Settings,
    /// Where it is noted.
    pub store: Store,
    /// How to reach the database.
    pub address: tokio_postgres::Config,
    /// Whether that is the embedded one.
    pub is_embedded: bool,
    /// Time.
    pub clock: Clock,
    /// The city's zone, and who is told.
    pub definitions: InForce,
    /// The folder in which back-ups are made.
    pub data: PathBuf,
    /// Where it is told how it stands.
    pub keeping: Keeping,
}

impl BackupKeeper {
    /// Runs until it is aborted.
    pub async fn run(self) {
        loop {
            if let Err(error) = self.round().await {
                tracing::warn!(error = %chain(&error), "back-ups can't be looked after now; trying again");
            }
            self.clock.sleep(EVERY).await;
        }
    }

    async fn round(&self) -> Result<(), StoreError> {
        let record = self.store.backup_record().await?;
        let zone = self.zone();
        let last = record.last.as_ref().map(|last| (last.begun_at, last.verified && last.problem.is_none()));
        self.note(&record, self.clock.now()).await?;
        if !is_due(last, self.settings.at, &zone, self.clock.now()) {
            return Ok(());
        }
        let begun_at = self.clock.now();
        let id = self.store.begin_backup(begun_at).await?;
        let run = self.make(begun_at, &zone).await;
        match &run.problem {
            None => tracing::info!(name = run.name, bytes = run.bytes, "backed up, restored and compared"),
            Some(problem) => tracing::error!(name = run.name, problem, "a back-up failed; trying again in an hour"),
        }
        self.store.end_backup(id, &run, self.clock.now()).await?;
        self.note(&self.store.backup_record().await?, self.clock.now()).await
    }

    async fn make(&self, begun_at: Timestamp, zone: &TimeZone) -> BackupRun {
        let mut run = BackupRun { begun_at, name: None, bytes: None, verified: false, problem: None };
        let outcome = async {
            let target = own_folder(&self.data);
            self.has_room().await?;
            let sealed = backup::make(&self.address, &target, Reason::Scheduled, begun_at, &|_| ()).await?;
            run.name = Some(sealed.name());
            run.bytes = Some(sealed.bytes());
            let outside = (!self.is_embedded).then_some(&self.address);
            backup::rehearse(&sealed, &self.data, outside, &self.clock, &|_| ()).await.context("it can't be restored")?;
            run.verified = true;
            self.spread(&sealed, zone).await
        };
        run.problem = outcome.await.err().map(|error| format!("{error:#}"));
        run
    }

    /// A back-up and a copy of the database to compare it with need room, and the disk rule's share isn't for them.
    async fn has_room(&self) -> anyhow::Result<()> {
        let Some(room) = Room::of(&self.data) else { return Ok(()) };
        let size = self.store.size_bytes().await?;
        let needed = if self.is_embedded { size.saturating_mul(2) } else { size };
        let spare = room.free.saturating_sub(room.stop_mark());
        ensure!(
            spare >= needed,
            "{} MB may be needed and {} MB are free; make room in {}",
            needed / 1_000_000,
            spare / 1_000_000,
            self.data.display()
        );
        Ok(())
    }

    /// Copies to every target, though one fails, and removes what is old where the new one has arrived.
    async fn spread(&self, sealed: &Sealed, zone: &TimeZone) -> anyhow::Result<()> {
        let mut problems = Vec::new();
        for target in &self.settings.targets {
            let copied = async {
                target.put(sealed).await?;
                let names = target.names().await?;
                ensure!(names.contains(&sealed.name()), "what was copied is not there");
                for old in superfluous(&names, self.settings.keep, zone) {
                    target.remove(&old).await?;
                }
                anyhow::Ok(())
            };
            if let Err(error) = copied.await {
                problems.push(format!("{}: {error:#}", target.name()));
            }
        }
        let own = backup::sealed_in(&own_folder(&self.data)).into_iter().filter(|one| one.manifest.reason == Reason::Scheduled.word());
        let own: Vec<String> = own.map(|one| one.name()).collect();
        for old in superfluous(&own, self.settings.keep, zone) {
            let path = own_folder(&self.data).join(old);
            std::fs::remove_dir_all(&path).with_context(|| format!("can't remove {}", path.display()))?;
        }
        ensure!(problems.is_empty(), "{}", problems.join("; "));
        Ok(())
    }

    /// Tells how it stands, and whoever keeps the centre when the last good one is too old.
    async fn note(&self, record: &BackupRecord, now: Timestamp) -> Result<(), StoreError> {
        let since = record.good.as_ref().map(|good| good.begun_at).or(record.first_at);
        let is_late = since.is_some_and(|since| now.duration_since(since) > self.settings.alert_after);
        let problem = record.last.as_ref().and_then(|last| last.problem.clone());
        let (good_at, bytes) = record.good.as_ref().map_or((None, None), |good| (Some(good.begun_at), good.bytes));
        self.keeping.kept().backups = Some(BackupState { good_at, bytes, problem, is_late });
        let hours = since.map_or(0, |since| now.duration_since(since).as_hours());
        let title = Text::new(
            &format!("Không có bản sao lưu nào được kiểm chứng trong {hours} giờ"),
            &format!("No back-up has been verified for {hours} hours"),
        );
        tell(&self.store, &self.definitions.get(), ("backup old", Severity::High, is_late.then_some(title)), now).await
    }

    fn zone(&self) -> TimeZone {
        TimeZone::get(&self.definitions.get().city.zone).unwrap_or(TimeZone::UTC)
    }
}
