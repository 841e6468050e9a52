//! The schema's steps, forward only.
use super::{StoreError, micros::Micros};
use jiff::Timestamp;
use tokio_postgres::Client;
const STEPS: &[(&str, &str)] = &[("0001_spine", include_str!("../../../migrations/0001_spine.sql"))];
pub(super) async fn run(client: &mut Client, now: Timestamp) -> Result<(), StoreError> {
    let transaction = client.transaction().await?;
    transaction.batch_execute("SELECT pg_advisory_xact_lock(42); CREATE TABLE IF NOT EXISTS schema_migration (version int PRIMARY KEY, name text NOT NULL, applied_at timestamptz NOT NULL)").await?;
    let done: i32 = transaction.query_one("SELECT coalesce(max(version), 0) FROM schema_migration", &[]).await?.try_get(0)?;
    for (number, (name, text)) in (1..).zip(STEPS) {
        if number > done {
            transaction.batch_execute(text).await?;
            transaction.execute("INSERT INTO schema_migration VALUES ($1, $2, $3)", &[&number, name, &Micros::from(now)]).await?;
        }
    }
    transaction.commit().await?;
    Ok(())
}
