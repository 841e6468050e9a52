//! Pulling forward: when a page can't reach its contact, the person's next one is due now.
//!
//! It must never make a page: those that are pulled were decided before.

use super::BELL;
use crate::store::{StoreError, micros::Micros};
use tokio_postgres::Transaction;

/// Of each page's decision (group, escalation, kind and turn) makes the person's next waiting page on another contact due.
pub(super) async fn pull(transaction: &Transaction<'_>, pages: &[i64], now: Micros) -> Result<(), StoreError> {
    if pages.is_empty() {
        return Ok(());
    }
    let sql = "SELECT DISTINCT ON (this.id) next.id FROM page this JOIN page next ON next.person = this.person AND next.state = 'waiting' \
         AND next.contact <> this.contact AND next.group_id IS NOT DISTINCT FROM this.group_id AND next.escalation = this.escalation \
         AND next.kind = this.kind AND next.content -> 'turn' = this.content -> 'turn' AND next.due_at > $2 WHERE this.id = ANY($1) ORDER BY this.id, next.due_at, next.id";
    let next = transaction.query(sql, &[&pages, &now]).await?.iter().map(|row| row.try_get(0)).collect::<Result<Vec<i64>, _>>()?;
    // Rows are locked in the order of their numbers, as everywhere, so that two transactions can't wait for each other.
    let sql = "WITH theirs AS (SELECT id FROM page WHERE id = ANY($1) AND state = 'waiting' ORDER BY id FOR UPDATE), pulled AS (UPDATE page \
         SET due_at = $2 FROM theirs WHERE page.id = theirs.id RETURNING page.id) INSERT INTO outcome (at, page, what) \
         SELECT $2, id, 'pulled_forward' FROM pulled";
    if !next.is_empty() && transaction.execute(sql, &[&next, &now]).await? > 0 {
        transaction.execute("SELECT pg_notify($1, '')", &[&BELL]).await?;
    }
    Ok(())
}
