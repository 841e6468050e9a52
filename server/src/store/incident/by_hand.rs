//! Incidents that no alert opens: by an operator, by another system, by a watch of the centre's own.
//!
//! It must never open a second incident for a key that has an open one.

use super::desk::Desk;
use super::hold::{Held, hold_key, roomy};
use crate::store::micros::Micros;
use crate::store::word::word;
use crate::store::{Store, StoreError};
use jiff::Timestamp;
use std::collections::BTreeMap;
use taydo_engine::routing::{Event, Opening};
use taydo_model::alert::{Cause, Severity};
use taydo_model::incident::{GroupId, GroupKey, IncidentId, Origin};
use taydo_model::silence::Labels;
use taydo_model::{AreaId, Definitions};
use tokio_postgres::Transaction;
use tokio_postgres::types::Json;

/// An incident that an operator or another system opens.
#[derive(Debug, Clone)]
pub struct HandIncident {
    /// What opened it.
    pub origin: Origin,
    /// How bad.
    pub severity: Severity,
    /// With what it is told together.
    pub group: GroupKey,
    /// Where.
    pub area: Option<AreaId>,
    /// What people are shown.
    pub content: serde_json::Value,
    /// One open incident for a key; none: always a new one.
    pub key: Option<String>,
}

impl HandIncident {
    /// Whether somebody reports it, and not the centre's own watch, which looks again and again.
    fn is_report(&self) -> bool {
        !matches!(self.origin, Origin::Watch { .. })
    }
}

/// Whether an incident was opened, or one of the same key was open already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Opened {
    /// Its number.
    pub incident: IncidentId,
    /// Whether it is new.
    pub is_new: bool,
}

impl Store {
    /// The open incident of a key, and its group.
    async fn open_by_key(&self, key: &str) -> Result<Option<(IncidentId, GroupId)>, StoreError> {
        let sql = "SELECT id, group_id FROM incident WHERE key = $1 AND resolved_at IS NULL";
        let row = self.client().await?.query_opt(sql, &[&key]).await?;
        row.map(|row| Ok((IncidentId(row.try_get(0)?), GroupId(row.try_get(1)?)))).transpose()
    }

    /// Closes the open incident of a key, because what it was about is over by itself; nothing where there is none.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn close_by_key(&self, key: &str, definitions: &Definitions, now: Timestamp) -> Result<(), StoreError> {
        if let Some((incident, group)) = self.open_by_key(key).await? {
            self.advance_group(group, &[Event::Resolved { incident, cause: Cause::Condition }], definitions, now).await?;
        }
        Ok(())
    }

    /// That what is open was reported again, in the log of its group. A group of another key is not waited for: then another
    /// report of the same storm notes it.
    async fn note_repeat(
        &self,
        transaction: Transaction<'_>,
        groups: Vec<Held>,
        incident: IncidentId,
        group: GroupId,
        definitions: &Definitions,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let Some(mut held) = groups.into_iter().find(|held| held.group.id == group) else { return Ok(()) };
        if held.group.notes_repeats(incident, now) {
            let desk = Desk::open(self, &transaction, definitions, now).await?;
            desk.advance(&transaction, &mut held, &[Event::Repeated { incident }], now).await?;
            transaction.commit().await?;
        }
        Ok(())
    }

    /// Opens an incident that no alert opened. With a key that is open already, nothing is opened, and that one is named.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn open_incident(&self, what: &HandIncident, definitions: &Definitions, now: Timestamp) -> Result<Opened, StoreError> {
        let mut client = self.client().await?;
        let transaction = tokio_postgres::Client::transaction(&mut client).await?;
        let mut groups = hold_key(&transaction, &what.group).await?;
        if let Some(key) = &what.key {
            let sql = "SELECT id, group_id FROM incident WHERE key = $1 AND resolved_at IS NULL";
            if let Some(row) = transaction.query_opt(sql, &[key]).await? {
                let (incident, group) = (IncidentId(row.try_get(0)?), GroupId(row.try_get(1)?));
                if what.is_report() {
                    self.note_repeat(transaction, groups, incident, group, definitions, now).await?;
                }
                return Ok(Opened { incident, is_new: false });
            }
        }
        let group = roomy(&transaction, &what.group, &mut groups, &BTreeMap::new(), now).await?;
        let mut labels = Labels::from([
            ("team".to_owned(), what.group.team.to_string()),
            ("domain".to_owned(), what.group.domain.clone()),
            ("severity".to_owned(), word(what.severity)),
        ]);
        if let Some(area) = &what.area {
            labels.insert("area".to_owned(), area.to_string());
        }
        let sql = "INSERT INTO incident (group_id, origin, key, severity, team, area, exercise, labels, content, opened_at, standing) \
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 'triggered') ON CONFLICT DO NOTHING RETURNING id";
        let parameters: [&(dyn tokio_postgres::types::ToSql + Sync); 10] = [
            &group.0,
            &Json(&what.origin),
            &what.key,
            &word(what.severity),
            &what.group.team.as_str(),
            &what.area.as_ref().map(AreaId::as_str),
            &what.group.exercise,
            &Json(&labels),
            &Json(&what.content),
            &Micros::from(now),
        ];
        // The same key may be open in another group: then its transaction was quicker.
        let Some(row) = transaction.query_opt(sql, &parameters).await? else {
            let key = what.key.as_deref().unwrap_or_default();
            transaction.rollback().await?;
            let row = client.query_opt("SELECT id FROM incident WHERE key = $1 AND resolved_at IS NULL", &[&key]).await?;
            let row = row.ok_or_else(|| StoreError::Conflict("the incident of this key was closed a moment ago".into()))?;
            return Ok(Opened { incident: IncidentId(row.try_get(0)?), is_new: false });
        };
        let incident = IncidentId(row.try_get(0)?);
        let opening = Opening { incident, severity: what.severity, labels, flapping: false };
        let desk = Desk::open(self, &transaction, definitions, now).await?;
        if let Some(mut held) = groups.into_iter().find(|held| held.group.id == group) {
            desk.advance(&transaction, &mut held, &[Event::Opened(opening)], now).await?;
        }
        transaction.commit().await?;
        Ok(Opened { incident, is_new: true })
    }
}
