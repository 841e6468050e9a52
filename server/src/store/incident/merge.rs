//! Merging: one incident goes on as a part of another, which may belong to another group.
//!
//! It must never close the one without the other knowing: both are written in one transaction, or neither.

use super::desk::{Acted, Desk};
use super::hold::{Held, hold};
use crate::store::{Store, StoreError};
use jiff::Timestamp;
use std::collections::BTreeMap;
use taydo_engine::routing::{Event, Refusal};
use taydo_model::incident::{GroupId, GroupKey, IncidentId};
use taydo_model::{Definitions, PersonId, TeamId};
use tokio_postgres::Transaction;

/// A merge that somebody wants.
#[derive(Debug, Clone)]
pub struct Merge {
    /// Who.
    pub person: PersonId,
    /// Which is closed.
    pub incident: IncidentId,
    /// Which goes on.
    pub into: IncidentId,
}

/// The groups of both incidents, held.
struct Both {
    from: GroupId,
    to: GroupId,
    held: BTreeMap<GroupId, Held>,
}

impl Both {
    fn group_of(&self, incident: IncidentId, group: GroupId) -> Option<&Held> {
        self.held.get(&group).filter(|held| held.group.is_open(incident))
    }
}

impl Store {
    /// Lets an incident go on as a part of another, when both are open; otherwise nothing changes, and the refusal says so.
    /// `None` when one of them doesn't exist.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn merge_incidents(&self, what: &Merge, definitions: &Definitions, now: Timestamp) -> Result<Option<Acted>, StoreError> {
        let mut client = self.client().await?;
        let transaction = tokio_postgres::Client::transaction(&mut client).await?;
        let Some(mut both) = hold_both(&transaction, what).await? else { return Ok(None) };
        let (Some(from), Some(_)) = (both.group_of(what.incident, both.from), both.group_of(what.into, both.to)) else {
            return Ok(Some(Acted { refused: vec![Refusal::AlreadyClosed], ..Acted::default() }));
        };
        let persons = from.group.knowing(what.incident, now);
        let Merge { person, incident, into } = what.clone();
        let merged = Event::Merged { person: person.clone(), incident, into };
        let absorbed = Event::Absorbed { person, incident: into, merged: incident, persons };
        let mut events: BTreeMap<GroupId, Vec<Event>> = BTreeMap::from([(both.from, vec![merged])]);
        events.entry(both.to).or_default().push(absorbed);
        let desk = Desk::open(self, &transaction, definitions, now).await?;
        let mut acted = Acted::default();
        for (group, events) in events {
            let Some(held) = both.held.get_mut(&group) else { continue };
            let one = desk.advance(&transaction, held, &events, now).await?;
            acted.paged |= one.paged;
            acted.refused.extend(one.refused);
        }
        let sql = "UPDATE incident SET merged_into = $2 WHERE id = $1";
        transaction.execute(sql, &[&what.incident.0, &what.into.0]).await?;
        transaction.commit().await?;
        Ok(Some(acted))
    }
}

/// Holds the groups of both in the order in which transitions hold theirs: by key, then by number.
async fn hold_both(transaction: &Transaction<'_>, what: &Merge) -> Result<Option<Both>, StoreError> {
    let sql =
        "SELECT i.id, g.id, g.team, g.domain, g.exercise FROM incident i JOIN incident_group g ON g.id = i.group_id WHERE i.id = ANY($1)";
    let mut found: Vec<(GroupKey, GroupId, IncidentId)> = Vec::new();
    for row in transaction.query(sql, &[&vec![what.incident.0, what.into.0]]).await? {
        let team = TeamId::new(row.try_get::<_, &str>(2)?).map_err(|error| StoreError::Internal(error.into()))?;
        let key = GroupKey { team, domain: row.try_get(3)?, exercise: row.try_get(4)? };
        found.push((key, GroupId(row.try_get(1)?), IncidentId(row.try_get(0)?)));
    }
    found.sort();
    let mut held = BTreeMap::new();
    for (_, group, _) in &found {
        if !held.contains_key(group)
            && let Some(one) = hold(transaction, *group).await?
        {
            held.insert(*group, one);
        }
    }
    let group_of = |incident: IncidentId| found.iter().find(|(_, _, one)| *one == incident).map(|(_, group, _)| *group);
    Ok(group_of(what.incident).zip(group_of(what.into)).map(|(from, to)| Both { from, to, held }))
}
