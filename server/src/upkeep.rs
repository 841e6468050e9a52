//! The server looks after its own store: the disk's room, back-ups at their time, and what is kept for how long.
//!
//! What it finds wrong becomes an incident of the team that keeps the centre, or of the roster's keeper. It must never stop
//! anybody from being told: it only refuses what comes in.

mod backups;
mod disk;
mod retention;

pub use backups::BackupKeeper;
pub use disk::DiskWatch;
pub use retention::Retention;

use crate::disk::{Room, Standing};
use crate::duty::{own_team, watched};
use crate::store::{Store, StoreError};
use jiff::Timestamp;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Registry;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use taydo_model::alert::Severity;
use taydo_model::{Definitions, Text};

/// How it stands with the store, for whoever asks. A copy is the same.
#[derive(Debug, Clone, Default)]
pub struct Keeping(Arc<Mutex<Kept>>);

/// How it stands.
#[derive(Debug, Clone, Default)]
pub struct Kept {
    /// The data's disk, as it was last seen.
    pub disk: Option<DiskState>,
    /// The back-ups; nothing where none are made.
    pub backups: Option<BackupState>,
}

/// How it stands with the back-ups.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackupState {
    /// The moment of the last one that was verified and reached every target.
    pub good_at: Option<Timestamp>,
    /// Its size.
    pub bytes: Option<u64>,
    /// Why the last one failed.
    pub problem: Option<String>,
    /// Whether the good one is too old.
    pub is_late: bool,
}

impl BackupState {
    /// What whoever looks after the server should know.
    #[must_use]
    pub fn words(&self) -> Option<String> {
        let last = self.good_at.map_or_else(|| "none has been verified yet".to_owned(), |at| format!("the last verified one is of {at}"));
        match &self.problem {
            Some(problem) => Some(format!("backups: {last}; the newest failed: {problem} (docs/backups.md)")),
            None => self.is_late.then(|| format!("backups: {last} (docs/backups.md)")),
        }
    }
}

/// How it stands with the disk.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DiskState {
    /// Its room.
    pub room: Room,
    /// What is kept back, in bytes.
    pub reserve_bytes: u64,
    /// Until it will be full, at the last day's growth.
    pub days_left: f64,
    /// What follows.
    pub standing: Standing,
}

impl Keeping {
    /// How it stands now.
    #[must_use]
    pub fn now(&self) -> Kept {
        self.kept().clone()
    }

    /// What whoever looks after the server should know, in words.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        let kept = self.now();
        let disk = kept.disk.filter(|disk| disk.standing.low).map(|disk| disk.words());
        disk.into_iter().chain(kept.backups.and_then(|backups| backups.words())).collect()
    }

    /// The figures, for `/metrics`.
    pub fn register(&self, registry: &mut Registry, now: Timestamp) {
        let kept = self.now();
        let mut gauge = |name: &str, help: &str, value: f64| registry.register(name, help, ConstGauge::new(value));
        if let Some(backups) = kept.backups {
            gauge("backup_failing", "Whether the newest back-up failed", f64::from(u8::from(backups.problem.is_some())));
            if let Some((at, bytes)) = backups.good_at.zip(backups.bytes) {
                gauge("backup_age_seconds", "Age of the last verified back-up", now.duration_since(at).as_secs_f64());
                gauge("backup_bytes", "Size of the last verified back-up", bytes as f64);
            }
        }
        let Some(disk) = kept.disk else { return };
        gauge("disk_free_bytes", "Free on the data folder's disk", disk.room.free as f64);
        gauge("disk_bytes", "What the data folder's disk holds", disk.room.whole as f64);
        gauge("disk_reserve_bytes", "Kept back for the time when the disk is full", disk.reserve_bytes as f64);
        gauge("disk_days_left", "Until the disk is full at the last day's growth", disk.days_left);
        gauge("ingest_stopped", "Whether nothing is taken in because the disk is full", f64::from(u8::from(disk.standing.stopped)));
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl DiskState {
    /// In words.
    #[must_use]
    pub fn words(&self) -> String {
        let (free, percent) = (self.room.free / 1_000_000, self.room.share() * 100.0);
        if self.standing.stopped {
            return format!("disk: {free} MB ({percent:.0} %) are free, so nothing is taken in; make room (docs/operations.md)");
        }
        format!("disk: {free} MB ({percent:.0} %) are free, enough for {:.0} days; make room (docs/operations.md)", self.days_left)
    }
}

/// Opens or closes the incident of a key, as it stands now. One that is open stays as it is.
async fn tell(
    store: &Store,
    definitions: &Definitions,
    (key, severity, title): (&str, Severity, Option<Text>),
    now: Timestamp,
) -> Result<(), StoreError> {
    let Some(title) = title else { return store.close_by_key(key, definitions, now).await };
    let what = watched(key.to_owned(), severity, own_team(definitions)?, serde_json::json!({ "title": title }));
    store.open_incident(&what, definitions, now).await.map(drop)
}
