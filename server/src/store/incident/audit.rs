//! The audit of incidents: whether the log is whole and says what the rows say, and whether every page stands in it.
//!
//! It reads everything, so it is for tests and for whoever doubts, not for every day. It must never change anything.

use super::IncidentRow;
use crate::store::{Store, StoreError};
use std::collections::BTreeMap;
use taydo_model::incident::log::{LogLine, Outcome, replay};
use taydo_model::incident::{GroupId, IncidentId};

/// What an audit has looked at, and what is wrong.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Audit {
    /// How many groups there are.
    pub groups: usize,
    /// How many incidents.
    pub incidents: usize,
    /// Everything that is wrong, in words; empty when nothing is.
    pub problems: Vec<String>,
}

impl Store {
    /// Looks at every group's log, every incident and every page. What changes meanwhile may be reported as wrong.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn audit_incidents(&self) -> Result<Audit, StoreError> {
        let mut audit = Audit::default();
        let mut outcomes: BTreeMap<IncidentId, Outcome> = BTreeMap::new();
        for row in self.client().await?.query("SELECT id FROM incident_group ORDER BY id", &[]).await? {
            let group = GroupId(row.try_get(0)?);
            audit.groups += 1;
            if let Some(number) = self.verify_log(group).await? {
                audit.problems.push(format!("the log of group {} is not as it was written from line {number} on", group.0));
            }
            let lines: Vec<LogLine> = self.group_log(group).await?.into_iter().map(|one| one.line).collect();
            if !lines.is_sorted_by_key(|line| line.at) {
                audit.problems.push(format!("the lines of group {} are not in the order of their times", group.0));
            }
            replay(&mut outcomes, &lines);
        }
        self.compare(&mut audit, &outcomes).await?;
        self.look_for_strays(&mut audit).await?;
        Ok(audit)
    }

    /// The log's replay beside the rows.
    async fn compare(&self, audit: &mut Audit, outcomes: &BTreeMap<IncidentId, Outcome>) -> Result<(), StoreError> {
        let count: i64 = self.client().await?.query_one("SELECT count(*) FROM incident", &[]).await?.try_get(0)?;
        let ids: Vec<IncidentId> = outcomes.keys().copied().collect();
        let rows = self.incidents_by_id(&ids).await?;
        audit.incidents = rows.len();
        if rows.len() != outcomes.len() || usize::try_from(count).ok() != Some(rows.len()) {
            audit.problems.push(format!("the logs name {} incidents, of which {} are among {count} rows", outcomes.len(), rows.len()));
        }
        for row in rows {
            let (id, logged) = (row.incident.id, outcomes.get(&row.incident.id));
            if logged != logged.map(|logged| standing(&row, logged.clone())).as_ref() {
                audit.problems.push(format!("incident {}: the log says {logged:?}, its row {row:?}", id.0));
            }
        }
        Ok(())
    }

    /// Pages that no line of a log is about, and alerts with two open incidents.
    async fn look_for_strays(&self, audit: &mut Audit) -> Result<(), StoreError> {
        let client = self.client().await?;
        let pages = "SELECT count(*) FROM page WHERE group_id IS NOT NULL AND NOT EXISTS (SELECT FROM incident_log l WHERE l.group_id = page.group_id \
            AND l.line->>'what' = 'paged' AND l.line->>'turn' = page.content->>'turn' AND l.line->'persons' ? page.person)";
        let pages: i64 = client.query_one(pages, &[]).await?.try_get(0)?;
        if pages > 0 {
            audit.problems.push(format!("{pages} pages belong to no line of a log"));
        }
        let twice = "SELECT rule, scope FROM incident WHERE rule IS NOT NULL AND resolved_at IS NULL GROUP BY rule, scope, no_data HAVING count(*) > 1";
        for row in client.query(twice, &[]).await? {
            let (rule, scope): (String, String) = (row.try_get(0)?, row.try_get(1)?);
            audit.problems.push(format!("the alert {rule} of {scope} has more than one open incident"));
        }
        Ok(())
    }
}

/// What the log says of an incident, with what its row says in the place of what a row keeps.
fn standing(row: &IncidentRow, logged: Outcome) -> Outcome {
    let IncidentRow { incident, acknowledged_at, .. } = row;
    Outcome {
        severity: incident.severity,
        opened_at: incident.opened_at,
        standing: incident.standing,
        assignee: incident.assignee.clone(),
        acknowledged_at: *acknowledged_at,
        resolved_at: incident.resolved_at,
        merged_into: incident.merged_into,
        ..logged
    }
}
