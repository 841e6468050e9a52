//! Partitions of the plain layout: weeks (Monday, UTC) of the partitioned tables, made when data comes for them.
//!
//! It must never make a partition inside a transaction that already writes: the lock would wait for other writers.

use super::{Layout, Store, StoreError, micros::Micros};
use jiff::Timestamp;
use std::{
    collections::BTreeSet,
    sync::{Mutex, PoisonError},
};
use tokio_postgres::Client;

const DAY: i64 = 86_400_000_000;
const WEEK: i64 = 7 * DAY;
/// The first Monday of the Unix epoch.
const MONDAY: i64 = 4 * DAY;
/// Only times from 1900 to 2200 get a partition; anything else has escaped its check.
const WEEKS: std::ops::Range<i64> = -3700..12_100;
/// Serialises those who make partitions. Any number that nothing else uses.
const LOCK: i64 = 0x7461_7964_6f01;

/// A table that is kept in parts by its column `time`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Table {
    /// Observations as they came.
    Observation,
    /// Recorded readings.
    Reading,
    /// Observations by minute.
    Minutes,
    /// Observations by hour.
    Hours,
}

impl Table {
    fn name(self) -> &'static str {
        match self {
            Self::Observation => "observation",
            Self::Reading => "reading",
            Self::Minutes => "rollup_1m",
            Self::Hours => "rollup_1h",
        }
    }

    /// The relation that its parts belong to: continuous aggregates have none of our tables behind them.
    pub(super) fn relation(self, layout: Layout) -> &'static str {
        match (layout, self) {
            (Layout::Timescale, Self::Minutes) => "observation_1m",
            (Layout::Timescale, Self::Hours) => "observation_1h",
            _ => self.name(),
        }
    }

    /// How many weeks are in one partition: the same number of rows takes longer to gather in a coarser table.
    fn weeks(self) -> i64 {
        match self {
            Self::Observation | Self::Reading => 1,
            Self::Minutes => 4,
            Self::Hours => 52,
        }
    }

    /// The first week of the partition that holds this time.
    fn first_week(self, time: Micros) -> i64 {
        week_of(time).div_euclid(self.weeks()).saturating_mul(self.weeks())
    }
}

/// The partitions that are known to exist, of any table.
#[derive(Debug)]
pub(super) struct Partitions {
    layout: Layout,
    known: Mutex<BTreeSet<(Table, i64)>>,
}

impl Partitions {
    pub(super) fn new(layout: Layout) -> Self {
        Self { layout, known: Mutex::default() }
    }

    /// Makes sure that the table has a partition for each of these times; elsewhere than in the plain layout it always has.
    pub(super) async fn ensure(&self, client: &mut Client, table: Table, times: impl Iterator<Item = Micros>) -> Result<(), StoreError> {
        if !self.layout.has_partitions() {
            return Ok(());
        }
        let missing = self.missing(table, times);
        if missing.is_empty() {
            return Ok(());
        }
        let transaction = client.transaction().await?;
        transaction.execute("SELECT pg_advisory_xact_lock($1)", &[&LOCK]).await?;
        for week in &missing {
            if !WEEKS.contains(week) {
                return Err(StoreError::internal(format!("{} can't hold a time {week} weeks from 1970", table.name())));
            }
            let (from, to) = (monday(*week), monday(week + table.weeks()));
            let (parent, name) = (table.name(), format!("{}_{}", table.name(), from.timestamp().strftime("%Y%m%d")));
            let absent: bool = transaction.query_one("SELECT to_regclass($1) IS NULL", &[&name]).await?.try_get(0)?;
            if absent {
                // Made apart and then attached, so that neither readers nor writers of the table have to wait.
                let (from, to) = (from.timestamp(), to.timestamp());
                let sql = format!(
                    "CREATE TABLE {name} (LIKE {parent} INCLUDING DEFAULTS); \
                     ALTER TABLE {parent} ATTACH PARTITION {name} FOR VALUES FROM ('{from}') TO ('{to}')"
                );
                transaction.batch_execute(&sql).await?;
            }
        }
        transaction.commit().await?;
        self.known().extend(missing.into_iter().map(|week| (table, week)));
        Ok(())
    }

    /// Forgets what is known: a partition turned out to be gone.
    pub(super) fn forget(&self) {
        self.known().clear();
    }

    fn missing(&self, table: Table, times: impl Iterator<Item = Micros>) -> BTreeSet<i64> {
        let known = self.known();
        let mut missing = BTreeSet::new();
        let mut last = None;
        for week in times.map(|time| table.first_week(time)) {
            // Times come in order or nearly so: most are in the same week as the one before.
            if last != Some(week) && !known.contains(&(table, week)) {
                missing.insert(week);
            }
            last = Some(week);
        }
        missing
    }

    fn known(&self) -> std::sync::MutexGuard<'_, BTreeSet<(Table, i64)>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store {
    /// Makes room for rows of these times, for whoever fills a table in bulk past the writers.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn make_room(&self, table: Table, times: impl Iterator<Item = Timestamp>) -> Result<(), StoreError> {
        let mut client = self.client().await?;
        self.partitions().ensure(&mut client, table, times.map(Micros::from)).await
    }
}

fn week_of(time: Micros) -> i64 {
    time.0.saturating_sub(MONDAY).div_euclid(WEEK)
}

fn monday(week: i64) -> Micros {
    Micros(week.saturating_mul(WEEK).saturating_add(MONDAY))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_week_begins_on_monday() {
        for (time, start) in [
            ("2026-01-05T00:00:00Z", "2026-01-05T00:00:00Z"),
            ("2026-01-04T23:59:59.999999Z", "2025-12-29T00:00:00Z"),
            ("1969-12-31T00:00:00Z", "1969-12-29T00:00:00Z"),
        ] {
            let time: jiff::Timestamp = time.parse().unwrap();
            assert_eq!(monday(week_of(time.into())).timestamp().to_string(), start);
        }
    }
}
