//! Chains of lines: tables whose lines are never changed, each with a hash over all before it.
//!
//! It must never mend a chain: what doesn't fit is read as it is, and told.

use super::StoreError;
use serde::Serialize;
use serde::de::DeserializeOwned;
use taydo_engine::shift_log::{Hash, is_intact};
use tokio_postgres::{Client, GenericClient, IsolationLevel, Row, Transaction};

/// Lines as they were stored, and as they read, in order.
pub(super) struct Chain<L> {
    texts: Vec<(String, Hash)>,
    pub(super) lines: Vec<L>,
}

impl<L: DeserializeOwned> Chain<L> {
    /// The chain of one thing; `sql` gives lines and hashes in order, of what `$1` is the number of.
    pub(super) async fn read(client: &impl GenericClient, sql: &str, id: i64) -> Result<Self, StoreError> {
        let (mut texts, mut lines) = (Vec::new(), Vec::new());
        for row in client.query(sql, &[&id]).await? {
            let text: String = row.try_get(0)?;
            lines.push(decode(&text)?);
            texts.push((text, hash_in(&row, 1)?));
        }
        Ok(Self { texts, lines })
    }
}

impl<L> Chain<L> {
    /// The hash of the last line.
    pub(super) fn last(&self) -> Option<&Hash> {
        self.texts.last().map(|(_, hash)| hash)
    }

    /// Whether each hash is that of the lines up to it, and the last one is `last`.
    pub(super) fn is_intact(&self, last: &Hash) -> bool {
        is_intact(self.texts.iter().map(|(text, hash)| (text.as_str(), hash)), last)
    }
}

/// A hash in a row. One of another length fits nothing, as any other that was changed.
pub(super) fn hash_in(row: &Row, column: usize) -> Result<Hash, StoreError> {
    Ok(row.try_get::<_, &[u8]>(column)?.try_into().unwrap_or_default())
}

/// One snapshot to read in, so that a line that is added meanwhile doesn't look like one that was put in.
pub(super) async fn snapshot(client: &mut Client) -> Result<Transaction<'_>, StoreError> {
    Ok(client.build_transaction().isolation_level(IsolationLevel::RepeatableRead).read_only(true).start().await?)
}

/// A line as it reads.
pub(super) fn decode<T: DeserializeOwned>(text: &str) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|error| StoreError::Internal(error.into()))
}

/// A line as it is stored.
pub(super) fn encode(value: &impl Serialize) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|error| StoreError::Internal(error.into()))
}
