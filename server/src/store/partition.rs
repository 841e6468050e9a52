//! Partitions of a week, made when data comes for them.
//!
//! It makes tables and never drops one.

use super::StoreError;
use jiff::Timestamp;
use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};
use tokio_postgres::Client;

const WEEK_S: i64 = 7 * 86_400;
/// Serialises the making of partitions between connections.
const LOCK: i64 = 0x7461_7964_6f01;

/// The partitions that are known to exist.
#[derive(Debug, Default)]
pub(super) struct Partitions(Mutex<BTreeSet<(&'static str, i64)>>);

impl Partitions {
    /// Makes the partitions of a table that these times need.
    pub(super) async fn ensure(&self, client: &Client, table: &'static str, times: impl Iterator<Item = Timestamp>) -> Result<(), StoreError> {
        let weeks: BTreeSet<i64> = times.map(|time| time.as_second().div_euclid(WEEK_S)).collect();
        for week in weeks {
            if self.known().contains(&(table, week)) {
                continue;
            }
            make(client, table, week).await?;
            self.known().insert((table, week));
        }
        Ok(())
    }

    fn known(&self) -> std::sync::MutexGuard<'_, BTreeSet<(&'static str, i64)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Attaching a finished table keeps readers and writers of the others undisturbed, where making it as a partition would not.
async fn make(client: &Client, table: &str, week: i64) -> Result<(), StoreError> {
    let name = format!("{table}_w{week}");
    let bound = |week: i64| Timestamp::from_second(week.saturating_mul(WEEK_S)).map(|time| time.to_string());
    let (Ok(from), Ok(to)) = (bound(week), bound(week + 1)) else {
        return Err(StoreError::internal(format!("week {week} is outside of the calendar")));
    };
    let statement = format!(
        "BEGIN; SELECT pg_advisory_xact_lock({LOCK});
         DO $$ BEGIN
             IF to_regclass('{name}') IS NULL THEN
                 CREATE TABLE {name} (LIKE {table} INCLUDING DEFAULTS INCLUDING CONSTRAINTS);
                 ALTER TABLE {table} ATTACH PARTITION {name} FOR VALUES FROM ('{from}') TO ('{to}');
             END IF;
         END $$; COMMIT"
    );
    if let Err(error) = client.batch_execute(&statement).await {
        // The connection may go on being used, so it must not stay in a failed transaction.
        client.batch_execute("ROLLBACK").await?;
        return Err(error.into());
    }
    Ok(())
}
