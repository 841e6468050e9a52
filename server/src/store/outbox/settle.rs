//! Settling: claimed pages that are not to be sent are closed without an attempt.
//!
//! It must never touch a message that another worker holds.

use super::{PageState, forward, word};
use crate::store::{Store, StoreError, micros::Micros};
use jiff::Timestamp;

impl Store {
    /// Closes claimed pages with these states (suppressed, expired, or failed where there is nowhere to send them), and
    /// their messages once nothing open is left in them. Where a page failed, the person's next contact is pulled forward.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn settle_pages(&self, token: i64, pages: &[(i64, PageState)], why: &str, now: Timestamp) -> Result<(), StoreError> {
        let mut client = self.client().await?;
        let transaction = client.transaction().await?;
        let now = Micros::from(now);
        let sql = "WITH closed AS (UPDATE page SET state = new.s FROM unnest($2::bigint[], $3::text[]) AS new (p, s), message m WHERE page.id = new.p \
             AND page.state = 'carried' AND m.id = page.message AND m.token = $1 AND m.state = 'sending' RETURNING page.id, page.message, page.state) \
             INSERT INTO outcome (at, page, message, what, detail) SELECT $4, id, message, state, $5 FROM closed RETURNING message, page, what";
        let (ids, states): (Vec<i64>, Vec<String>) = pages.iter().map(|(page, state)| (*page, word(state))).unzip();
        let rows = transaction.query(sql, &[&token, &ids, &states, &now, &why]).await?;
        let mut messages = Vec::with_capacity(rows.len());
        let mut failed = Vec::new();
        for row in &rows {
            messages.push(row.try_get::<_, i64>(0)?);
            if row.try_get::<_, &str>(2)? == word(PageState::Failed) {
                failed.push(row.try_get::<_, i64>(1)?);
            }
        }
        let sql = "UPDATE message m SET state = last.state, token = NULL, finished_at = $2 FROM (SELECT DISTINCT ON (message) message, state FROM page \
             WHERE message = ANY($1) ORDER BY message, id) last WHERE m.id = last.message AND NOT EXISTS (SELECT FROM page WHERE message = m.id \
             AND state = 'carried')";
        transaction.execute(sql, &[&messages, &now]).await?;
        forward::pull(&transaction, &failed, now).await?;
        transaction.commit().await?;
        Ok(())
    }

    /// Gives claimed messages back that no attempt was begun with: they are due at once.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn release_messages(&self, token: i64, now: Timestamp) -> Result<(), StoreError> {
        let sql = "UPDATE message m SET state = 'waiting', token = NULL, due_at = $2 WHERE token = $1 AND state = 'sending' \
             AND NOT EXISTS (SELECT FROM attempt WHERE message = m.id AND outcome IS NULL)";
        self.client().await?.execute(sql, &[&token, &Micros::from(now)]).await?;
        Ok(())
    }
}
