//! Recording shifts: who is on call is written down when it changes, so that no later change of a rota changes what was.
//!
//! Any number of servers may do so; each change is written once. It must never page anybody.

use crate::clock::Clock;
use crate::http::refusal::chain;
use crate::store::roster::Roster;
use crate::store::{Store, StoreError};
use jiff::{SignedDuration, Timestamp};
use std::sync::Arc;
use std::time::Duration;

/// How often is looked whether the roster was changed: so late a change counts at the most.
const EVERY: Duration = Duration::from_secs(1);
/// How often is written without one; hand-overs between are found then, at their own moments.
const WRITTEN_EVERY: SignedDuration = SignedDuration::from_secs(60);

/// Writes down who is on call.
#[derive(Debug)]
pub struct ShiftRecorder {
    /// Where the roster is, and the record.
    pub store: Store,
    /// Time.
    pub clock: Clock,
}

/// What the last writing left.
struct Last {
    roster: Arc<Roster>,
    at: Timestamp,
}

impl ShiftRecorder {
    /// Runs until it is dropped.
    pub async fn run(self) {
        let mut last: Option<Last> = None;
        loop {
            let now = self.clock.now();
            match self.round(last.as_ref(), now).await {
                Ok(Some(written)) => last = Some(written),
                Ok(None) => {}
                Err(error) => tracing::warn!(error = %chain(&error), "who is on call can't be written down now; trying again"),
            }
            self.clock.sleep(EVERY).await;
        }
    }

    async fn round(&self, last: Option<&Last>, now: Timestamp) -> Result<Option<Last>, StoreError> {
        let roster = self.store.roster(now).await?;
        let is_due = |last: &Last| last.roster.version != roster.version || now.duration_since(last.at) >= WRITTEN_EVERY;
        match last {
            Some(last) if !is_due(last) => return Ok(None),
            Some(last) => self.store.record_shifts(&last.roster, &roster, now).await?,
            None => {
                // What was changed for once and is past by now still counts for the time since the last writing.
                let since = self.store.shifts_until().await?.unwrap_or(now);
                let before = self.store.roster_since(since).await?;
                self.store.record_shifts(&before, &roster, now).await?;
            }
        }
        Ok(Some(Last { roster, at: now }))
    }
}
