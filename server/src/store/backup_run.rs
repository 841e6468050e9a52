//! The record of the server's own back-ups.
//!
//! It must never call a back-up good that was not restored and compared.

use super::{Store, StoreError, micros::Micros};
use jiff::Timestamp;

/// What came of a back-up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackupRun {
    /// When it was begun, which is the moment that it is of.
    pub begun_at: Timestamp,
    /// The back-up's name, where it was made.
    pub name: Option<String>,
    /// What it takes, in bytes.
    pub bytes: Option<u64>,
    /// Whether it was restored and compared.
    pub verified: bool,
    /// What went wrong.
    pub problem: Option<String>,
}

/// How it stands with back-ups.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BackupRecord {
    /// The last that is over.
    pub last: Option<BackupRun>,
    /// The last that was verified and reached every target.
    pub good: Option<BackupRun>,
    /// When the first of all was begun.
    pub first_at: Option<Timestamp>,
}

/// As many are remembered.
const KEPT: i64 = 1_000;

impl Store {
    /// Notes that a back-up is begun; its number.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn begin_backup(&self, now: Timestamp) -> Result<i64, StoreError> {
        let client = self.client().await?;
        // However long they have failed since: the last good one is known.
        let old = "DELETE FROM backup_run WHERE id <= (SELECT max(id) FROM backup_run) - $1 \
            AND id <> coalesce((SELECT max(id) FROM backup_run WHERE verified AND problem IS NULL), 0)";
        client.execute(old, &[&KEPT]).await?;
        let row = client.query_one("INSERT INTO backup_run (begun_at) VALUES ($1) RETURNING id", &[&Micros::from(now)]).await?;
        Ok(row.try_get(0)?)
    }

    /// Notes what came of it.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn end_backup(&self, id: i64, run: &BackupRun, now: Timestamp) -> Result<(), StoreError> {
        let sql = "UPDATE backup_run SET ended_at = $2, name = $3, bytes = $4, verified = $5, problem = $6 WHERE id = $1";
        let bytes = run.bytes.map(|bytes| i64::try_from(bytes).unwrap_or(i64::MAX));
        self.client().await?.execute(sql, &[&id, &Micros::from(now), &run.name, &bytes, &run.verified, &run.problem]).await?;
        Ok(())
    }

    /// How it stands with back-ups.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn backup_record(&self) -> Result<BackupRecord, StoreError> {
        let client = self.client().await?;
        let of = async |which: &str| -> Result<Option<BackupRun>, StoreError> {
            let sql = format!("SELECT begun_at, name, bytes, verified, problem FROM backup_run WHERE {which} ORDER BY id DESC LIMIT 1");
            let row = client.query_opt(&sql, &[]).await?;
            row.map(|row| {
                Ok(BackupRun {
                    begun_at: row.try_get::<_, Micros>(0)?.timestamp(),
                    name: row.try_get(1)?,
                    bytes: row.try_get::<_, Option<i64>>(2)?.map(i64::unsigned_abs),
                    verified: row.try_get(3)?,
                    problem: row.try_get(4)?,
                })
            })
            .transpose()
        };
        let first: Option<Micros> = client.query_one("SELECT min(begun_at) FROM backup_run", &[]).await?.try_get(0)?;
        Ok(BackupRecord {
            last: of("ended_at IS NOT NULL").await?,
            good: of("verified AND problem IS NULL").await?,
            first_at: first.map(Micros::timestamp),
        })
    }
}
