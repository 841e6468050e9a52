//! What the duty is measured by: what was written down of a time, shifts as they were, and the morning letter's figures.
//!
//! It must never change a shift that is on record, but for the end of one that lasts.

mod letter;
mod shift;

pub use letter::StoredOrder;

use super::{Store, StoreError, micros::Micros};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::collections::BTreeMap;
use taydo_engine::duty::{Fact, Record};
use taydo_model::incident::log::LogLine;
use taydo_model::incident::{GroupId, GroupKey, IncidentId, Origin};
use taydo_model::{AreaId, TeamId};
use tokio_postgres::types::Json;

/// The most lines of the log that figures are made of: a year of ten alarms in ten minutes would not have so many.
const MOST_LINES: i64 = 500_000;

/// Groups whose episode touches the time.
const GROUPS: &str = "SELECT id, team, domain, exercise FROM incident_group \
    WHERE opened_at < $2 AND (over_at IS NULL OR over_at > $1) AND ($3::text IS NULL OR team = $3)";

impl Store {
    /// What was written down of a time: its groups with their whole logs, and its shifts. `None` where that is too much at once.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn duty_record(
        &self,
        (from, to): (Timestamp, Timestamp),
        team: Option<&TeamId>,
        zone: TimeZone,
    ) -> Result<Option<Record>, StoreError> {
        let client = self.client().await?;
        let (begin, end, team) = (Micros::from(from), Micros::from(to), team.map(TeamId::as_str));
        let mut groups = BTreeMap::new();
        for row in client.query(GROUPS, &[&begin, &end, &team]).await? {
            let key = GroupKey { team: parsed(row.try_get(1)?)?, domain: row.try_get(2)?, exercise: row.try_get(3)? };
            groups.insert(GroupId(row.try_get(0)?), key);
        }
        let ids: Vec<i64> = groups.keys().map(|group| group.0).collect();
        let mut incidents = BTreeMap::new();
        let sql = "SELECT id, group_id, origin, area FROM incident WHERE group_id = ANY($1) AND merged_into IS NULL";
        for row in client.query(sql, &[&ids]).await? {
            let rule = if let Origin::Alert { rule, .. } = row.try_get::<_, Json<Origin>>(2)?.0 { Some(rule) } else { None };
            let area = row.try_get::<_, Option<&str>>(3)?.and_then(|area| AreaId::new(area).ok());
            incidents.insert(IncidentId(row.try_get(0)?), Fact { group: GroupId(row.try_get(1)?), rule, area });
        }
        let sql = "SELECT line FROM incident_log WHERE group_id = ANY($1) ORDER BY group_id, number LIMIT $2";
        let rows = client.query(sql, &[&ids, &MOST_LINES]).await?;
        if rows.len() as i64 == MOST_LINES {
            return Ok(None);
        }
        let lines = rows.iter().map(|row| Ok(row.try_get::<_, Json<LogLine>>(0)?.0)).collect::<Result<_, StoreError>>()?;
        let shifts = shift::between(&client, begin, end, team).await?;
        Ok(Some(Record { from, to, groups, incidents, lines, shifts, zone, zones: BTreeMap::new() }))
    }
}

fn parsed<T: std::str::FromStr>(text: &str) -> Result<T, StoreError>
where
    T::Err: std::error::Error + Send + Sync + 'static,
{
    text.parse().map_err(|error: T::Err| StoreError::Internal(error.into()))
}
