//! Rollups of readings equal a direct aggregate of the newest revisions: whatever came in which order, was corrected, and
//! whenever the rolling up was cut off.

use super::readings::{definitions, lead, recorded};
use super::{super::*, Fresh, at};
use jiff::{SignedDuration, Timestamp};
use std::time::Duration;
use taydo_engine::Recorded;
use taydo_engine::alert::Evaluated;
use taydo_model::{Definitions, Quality};

const ZONE: &str = "Asia/Ho_Chi_Minh";

/// What the rollups must be, from the revisions alone: `%` is the bucket.
const DIRECT: &str = "SELECT % AS time, (array_agg(value ORDER BY time) FILTER (WHERE value IS NOT NULL))[1], \
    (array_agg(value ORDER BY time DESC) FILTER (WHERE value IS NOT NULL))[1], min(value), max(value), sum(value), kpi_id, scope_id, \
    count(value)::int, count(*)::int, sum((quality = 1)::int)::int, sum((quality = 2)::int)::int, sum((quality = 3)::int)::int \
    FROM (SELECT DISTINCT ON (kpi_id, scope_id, time) * FROM reading ORDER BY kpi_id, scope_id, time, revision DESC) AS newest \
    GROUP BY kpi_id, scope_id, 1";

const LEVELS: [(&str, &str); 2] =
    [("reading_1h", "date_trunc('hour', time, 'UTC')"), ("reading_1d", "date_trunc('day', time, 'Asia/Ho_Chi_Minh')")];

struct History {
    fresh: Fresh,
    fence: Fence,
    definitions: Definitions,
    roller: ReadingRoller,
    /// Numbers that look random and are the same every time.
    seed: u64,
}

impl History {
    async fn new() -> Self {
        let fresh = Fresh::new().await;
        let fence = lead(&fresh.store, after(0)).await;
        let roller = fresh.store.reading_roller();
        Self { fresh, fence, definitions: definitions("v1"), roller, seed: 11 }
    }

    fn below(&mut self, end: i64) -> i64 {
        self.seed = self.seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        i64::try_from(self.seed >> 33).unwrap() % end
    }

    /// Readings of some minutes between two hours, in eighths so that sums are exact.
    fn readings(&mut self, hours: std::ops::Range<i64>, count: usize, correction: bool) -> Vec<Recorded> {
        let one = |_| {
            let scope = format!("asset:a{}", self.below(3));
            let minute = hours.start * 60 + self.below((hours.end - hours.start) * 60);
            let value = f64::from(i32::try_from(self.below(4_000)).unwrap()) / 8.0;
            let mut one = recorded(&scope, minute, value, correction);
            one.reading.quality =
                [Quality::Good, Quality::Good, Quality::Partial, Quality::Stale, Quality::Missing][usize::try_from(self.below(5)).unwrap()];
            if one.reading.quality == Quality::Missing {
                one.reading.value = None;
            }
            one
        };
        (0..count).map(one).collect()
    }

    async fn write(&self, readings: &[Recorded]) {
        self.fresh.store.commit_readings(&self.fence, after(0), &self.definitions, readings, &Evaluated::default(), &[]).await.unwrap();
    }

    async fn roll(&mut self, now: Timestamp, zone: &str) {
        while self.roller.round(zone, now).await.unwrap().has_more {}
    }

    async fn count(&self, of: &str) -> i64 {
        self.fresh.texts(&format!("SELECT count(*) FROM {of}")).await[0].trim_matches(['(', ')']).parse().unwrap()
    }

    /// Every level holds the same rows as the revisions give.
    async fn is_right(&self, when: &str) {
        for (view, bucket) in LEVELS {
            let direct = DIRECT.replace('%', bucket);
            let differing = format!("((({direct}) EXCEPT ALL TABLE {view}) UNION ALL (TABLE {view} EXCEPT ALL ({direct}))) AS differing");
            assert_eq!(self.count(&differing).await, 0, "{view} {when}");
        }
    }
}

fn after(hours: i64) -> Timestamp {
    at("2026-01-05T00:00:00Z") + SignedDuration::from_hours(hours)
}

#[tokio::test]
async fn rollups_of_readings_equal_the_newest_revisions_also_after_corrections() {
    let mut history = History::new().await;
    history.roll(after(0), ZONE).await;
    history.is_right("with nothing").await;
    for day in 0..4 {
        // Enough for COPY, and too few for it.
        for count in [900, 40] {
            let new = history.readings(24 * day..24 * (day + 1), count, false);
            history.write(&new).await;
        }
        history.is_right("before anything is rolled up").await;
        history.roll(after(24 * (day + 1)), ZONE).await;
        history.is_right("after a day").await;
        // Of the whole past and of before it, as a recompute writes them, first ones and corrections.
        let late = history.readings(-30..24 * (day + 1), 700, false);
        let corrected = history.readings(0..24, 200, true);
        history.write(&late).await;
        history.write(&corrected).await;
        assert!(history.count("reading_rollup_stale").await > 100, "what came late is noted");
        history.is_right("while corrections wait").await;
        history.roll(after(24 * (day + 1)), ZONE).await;
        history.is_right("after corrections").await;
        assert_eq!(history.count("reading_rollup_stale").await, 0);
    }
    assert!(history.count("reading_rollup_1h").await > 300 && history.count("reading_rollup_1d").await >= 12);
    // Days are those of the zone that the city has now.
    history.roll(after(96), "UTC").await;
    history.roll(after(96), ZONE).await;
    history.is_right("after two changes of the zone").await;
    assert!(history.count("reading_rollup_1d").await >= 12);
}

#[tokio::test]
async fn rollups_of_readings_are_right_whenever_they_are_cut_off_and_while_others_write() {
    let mut history = History::new().await;
    let first = history.readings(0..1, 60, false);
    history.write(&first).await;
    history.roll(after(0), ZONE).await;
    let mut cut = 0;
    for round in 0..60 {
        let new = history.readings(-1..round + 1, 60, round % 3 == 0);
        // Dropping what runs ends its connection wherever it is, as a kill does.
        let allowed = Duration::from_micros(u64::try_from(history.below(20_000)).unwrap());
        let History { fresh, fence, definitions, roller, .. } = &mut history;
        let evaluated = Evaluated::default();
        let writing = fresh.store.commit_readings(fence, after(0), definitions, &new, &evaluated, &[]);
        let rolling = fresh.store.clock().timeout(allowed, roller.round(ZONE, after(round)));
        let (written, rolled) = tokio::join!(writing, rolling);
        written.unwrap();
        cut += i32::from(rolled.is_err());
        history.is_right("in the middle").await;
    }
    assert!(cut > 10, "only {cut} rounds were cut off");
    history.roll(after(70), ZONE).await;
    history.is_right("after being cut off").await;
}
