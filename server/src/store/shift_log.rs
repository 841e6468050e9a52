//! Shift logs: their lines in a chain of hashes, and the sheets that were signed.
//!
//! Append-only: it must never change or delete a line or a sheet. Whoever adds a line holds the log's row.

use super::chain::{Chain, decode, encode, hash_in, snapshot};
use super::micros::Micros;
use super::{Store, StoreError};
use jiff::Timestamp;
use std::collections::BTreeMap;
use taydo_engine::shift_log::{Hash, Refusal, ShiftLog, digest, hash, opened};
use taydo_model::id::slug;
use taydo_model::incident::IncidentId;
use taydo_model::shift_log::page::LogHead;
use taydo_model::shift_log::request::{OpenLog, Sign};
use taydo_model::shift_log::sheet::Sheet;
use taydo_model::shift_log::{Entry, Line, ShiftLogId, Standing};
use tokio_postgres::Transaction;
use tokio_postgres::types::Json;

/// A log with everything that belongs to it.
#[derive(Debug, Clone)]
pub struct StoredLog {
    /// Where it stands.
    pub log: ShiftLog,
    /// Its lines, in order.
    pub lines: Vec<Line>,
    /// The sheet that stands signed, by one or by both.
    pub sheet: Option<Sheet>,
    /// Whether everything is as it was written.
    pub is_intact: bool,
}

/// What came of opening a log.
#[derive(Debug, Clone)]
pub enum LogOpened {
    /// It is open.
    Yes(ShiftLogId),
    /// The desk has one that isn't closed yet.
    Already(LogHead),
}

/// An entry that somebody writes.
#[derive(Debug, Clone)]
pub struct NewLogEntry {
    /// What.
    pub entry: Entry,
    /// The same key again writes nothing.
    pub key: Option<String>,
}

/// A log's lines and their hashes.
const LINES: &str = "SELECT line, hash FROM shift_log_line WHERE shift_log = $1 ORDER BY number";

/// Adds a line to a log that is held, after the line with the hash `previous`.
async fn add(transaction: &Transaction<'_>, line: &Line, key: Option<&str>, previous: Option<&Hash>) -> Result<Hash, StoreError> {
    let text = encode(line)?;
    let hash = hash(previous, &text);
    let incidents: Vec<i64> = match &line.entry {
        Entry::Written { incidents, .. } => incidents.iter().map(|incident| incident.0).collect(),
        _ => Vec::new(),
    };
    let sql = "INSERT INTO shift_log_line (shift_log, number, at, incidents, key, line, hash) VALUES ($1, $2, $3, $4, $5, $6, $7)";
    transaction.execute(sql, &[&line.log.0, &line.number, &Micros::from(line.at), &incidents, &key, &text, &&hash[..]]).await?;
    Ok(hash)
}

/// A log that this transaction holds, and the hash of its last line.
async fn hold(transaction: &Transaction<'_>, id: ShiftLogId) -> Result<Option<(ShiftLog, Option<Hash>)>, StoreError> {
    if transaction.query_opt("SELECT 1 FROM shift_log WHERE id = $1 FOR UPDATE", &[&id.0]).await?.is_none() {
        return Ok(None);
    }
    let chain = Chain::read(transaction, LINES, id.0).await?;
    let log = ShiftLog::replay(&chain.lines).ok_or_else(|| StoreError::internal("a shift log doesn't begin with its opening"))?;
    Ok(Some((log, chain.last().copied())))
}

/// Writes where a log stands after a line.
async fn stand(transaction: &Transaction<'_>, log: &ShiftLog, line: &Line, hash: &Hash) -> Result<(), StoreError> {
    let head = log.after(line).head().clone();
    let closed_at = (head.standing == Standing::Closed).then_some(Micros::from(line.at));
    let sql = "UPDATE shift_log SET head = $2, hash = $3, closed_at = $4 WHERE id = $1";
    transaction.execute(sql, &[&line.log.0, &Json(&head), &&hash[..], &closed_at]).await?;
    Ok(())
}

impl Store {
    /// Opens the log of a desk, when the one before it is closed.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn open_shift_log(&self, what: &OpenLog, now: Timestamp) -> Result<LogOpened, StoreError> {
        let desk = slug(&what.desk).ok_or_else(|| StoreError::internal("a desk without a name"))?;
        let mut client = self.client().await?;
        let transaction = tokio_postgres::Client::transaction(&mut client).await?;
        let row = transaction.query_one("SELECT max(id) FROM shift_log WHERE desk = $1", &[&desk]).await?;
        let follows = row.try_get::<_, Option<i64>>(0)?.map(ShiftLogId);
        let sql = "INSERT INTO shift_log (desk, opened_at, head, hash) VALUES ($1, $2, 'null', '') \
            ON CONFLICT (desk) WHERE closed_at IS NULL DO NOTHING RETURNING id";
        let Some(row) = transaction.query_opt(sql, &[&desk, &Micros::from(now)]).await? else {
            let sql = "SELECT head FROM shift_log WHERE desk = $1 AND closed_at IS NULL";
            let row = transaction.query_opt(sql, &[&desk]).await?;
            let row = row.ok_or_else(|| StoreError::Conflict("the desk's log was closed a moment ago".into()))?;
            return Ok(LogOpened::Already(row.try_get::<_, Json<LogHead>>(0)?.0));
        };
        let id = ShiftLogId(row.try_get(0)?);
        let OpenLog { person, desk, lead, on_duty } = what.clone();
        let line = opened(id, now, person, Entry::Opened { desk, lead, on_duty, follows });
        let log = ShiftLog::replay([&line]).ok_or_else(|| StoreError::internal("a shift log doesn't begin with its opening"))?;
        let hash = add(&transaction, &line, None, None).await?;
        stand(&transaction, &log, &line, &hash).await?;
        transaction.commit().await?;
        Ok(LogOpened::Yes(id))
    }

    /// The logs that are not closed, and the newest of the others before a number; the newest first.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn shift_logs(&self, before: Option<ShiftLogId>, limit: u32) -> Result<Vec<LogHead>, StoreError> {
        let sql = "(SELECT id, head FROM shift_log WHERE closed_at IS NULL AND $1::bigint IS NULL) UNION ALL \
            (SELECT id, head FROM shift_log WHERE closed_at IS NOT NULL AND id < coalesce($1, 9223372036854775807) ORDER BY id DESC LIMIT $2) \
            ORDER BY id DESC";
        let rows = self.client().await?.query(sql, &[&before.map(|id| id.0), &i64::from(limit)]).await?;
        rows.iter().map(|row| Ok(row.try_get::<_, Json<LogHead>>(1)?.0)).collect()
    }

    /// A log with all of its lines; `None` when there is none.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn shift_log(&self, id: ShiftLogId) -> Result<Option<StoredLog>, StoreError> {
        let mut client = self.client().await?;
        let transaction = snapshot(&mut client).await?;
        let Some(row) = transaction.query_opt("SELECT hash, head FROM shift_log WHERE id = $1", &[&id.0]).await? else { return Ok(None) };
        let last = hash_in(&row, 0)?;
        let head: LogHead = row.try_get::<_, Json<LogHead>>(1)?.0;
        let chain = Chain::read(&transaction, LINES, id.0).await?;
        let sql = "SELECT number, sheet FROM shift_log_sheet WHERE shift_log = $1";
        let mut sheets: BTreeMap<i64, String> = BTreeMap::new();
        for row in transaction.query(sql, &[&id.0]).await? {
            sheets.insert(row.try_get(0)?, row.try_get(1)?);
        }
        transaction.commit().await?;
        let log = ShiftLog::replay(&chain.lines).ok_or_else(|| StoreError::internal("a shift log doesn't begin with its opening"))?;
        let is_sheet_whole = |line: &Line| match &line.entry {
            Entry::HandedOver { sheet } => sheets.get(&line.number).is_some_and(|text| digest(text) == *sheet),
            _ => true,
        };
        let is_intact = chain.is_intact(&last) && chain.lines.iter().all(is_sheet_whole) && *log.head() == head;
        let signed = log.sheet().and_then(|signed| sheets.values().find(|text| digest(text) == signed));
        let sheet = signed.map(|text| decode(text)).transpose()?;
        Ok(Some(StoredLog { log, lines: chain.lines, sheet, is_intact }))
    }

    /// Writes an entry into a log; `None` when there is no such log.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn write_shift_log(
        &self,
        id: ShiftLogId,
        person: &taydo_model::PersonId,
        new: NewLogEntry,
        now: Timestamp,
    ) -> Result<Option<Result<(), Refusal>>, StoreError> {
        let mut client = self.client().await?;
        let transaction = tokio_postgres::Client::transaction(&mut client).await?;
        let Some((log, last)) = hold(&transaction, id).await? else { return Ok(None) };
        let sql = "SELECT 1 FROM shift_log_line WHERE shift_log = $1 AND key = $2";
        if new.key.is_some() && transaction.query_opt(sql, &[&id.0, &new.key]).await?.is_some() {
            return Ok(Some(Ok(())));
        }
        let line = match log.write(now, person, new.entry) {
            Ok(line) => line,
            Err(refusal) => return Ok(Some(Err(refusal))),
        };
        let hash = add(&transaction, &line, new.key.as_deref(), last.as_ref()).await?;
        stand(&transaction, &log, &line, &hash).await?;
        transaction.commit().await?;
        Ok(Some(Ok(())))
    }

    /// Signs a log, or sends it back; `sheet` is what is signed by whoever hands over. `None` when there is no such log.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn sign_shift_log(
        &self,
        id: ShiftLogId,
        sign: &Sign,
        sheet: &Sheet,
        now: Timestamp,
    ) -> Result<Option<Result<(), Refusal>>, StoreError> {
        let text = encode(sheet)?;
        let mut client = self.client().await?;
        let transaction = tokio_postgres::Client::transaction(&mut client).await?;
        let Some((log, last)) = hold(&transaction, id).await? else { return Ok(None) };
        let line = match log.sign(now, sign, &digest(&text)) {
            Ok(line) => line,
            Err(refusal) => return Ok(Some(Err(refusal))),
        };
        let hash = add(&transaction, &line, None, last.as_ref()).await?;
        if matches!(line.entry, Entry::HandedOver { .. }) {
            let sql = "INSERT INTO shift_log_sheet (shift_log, number, sheet) VALUES ($1, $2, $3)";
            transaction.execute(sql, &[&id.0, &line.number, &text]).await?;
        }
        stand(&transaction, &log, &line, &hash).await?;
        transaction.commit().await?;
        Ok(Some(Ok(())))
    }

    /// The entries of all logs that are about an incident, in order.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn shift_log_lines_about(&self, incident: IncidentId) -> Result<Vec<Line>, StoreError> {
        let sql = "SELECT line FROM shift_log_line WHERE incidents @> ARRAY[$1::bigint] ORDER BY shift_log, number";
        let rows = self.client().await?.query(sql, &[&incident.0]).await?;
        rows.iter().map(|row| decode(row.try_get(0)?)).collect()
    }
}
