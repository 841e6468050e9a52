//! Purging: what is done with for long leaves the outbox, a bounded number of rows at a time.
//!
//! The incidents' own log stays; what goes is how each message was carried. It must never delete what isn't finished.

use crate::store::{Store, StoreError, micros::Micros};
use deadpool_postgres::Transaction;
use jiff::Timestamp;

/// Messages, or pages without one, that go in one transaction: short enough that nobody waits for it.
const AT_ONCE: i64 = 1_000;
/// Transactions of one purge. What is left goes at the next.
const ROUNDS: u32 = 50;

impl Store {
    /// Deletes what was finished before then, with its attempts, outcomes and providers' reports. Returns how many
    /// messages and pages without one went.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn purge_outbox(&self, before: Timestamp) -> Result<u64, StoreError> {
        let before = Micros::from(before);
        let mut purged = 0;
        for _ in 0..ROUNDS {
            let mut client = self.client().await?;
            let transaction = client.transaction().await?;
            let gone = messages(&transaction, before).await? + unsent(&transaction, before).await? + reports(&transaction, before).await?;
            transaction.commit().await?;
            purged += gone;
            if gone == 0 {
                break;
            }
        }
        Ok(purged)
    }
}

/// Messages that are done, with the pages that they carried.
async fn messages(transaction: &Transaction<'_>, before: Micros) -> Result<u64, StoreError> {
    let sql = "SELECT id FROM message WHERE finished_at < $1 AND state NOT IN ('waiting', 'sending') AND NOT EXISTS \
        (SELECT FROM page WHERE page.message = message.id AND page.state IN ('waiting', 'carried')) ORDER BY finished_at LIMIT $2";
    let rows = transaction.query(sql, &[&before, &AT_ONCE]).await?;
    let ids: Vec<i64> = rows.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>()?;
    if ids.is_empty() {
        return Ok(0);
    }
    for sql in [
        "DELETE FROM outcome USING page WHERE outcome.page = page.id AND page.message = ANY($1)",
        "DELETE FROM page WHERE message = ANY($1)",
        "DELETE FROM attempt WHERE message = ANY($1)",
        "DELETE FROM message WHERE id = ANY($1)",
    ] {
        transaction.execute(sql, &[&ids]).await?;
    }
    Ok(ids.len() as u64)
}

/// Pages that were done with before any message carried them.
async fn unsent(transaction: &Transaction<'_>, before: Micros) -> Result<u64, StoreError> {
    let sql = "SELECT id FROM page WHERE message IS NULL AND state NOT IN ('waiting', 'carried') AND decided_at < $1 ORDER BY decided_at LIMIT $2";
    let rows = transaction.query(sql, &[&before, &AT_ONCE]).await?;
    let ids: Vec<i64> = rows.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>()?;
    if ids.is_empty() {
        return Ok(0);
    }
    transaction.execute("DELETE FROM outcome WHERE page = ANY($1)", &[&ids]).await?;
    Ok(transaction.execute("DELETE FROM page WHERE id = ANY($1)", &[&ids]).await?)
}

/// Providers' reports, which by then can't come again.
async fn reports(transaction: &Transaction<'_>, before: Micros) -> Result<u64, StoreError> {
    let sql = "DELETE FROM provider_event WHERE (provider, event) IN \
        (SELECT provider, event FROM provider_event WHERE received_at < $1 ORDER BY received_at LIMIT $2)";
    Ok(transaction.execute(sql, &[&before, &AT_ONCE]).await?)
}
