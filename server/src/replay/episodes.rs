//! Incidents as they stood at an instant: their rows, with what their log had said by then.
//!
//! The log is the truth; a row gives what never changes. It must never show what the log said later.

use crate::store::incident::IncidentRow;
use crate::store::{Past, StoreError};
use crate::wording;
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, BTreeSet};
use taydo_model::Definitions;
use taydo_model::console::IncidentView;
use taydo_model::incident::IncidentId;
use taydo_model::incident::log::{LogLine, Outcome, replay};

/// How long what was closed stays in the list.
pub const CLOSED: SignedDuration = SignedDuration::from_hours(1);
/// The most incidents in one list; of more, the newest.
const MOST: u32 = 1_000;

/// Incidents at an instant.
#[derive(Debug, Default)]
pub struct Episodes {
    rows: BTreeMap<IncidentId, IncidentRow>,
    outcomes: BTreeMap<IncidentId, Outcome>,
}

impl Episodes {
    /// The incidents that were open at `at`, and those that were over later than `closed_since`.
    ///
    /// # Errors
    /// When the store can't be read.
    pub async fn at(past: &Past, at: Timestamp, closed_since: Timestamp) -> Result<Self, StoreError> {
        let rows = past.incidents(at, closed_since.min(at), MOST).await?;
        let ids: Vec<IncidentId> = rows.iter().map(|row| row.incident.id).collect();
        let lines = if ids.is_empty() { Vec::new() } else { past.incident_lines(&ids, at).await? };
        let mut episodes = Self::default();
        episodes.know(rows);
        replay(&mut episodes.outcomes, &lines);
        Ok(episodes)
    }

    /// Takes in rows that lines to come are about.
    pub fn know(&mut self, rows: Vec<IncidentRow>) {
        self.rows.extend(rows.into_iter().map(|row| (row.incident.id, row)));
    }

    /// Goes on by some lines, in order; returns the incidents that they are about.
    pub fn take(&mut self, lines: &[LogLine]) -> BTreeSet<IncidentId> {
        replay(&mut self.outcomes, lines);
        lines.iter().flat_map(|line| line.incidents.iter().copied()).collect()
    }

    /// Forgets what was over before `before`.
    pub fn forget(&mut self, before: Timestamp) {
        self.outcomes.retain(|_, outcome| outcome.resolved_at.is_none_or(|over| over > before));
        let known = &self.outcomes;
        self.rows.retain(|id, row| known.contains_key(id) || row.incident.opened_at > before);
    }

    /// All of them in words, the newest first.
    #[must_use]
    pub fn views(&self, definitions: &Definitions) -> Vec<IncidentView> {
        self.rows.keys().rev().filter_map(|id| self.view(definitions, *id)).collect()
    }

    /// One of them in words; none where it was not there yet.
    #[must_use]
    pub fn view(&self, definitions: &Definitions, id: IncidentId) -> Option<IncidentView> {
        let (row, outcome) = (self.rows.get(&id)?, self.outcomes.get(&id)?);
        let mut row = row.clone();
        row.acknowledged_at = outcome.acknowledged_at;
        let incident = &mut row.incident;
        incident.severity = outcome.severity;
        incident.opened_at = outcome.opened_at;
        incident.standing = outcome.standing;
        incident.assignee.clone_from(&outcome.assignee);
        incident.resolved_at = outcome.resolved_at;
        incident.data_old_since = outcome.data_old_since;
        incident.merged_into = outcome.merged_into;
        Some(wording::view(definitions, row))
    }
}
