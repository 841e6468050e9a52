//! What whoever comes on duty is told of the incidents that are open.
//!
//! It must never hold a group: it only reads.

use super::desk::Desk;
use crate::store::roster::Roster;
use crate::store::{Store, StoreError};
use jiff::Timestamp;
use std::sync::Arc;
use taydo_engine::routing;
use taydo_model::incident::IncidentId;
use taydo_model::page::Page;
use taydo_model::{PersonId, RotaId, TeamId};

/// More than a message lists or counts is not read.
const MOST: i64 = 10_000;

impl Store {
    /// The open incidents of some teams, the worst first and then the oldest; no exercises.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn open_of_teams(&self, teams: &[&TeamId]) -> Result<Vec<IncidentId>, StoreError> {
        let sql = "SELECT id FROM incident WHERE resolved_at IS NULL AND NOT exercise AND team = ANY($1) \
            ORDER BY array_position(ARRAY['critical', 'high', 'medium', 'info'], severity), id LIMIT $2";
        let teams: Vec<&str> = teams.iter().map(|team| team.as_str()).collect();
        let rows = self.client().await?.query(sql, &[&teams, &MOST]).await?;
        rows.iter().map(|row| Ok(IncidentId(row.try_get(0)?))).collect()
    }

    /// The notice to somebody whose shift by a rota begins, with these open incidents; `None` where they can't be reached.
    #[must_use]
    pub fn shift_notice(roster: &Arc<Roster>, person: &PersonId, rota: &RotaId, open: &[IncidentId], at: Timestamp) -> Option<Page> {
        Desk::of(roster).look_up(false, |directory| routing::shift_begins(person, rota, open, at, directory))
    }
}
