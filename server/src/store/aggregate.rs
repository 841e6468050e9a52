//! Rollups that TimescaleDB's full edition keeps by itself: continuous aggregates.
//!
//! It must never make them before the city's zone is known, whose days the last of them has.

use super::partition::Table;
use super::{Layout, StoreError, micros::Micros, session::Session};
use jiff::Timestamp;

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

/// Before rows are dropped: what is rolled up from them is brought up to date, and from then on refreshed only for what
/// is newer than `instant`. Dropping makes the database believe that the time span has changed, and the next refresh of
/// it would leave nothing.
pub(super) async fn settle_before_drop(session: &Session, table: Table, instant: Micros, now: Timestamp) -> Result<(), StoreError> {
    let source = table.relation(Layout::Timescale);
    let rollup = match table {
        Table::Reading => return Ok(()),
        Table::Observation => "observation_1m",
        Table::Minutes => "observation_1h",
        Table::Hours => "observation_1d",
    };
    let sql = "SELECT min(range_start) FROM timescaledb_information.chunks WHERE hypertable_name = coalesce( \
        (SELECT materialization_hypertable_name FROM timescaledb_information.continuous_aggregates WHERE view_name = $1), $1) AND range_end <= $2";
    let first: Option<Micros> = session.client.query_one(sql, &[&source, &instant]).await?.try_get(0)?;
    let Some(first) = first else { return Ok(()) };
    // A call that commits by itself can't have parameters that need a snapshot, so its times are written out.
    let refresh = format!("CALL refresh_continuous_aggregate('{rollup}', '{}', '{}')", first.timestamp(), instant.timestamp());
    session.client.batch_execute(&refresh).await?;
    let kept_s = now.duration_since(instant.timestamp()).as_secs();
    let sql = "SELECT alter_job(job_id, config => jsonb_set(config, '{start_offset}', to_jsonb($2::text))) FROM timescaledb_information.jobs \
        WHERE proc_name = 'policy_refresh_continuous_aggregate' AND hypertable_name IN ($1, \
        (SELECT materialization_hypertable_name FROM timescaledb_information.continuous_aggregates WHERE view_name = $1))";
    session.client.query(sql, &[&rollup, &format!("{kept_s} seconds")]).await?;
    Ok(())
}
