//! Watches the disk of the data folder: shuts the gate, gives up the reserve, and tells the keeper.
//!
//! The gate follows the disk at once; who is told waits for nothing but the store. It must never take the database's word for
//! how much room there is.

use super::{DiskState, Keeping, tell};
use crate::clock::Clock;
use crate::definitions::InForce;
use crate::disk::{Growth, Reserve, Room, Standing, days_left};
use crate::http::refusal::chain;
use crate::ingest::Intake;
use crate::store::{Store, StoreError};
use jiff::Timestamp;
use std::path::PathBuf;
use std::time::Duration;
use taydo_model::Text;
use taydo_model::alert::Severity;

/// How often the disk is looked at. A fast sender fills some tens of megabytes meanwhile, which the stop mark leaves room for.
const EVERY: Duration = Duration::from_millis(250);
/// An incident is opened or closed at once when that changes, and looked after so often.
const TELL_EVERY_S: i64 = 30;

/// The watch.
#[derive(Debug)]
pub struct DiskWatch {
    /// The gate that is shut.
    pub intake: Intake,
    /// Where incidents go.
    pub store: Store,
    /// Time.
    pub clock: Clock,
    /// Who is told.
    pub definitions: InForce,
    /// The folder whose disk the data is on.
    pub data: PathBuf,
    /// Where it is told how it stands.
    pub keeping: Keeping,
}

impl DiskWatch {
    /// Watches until it is aborted. The gate never waits for the store: a full disk is when the store may be slow to answer.
    pub async fn run(self) {
        tokio::join!(self.look(), self.keep_telling());
    }

    /// Looks at the disk, and lets the gate follow it.
    async fn look(&self) {
        let reserve = Reserve::of(&self.data);
        let (mut standing, mut growth) = (Standing::default(), Growth::default());
        loop {
            if let Some(room) = Room::of(&self.data) {
                let left = days_left(room.free, growth.note(self.clock.now(), room.whole.saturating_sub(room.free)));
                let next = standing.next(room, Some(left));
                self.follow(standing, next, room, &reserve);
                standing = next;
                self.keeping.kept().disk = Some(DiskState { room, reserve_bytes: reserve.bytes(), days_left: left, standing });
            }
            // Real time: what fills a disk doesn't wait for a test's clock.
            self.clock.pause(EVERY).await;
        }
    }

    /// Tells how it stands when that changes, and looks after what was told.
    async fn keep_telling(&self) {
        let mut told: Option<(Standing, Timestamp)> = None;
        loop {
            let (now, state) = (self.clock.now(), self.keeping.kept().disk);
            let is_due = |state: &DiskState| {
                told.is_none_or(|(before, at)| before != state.standing || now.duration_since(at).as_secs() >= TELL_EVERY_S)
            };
            if let Some(state) = state.filter(is_due) {
                match self.tell(&state, now).await {
                    Ok(()) => told = Some((state.standing, now)),
                    Err(error) => tracing::warn!(error = %chain(&error), "how the disk is can't be told now; trying again"),
                }
            }
            self.clock.pause(EVERY).await;
        }
    }

    /// Shuts or opens the gate, and looks after the reserve.
    fn follow(&self, before: Standing, next: Standing, room: Room, reserve: &Reserve) {
        self.intake.gate().set(next.stopped);
        if let Err(error) = reserve.keep(room) {
            tracing::debug!(error = %error, "no room can be kept back now");
        }
        match (before.stopped, next.stopped) {
            (false, true) => tracing::error!(free_bytes = room.free, "the disk is nearly full; nothing is taken in until there is room"),
            (true, false) => tracing::info!(free_bytes = room.free, "the disk has room again; data is taken in"),
            _ => {}
        }
    }

    async fn tell(&self, state: &DiskState, now: Timestamp) -> Result<(), StoreError> {
        let definitions = self.definitions.get();
        let free = format!("{:.0} %", state.room.share() * 100.0);
        let low = Text::new(&format!("Đĩa sắp đầy: còn trống {free}"), &format!("The disk is nearly full: {free} is free"));
        let stopped = Text::new(
            &format!("Đĩa đầy, ngừng nhận số liệu: còn trống {free}"),
            &format!("The disk is full and nothing is taken in: {free} is free"),
        );
        let Standing { stopped: is_stopped, low: is_low } = state.standing;
        tell(&self.store, &definitions, ("disk low", Severity::High, is_low.then_some(low)), now).await?;
        tell(&self.store, &definitions, ("disk full", Severity::Critical, is_stopped.then_some(stopped)), now).await
    }
}
