//! Keeps the rollups of readings up to date: a look every quarter of a minute, and at once while there is more.
//!
//! It must never hold up who writes: it waits for its own connection alone.

use crate::clock::Clock;
use crate::definitions::InForce;
use crate::http::refusal::chain;
use crate::store::ReadingRoller;
use std::time::Duration;

const EVERY: Duration = Duration::from_secs(15);

/// Rolls up until it is dropped.
pub(crate) async fn run(mut roller: ReadingRoller, definitions: InForce, clock: Clock) {
    loop {
        let zone = definitions.get().city.zone.clone();
        let has_more = match roller.round(&zone, clock.now()).await {
            Ok(rolled) => rolled.has_more,
            Err(error) => {
                tracing::warn!(error = %chain(&error), "readings can't be rolled up now; trying again");
                false
            }
        };
        if !has_more {
            clock.sleep(EVERY).await;
        }
    }
}
