//! Leases: who may write as the one holder, fenced by a number that only grows.
//!
//! A holder says every moment that it lives; who wants the lease may take it when nothing was said for long enough, by its own
//! reckoning, so that no two machines' clocks are ever compared. It must never let a holder whose number is no longer the
//! highest commit anything.

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

/// A sign of life of a lease's holder, as it was last seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeaseBeat {
    /// The server that holds it; none where it was given back.
    pub holder: Option<String>,
    fence: i64,
    beats: i64,
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
    /// The last sign of life of a lease's holder; none where nobody ever had it.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn lease_beat(&self, name: &str) -> Result<Option<LeaseBeat>, StoreError> {
        let sql = "SELECT holder, fence, beats FROM lease_beat WHERE name = $1";
        let row = self.client().await?.query_opt(sql, &[&name]).await?;
        row.map(|row| Ok(LeaseBeat { holder: row.try_get(0)?, fence: row.try_get(1)?, beats: row.try_get(2)? })).transpose()
    }

    /// Takes the lease for `holder`, raising its fence: whoever held it before can't write any more. Nothing happens, and there
    /// is no fence, when its holder has said something since it was seen so. Waits for a transaction of theirs that is under way.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn take_lease(
        &self,
        name: &str,
        holder: &str,
        seen: Option<&LeaseBeat>,
        now: Timestamp,
    ) -> Result<Option<Fence>, StoreError> {
        let mut client = self.client().await?;
        let transaction = tokio_postgres::Client::transaction(&mut client).await?;
        let (fence, beats) = seen.map_or((0, 0), |seen| (seen.fence, seen.beats));
        // The row decides between two that want it at the same moment: the other's statement waits here, and then finds
        // another row than it has seen.
        let sql = match seen {
            Some(_) => "UPDATE lease_beat SET holder = $2, beats = beats + 1 WHERE name = $1 AND fence = $3 AND beats = $4",
            None => {
                "INSERT INTO lease_beat (name, holder, fence, beats) VALUES ($1, $2, $3::bigint, $4::bigint + 1) ON CONFLICT DO NOTHING"
            }
        };
        if transaction.execute(sql, &[&name, &holder, &fence, &beats]).await? == 0 {
            return Ok(None);
        }
        let sql = "INSERT INTO lease (name, fence, taken_at) VALUES ($1, 1, $2) \
            ON CONFLICT (name) DO UPDATE SET fence = lease.fence + 1, taken_at = excluded.taken_at RETURNING fence";
        let number: i64 = transaction.query_one(sql, &[&name, &Micros::from(now)]).await?.try_get(0)?;
        transaction.execute("UPDATE lease_beat SET fence = $2 WHERE name = $1", &[&name, &number]).await?;
        transaction.commit().await?;
        Ok(Some(Fence { name: name.into(), number }))
    }

    /// Says that the lease's holder lives.
    ///
    /// # Errors
    /// `FenceLost` when somebody else has taken it; see [`StoreError`].
    pub async fn beat_lease(&self, fence: &Fence) -> Result<(), StoreError> {
        let sql = "UPDATE lease_beat SET beats = beats + 1 WHERE name = $1 AND fence = $2";
        match self.client().await?.execute(sql, &[&&*fence.name, &fence.number]).await? {
            0 => Err(StoreError::FenceLost(fence.name.to_string())),
            _ => Ok(()),
        }
    }

    /// Gives the lease back, so that nobody need wait for it. One that somebody else has taken stays theirs.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn give_lease_back(&self, fence: &Fence) -> Result<(), StoreError> {
        let sql = "UPDATE lease_beat SET holder = NULL WHERE name = $1 AND fence = $2";
        self.client().await?.execute(sql, &[&&*fence.name, &fence.number]).await?;
        Ok(())
    }
}
