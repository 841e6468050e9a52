//! Rejects: items that were not taken, with the reason, kept for a while.
//!
//! It must never keep more than its bounds: 7 days, 100,000 rows, 4 KiB each.

use super::{
    Store, StoreError, WriteBatch,
    micros::Micros,
    text::{beginning, storable},
};
use std::borrow::Cow;
use taydo_model::{ErrorCode, SourceId, api};
use tokio_postgres::{Row, Statement, Transaction};

/// How much of an item, and of the reason, is kept.
const KEPT_BYTES: usize = 4096;

pub(super) const INSERT: &str = "INSERT INTO reject (received_at, source, code, reason, payload) \
    SELECT $1, source, code, reason, payload FROM unnest($2::text[], $3::text[], $4::text[], $5::text[]) AS new (source, code, reason, payload)";

/// Writes a batch's rejects.
pub(super) async fn insert(transaction: &Transaction<'_>, statement: &Statement, batch: &WriteBatch) -> Result<(), StoreError> {
    let kept = |text| storable(beginning(text, KEPT_BYTES));
    let sources: Vec<&str> = batch.rejects.iter().map(|reject| reject.source.as_str()).collect();
    let codes: Vec<String> = batch.rejects.iter().map(|reject| code_text(reject.code)).collect();
    let reasons: Vec<Cow<'_, str>> = batch.rejects.iter().map(|reject| kept(&reject.reason)).collect();
    let payloads: Vec<Cow<'_, str>> = batch.rejects.iter().map(|reject| kept(&reject.payload)).collect();
    transaction.execute(statement, &[&Micros::from(batch.received), &sources, &codes, &reasons, &payloads]).await?;
    Ok(())
}

/// The code as the interface writes it.
fn code_text(code: ErrorCode) -> String {
    match serde_json::to_value(code) {
        Ok(serde_json::Value::String(text)) => text,
        _ => "internal".to_owned(),
    }
}

fn decode(row: &Row) -> Result<api::Reject, StoreError> {
    let code = serde_json::Value::String(row.try_get(3)?);
    Ok(api::Reject {
        id: row.try_get(0)?,
        time: row.try_get::<_, Micros>(1)?.timestamp(),
        source: SourceId::new(row.try_get::<_, &str>(2)?).map_err(|error| StoreError::Internal(error.into()))?,
        code: serde_json::from_value(code).unwrap_or(ErrorCode::Internal),
        reason: row.try_get(4)?,
        payload: row.try_get(5)?,
    })
}

impl Store {
    /// The newest refused items, newest first.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn rejects(&self, limit: u32) -> Result<Vec<api::Reject>, StoreError> {
        let sql = "SELECT id, received_at, source, code, reason, payload FROM reject ORDER BY id DESC LIMIT $1";
        self.client().await?.query(sql, &[&i64::from(limit)]).await?.iter().map(decode).collect()
    }
}
