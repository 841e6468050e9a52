//! Rollups by minute, hour and day.
//!
//! Where the database doesn't keep them itself, minutes are aggregated from the rows, hours from minutes, days from
//! hours, each up to a mark that only grows. Whoever writes or deletes rows behind the first mark notes between which
//! moments of which series, and what was noted is made again. Calibrating and faulty observations don't count. It must never move a mark past what is
//! not aggregated, whenever it is killed, and never make an hour again whose rows were dropped.

mod note;
mod statement;

use super::partition::Table;
use super::{Layout, Store, StoreError, aggregate, micros::Micros, session::Session};
use jiff::{SignedDuration, Timestamp};
use note::Noted;
pub(super) use note::Notes;
use statement::{DAYS, DAYS_DONE, FIRST, HOURS, HOURS_DONE, MEND, MINUTES};

/// `rollup_noted_until` takes this lock too.
const NOTED: i64 = 0x7461_7964_6f03;
/// Held by the one who rolls up, and by who drops what is rolled up. Any number that nothing else uses.
pub(super) const ROLLING: i64 = 0x7461_7964_6f04;
/// A minute is rolled up so much after its end: most of what belongs to it has come by then, and need not be noted.
const LAG: SignedDuration = SignedDuration::from_secs(60);
/// So much is rolled up in one transaction; twice as much after each piece in a row that had nothing, up to the longest.
const PIECE: SignedDuration = SignedDuration::from_hours(6);
const LONGEST_PIECE: SignedDuration = SignedDuration::from_hours(7 * 24);

const MINUTE: i64 = 60_000_000;
const HOUR: i64 = 60 * MINUTE;

/// What one round has done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Rolled {
    /// Buckets that were written.
    pub buckets: u64,
    /// Hours of series that were made again.
    pub mended: u64,
    /// Up to where minutes are rolled up; `None` while there is nothing, and where the database does it.
    pub until: Option<Timestamp>,
    /// Whether there is more to do at once.
    pub has_more: bool,
}

/// How far the rollups have come, where the server keeps them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RollupProgress {
    /// Up to where minutes are rolled up; `None` while there is nothing.
    pub until: Option<Timestamp>,
    /// Hours of series that wait to be made again, as often as they were noted.
    pub noted: u64,
}

/// The marks.
#[derive(Debug, Clone, Copy)]
struct Marks {
    noted_until: Option<Micros>,
    done_1m: Option<Micros>,
    raw_from: Option<Micros>,
}

/// Keeps the rollups, over a connection of its own.
#[derive(Debug)]
pub struct Roller {
    store: Store,
    session: Option<Session>,
    piece: SignedDuration,
}

impl Store {
    /// Who keeps the rollups.
    #[must_use]
    pub fn roller(&self) -> Roller {
        Roller { store: self.clone(), session: None, piece: PIECE }
    }

    /// How far the rollups have come; `None` where the database keeps them.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn rollup_progress(&self) -> Result<Option<RollupProgress>, StoreError> {
        if !self.layout().is_rolled_by_us() {
            return Ok(None);
        }
        let sql = "SELECT done_1m, (SELECT coalesce(sum(cardinality(series_ids)), 0)::bigint FROM rollup_note) FROM rollup_state";
        let row = self.client().await?.query_one(sql, &[]).await?;
        let until: Option<Micros> = row.try_get(0)?;
        Ok(Some(RollupProgress { until: until.map(Micros::timestamp), noted: row.try_get::<_, i64>(1)?.unsigned_abs() }))
    }
}

impl Roller {
    /// Sees to it that the relations are there and that days are those of `zone`, an IANA name. Does nothing when they are.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn settle(&mut self, zone: &str) -> Result<(), StoreError> {
        let known: Option<String> = self.store.client().await?.query_one("SELECT zone FROM layout", &[]).await?.try_get(0)?;
        if known.as_deref() == Some(zone) {
            return Ok(());
        }
        let session = self.lock().await?;
        self.settle_locked(session, zone).await.map(drop)
    }

    /// Makes noted hours again and rolls up what has become complete, a piece of each; where the database keeps the
    /// rollups, sees to it that it does. Days are those of `zone`, an IANA name. Of several servers one does so at a time.
    ///
    /// # Errors
    /// See [`StoreError`]; the next round connects anew.
    pub async fn round(&mut self, zone: &str, now: Timestamp) -> Result<Rolled, StoreError> {
        let session = self.lock().await?;
        let mut session = self.settle_locked(session, zone).await?;
        let rolled = match self.store.layout().is_rolled_by_us() {
            // A partition may be gone that was known to exist; the next round makes it again.
            true => self.go(&mut session, zone, now).await.inspect_err(|_| self.store.partitions().forget())?,
            false => Rolled::default(),
        };
        session.client.execute("SELECT pg_advisory_unlock($1)", &[&ROLLING]).await?;
        self.session = Some(session);
        Ok(rolled)
    }

    /// The session, with the lock of who rolls up. It goes with the connection when that is dropped on the way.
    async fn lock(&mut self) -> Result<Session, StoreError> {
        let session = match self.session.take() {
            Some(session) if !session.client.is_closed() => session,
            _ => Session::connect(self.store.config(), "taydo rollups", None).await?,
        };
        session.client.execute("SELECT pg_advisory_lock($1)", &[&ROLLING]).await?;
        Ok(session)
    }

    async fn settle_locked(&self, mut session: Session, zone: &str) -> Result<Session, StoreError> {
        match self.store.layout() {
            Layout::Timescale => aggregate::settle(&mut session, zone).await?,
            Layout::Plain | Layout::TimescaleApache => settle_zone(&mut session, zone).await?,
        }
        Ok(session)
    }

    async fn go(&mut self, session: &mut Session, zone: &str, now: Timestamp) -> Result<Rolled, StoreError> {
        let target = floor(Micros::from(now.saturating_sub(LAG).unwrap_or(now)), MINUTE);
        let mut marks = marks(session).await?;
        if marks.done_1m.is_none() {
            marks = begin(session, zone, target).await?;
        }
        let Some(from) = marks.done_1m else { return Ok(Rolled::default()) };
        let (mended, more_noted) = self.mend(session, marks.raw_from).await?;
        let piece_us = i64::try_from(self.piece.as_micros()).unwrap_or(HOUR);
        let until = target.min(Micros(from.0.saturating_add(piece_us)));
        if Some(until) > marks.noted_until {
            move_mark(session, until).await?;
        }
        let mut buckets = 0;
        if until > from {
            buckets = self.roll(session, zone, from, until).await?;
        }
        Ok(Rolled { buckets, mended, until: Some(until.max(from).timestamp()), has_more: more_noted || until < target })
    }

    /// Makes again what was noted, each hour once, however often it was noted. Returns how many, and whether there are more.
    async fn mend(&self, session: &mut Session, raw_from: Option<Micros>) -> Result<(u64, bool), StoreError> {
        let noted = Noted::read(&session.client).await?;
        if noted.is_empty() {
            return Ok((0, false));
        }
        let cells = noted.cells(raw_from);
        self.store.partitions().ensure(&mut session.client, Table::Minutes, cells.hours.iter().copied()).await?;
        self.store.partitions().ensure(&mut session.client, Table::Hours, cells.hours.iter().copied()).await?;
        let transaction = session.client.transaction().await?;
        // The notes go first: rows whose note is gone by then are seen by what follows, and later ones are noted anew.
        noted.forget(&transaction).await?;
        for step in MEND {
            transaction.execute(step, &[&cells.series, &cells.hours, &cells.since, &cells.until]).await?;
        }
        transaction.commit().await?;
        Ok((cells.hours.len() as u64, noted.has_more))
    }

    /// Rolls up a piece of minutes, then hours and days that are complete with it. Returns how many buckets.
    async fn roll(&mut self, session: &mut Session, zone: &str, from: Micros, until: Micros) -> Result<u64, StoreError> {
        let sql = "SELECT EXISTS (SELECT FROM observation WHERE time >= $1 AND time < $2)";
        let has_rows: bool = session.client.query_one(sql, &[&from, &until]).await?.try_get(0)?;
        // Years without rows, after a row with a wrong date, get no partitions and are passed in large steps.
        self.piece = if has_rows { PIECE } else { self.piece.saturating_mul(2).min(LONGEST_PIECE) };
        if has_rows {
            let hours = || (0..=until.0.saturating_sub(from.0) / HOUR + 1).map(|hour| Micros(from.0.saturating_add(hour * HOUR)));
            self.store.partitions().ensure(&mut session.client, Table::Minutes, hours()).await?;
            self.store.partitions().ensure(&mut session.client, Table::Hours, hours()).await?;
        }
        let transaction = session.client.transaction().await?;
        let mut buckets = if has_rows { transaction.execute(MINUTES, &[&from, &until]).await? } else { 0 };
        transaction.execute("UPDATE rollup_state SET done_1m = $1", &[&until]).await?;
        buckets += transaction.execute(HOURS, &[]).await?;
        transaction.execute(HOURS_DONE, &[]).await?;
        buckets += transaction.execute(DAYS, &[&zone]).await?;
        transaction.execute(DAYS_DONE, &[&zone]).await?;
        transaction.commit().await?;
        Ok(buckets)
    }
}

async fn marks(session: &Session) -> Result<Marks, StoreError> {
    let row = session.client.query_one("SELECT noted_until, done_1m, raw_from FROM rollup_state", &[]).await?;
    Ok(Marks { noted_until: row.try_get(0)?, done_1m: row.try_get(1)?, raw_from: row.try_get(2)? })
}

/// Sets the marks before the earliest row; leaves them unset while there is none of before `target`.
async fn begin(session: &mut Session, zone: &str, target: Micros) -> Result<Marks, StoreError> {
    let first: Option<Micros> = session.client.query_one(FIRST, &[]).await?.try_get(0)?;
    if let Some(first) = first.filter(|first| *first < target) {
        move_mark(session, first).await?;
        // Asked again: what was on its way when the mark was set is seen now, and what comes later is noted.
        let sql = format!(
            "UPDATE rollup_state SET done_1m = date_bin('1 hour', day, 'epoch'), done_1h = date_bin('1 hour', day, 'epoch'), done_1d = day \
            FROM (SELECT date_trunc('day', ({FIRST}), $1) AS day) AS first"
        );
        session.client.execute(&sql, &[&zone]).await?;
    }
    marks(session).await
}

/// Makes the days those of the zone.
async fn settle_zone(session: &mut Session, zone: &str) -> Result<(), StoreError> {
    let transaction = session.client.transaction().await?;
    let known: Option<String> = transaction.query_one("SELECT zone FROM layout", &[]).await?.try_get(0)?;
    if known.as_deref() == Some(zone) {
        return Ok(());
    }
    if let Some(known) = known {
        tracing::info!(from = known, to = zone, "days are rolled up anew, because the city's zone is another");
    }
    transaction.execute("UPDATE layout SET zone = $1", &[&zone]).await?;
    // Days whose hours were dropped can't be made again and stay as they are.
    let sql = "DELETE FROM rollup_1d WHERE time >= (SELECT date_trunc('day', min(time), $1) FROM rollup_1h)";
    transaction.execute(sql, &[&zone]).await?;
    let sql = "UPDATE rollup_state SET done_1d = coalesce((SELECT date_trunc('day', min(time), $1) FROM rollup_1h), date_trunc('day', done_1h, $1))";
    transaction.execute(sql, &[&zone]).await?;
    transaction.commit().await?;
    Ok(())
}

/// From now on what is written of before `until` is noted. Writers that had not seen the new mark have committed when
/// this returns, so that their rows are seen by what is asked next.
async fn move_mark(session: &mut Session, until: Micros) -> Result<(), StoreError> {
    let transaction = session.client.transaction().await?;
    transaction.execute("SELECT pg_advisory_xact_lock($1)", &[&NOTED]).await?;
    transaction.execute("UPDATE rollup_state SET noted_until = greatest(noted_until, $1)", &[&until]).await?;
    transaction.commit().await?;
    Ok(())
}

fn floor(time: Micros, width: i64) -> Micros {
    Micros(time.0.div_euclid(width).saturating_mul(width))
}
