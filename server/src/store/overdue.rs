//! What should have happened already: groups whose time has passed, and those of whom nobody can be told.
//!
//! It must never judge how late is too late.

use super::{Store, StoreError, micros::Micros};
use jiff::Timestamp;

impl Store {
    /// The earliest moment at which a group wants to be advanced, past or not; none where no group waits for any.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn earliest_wake(&self) -> Result<Option<Timestamp>, StoreError> {
        let row = self.client().await?.query_one("SELECT min(wake) FROM incident_group WHERE over_at IS NULL", &[]).await?;
        Ok(row.try_get::<_, Option<Micros>>(0)?.map(Micros::timestamp))
    }

    /// Whether a group has something that nobody has answered, and nobody could be told of it in its present escalation.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn has_unreachable_group(&self) -> Result<bool, StoreError> {
        let sql = "SELECT EXISTS (SELECT FROM incident_group g WHERE g.over_at IS NULL \
             AND EXISTS (SELECT FROM incident i WHERE i.group_id = g.id AND i.standing = 'triggered') \
             AND EXISTS (SELECT FROM incident_log l WHERE l.group_id = g.id AND l.line ->> 'what' = 'unreachable' \
             AND l.line -> 'escalation' = g.content -> 'escalation' -> 'number'))";
        Ok(self.client().await?.query_one(sql, &[]).await?.try_get(0)?)
    }
}
