//! Definition sets as they were: the files' names and contents, by hash.
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
}
