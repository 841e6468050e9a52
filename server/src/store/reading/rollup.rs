//! Rollups of readings by hour and by the city's day.
//!
//! Hours are made of the newest revisions, days of hours, each up to a mark that only grows. Whoever writes a revision
//! behind the first mark notes the hour, and noted hours are made again; the views `reading_1h` and `reading_1d` read them
//! from the revisions meanwhile. It must never move a mark past what is not rolled up, whenever it is killed.

use crate::store::{Store, StoreError, micros::Micros, session::Session};
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeSet;
use tokio_postgres::Transaction;

/// `reading_rollup_noted_until` takes this lock too.
const NOTED: i64 = 0x7461_7964_6f11;
/// Held by the one who rolls up. Any number that nothing else uses.
const ROLLING: i64 = 0x7461_7964_6f12;
/// An hour is rolled up so much after its end: most of what belongs to it has come by then, and need not be noted.
const LAG: SignedDuration = SignedDuration::from_mins(5);
/// So much is rolled up in one transaction.
const PIECE: i64 = 6 * HOUR;
/// Noted hours that are made again in one transaction. The others have their turn in the next.
const CELLS: i64 = 2_000;

const HOUR: i64 = 3_600_000_000;

/// What one round has done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ReadingsRolled {
    /// Hours and days of KPIs and scopes that were written.
    pub buckets: u64,
    /// Hours that were made again.
    pub mended: u64,
    /// Whether there is more to do at once.
    pub has_more: bool,
}

#[derive(Debug, Clone)]
struct State {
    noted_until: Micros,
    done_1h: Micros,
    zone: String,
}

/// Keeps the rollups of readings, over a connection of its own.
#[derive(Debug)]
pub struct ReadingRoller {
    store: Store,
    session: Option<Session>,
}

impl Store {
    /// Who keeps the rollups of readings. Of several at a time each waits for the others.
    #[must_use]
    pub fn reading_roller(&self) -> ReadingRoller {
        ReadingRoller { store: self.clone(), session: None }
    }
}

/// The mark before which revisions must be noted; it stands still until the transaction ends. `None`: nothing is rolled up.
pub(super) async fn noted_until(transaction: &Transaction<'_>) -> Result<Option<Micros>, StoreError> {
    Ok(transaction.query_one("SELECT reading_rollup_noted_until()", &[]).await?.try_get(0)?)
}

/// Notes the hours of these first revisions that lie behind the mark.
pub(super) async fn note(
    transaction: &Transaction<'_>,
    noted_until: Option<Micros>,
    written: impl Iterator<Item = (i32, i32, Micros)>,
) -> Result<(), StoreError> {
    let Some(noted_until) = noted_until else { return Ok(()) };
    let late = written.filter(|(_, _, time)| *time < noted_until).map(|(kpi, scope, time)| (kpi, scope, hour_of(time)));
    let cells: BTreeSet<(i32, i32, Micros)> = late.collect();
    if cells.is_empty() {
        return Ok(());
    }
    let kpis: Vec<i32> = cells.iter().map(|cell| cell.0).collect();
    let scopes: Vec<i32> = cells.iter().map(|cell| cell.1).collect();
    let hours: Vec<Micros> = cells.iter().map(|cell| cell.2).collect();
    let sql = "INSERT INTO reading_rollup_stale (kpi_id, scope_id, hour) SELECT * FROM unnest($1::int[], $2::int[], $3::timestamptz[])";
    transaction.execute(sql, &[&kpis, &scopes, &hours]).await?;
    Ok(())
}

impl ReadingRoller {
    /// Makes noted hours again and rolls up hours and days that have become complete, a piece of each. Days are those of
    /// `zone`, an IANA name; a day begins with the hour that its midnight lies in.
    ///
    /// # Errors
    /// See [`StoreError`]; the next round connects anew.
    pub async fn round(&mut self, zone: &str, now: Timestamp) -> Result<ReadingsRolled, StoreError> {
        let mut session = match self.session.take() {
            Some(session) if !session.client.is_closed() => session,
            _ => Session::connect(self.store.config(), "taydo reading rollups", None).await?,
        };
        let rolled = go(&mut session, zone, now).await?;
        self.session = Some(session);
        Ok(rolled)
    }
}

async fn go(session: &mut Session, zone: &str, now: Timestamp) -> Result<ReadingsRolled, StoreError> {
    let Some(state) = state(session).await? else {
        begin(session, zone, now).await?;
        return Ok(ReadingsRolled { has_more: true, ..ReadingsRolled::default() });
    };
    if state.zone != zone {
        tracing::info!(from = state.zone, to = zone, "days of readings are rolled up anew, because the city's zone is another");
        change_zone(session, zone).await?;
    }
    let (mended, more_noted) = mend(session).await?;
    let target = hour_of(Micros::from(now.saturating_sub(LAG).unwrap_or(now)));
    let until = target.min(Micros(state.done_1h.0.saturating_add(PIECE))).max(state.noted_until);
    if until > state.noted_until {
        // Writers that had not seen the new mark have committed when this returns, so their rows are seen below.
        move_mark(session, until).await?;
    }
    let buckets = if until > state.done_1h { roll(session, state.done_1h, until, zone).await? } else { 0 };
    Ok(ReadingsRolled { buckets, mended, has_more: more_noted || until < target })
}

async fn state(session: &Session) -> Result<Option<State>, StoreError> {
    let row = session.client.query_opt("SELECT noted_until, done_1h, zone FROM reading_rollup_state", &[]).await?;
    row.map(|row| Ok(State { noted_until: row.try_get(0)?, done_1h: row.try_get(1)?, zone: row.try_get(2)? })).transpose()
}

/// Sets the marks before the earliest reading, or before today where there is none.
async fn begin(session: &mut Session, zone: &str, now: Timestamp) -> Result<(), StoreError> {
    // Looked for before the lock is taken, because writers wait for that.
    let first = "SELECT date_trunc('day', coalesce(min(time), $2), $1) FROM reading";
    let first: Micros = session.client.query_one(first, &[&zone, &Micros::from(now)]).await?.try_get(0)?;
    let transaction = session.client.transaction().await?;
    transaction.execute("SELECT pg_advisory_xact_lock($1)", &[&NOTED]).await?;
    // An earlier one may have come meanwhile; then the next round looks again.
    let sql = "INSERT INTO reading_rollup_state (noted_until, done_1h, done_1d, zone) \
        SELECT $1, $1, $1, $2 WHERE NOT EXISTS (SELECT FROM reading WHERE time < $1) ON CONFLICT DO NOTHING";
    transaction.execute(sql, &[&first, &zone]).await?;
    transaction.commit().await?;
    Ok(())
}

async fn change_zone(session: &mut Session, zone: &str) -> Result<(), StoreError> {
    let transaction = session.client.transaction().await?;
    transaction.execute("SELECT pg_advisory_xact_lock($1)", &[&ROLLING]).await?;
    transaction.execute("TRUNCATE reading_rollup_1d", &[]).await?;
    let sql = "UPDATE reading_rollup_state SET zone = $1, \
        done_1d = coalesce((SELECT date_trunc('day', min(time), $1) FROM reading_rollup_1h), date_trunc('day', done_1h, $1))";
    transaction.execute(sql, &[&zone]).await?;
    transaction.execute(DAYS, &[]).await?;
    transaction.execute(DAYS_DONE, &[]).await?;
    transaction.commit().await?;
    Ok(())
}

async fn move_mark(session: &mut Session, until: Micros) -> Result<(), StoreError> {
    let transaction = session.client.transaction().await?;
    transaction.execute("SELECT pg_advisory_xact_lock($1)", &[&NOTED]).await?;
    transaction.execute("UPDATE reading_rollup_state SET noted_until = greatest(noted_until, $1)", &[&until]).await?;
    transaction.commit().await?;
    Ok(())
}

/// Rolls up hours to the mark, then the days that are complete with them.
async fn roll(session: &mut Session, done: Micros, until: Micros, zone: &str) -> Result<u64, StoreError> {
    let transaction = session.client.transaction().await?;
    transaction.execute("SELECT pg_advisory_xact_lock($1)", &[&ROLLING]).await?;
    // Whoever was quicker has rolled this up, or other days than these.
    let same = "SELECT done_1h = $1 AND zone = $2 FROM reading_rollup_state";
    if !transaction.query_one(same, &[&done, &zone]).await?.try_get::<_, bool>(0)? {
        return Ok(0);
    }
    let mut buckets = transaction.execute(HOURS, &[&done, &until]).await?;
    transaction.execute("UPDATE reading_rollup_state SET done_1h = $1", &[&until]).await?;
    buckets += transaction.execute(DAYS, &[]).await?;
    transaction.execute(DAYS_DONE, &[]).await?;
    transaction.commit().await?;
    Ok(buckets)
}

/// Makes noted hours again, each once, however often it was noted. Returns how many, and whether there are more.
async fn mend(session: &mut Session) -> Result<(u64, bool), StoreError> {
    let transaction = session.client.transaction().await?;
    transaction.execute("SELECT pg_advisory_xact_lock($1)", &[&ROLLING]).await?;
    let rows = transaction.query(NOTES, &[&CELLS]).await?;
    if rows.is_empty() {
        return Ok((0, false));
    }
    let (mut kpis, mut scopes, mut hours) = (Vec::<i32>::new(), Vec::<i32>::new(), Vec::<Micros>::new());
    for row in &rows {
        kpis.push(row.try_get(0)?);
        scopes.push(row.try_get(1)?);
        hours.push(row.try_get(2)?);
    }
    // The notes go first: revisions whose note is gone by then are seen by what follows, and later ones are noted anew.
    transaction.execute(FORGET, &[&kpis, &scopes, &hours]).await?;
    for step in MEND {
        transaction.execute(step, &[&kpis, &scopes, &hours]).await?;
    }
    transaction.commit().await?;
    Ok((hours.len() as u64, i64::try_from(rows.len()).unwrap_or(CELLS) == CELLS))
}

/// From revisions to hours, between two marks.
const HOURS: &str = "INSERT INTO reading_rollup_1h (time, first, last, min, max, sum, kpi_id, scope_id, count, readings, partial, stale, missing) \
    SELECT date_bin('1 hour', time, 'epoch'), (array_agg(value ORDER BY time) FILTER (WHERE value IS NOT NULL))[1], \
    (array_agg(value ORDER BY time DESC) FILTER (WHERE value IS NOT NULL))[1], min(value), max(value), sum(value), kpi_id, scope_id, \
    count(value), count(*), count(*) FILTER (WHERE quality = 1), count(*) FILTER (WHERE quality = 2), count(*) FILTER (WHERE quality = 3) \
    FROM (SELECT DISTINCT ON (kpi_id, scope_id, time) kpi_id, scope_id, time, value, quality FROM reading \
    WHERE time >= $1 AND time < $2 ORDER BY kpi_id, scope_id, time, revision DESC) AS newest GROUP BY kpi_id, scope_id, 1";

/// From hours to the days that are complete.
const DAYS: &str = "INSERT INTO reading_rollup_1d (time, first, last, min, max, sum, kpi_id, scope_id, count, readings, partial, stale, missing) \
    SELECT date_trunc('day', time, zone), (array_agg(first ORDER BY time) FILTER (WHERE first IS NOT NULL))[1], \
    (array_agg(last ORDER BY time DESC) FILTER (WHERE last IS NOT NULL))[1], min(min), max(max), sum(sum), kpi_id, scope_id, \
    sum(count), sum(readings), sum(partial), sum(stale), sum(missing) \
    FROM (SELECT *, date_trunc('day', done_1h, zone) AS until FROM reading_rollup_state) AS state JOIN reading_rollup_1h AS hours \
    ON hours.time >= state.done_1d AND hours.time < state.until WHERE state.until > state.done_1d GROUP BY kpi_id, scope_id, 1";

const DAYS_DONE: &str = "UPDATE reading_rollup_state SET done_1d = greatest(done_1d, date_trunc('day', done_1h, zone))";

/// Hours that wait to be made again, the one that was noted first before the others.
const NOTES: &str = "SELECT kpi_id, scope_id, hour FROM reading_rollup_stale GROUP BY kpi_id, scope_id, hour ORDER BY min(id) LIMIT $1";

/// What forgets the notes of hours: `$1` and `$2` whose, `$3` their first moments.
const FORGET: &str = "DELETE FROM reading_rollup_stale AS noted USING unnest($1::int[], $2::int[], $3::timestamptz[]) AS cell (kpi_id, scope_id, hour) \
    WHERE noted.kpi_id = cell.kpi_id AND noted.scope_id = cell.scope_id AND noted.hour = cell.hour";

/// What makes noted hours again: `$1` and `$2` whose, `$3` their first moments. What lies beyond a mark is left to those who move it.
const MEND: [&str; 4] = [
    "DELETE FROM reading_rollup_1h AS hours USING unnest($1::int[], $2::int[], $3::timestamptz[]) AS cell (kpi_id, scope_id, hour) \
    WHERE hours.kpi_id = cell.kpi_id AND hours.scope_id = cell.scope_id AND hours.time = cell.hour",
    "INSERT INTO reading_rollup_1h (time, first, last, min, max, sum, kpi_id, scope_id, count, readings, partial, stale, missing) \
    SELECT hour, (array_agg(value ORDER BY time) FILTER (WHERE value IS NOT NULL))[1], \
    (array_agg(value ORDER BY time DESC) FILTER (WHERE value IS NOT NULL))[1], min(value), max(value), sum(value), kpi_id, scope_id, \
    count(value), count(*), count(*) FILTER (WHERE quality = 1), count(*) FILTER (WHERE quality = 2), count(*) FILTER (WHERE quality = 3) \
    FROM (SELECT DISTINCT ON (cell.kpi_id, cell.scope_id, reading.time) cell.kpi_id, cell.scope_id, cell.hour, reading.time, reading.value, reading.quality \
    FROM unnest($1::int[], $2::int[], $3::timestamptz[]) AS cell (kpi_id, scope_id, hour) \
    JOIN reading ON reading.kpi_id = cell.kpi_id AND reading.scope_id = cell.scope_id \
    AND reading.time >= cell.hour AND reading.time < cell.hour + interval '1 hour' \
    WHERE cell.hour < (SELECT done_1h FROM reading_rollup_state) \
    ORDER BY cell.kpi_id, cell.scope_id, reading.time, reading.revision DESC) AS newest GROUP BY kpi_id, scope_id, hour",
    "DELETE FROM reading_rollup_1d AS days USING (SELECT DISTINCT kpi_id, scope_id, date_trunc('day', hour, (SELECT zone FROM reading_rollup_state)) AS day \
    FROM unnest($1::int[], $2::int[], $3::timestamptz[]) AS cell (kpi_id, scope_id, hour)) AS touched \
    WHERE days.kpi_id = touched.kpi_id AND days.scope_id = touched.scope_id AND days.time = touched.day",
    "INSERT INTO reading_rollup_1d (time, first, last, min, max, sum, kpi_id, scope_id, count, readings, partial, stale, missing) \
    SELECT touched.day, (array_agg(first ORDER BY time) FILTER (WHERE first IS NOT NULL))[1], \
    (array_agg(last ORDER BY time DESC) FILTER (WHERE last IS NOT NULL))[1], min(min), max(max), sum(sum), hours.kpi_id, hours.scope_id, \
    sum(count), sum(readings), sum(partial), sum(stale), sum(missing) \
    FROM (SELECT DISTINCT kpi_id, scope_id, zone, date_trunc('day', hour, zone) AS day \
    FROM unnest($1::int[], $2::int[], $3::timestamptz[]) AS cell (kpi_id, scope_id, hour), reading_rollup_state) AS touched \
    JOIN reading_rollup_1h AS hours ON hours.kpi_id = touched.kpi_id AND hours.scope_id = touched.scope_id \
    AND hours.time >= touched.day AND hours.time < date_trunc('day', touched.day + interval '36 hours', touched.zone) \
    WHERE touched.day < (SELECT done_1d FROM reading_rollup_state) GROUP BY hours.kpi_id, hours.scope_id, touched.day",
];

fn hour_of(time: Micros) -> Micros {
    Micros(time.0.div_euclid(HOUR).saturating_mul(HOUR))
}
