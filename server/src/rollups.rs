//! Keeps rollups up to date: a look every quarter of a minute, and at once while there is more.
//!
//! It must never hold up who writes: each roller has a connection of its own, and waits for that alone.

use crate::clock::Clock;
use crate::definitions::InForce;
use crate::http::refusal::chain;
use crate::store::{ReadingRoller, Roller, StoreError};
use jiff::Timestamp;
use std::future::Future;
use std::time::Duration;

const EVERY: Duration = Duration::from_secs(15);

/// Something that is rolled up, a round at a time.
pub(crate) trait Rolls: Send {
    /// What, as the log says it.
    const WHAT: &'static str;

    /// One round, with days of `zone`, an IANA name; whether there is more to do at once.
    fn roll(&mut self, zone: &str, now: Timestamp) -> impl Future<Output = Result<bool, StoreError>> + Send;
}

impl Rolls for Roller {
    const WHAT: &'static str = "observations";

    async fn roll(&mut self, zone: &str, now: Timestamp) -> Result<bool, StoreError> {
        Ok(self.round(zone, now).await?.has_more)
    }
}

impl Rolls for ReadingRoller {
    const WHAT: &'static str = "readings";

    async fn roll(&mut self, zone: &str, now: Timestamp) -> Result<bool, StoreError> {
        Ok(self.round(zone, now).await?.has_more)
    }
}

/// Rolls up until it is dropped. Any number of servers may do so.
pub(crate) async fn run<R: Rolls>(mut roller: R, definitions: InForce, clock: Clock) {
    loop {
        let zone = definitions.get().city.zone.clone();
        let has_more = match roller.roll(&zone, clock.now()).await {
            Ok(has_more) => has_more,
            Err(error) => {
                tracing::warn!(error = %chain(&error), "{} can't be rolled up now; trying again", R::WHAT);
                false
            }
        };
        if !has_more {
            clock.sleep(EVERY).await;
        }
    }
}
