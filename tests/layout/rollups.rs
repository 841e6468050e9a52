//! Rollups equal a direct aggregate of the rows: whatever came in which order, was corrected or deleted, and whenever the
//! rolling up was cut off.

use crate::{LAYOUTS, WITH_SESSIONS, database};
use harness::Database;
use jiff::{SignedDuration, Timestamp};
use std::time::{Duration, Instant};
use taydo_engine::{Sample, SeriesId};
use taydo_model::{LabelName, Labels, MetricId, SampleState, SourceId};
use taydo_server::clock::Clock;
use taydo_server::store::{Layout, NewSample, Roller, Store, WriteBatch};

const ZONE: &str = "Asia/Ho_Chi_Minh";
const START: &str = "2024-03-01T10:00:00Z";
const SERIES: usize = 5;

/// What the rollups must be, from the rows alone: `%` is the bucket.
const DIRECT: &str = "SELECT series_id, % AS time, sum(value) AS sum, min(value) AS min, max(value) AS max, \
    (array_agg(value ORDER BY time DESC))[1] AS last, count(*) AS count \
    FROM observation WHERE coalesce(state, 0) NOT IN (1, 2) GROUP BY 1, 2";

const LEVELS: [(&str, &str); 3] = [
    ("observation_1m", "date_trunc('minute', time)"),
    ("observation_1h", "date_trunc('hour', time)"),
    ("observation_1d", "date_trunc('day', time, 'Asia/Ho_Chi_Minh')"),
];

/// Numbers that look random and are the same every time.
struct Scatter(u64);

impl Scatter {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }
}

/// Some series in a database, and what keeps their rollups.
pub(crate) struct History {
    pub(crate) database: Database,
    pub(crate) store: Store,
    roller: Roller,
    pub(crate) series: Vec<SeriesId>,
    scatter: Scatter,
}

impl History {
    pub(crate) async fn new(database: Database) -> Self {
        Self::of_series(database, SERIES).await
    }

    pub(crate) async fn of_series(database: Database, count: usize) -> Self {
        let store = Store::open(database.address(), Clock::real()).await.unwrap();
        let key = |at: usize| {
            let labels: Labels = [(LabelName::new("asset").unwrap(), format!("sensor-{at}"))].into_iter().collect();
            (MetricId::new("road.speed").unwrap(), labels)
        };
        let keys: Vec<_> = (0..count).map(key).collect();
        let series = store.intern_series(&SourceId::new("sensors").unwrap(), &keys, start()).await.unwrap();
        let mut roller = store.roller();
        roller.settle(ZONE).await.unwrap();
        Self { database, store, roller, series, scatter: Scatter(11) }
    }

    /// Samples of some moments between two, some of them calibrating, in eighths so that sums are exact.
    pub(crate) fn samples(&mut self, from: Timestamp, seconds: u64, count: usize, revision: i32) -> Vec<NewSample> {
        let one = |_| {
            let series = self.series[self.scatter.below(self.series.len() as u64) as usize];
            let time = from + SignedDuration::from_secs(self.scatter.below(seconds) as i64);
            let ticks = self.scatter.below(4_000) as i64;
            let state = if self.scatter.below(10) == 0 { SampleState::Calibrating } else { SampleState::Normal };
            NewSample { sample: Sample { series, time, ticks, revision, state }, value: ticks as f64 / 8.0 }
        };
        (0..count).map(one).collect()
    }

    pub(crate) async fn write(&mut self, lane: i16, samples: Vec<NewSample>) {
        let batch = WriteBatch { received: start(), samples, ..WriteBatch::default() };
        self.store.writer(lane).commit(&batch).await.unwrap();
    }

    /// Rolls up all that is complete; the database's own jobs go by the wall clock, so that here they are told the time.
    pub(crate) async fn roll(&mut self, now: Timestamp) {
        while self.roller.round(ZONE, now).await.unwrap().has_more {}
        if self.store.layout() == Layout::Timescale {
            self.run_policies(now).await;
        }
    }

    /// Does what the database's jobs do, as they are configured.
    async fn run_policies(&self, now: Timestamp) {
        let client = self.database.client().await;
        for (relation, _) in LEVELS {
            let sql = "SELECT extract(epoch FROM clock_timestamp() - (config->>'start_offset')::interval)::bigint \
                FROM timescaledb_information.jobs AS j JOIN timescaledb_information.continuous_aggregates ON view_name = $1 \
                WHERE proc_name = 'policy_refresh_continuous_aggregate' AND j.hypertable_name IN (view_name, materialization_hypertable_name)";
            let from: Option<i64> = client.query_one(sql, &[&relation]).await.unwrap().get(0);
            let from = from.map_or_else(|| "NULL".to_owned(), |from| format!("'{}'", Timestamp::from_second(from).unwrap()));
            client.batch_execute(&format!("CALL refresh_continuous_aggregate('{relation}', {from}, '{now}')")).await.unwrap();
        }
    }

    pub(crate) async fn sql(&self, sql: &str) -> i64 {
        self.database.client().await.query_one(sql, &[]).await.unwrap().get(0)
    }

    /// Both ways of every level hold the same rows.
    pub(crate) async fn is_right(&self, layout: &str, when: &str) {
        for (relation, bucket) in LEVELS {
            let direct = DIRECT.replace('%', bucket);
            let kept = format!("SELECT series_id, time, sum, min, max, last, count FROM {relation}");
            let differing =
                format!("SELECT count(*) FROM (({direct} EXCEPT ALL {kept}) UNION ALL ({kept} EXCEPT ALL {direct})) AS differing");
            assert_eq!(self.sql(&differing).await, 0, "{relation} of {layout} {when}");
        }
    }
}

fn start() -> Timestamp {
    START.parse().unwrap()
}

pub(crate) fn after(hours: i64) -> Timestamp {
    start() + SignedDuration::from_hours(hours)
}

#[tokio::test]
async fn rollups_equal_the_rows_after_late_data_corrections_and_deletes() {
    for layout in LAYOUTS {
        let Some(database) = database(layout).await else { continue };
        let mut history = History::new(database).await;
        history.roll(after(0)).await;
        history.is_right(layout, "with nothing").await;
        for day in 0..4 {
            let now = after(24 * (day + 1));
            let new = history.samples(after(24 * day), 86_400, 2_000, 0);
            history.write(1, new).await;
            history.is_right(layout, "before anything is rolled up").await;
            history.roll(now).await;
            history.is_right(layout, "after a day").await;
            // Of the whole past, and of before it, and in the place of what is there.
            let late = history.samples(after(-30), 86_400 * (day as u64 + 2), 300, 0);
            let corrected = history.samples(after(0), 86_400, 300, 1);
            history.write(2, late).await;
            history.write(1, corrected).await;
            history.roll(now + SignedDuration::from_secs(20)).await;
            history.is_right(layout, "after late and corrected data").await;
            let client = history.database.client().await;
            let gone = format!("DELETE FROM observation WHERE series_id = {} AND time < '{}'", history.series[0].0, after(24 * day));
            client.batch_execute(&gone).await.unwrap();
            history.roll(now + SignedDuration::from_secs(40)).await;
            history.is_right(layout, "after a delete").await;
        }
        if layout == "timescale" {
            continue;
        }
        let kept = history
            .sql("SELECT (SELECT count(*) FROM rollup_1m) + (SELECT count(*) FROM rollup_1h) + (SELECT count(*) FROM rollup_1d)")
            .await;
        assert!(kept > 5_000, "{layout} keeps {kept} buckets");
        assert_eq!(history.sql("SELECT count(*) FROM rollup_note").await, 0, "{layout}");
    }
}

#[tokio::test]
async fn rollups_are_right_whenever_rolling_up_is_cut_off_and_while_others_write() {
    for layout in WITH_SESSIONS {
        let Some(database) = database(layout).await else { continue };
        let mut history = History::new(database).await;
        let first = history.samples(after(0), 3_600, 500, 0);
        history.write(1, first).await;
        let begun = Instant::now();
        history.store.roller().round(ZONE, after(1)).await.unwrap();
        let whole_us = begun.elapsed().as_micros() as u64;
        let mut cut = 0;
        for round in 0..60 {
            let now = after(1) + SignedDuration::from_mins(20 * round);
            // Most of it is rolled up while it is written; few late ones, which would hide what was left out by mending it.
            let mut new = history.samples(now - SignedDuration::from_mins(20), 1_200, 60, 0);
            new.extend(history.samples(after(-1), 3_600 + 1_200 * round as u64, 1, 0));
            let batch = WriteBatch { received: start(), samples: new, ..WriteBatch::default() };
            let mut writer = history.store.writer((round % 3) as i16);
            // Dropping what runs ends its connection wherever it is, as a kill does.
            let allowed = Duration::from_micros(history.scatter.below(whole_us * 3));
            let (written, rolled) = tokio::join!(writer.commit(&batch), tokio::time::timeout(allowed, history.roller.round(ZONE, now)));
            written.unwrap();
            cut += i32::from(rolled.is_err());
        }
        assert!((1..60).contains(&cut), "{layout}: {cut} of 60 rounds were cut off");
        history.roll(after(30)).await;
        history.is_right(layout, "after being cut off").await;
    }
}

#[tokio::test]
async fn days_are_those_of_the_zone_also_when_it_changes() {
    for layout in LAYOUTS {
        let Some(database) = database(layout).await else { continue };
        let mut history = History::new(database).await;
        let new = history.samples(after(0), 86_400 * 3, 3_000, 0);
        history.write(1, new).await;
        while history.roller.round("UTC", after(80)).await.unwrap().has_more {}
        history.roll(after(81)).await;
        history.is_right(layout, "in another zone").await;
    }
}
