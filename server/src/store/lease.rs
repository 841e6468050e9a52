//! Leases: who may write as the one holder, fenced by a number that only grows.
//!
//! It must never let a holder whose number is no longer the highest commit anything.

use super::{Store, StoreError, micros::Micros};
use jiff::Timestamp;
use std::sync::Arc;
use tokio_postgres::Transaction;

/// The right to write as the one holder of a lease. Every taking of the lease raises the number, and who has a lower one can't write any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fence {
    name: Arc<str>,
    number: i64,
}

impl Fence {
    /// The number; frames carry it as their epoch.
    #[must_use]
    pub fn number(&self) -> i64 {
        self.number
    }

    /// What every T2 begins with. The row stays locked until the transaction ends, so a takeover waits for it.
    pub(super) async fn check(&self, transaction: &Transaction<'_>) -> Result<(), StoreError> {
        let sql = "SELECT 1 FROM lease WHERE name = $1 AND fence = $2 FOR SHARE";
        match transaction.query_opt(sql, &[&&*self.name, &self.number]).await? {
            Some(_) => Ok(()),
            None => Err(StoreError::FenceLost(self.name.to_string())),
        }
    }
}

impl Store {
    /// Takes the lease, raising its fence: whoever held it before can't write any more. Waits for a transaction of theirs that is under way.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn take_lease(&self, name: &str, now: Timestamp) -> Result<Fence, StoreError> {
        let sql = "INSERT INTO lease (name, fence, taken_at) VALUES ($1, 1, $2) \
            ON CONFLICT (name) DO UPDATE SET fence = lease.fence + 1, taken_at = excluded.taken_at RETURNING fence";
        let row = self.client().await?.query_one(sql, &[&name, &Micros::from(now)]).await?;
        Ok(Fence { name: name.into(), number: row.try_get(0)? })
    }
}
