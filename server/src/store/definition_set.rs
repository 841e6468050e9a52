//! Definition sets as they were: the files' names and contents, by hash, and which was in force from when on.
//!
//! It must never change a set that is there.

use super::{Store, StoreError, micros::Micros};
use jiff::Timestamp;
use std::collections::BTreeMap;
use tokio_postgres::types::Json;

impl Store {
    /// Keeps a definition set: its files' names and contents. One that is known is left as it is.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn save_definitions(&self, hash: &str, files: &BTreeMap<String, String>, now: Timestamp) -> Result<(), StoreError> {
        let sql = "INSERT INTO definition_set (hash, loaded_at, files) VALUES ($1, $2, $3) ON CONFLICT (hash) DO NOTHING";
        self.client().await?.execute(sql, &[&hash, &Micros::from(now), &Json(files)]).await?;
        Ok(())
    }

    /// Notes that a set that is kept here is in force from `since` on. Where it already is the last one, nothing changes.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn note_definitions(&self, hash: &str, since: Timestamp) -> Result<(), StoreError> {
        let sql = "INSERT INTO definition_load (loaded_at, hash) SELECT $1, $2 \
            WHERE (SELECT hash FROM definition_load ORDER BY loaded_at DESC LIMIT 1) IS DISTINCT FROM $2 \
            ON CONFLICT (loaded_at) DO UPDATE SET hash = excluded.hash";
        self.client().await?.execute(sql, &[&Micros::from(since), &hash]).await?;
        Ok(())
    }

    /// The files of the set that was in force last; `None` where none ever was.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn last_definitions(&self) -> Result<Option<BTreeMap<String, String>>, StoreError> {
        let sql = "SELECT files FROM definition_load JOIN definition_set USING (hash) ORDER BY definition_load.loaded_at DESC LIMIT 1";
        let row = self.client().await?.query_opt(sql, &[]).await?;
        row.map(|row| Ok(row.try_get::<_, Json<BTreeMap<String, String>>>(0)?.0)).transpose()
    }
}
