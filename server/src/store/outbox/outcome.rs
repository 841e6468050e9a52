//! Outcomes: what became of pages, kept until whoever writes their incidents' log has noted them.
//!
//! It must never write that log itself: its rows are locked by their group, and the outbox locks no group.

use super::from_word;
use crate::store::{Store, StoreError, micros::Micros};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use taydo_model::PersonId;
use taydo_model::incident::{GroupId, IncidentId};
use taydo_model::oncall::ContactId;
use taydo_model::page::PageKind;
use tokio_postgres::Transaction;

/// What became of a page, or of an attempt to send it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// A provider has taken it.
    Accepted,
    /// It arrived.
    Delivered,
    /// It was read or heard.
    Read,
    /// An attempt failed; another one follows.
    Retry,
    /// It isn't known what became of an attempt.
    Unknown,
    /// It didn't reach its contact, and won't.
    Failed,
    /// The contact itself was refused, and is to be disabled; the page has failed.
    ContactRefused,
    /// No provider of the channel can be used now.
    ProvidersDown,
    /// It is due earlier, because an earlier contact can't be reached.
    PulledForward,
    /// It was no longer wanted.
    Suppressed,
    /// It was too old to be of use.
    Expired,
    /// It may have arrived once or twice.
    Unconfirmed,
}

/// One line of what became of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// When.
    pub at: Timestamp,
    /// The page's number.
    pub page: i64,
    /// Its group.
    pub group: Option<GroupId>,
    /// What it is about.
    pub incidents: Vec<IncidentId>,
    /// Which escalation.
    pub escalation: i64,
    /// To whom.
    pub person: PersonId,
    /// Where.
    pub contact: ContactId,
    /// What it tells.
    pub kind: PageKind,
    /// What became of it.
    pub what: What,
    /// By which provider.
    pub provider: Option<String>,
    /// Why, in words for the log; no address and no text of a message.
    pub detail: Option<String>,
}

/// Takes the oldest outcomes that were not noted yet, in the transaction that notes them. Another process that does the
/// same gets others.
pub(in crate::store) async fn take_outcomes(transaction: &Transaction<'_>, limit: u32, now: Timestamp) -> Result<Vec<Outcome>, StoreError> {
    let sql = "WITH taken AS (SELECT id FROM outcome WHERE noted_at IS NULL ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED), \
         noted AS (UPDATE outcome SET noted_at = $2 FROM taken WHERE outcome.id = taken.id RETURNING outcome.*) \
         SELECT noted.at, noted.page, page.group_id, page.incidents, page.escalation, page.person, page.contact, page.kind, noted.what, \
         noted.provider, noted.detail FROM noted JOIN page ON page.id = noted.page ORDER BY noted.id";
    let rows = transaction.query(sql, &[&i64::from(limit), &Micros::from(now)]).await?;
    rows.iter()
        .map(|row| {
            Ok(Outcome {
                at: row.try_get::<_, Micros>(0)?.timestamp(),
                page: row.try_get(1)?,
                group: row.try_get::<_, Option<i64>>(2)?.map(GroupId),
                incidents: row.try_get::<_, Vec<i64>>(3)?.into_iter().map(IncidentId).collect(),
                escalation: row.try_get(4)?,
                person: PersonId::new(row.try_get::<_, &str>(5)?).map_err(|error| StoreError::Internal(error.into()))?,
                contact: ContactId(row.try_get(6)?),
                kind: from_word(row.try_get(7)?)?,
                what: from_word(row.try_get(8)?)?,
                provider: row.try_get(9)?,
                detail: row.try_get(10)?,
            })
        })
        .collect()
}

impl Store {
    /// Takes the oldest outcomes that were not noted yet, in a transaction of its own: for those whom losing one in a crash doesn't hurt.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn take_outcomes(&self, limit: u32, now: Timestamp) -> Result<Vec<Outcome>, StoreError> {
        let mut client = self.client().await?;
        let transaction = client.transaction().await?;
        let outcomes = take_outcomes(&transaction, limit, now).await?;
        transaction.commit().await?;
        Ok(outcomes)
    }
}
