//! The city's operating stage: what was confirmed, by whom and why.
//!
//! Append-only: it must never change or delete a confirmation.

use super::micros::Micros;
use super::{Store, StoreError};
use taydo_model::PersonId;
use taydo_model::stage::Confirmed;
use taydo_model::stage::lead::By;
use tokio_postgres::Row;

fn small(stage: Option<u8>) -> Option<i16> {
    stage.map(i16::from)
}

fn stage(small: i16) -> Result<u8, StoreError> {
    u8::try_from(small).map_err(|error| StoreError::Internal(error.into()))
}

fn confirmed(row: &Row) -> Result<Confirmed, StoreError> {
    let optional = |place: usize| -> Result<Option<u8>, StoreError> { row.try_get::<_, Option<i16>>(place)?.map(stage).transpose() };
    Ok(Confirmed {
        at: row.try_get::<_, Micros>(0)?.timestamp(),
        stage: stage(row.try_get(1)?)?,
        person: PersonId::new(row.try_get::<_, &str>(2)?).map_err(|error| StoreError::Internal(error.into()))?,
        reason: row.try_get(3)?,
        proposed: optional(4)?,
        computed: optional(5)?,
        by: row.try_get::<_, Option<&str>>(6)?.and_then(By::of_word),
    })
}

impl Store {
    /// Notes that somebody confirmed a stage.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn confirm_stage(&self, one: &Confirmed) -> Result<(), StoreError> {
        let sql =
            "INSERT INTO stage_confirmation (at, stage, person, reason, proposed, computed, by_what) VALUES ($1, $2, $3, $4, $5, $6, $7)";
        let (at, stage) = (Micros::from(one.at), i16::from(one.stage));
        let client = self.client().await?;
        let (proposed, computed, by) = (small(one.proposed), small(one.computed), one.by.map(By::word));
        client.execute(sql, &[&at, &stage, &one.person.as_str(), &one.reason, &proposed, &computed, &by]).await?;
        Ok(())
    }

    /// What was confirmed, the newest first.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn stage_confirmations(&self, limit: u32) -> Result<Vec<Confirmed>, StoreError> {
        let sql = "SELECT at, stage, person, reason, proposed, computed, by_what FROM stage_confirmation ORDER BY id DESC LIMIT $1";
        self.client().await?.query(sql, &[&i64::from(limit)]).await?.iter().map(confirmed).collect()
    }
}
