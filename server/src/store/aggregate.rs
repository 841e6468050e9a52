//! Rollups that TimescaleDB's full edition keeps by itself: continuous aggregates.
//!
//! It must never make them before the city's zone is known, whose days the last of them has.

use super::{StoreError, session::Session};

const CREATE: &str = include_str!("../../../migrations/layouts/timescale.sql");
const DAYS: &str = include_str!("../../../migrations/layouts/timescale_days.sql");

/// Makes the aggregates where they are missing, and the days anew when the zone is another.
pub(super) async fn settle(session: &mut Session, zone: &str) -> Result<(), StoreError> {
    let known: Option<String> = session.client.query_one("SELECT zone FROM layout", &[]).await?.try_get(0)?;
    if known.as_deref() == Some(zone) {
        return Ok(());
    }
    let transaction = session.client.transaction().await?;
    match known {
        Some(known) => {
            tracing::info!(from = known, to = zone, "days are rolled up anew, because the city's zone is another");
            transaction.batch_execute("DROP MATERIALIZED VIEW observation_1d").await?;
        }
        None => transaction.batch_execute(CREATE).await?,
    }
    // A continuous aggregate's definition takes no parameter; an IANA name has no quote, and one that had would be doubled.
    transaction.batch_execute(&DAYS.replace("%zone%", &zone.replace('\'', "''"))).await?;
    transaction.execute("UPDATE layout SET zone = $1", &[&zone]).await?;
    transaction.commit().await?;
    Ok(())
}
