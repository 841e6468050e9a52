//! Receipts: what a provider reports after it took a message. Each event counts once, and none lowers a state.
//!
//! It must never send anything; a failed delivery pulls the person's next contact forward.

use super::{PageState, canary, forward, word};
use crate::store::{Store, StoreError, micros::Micros, text::storable};
use jiff::Timestamp;
use tokio_postgres::Transaction;

/// What a provider reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReceiptState {
    /// It arrived.
    Delivered,
    /// It was read or heard.
    Read,
    /// It didn't arrive.
    Failed,
}

/// How the provider names the message.
#[derive(Debug, Clone, Copy)]
pub enum ReceiptMessage<'a> {
    /// By our reference.
    Ours(&'a str),
    /// By its own.
    Theirs(&'a str),
}

/// One event.
#[derive(Debug, Clone, Copy)]
pub struct Receipt<'a> {
    /// The provider's name in the configuration.
    pub provider: &'a str,
    /// Its id of the event: what makes it the only one.
    pub event: &'a str,
    /// Which message.
    pub message: ReceiptMessage<'a>,
    /// What became of it.
    pub state: ReceiptState,
}

/// What was made of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReceiptTaken {
    /// It raised the message's state.
    Raised,
    /// It was kept, and says nothing new.
    Kept,
    /// It was there already.
    Repeated,
    /// There is no such message.
    Unmatched,
    /// The message is being sent this moment: the provider is to report again shortly.
    TooEarly,
}

impl Store {
    /// Takes an event.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn take_receipt(&self, receipt: Receipt<'_>, now: Timestamp) -> Result<ReceiptTaken, StoreError> {
        let mut client = self.client().await?;
        let transaction = client.transaction().await?;
        let taken = take(&transaction, receipt, now.into()).await?;
        transaction.commit().await?;
        Ok(taken)
    }
}

async fn take(transaction: &Transaction<'_>, receipt: Receipt<'_>, now: Micros) -> Result<ReceiptTaken, StoreError> {
    let Some((message, state)) = message_of(transaction, receipt.provider, receipt.message).await? else {
        let is_canary = canary::receive(transaction, receipt.provider, receipt.message, receipt.state, now).await?;
        return Ok(if is_canary { ReceiptTaken::Raised } else { ReceiptTaken::Unmatched });
    };
    if state == "sending" {
        return Ok(ReceiptTaken::TooEarly);
    }
    let state: PageState = super::from_word(&state)?;
    let reported = match receipt.state {
        ReceiptState::Delivered => PageState::Delivered,
        ReceiptState::Read => PageState::Read,
        ReceiptState::Failed => PageState::Failed,
    };
    let sql =
        "INSERT INTO provider_event (provider, event, message, state, received_at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING";
    let event = storable(receipt.event);
    if transaction.execute(sql, &[&receipt.provider, &&*event, &message, &word(reported), &now]).await? == 0 {
        return Ok(ReceiptTaken::Repeated);
    }
    if !is_raised(state, reported) {
        return Ok(ReceiptTaken::Kept);
    }
    let sql = "UPDATE message SET state = $2, doubt = false, finished_at = coalesce(finished_at, $3), pulled = pulled OR $4 WHERE id = $1";
    let is_failed = reported == PageState::Failed;
    transaction.execute(sql, &[&message, &word(reported), &now, &is_failed]).await?;
    let sql = "WITH theirs AS (UPDATE page SET state = $2 WHERE message = $1 AND state NOT IN ('suppressed', 'expired') RETURNING id) \
         INSERT INTO outcome (at, page, message, what, provider) SELECT $3, id, $1, $2, $4 FROM theirs RETURNING page";
    let rows = transaction.query(sql, &[&message, &word(reported), &now, &receipt.provider]).await?;
    if is_failed {
        let pages = rows.iter().map(|row| row.try_get(0)).collect::<Result<Vec<i64>, _>>()?;
        forward::pull(transaction, &pages, now).await?;
    }
    Ok(ReceiptTaken::Raised)
}

/// Holds the message that a provider names: its number and its state.
pub(in crate::store) async fn message_of(
    transaction: &Transaction<'_>,
    provider: &str,
    message: ReceiptMessage<'_>,
) -> Result<Option<(i64, String)>, StoreError> {
    let row = match message {
        ReceiptMessage::Ours(reference) if is_uuid(reference) => {
            let sql = "SELECT id, state FROM message WHERE reference = $1::text::uuid FOR UPDATE";
            transaction.query_opt(sql, &[&reference]).await?
        }
        ReceiptMessage::Ours(_) => None,
        ReceiptMessage::Theirs(reference) => {
            let sql = "SELECT id, state FROM message WHERE provider = $1 AND provider_reference = $2 ORDER BY id DESC LIMIT 1 FOR UPDATE";
            transaction.query_opt(sql, &[&provider, &&*storable(reference)]).await?
        }
    };
    row.map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).transpose()
}

/// Whether the text has the shape of a reference of ours; anything else would make the database refuse the statement.
fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
        && text.bytes().filter(|byte| *byte == b'-').count() == 4
}

/// Whether what is reported says more than what is known. A failure counts only against what was never seen to arrive.
fn is_raised(known: PageState, reported: PageState) -> bool {
    let rank = |state| match state {
        PageState::Read => 3,
        PageState::Delivered => 2,
        _ => 1,
    };
    match reported {
        PageState::Failed => matches!(known, PageState::Accepted | PageState::Unconfirmed),
        _ => rank(reported) > rank(known),
    }
}
