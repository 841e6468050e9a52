//! What is kept for some time only, and goes when it is older: by the city's `[retention]`, once an hour.
//!
//! It must never wait for a reader, nor let others wait behind it: what is in use goes at a later hour.

use crate::clock::Clock;
use crate::definitions::InForce;
use crate::http::refusal::chain;
use crate::store::{Store, StoreError, Table};
use jiff::Timestamp;
use std::time::Duration;
use taydo_model::retention::Retention as Kept;

/// How often old rows are deleted.
const EVERY: Duration = Duration::from_secs(3_600);
/// After a start data that was there before is left alone for so long: whoever mends a wrong figure in the city's file has time to.
const FIRST: Duration = Duration::from_secs(60);

/// Deletes what is too old, until it is aborted.
#[derive(Debug)]
pub struct Retention {
    /// Where from.
    pub store: Store,
    /// Time.
    pub clock: Clock,
    /// How long what is kept.
    pub definitions: InForce,
}

impl Retention {
    /// Runs until it is aborted.
    pub async fn run(self) {
        self.clock.sleep(FIRST).await;
        loop {
            if let Err(error) = self.round(self.clock.now()).await {
                tracing::warn!(error = %chain(&error), "old rows can't be deleted now; trying again in an hour");
            }
            self.clock.sleep(EVERY).await;
        }
    }

    async fn round(&self, now: Timestamp) -> Result<(), StoreError> {
        let kept = self.definitions.get().city.retention;
        self.store.prune(Kept::before(kept.rejects_s, now), now).await?;
        self.store.purge_outbox(Kept::before(kept.outbox_s, now)).await?;
        let history = [
            (Table::Observation, kept.observations_s),
            (Table::Minutes, kept.minutes_s),
            (Table::Hours, kept.hours_s),
            (Table::Reading, kept.readings_s),
        ];
        for (what, kept_s) in history {
            let before = Kept::before(kept_s, now);
            let dropped = self.store.drop_before(what, before).await?;
            if dropped.parts > 0 {
                tracing::info!(what = ?what, before = %before, parts = dropped.parts, "what is too old is dropped");
            }
        }
        Ok(())
    }
}
