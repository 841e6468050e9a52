//! Silences and maintenance.
//!
//! It must never shorten the past: a silence is ended, never taken away.

use super::content;
use crate::store::micros::Micros;
use crate::store::{Store, StoreError};
use jiff::Timestamp;
use taydo_model::silence::Silence;
use tokio_postgres::types::Json;
use tokio_postgres::{Row, Transaction};

/// Those that are not over, by their number.
pub(super) async fn read(transaction: &Transaction<'_>, now: Timestamp) -> Result<Vec<Silence>, StoreError> {
    let rows = transaction.query("SELECT id, content, ends FROM silence WHERE ends > $1 ORDER BY id", &[&Micros::from(now)]).await?;
    rows.iter().map(decode).collect()
}

fn decode(row: &Row) -> Result<Silence, StoreError> {
    Ok(Silence { id: row.try_get(0)?, until: row.try_get::<_, Micros>(2)?.timestamp(), ..content(row, 1)? })
}

impl Store {
    /// Keeps a silence; its number.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn add_silence(&self, silence: &Silence, now: Timestamp) -> Result<i64, StoreError> {
        let sql = "INSERT INTO silence (content, begins, ends, made_at) VALUES ($1, $2, $3, $4) RETURNING id";
        let (from, until) = (Micros::from(silence.from), Micros::from(silence.until));
        let id = self.change_roster_row(sql, &[&Json(silence), &from, &until, &Micros::from(now)]).await?;
        id.ok_or_else(|| StoreError::internal("a silence that was written has no number"))
    }

    /// Ends a silence that is not over; one that has not begun never does. `false` when there is none.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn end_silence(&self, id: i64, now: Timestamp) -> Result<bool, StoreError> {
        let sql = "UPDATE silence SET ends = greatest($2, begins + interval '1 microsecond') WHERE id = $1 AND ends > $2";
        Ok(self.change_roster(sql, &[&id, &Micros::from(now)]).await? > 0)
    }

    /// Silences, the newest first.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn silences(&self, limit: u32) -> Result<Vec<Silence>, StoreError> {
        let sql = "SELECT id, content, ends FROM silence ORDER BY id DESC LIMIT $1";
        self.client().await?.query(sql, &[&i64::from(limit)]).await?.iter().map(decode).collect()
    }

    /// Notes that the author was warned of the end; `false` when that was so already.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn note_warned(&self, id: i64, now: Timestamp) -> Result<bool, StoreError> {
        let sql = "UPDATE silence SET warned_at = $2 WHERE id = $1 AND warned_at IS NULL";
        Ok(self.client().await?.execute(sql, &[&id, &Micros::from(now)]).await? > 0)
    }
}
