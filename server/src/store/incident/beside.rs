//! What one message told beside an incident: other groups of the same team, whose pages it carried too.
//!
//! It must never name what was only decided and not sent with it.

use crate::store::{Store, StoreError};
use taydo_model::PersonId;
use taydo_model::incident::{GroupId, IncidentId};

impl Store {
    /// The other groups that a person's messages about an incident told of, in an escalation of the incident's group; each with
    /// the escalation that the message was of there.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn told_beside(
        &self,
        incident: IncidentId,
        group: GroupId,
        person: &PersonId,
        escalation: i64,
    ) -> Result<Vec<(GroupId, i64)>, StoreError> {
        let sql = "SELECT other.group_id, max(other.escalation) FROM page own JOIN page other ON other.message = own.message \
            WHERE own.group_id = $1 AND own.escalation = $2 AND own.person = $3 AND own.incidents @> ARRAY[$4::bigint] \
            AND other.group_id IS NOT NULL AND other.group_id <> own.group_id AND other.person = own.person GROUP BY other.group_id";
        let rows = self.client().await?.query(sql, &[&group.0, &escalation, &person.as_str(), &incident.0]).await?;
        rows.iter().map(|row| Ok((GroupId(row.try_get(0)?), row.try_get(1)?))).collect()
    }
}
