//! Keeps rollups up to date: a look every quarter of a minute, and another after a rest while there is more.
//!
//! It must never hold up who writes: each roller has a connection of its own, and rests longer than it works.

use crate::clock::Clock;
use crate::definitions::InForce;
use crate::http::refusal::chain;
use crate::store::{ReadingRoller, Roller, StoreError};
use jiff::Timestamp;
use std::future::Future;
use std::time::Duration;

const EVERY: Duration = Duration::from_secs(15);
/// It rests so many times as long as a round took: under a flood of late rows, whose hours are made again and again, the
/// database keeps three quarters of a core for those who write. What is noted meanwhile of an hour is made once.
const REST: u32 = 3;
const LONGEST_REST: Duration = Duration::from_secs(120);

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
        let start = clock.instant();
        let zone = definitions.get().city.zone.clone();
        let has_more = match roller.roll(&zone, clock.now()).await {
            Ok(has_more) => has_more,
            Err(error) => {
                tracing::warn!(error = %chain(&error), "{} can't be rolled up now; trying again", R::WHAT);
                false
            }
        };
        // The database's work takes real time, also under a clock that a test moves.
        clock.pause(start.elapsed().saturating_mul(REST).min(LONGEST_REST)).await;
        if !has_more {
            clock.sleep(EVERY).await;
        }
    }
}
