//! Reading incidents, their log and their groups back.
//!
//! It must never lock anything.

use crate::store::micros::Micros;
use crate::store::outbox::What;
use crate::store::word::from_word;
use crate::store::{Store, StoreError};
use jiff::Timestamp;
use taydo_engine::routing::{self, Group, Hash};
use taydo_model::incident::log::LogLine;
use taydo_model::incident::{GroupId, Incident, IncidentId};
use taydo_model::{AreaId, PersonId, TeamId};
use tokio_postgres::Row;
use tokio_postgres::types::Json;

/// An incident with what people are shown of it.
#[derive(Debug, Clone)]
pub struct IncidentRow {
    /// It.
    pub incident: Incident,
    /// When somebody answered first.
    pub acknowledged_at: Option<Timestamp>,
    /// Whether it is an exercise.
    pub exercise: bool,
    /// The transition that opened it, or what an operator wrote.
    pub content: serde_json::Value,
}

/// A line of the log, with its hash.
#[derive(Debug, Clone)]
pub struct LoggedLine {
    /// The line.
    pub line: LogLine,
    /// Its hash.
    pub hash: Hash,
}

/// What became of pages, for an incident's page.
#[derive(Debug, Clone)]
pub struct GroupView {
    /// The group's memory.
    pub group: Group,
    /// When it began.
    pub opened_at: Timestamp,
}

pub(in crate::store) const COLUMNS: &str = "id, origin, severity, team, group_id, area, opened_at, standing, assignee, resolved_at, acknowledged_at, exercise, content, merged_into, data_old_since";

pub(in crate::store) fn decode(row: &Row) -> Result<IncidentRow, StoreError> {
    let area = row.try_get::<_, Option<&str>>(5)?.and_then(|area| AreaId::new(area).ok());
    let assignee = row.try_get::<_, Option<&str>>(8)?.and_then(|person| PersonId::new(person).ok());
    let time = |at: usize| Ok::<_, StoreError>(row.try_get::<_, Option<Micros>>(at)?.map(Micros::timestamp));
    let incident = Incident {
        id: IncidentId(row.try_get(0)?),
        origin: row.try_get::<_, Json<_>>(1)?.0,
        severity: from_word(row.try_get(2)?)?,
        team: TeamId::new(row.try_get::<_, &str>(3)?).map_err(|error| StoreError::Internal(error.into()))?,
        group: GroupId(row.try_get(4)?),
        area,
        opened_at: row.try_get::<_, Micros>(6)?.timestamp(),
        standing: from_word(row.try_get(7)?)?,
        assignee,
        resolved_at: time(9)?,
        data_old_since: time(14)?,
        merged_into: row.try_get::<_, Option<i64>>(13)?.map(IncidentId),
    };
    Ok(IncidentRow { incident, acknowledged_at: time(10)?, exercise: row.try_get(11)?, content: row.try_get::<_, Json<_>>(12)?.0 })
}

impl Store {
    /// The incidents that are not over, and with `closed_since` those that were over later than that; the newest first.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn incidents(&self, closed_since: Option<Timestamp>, limit: u32) -> Result<Vec<IncidentRow>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM incident WHERE resolved_at IS NULL OR resolved_at > $1 ORDER BY id DESC LIMIT $2");
        let since = closed_since.map(Micros::from);
        self.client().await?.query(&sql, &[&since, &i64::from(limit)]).await?.iter().map(decode).collect()
    }

    /// Some incidents, by their numbers; those that there are.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn incidents_by_id(&self, ids: &[IncidentId]) -> Result<Vec<IncidentRow>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM incident WHERE id = ANY($1) ORDER BY id");
        let ids: Vec<i64> = ids.iter().map(|id| id.0).collect();
        self.client().await?.query(&sql, &[&ids]).await?.iter().map(decode).collect()
    }

    /// The log of an incident: the lines of its group that name it, in order.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn incident_log(&self, incident: IncidentId) -> Result<Vec<LogLine>, StoreError> {
        let sql = "SELECT line FROM incident_log WHERE incidents @> ARRAY[$1::bigint] ORDER BY group_id, number";
        let rows = self.client().await?.query(sql, &[&incident.0]).await?;
        rows.iter().map(|row| Ok(row.try_get::<_, Json<LogLine>>(0)?.0)).collect()
    }

    /// Those lines of some incidents' logs that say what people have marked: opened, snoozed, ticked, assigned; in order.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn incident_marks(&self, incidents: &[IncidentId]) -> Result<Vec<LogLine>, StoreError> {
        let sql = "SELECT line FROM incident_log WHERE incidents && $1::bigint[] \
            AND line->>'what' IN ('opened', 'snoozed', 'ticked', 'unticked', 'assigned') ORDER BY group_id, number";
        let ids: Vec<i64> = incidents.iter().map(|id| id.0).collect();
        let rows = self.client().await?.query(sql, &[&ids]).await?;
        rows.iter().map(|row| Ok(row.try_get::<_, Json<LogLine>>(0)?.0)).collect()
    }

    /// A group's whole log, with its hashes.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn group_log(&self, group: GroupId) -> Result<Vec<LoggedLine>, StoreError> {
        let rows =
            self.client().await?.query("SELECT line, hash FROM incident_log WHERE group_id = $1 ORDER BY number", &[&group.0]).await?;
        let decode = |row: &Row| {
            let hash: &[u8] = row.try_get(1)?;
            let hash: Hash = hash.try_into().map_err(|_| StoreError::internal("a line of the log has no hash"))?;
            Ok(LoggedLine { line: row.try_get::<_, Json<LogLine>>(0)?.0, hash })
        };
        rows.iter().map(decode).collect()
    }

    /// The number of the first line of a group's log that isn't as it was written; `None` when all are.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn verify_log(&self, group: GroupId) -> Result<Option<i64>, StoreError> {
        let lines = self.group_log(group).await?;
        Ok(routing::verify(lines.iter().map(|one| (&one.line, &one.hash))).err())
    }

    /// Groups as they are, by their numbers; those that there are.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn groups(&self, ids: &[GroupId]) -> Result<Vec<GroupView>, StoreError> {
        let ids: Vec<i64> = ids.iter().map(|id| id.0).collect();
        let rows =
            self.client().await?.query("SELECT content, opened_at FROM incident_group WHERE id = ANY($1) ORDER BY id", &[&ids]).await?;
        let decode =
            |row: &Row| Ok(GroupView { group: row.try_get::<_, Json<Group>>(0)?.0, opened_at: row.try_get::<_, Micros>(1)?.timestamp() });
        rows.iter().map(decode).collect()
    }

    /// What became of the pages that name an incident: when, to whom, over which channel, and what.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn page_outcomes(&self, incident: IncidentId) -> Result<Vec<PageOutcome>, StoreError> {
        let sql = "SELECT o.at, p.person, p.contact, o.what, o.provider, o.detail FROM outcome o JOIN page p ON p.id = o.page \
            WHERE p.incidents @> ARRAY[$1::bigint] ORDER BY o.id";
        let rows = self.client().await?.query(sql, &[&incident.0]).await?;
        let decode = |row: &Row| {
            Ok(PageOutcome {
                at: row.try_get::<_, Micros>(0)?.timestamp(),
                person: PersonId::new(row.try_get::<_, &str>(1)?).map_err(|error| StoreError::Internal(error.into()))?,
                contact: row.try_get(2)?,
                what: from_word(row.try_get(3)?)?,
                provider: row.try_get(4)?,
                detail: row.try_get(5)?,
            })
        };
        rows.iter().map(decode).collect()
    }
}

/// What became of a page.
#[derive(Debug, Clone)]
pub struct PageOutcome {
    /// When.
    pub at: Timestamp,
    /// Whose.
    pub person: PersonId,
    /// Which contact.
    pub contact: i64,
    /// What.
    pub what: What,
    /// Over which provider.
    pub provider: Option<String>,
    /// Why.
    pub detail: Option<String>,
}
