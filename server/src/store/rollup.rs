//! Rollups by minute, hour and day, where the database doesn't keep them itself.
//!
//! Minutes are aggregated from the rows, hours from minutes, days from hours, each up to a mark that only grows. Whoever
//! writes or deletes rows behind the first mark notes the hour, and noted hours are made again. Calibrating and faulty
//! observations don't count. It must never move a mark past what is not aggregated, whenever it is killed.

use super::partition::Table;
use super::{Store, StoreError, micros::Micros, session::Session};
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeSet;
use taydo_engine::Sample;
use tokio_postgres::{Statement, Transaction};

/// `rollup_noted_until` takes this lock too.
const NOTED: i64 = 0x7461_7964_6f03;
/// Held by the one who rolls up. Any number that nothing else uses.
const ROLLING: i64 = 0x7461_7964_6f04;
/// A minute is rolled up so much after its end: most of what belongs to it has come by then, and need not be noted.
const LAG: SignedDuration = SignedDuration::from_secs(60);
/// So much is rolled up in one transaction.
const PIECE: SignedDuration = SignedDuration::from_hours(6);
/// Noted hours that are made again in one transaction. The others have their turn in the next.
const CELLS: i64 = 5_000;

const MINUTE: i64 = 60_000_000;
const HOUR: i64 = 60 * MINUTE;

pub(super) const NOTED_UNTIL: &str = "SELECT rollup_noted_until()";

/// What one round has done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Rolled {
    /// Buckets that were written.
    pub buckets: u64,
    /// Hours of series that were made again.
    pub mended: u64,
    /// Up to where minutes are rolled up; `None` while there is nothing.
    pub until: Option<Timestamp>,
    /// Whether there is more to do at once.
    pub has_more: bool,
}

/// How far each rollup has come.
#[derive(Debug, Clone)]
struct State {
    noted_until: Micros,
    done_1m: Micros,
    zone: String,
}

/// Keeps the rollups, over a connection of its own.
#[derive(Debug)]
pub struct Roller {
    store: Store,
    session: Option<Session>,
}

impl Store {
    /// Who keeps the rollups; `None` where the database does.
    #[must_use]
    pub fn roller(&self) -> Option<Roller> {
        self.layout().is_rolled_by_us().then(|| Roller { store: self.clone(), session: None })
    }
}

/// The hours of series, among those just written, that were rolled up already.
pub(super) async fn note(transaction: &Transaction<'_>, until: &Statement, samples: &[Sample]) -> Result<(), StoreError> {
    let noted_until: Option<Micros> = transaction.query_one(until, &[]).await?.try_get(0)?;
    let Some(noted_until) = noted_until else { return Ok(()) };
    let late = samples.iter().map(|sample| (sample.series.0, Micros::from(sample.time))).filter(|(_, time)| *time < noted_until);
    let cells: BTreeSet<(i32, Micros)> = late.map(|(series, time)| (series, floor(time, HOUR))).collect();
    if cells.is_empty() {
        return Ok(());
    }
    let (series, hours): (Vec<i32>, Vec<Micros>) = cells.into_iter().unzip();
    let sql = "INSERT INTO rollup_stale (series_id, hour) SELECT * FROM unnest($1::int[], $2::timestamptz[])";
    transaction.execute(sql, &[&series, &hours]).await?;
    Ok(())
}

impl Roller {
    /// Makes noted hours again and rolls up what has become complete, a piece of each. Days are those of `zone`, an IANA
    /// name.
    ///
    /// # Errors
    /// See [`StoreError`]; the next round connects anew.
    pub async fn round(&mut self, zone: &str, now: Timestamp) -> Result<Rolled, StoreError> {
        let mut session = match self.session.take() {
            Some(session) if !session.client.is_closed() => session,
            _ => Session::connect(self.store.config(), "taydo rollups", None).await?,
        };
        let rolled = self.go(&mut session, zone, now).await?;
        self.session = Some(session);
        Ok(rolled)
    }

    async fn go(&self, session: &mut Session, zone: &str, now: Timestamp) -> Result<Rolled, StoreError> {
        let Some(state) = state(session).await? else {
            begin(session, zone).await?;
            return Ok(Rolled { has_more: state(session).await?.is_some(), ..Rolled::default() });
        };
        if state.zone != zone {
            tracing::info!(from = state.zone, to = zone, "days are rolled up anew, because the city's zone is another");
            other_zone(session, zone).await?;
        }
        let (mended, more_noted) = self.mend(session).await?;
        let target = Micros(floor(Micros::from(now.saturating_sub(LAG).unwrap_or(now)), MINUTE).0);
        let piece_end = Micros(state.done_1m.0.saturating_add(i64::try_from(PIECE.as_micros()).unwrap_or(HOUR)));
        let until = target.min(piece_end).max(state.noted_until);
        if until > state.noted_until {
            // Writers that had not seen the new mark have committed when this returns, so their rows are seen below.
            move_mark(session, until).await?;
        }
        let mut buckets = 0;
        if until > state.done_1m {
            self.partitions(session, state.done_1m, until).await?;
            buckets = roll(session, zone).await?;
        }
        Ok(Rolled { buckets, mended, until: Some(until.timestamp()), has_more: more_noted || until < target })
    }

    /// Makes noted hours again. Returns how many, and whether there are more.
    async fn mend(&self, session: &mut Session) -> Result<(u64, bool), StoreError> {
        let sql = "SELECT id, series_id, hour FROM rollup_stale ORDER BY id LIMIT $1";
        let rows = session.client.query(sql, &[&CELLS]).await?;
        if rows.is_empty() {
            return Ok((0, false));
        }
        let (mut ids, mut cells) = (Vec::with_capacity(rows.len()), BTreeSet::new());
        for row in &rows {
            ids.push(row.try_get::<_, i64>(0)?);
            cells.insert((row.try_get::<_, Micros>(2)?, row.try_get::<_, i32>(1)?));
        }
        let hours = cells.iter().map(|(hour, _)| *hour);
        self.store.partitions().ensure(&mut session.client, Table::Minutes, hours.clone()).await?;
        self.store.partitions().ensure(&mut session.client, Table::Hours, hours).await?;
        let (hours, series): (Vec<Micros>, Vec<i32>) = cells.into_iter().unzip();
        let transaction = session.client.transaction().await?;
        transaction.execute("SELECT pg_advisory_xact_lock($1)", &[&ROLLING]).await?;
        for step in MEND {
            transaction.execute(step, &[&series, &hours]).await?;
        }
        transaction.execute("DELETE FROM rollup_stale WHERE id = ANY($1)", &[&ids]).await?;
        transaction.commit().await?;
        Ok((series.len() as u64, i64::try_from(rows.len()).unwrap_or(CELLS) == CELLS))
    }

    async fn partitions(&self, session: &mut Session, from: Micros, until: Micros) -> Result<(), StoreError> {
        let hours = || (0..=(until.0.saturating_sub(from.0)) / HOUR + 1).map(|hour| Micros(from.0.saturating_add(hour * HOUR)));
        self.store.partitions().ensure(&mut session.client, Table::Minutes, hours()).await?;
        self.store.partitions().ensure(&mut session.client, Table::Hours, hours()).await
    }
}

async fn state(session: &Session) -> Result<Option<State>, StoreError> {
    let row = session.client.query_opt("SELECT noted_until, done_1m, zone FROM rollup_state", &[]).await?;
    row.map(|row| Ok(State { noted_until: row.try_get(0)?, done_1m: row.try_get(1)?, zone: row.try_get(2)? })).transpose()
}

/// Sets the marks before the earliest row.
async fn begin(session: &mut Session, zone: &str) -> Result<(), StoreError> {
    let transaction = session.client.transaction().await?;
    // Alone, so that no row of an earlier time is on its way.
    transaction.execute("SELECT pg_advisory_xact_lock($1)", &[&NOTED]).await?;
    let sql = "INSERT INTO rollup_state (noted_until, done_1m, done_1h, done_1d, zone) \
        SELECT day, day, day, day, $1 FROM (SELECT date_trunc('day', min(time), $1) AS day FROM observation) AS first WHERE day IS NOT NULL \
        ON CONFLICT DO NOTHING";
    transaction.execute(sql, &[&zone]).await?;
    transaction.commit().await?;
    Ok(())
}

async fn other_zone(session: &mut Session, zone: &str) -> Result<(), StoreError> {
    let transaction = session.client.transaction().await?;
    transaction.execute("SELECT pg_advisory_xact_lock($1)", &[&ROLLING]).await?;
    transaction.execute("TRUNCATE rollup_1d", &[]).await?;
    let sql = "UPDATE rollup_state SET zone = $1, \
        done_1d = coalesce((SELECT date_trunc('day', min(time), $1) FROM rollup_1h), date_trunc('day', done_1h, $1))";
    transaction.execute(sql, &[&zone]).await?;
    transaction.commit().await?;
    Ok(())
}

async fn move_mark(session: &mut Session, until: Micros) -> Result<(), StoreError> {
    let transaction = session.client.transaction().await?;
    transaction.execute("SELECT pg_advisory_xact_lock($1)", &[&NOTED]).await?;
    transaction.execute("UPDATE rollup_state SET noted_until = greatest(noted_until, $1)", &[&until]).await?;
    transaction.commit().await?;
    Ok(())
}

/// Rolls up minutes to the mark, then hours and days that are complete with them.
async fn roll(session: &mut Session, zone: &str) -> Result<u64, StoreError> {
    let transaction = session.client.transaction().await?;
    transaction.execute("SELECT pg_advisory_xact_lock($1)", &[&ROLLING]).await?;
    let mut buckets = transaction.execute(MINUTES, &[]).await?;
    transaction.execute("UPDATE rollup_state SET done_1m = noted_until", &[]).await?;
    buckets += transaction.execute(HOURS, &[]).await?;
    transaction.execute("UPDATE rollup_state SET done_1h = greatest(done_1h, date_bin('1 hour', done_1m, 'epoch'))", &[]).await?;
    buckets += transaction.execute(DAYS, &[&zone]).await?;
    transaction.execute("UPDATE rollup_state SET done_1d = greatest(done_1d, date_trunc('day', done_1h, $1))", &[&zone]).await?;
    transaction.commit().await?;
    Ok(buckets)
}

/// From rows to minutes, between the marks.
const MINUTES: &str = "INSERT INTO rollup_1m (time, sum, min, max, last, count, series_id) \
    SELECT date_bin('1 minute', time, 'epoch'), sum(value), min(value), max(value), (array_agg(value ORDER BY time DESC))[1], count(*), series_id \
    FROM observation WHERE time >= (SELECT done_1m FROM rollup_state) AND time < (SELECT noted_until FROM rollup_state) \
    AND coalesce(state, 0) NOT IN (1, 2) GROUP BY series_id, 1 \
    ON CONFLICT (series_id, time) DO UPDATE SET sum = excluded.sum, min = excluded.min, max = excluded.max, last = excluded.last, count = excluded.count";

const HOURS: &str = "INSERT INTO rollup_1h (time, sum, min, max, last, count, series_id) \
    SELECT date_bin('1 hour', time, 'epoch'), sum(sum), min(min), max(max), (array_agg(last ORDER BY time DESC))[1], sum(count)::bigint, series_id \
    FROM rollup_1m WHERE time >= (SELECT done_1h FROM rollup_state) AND time < (SELECT date_bin('1 hour', done_1m, 'epoch') FROM rollup_state) \
    GROUP BY series_id, 1 \
    ON CONFLICT (series_id, time) DO UPDATE SET sum = excluded.sum, min = excluded.min, max = excluded.max, last = excluded.last, count = excluded.count";

const DAYS: &str = "INSERT INTO rollup_1d (time, sum, min, max, last, count, series_id) \
    SELECT date_trunc('day', time, $1), sum(sum), min(min), max(max), (array_agg(last ORDER BY time DESC))[1], sum(count)::bigint, series_id \
    FROM rollup_1h WHERE time >= (SELECT done_1d FROM rollup_state) AND time < (SELECT date_trunc('day', done_1h, $1) FROM rollup_state) \
    GROUP BY series_id, 1 \
    ON CONFLICT (series_id, time) DO UPDATE SET sum = excluded.sum, min = excluded.min, max = excluded.max, last = excluded.last, count = excluded.count";

/// What makes noted hours again: `$1` their series, `$2` their first moments. What lies beyond a mark is left to those who move it.
const MEND: [&str; 6] = [
    "DELETE FROM rollup_1m USING unnest($1::int[], $2::timestamptz[]) AS cell (series_id, hour) \
    WHERE rollup_1m.series_id = cell.series_id AND rollup_1m.time >= cell.hour AND rollup_1m.time < cell.hour + interval '1 hour'",
    "INSERT INTO rollup_1m (time, sum, min, max, last, count, series_id) \
    SELECT date_bin('1 minute', o.time, 'epoch'), sum(value), min(value), max(value), (array_agg(value ORDER BY o.time DESC))[1], count(*), o.series_id \
    FROM unnest($1::int[], $2::timestamptz[]) AS cell (series_id, hour) JOIN observation o ON o.series_id = cell.series_id \
    AND o.time >= cell.hour AND o.time < cell.hour + interval '1 hour' \
    WHERE o.time < (SELECT done_1m FROM rollup_state) AND coalesce(o.state, 0) NOT IN (1, 2) GROUP BY o.series_id, 1",
    "DELETE FROM rollup_1h USING unnest($1::int[], $2::timestamptz[]) AS cell (series_id, hour) \
    WHERE rollup_1h.series_id = cell.series_id AND rollup_1h.time = cell.hour",
    "INSERT INTO rollup_1h (time, sum, min, max, last, count, series_id) \
    SELECT cell.hour, sum(sum), min(min), max(max), (array_agg(last ORDER BY m.time DESC))[1], sum(count)::bigint, m.series_id \
    FROM unnest($1::int[], $2::timestamptz[]) AS cell (series_id, hour) JOIN rollup_1m m ON m.series_id = cell.series_id \
    AND m.time >= cell.hour AND m.time < cell.hour + interval '1 hour' \
    WHERE cell.hour < (SELECT done_1h FROM rollup_state) GROUP BY m.series_id, cell.hour",
    "DELETE FROM rollup_1d USING (SELECT DISTINCT series_id, date_trunc('day', hour, (SELECT zone FROM rollup_state)) AS day \
    FROM unnest($1::int[], $2::timestamptz[]) AS cell (series_id, hour)) AS touched \
    WHERE rollup_1d.series_id = touched.series_id AND rollup_1d.time = touched.day",
    "INSERT INTO rollup_1d (time, sum, min, max, last, count, series_id) \
    SELECT touched.day, sum(sum), min(min), max(max), (array_agg(last ORDER BY h.time DESC))[1], sum(count)::bigint, h.series_id \
    FROM (SELECT DISTINCT series_id, zone, date_trunc('day', hour, zone) AS day \
    FROM unnest($1::int[], $2::timestamptz[]) AS cell (series_id, hour), rollup_state) AS touched \
    JOIN rollup_1h h ON h.series_id = touched.series_id AND h.time >= touched.day \
    AND h.time < date_trunc('day', touched.day + interval '36 hours', touched.zone) \
    WHERE touched.day < (SELECT done_1d FROM rollup_state) GROUP BY h.series_id, touched.day",
];

fn floor(time: Micros, width: i64) -> Micros {
    Micros(time.0.div_euclid(width).saturating_mul(width))
}
