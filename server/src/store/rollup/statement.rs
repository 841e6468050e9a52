//! The statements that roll up.
//!
//! They must never read a clock: from where and up to where is told.

/// The earliest row's time, through the key's index.
pub(super) const FIRST: &str = "SELECT min(first.time) FROM series CROSS JOIN LATERAL \
    (SELECT time FROM observation WHERE series_id = series.id ORDER BY time LIMIT 1) AS first";

/// From rows to minutes, `$1 ≤ time < $2`.
pub(super) const MINUTES: &str = "INSERT INTO rollup_1m (time, sum, min, max, last, count, series_id) \
    SELECT date_bin('1 minute', time, 'epoch'), sum(value), min(value), max(value), (array_agg(value ORDER BY time DESC))[1], count(*), series_id \
    FROM observation WHERE time >= $1 AND time < $2 AND coalesce(state, 0) NOT IN (1, 2) GROUP BY series_id, 1 \
    ON CONFLICT (series_id, time) DO UPDATE SET sum = excluded.sum, min = excluded.min, max = excluded.max, last = excluded.last, count = excluded.count";

/// From minutes to the hours that are complete with them, after `done_1m` was set.
pub(super) const HOURS: &str = "INSERT INTO rollup_1h (time, sum, min, max, last, count, series_id) \
    SELECT date_bin('1 hour', time, 'epoch'), sum(sum), min(min), max(max), (array_agg(last ORDER BY time DESC))[1], sum(count)::bigint, series_id \
    FROM rollup_1m WHERE time >= (SELECT done_1h FROM rollup_state) AND time < (SELECT date_bin('1 hour', done_1m, 'epoch') FROM rollup_state) \
    GROUP BY series_id, 1 \
    ON CONFLICT (series_id, time) DO UPDATE SET sum = excluded.sum, min = excluded.min, max = excluded.max, last = excluded.last, count = excluded.count";
pub(super) const HOURS_DONE: &str = "UPDATE rollup_state SET done_1h = greatest(done_1h, date_bin('1 hour', done_1m, 'epoch'))";

/// From hours to the days of the zone `$1` that are complete with them, after `done_1h` was set.
pub(super) const DAYS: &str = "INSERT INTO rollup_1d (time, sum, min, max, last, count, series_id) \
    SELECT date_trunc('day', time, $1), sum(sum), min(min), max(max), (array_agg(last ORDER BY time DESC))[1], sum(count)::bigint, series_id \
    FROM rollup_1h WHERE time >= (SELECT done_1d FROM rollup_state) AND time < (SELECT date_trunc('day', done_1h, $1) FROM rollup_state) \
    GROUP BY series_id, 1 \
    ON CONFLICT (series_id, time) DO UPDATE SET sum = excluded.sum, min = excluded.min, max = excluded.max, last = excluded.last, count = excluded.count";
pub(super) const DAYS_DONE: &str = "UPDATE rollup_state SET done_1d = greatest(done_1d, date_trunc('day', done_1h, $1))";

/// What is to be made again, a row of each series and hour: `$1` the series, `$2` their hours' first moments, `$3` and `$4` from
/// when to when (without that) there are minutes to make, all within the hour.
macro_rules! cells {
    () => {
        "unnest($1::int[], $2::timestamptz[], $3::timestamptz[], $4::timestamptz[]) AS cell (series_id, hour, since, until)"
    };
}

/// What makes noted minutes again, and with them their hours and days. What lies beyond a mark is left to those who move it.
pub(super) const MEND: [&str; 6] = [
    concat!(
        "DELETE FROM rollup_1m USING ",
        cells!(),
        " WHERE rollup_1m.series_id = cell.series_id AND rollup_1m.time >= cell.since AND rollup_1m.time < cell.until"
    ),
    concat!(
        "INSERT INTO rollup_1m (time, sum, min, max, last, count, series_id) \
        SELECT date_bin('1 minute', o.time, 'epoch'), sum(value), min(value), max(value), (array_agg(value ORDER BY o.time DESC))[1], count(*), o.series_id FROM ",
        cells!(),
        " JOIN observation o ON o.series_id = cell.series_id AND o.time >= cell.since AND o.time < cell.until \
        WHERE o.time < (SELECT done_1m FROM rollup_state) AND coalesce(o.state, 0) NOT IN (1, 2) GROUP BY o.series_id, 1"
    ),
    concat!("DELETE FROM rollup_1h USING ", cells!(), " WHERE rollup_1h.series_id = cell.series_id AND rollup_1h.time = cell.hour"),
    concat!(
        "INSERT INTO rollup_1h (time, sum, min, max, last, count, series_id) \
        SELECT cell.hour, sum(sum), min(min), max(max), (array_agg(last ORDER BY m.time DESC))[1], sum(count)::bigint, m.series_id FROM ",
        cells!(),
        " JOIN rollup_1m m ON m.series_id = cell.series_id AND m.time >= cell.hour AND m.time < cell.hour + interval '1 hour' \
        WHERE cell.hour < (SELECT done_1h FROM rollup_state) GROUP BY m.series_id, cell.hour"
    ),
    concat!(
        "DELETE FROM rollup_1d USING (SELECT DISTINCT series_id, date_trunc('day', hour, (SELECT zone FROM layout)) AS day FROM ",
        cells!(),
        ") AS touched WHERE rollup_1d.series_id = touched.series_id AND rollup_1d.time = touched.day"
    ),
    concat!(
        "INSERT INTO rollup_1d (time, sum, min, max, last, count, series_id) \
        SELECT touched.day, sum(sum), min(min), max(max), (array_agg(last ORDER BY h.time DESC))[1], sum(count)::bigint, h.series_id \
        FROM (SELECT DISTINCT series_id, zone, date_trunc('day', hour, zone) AS day FROM layout, ",
        cells!(),
        ") AS touched JOIN rollup_1h h ON h.series_id = touched.series_id AND h.time >= touched.day \
        AND h.time < date_trunc('day', touched.day + interval '36 hours', touched.zone) \
        WHERE touched.day < (SELECT done_1d FROM rollup_state) GROUP BY h.series_id, touched.day"
    ),
];
