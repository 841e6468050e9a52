//! Canaries: messages that go through each provider now and then, and whether they arrived.
//!
//! Any number of servers may ask: each canary is one server's. It must never touch a message or a page.

use super::{ReceiptMessage, ReceiptState};
use crate::store::{Store, StoreError, micros::Micros, text::storable};
use jiff::{SignedDuration, Timestamp};
use tokio_postgres::Transaction;

/// How often one goes through each provider.
const EVERY: SignedDuration = SignedDuration::from_mins(5);
/// Who looks so long after the last one was away meanwhile: that it wasn't received says nothing.
const AWAY: SignedDuration = SignedDuration::from_mins(10);

/// Whether the receipt is of a provider's last canary, which then was received, or wasn't.
pub(super) async fn receive(
    transaction: &Transaction<'_>,
    provider: &str,
    message: ReceiptMessage<'_>,
    state: ReceiptState,
    now: Micros,
) -> Result<bool, StoreError> {
    let sql = "UPDATE canary SET received_at = CASE WHEN $4 THEN $5 ELSE received_at END, waiting_since = CASE WHEN $4 THEN NULL ELSE waiting_since END \
         WHERE provider = $1 AND (reference::text = $2 OR provider_reference = $3)";
    let (ours, theirs) = match message {
        ReceiptMessage::Ours(ours) => (Some(storable(ours)), None),
        ReceiptMessage::Theirs(theirs) => (None, Some(storable(theirs))),
    };
    let has_arrived = state != ReceiptState::Failed;
    let parameters: [&(dyn tokio_postgres::types::ToSql + Sync); 5] = [&provider, &ours.as_deref(), &theirs.as_deref(), &has_arrived, &now];
    Ok(transaction.execute(sql, &parameters).await? > 0)
}

impl Store {
    /// Begins a provider's next canary where it is due: our reference of it.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn begin_canary(&self, provider: &str, now: Timestamp) -> Result<Option<String>, StoreError> {
        let sql = "INSERT INTO canary AS c (provider, reference, sent_at, waiting_since) VALUES ($1, gen_random_uuid(), $2, $2) \
             ON CONFLICT (provider) DO UPDATE SET reference = excluded.reference, provider_reference = NULL, sent_at = excluded.sent_at, \
             waiting_since = CASE WHEN c.sent_at > $4 THEN coalesce(c.waiting_since, excluded.sent_at) ELSE excluded.sent_at END \
             WHERE c.sent_at <= $3 RETURNING reference::text";
        let before = |ago: SignedDuration| Micros::from(now.saturating_sub(ago).unwrap_or(now));
        let row = self.client().await?.query_opt(sql, &[&provider, &Micros::from(now), &before(EVERY), &before(AWAY)]).await?;
        Ok(row.map(|row| row.try_get(0)).transpose()?)
    }

    /// A provider has taken its canary, and named it so. Where it tells nothing later (`is_last`), that counts as received.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn accept_canary(
        &self,
        provider: &str,
        reference: &str,
        theirs: Option<&str>,
        is_last: bool,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let sql = "UPDATE canary SET provider_reference = $3, received_at = CASE WHEN $4 THEN $5 ELSE received_at END, \
             waiting_since = CASE WHEN $4 THEN NULL ELSE waiting_since END WHERE provider = $1 AND reference::text = $2";
        self.client().await?.execute(sql, &[&provider, &reference, &theirs.map(storable).as_deref(), &is_last, &Micros::from(now)]).await?;
        Ok(())
    }
}
