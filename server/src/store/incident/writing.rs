//! Writing a group with everything that came of advancing it: its log, its incidents' rows, its pages.
//!
//! All lines of one advance are one statement. It must never write a line without its place in the chain of hashes.

use super::desk::Acted;
use super::hold::Held;
use crate::store::StoreError;
use crate::store::micros::Micros;
use crate::store::outbox::{self, NewPage, Withdrawal};
use jiff::Timestamp;
use taydo_engine::routing::{self, Effect, Hash};
use taydo_model::PersonId;
use taydo_model::incident::log::{Entry, LogLine};
use tokio_postgres::Transaction;
use tokio_postgres::types::{Json, ToSql};

/// Writes a group with what came of advancing it.
pub(super) async fn write(transaction: &Transaction<'_>, held: &mut Held, effects: &[Effect], now: Timestamp) -> Result<Acted, StoreError> {
    let mut acted = Acted::default();
    let mut lines: Vec<(&LogLine, Hash)> = Vec::new();
    let mut pages = Vec::new();
    for effect in effects {
        match effect {
            Effect::Log(line) => {
                let hash = routing::hash(held.hash.as_ref(), line);
                lines.push((line, hash));
                held.hash = Some(hash);
            }
            Effect::Page(page) => pages.push(page),
            Effect::Withdraw(what) => {
                let what = Withdrawal { group: what.group, escalation: what.escalation, kinds: &what.kinds, person: what.person.as_ref() };
                outbox::withdraw(transaction, what, now).await?;
            }
            Effect::Unreachable => {
                tracing::error!(group = held.group.id.0, "nobody can be told of an incident, not even the keeper of the server")
            }
            Effect::Refused(refusal) => acted.refused.push(*refusal),
        }
    }
    log(transaction, &lines).await?;
    for change in standings(lines.iter().map(|(line, _)| *line)) {
        change.write(transaction).await?;
    }
    let new: Vec<NewPage<'_>> =
        pages.iter().map(|page| NewPage { page, team: Some(&held.group.key.team), exercise: held.group.key.exercise }).collect();
    acted.paged = outbox::write_pages(transaction, &new, now).await? > 0;
    let sql = "UPDATE incident_group SET content = $2, wake = $3, over_at = $4, hash = $5 WHERE id = $1";
    let over_at = held.group.is_over().then_some(Micros::from(now));
    let wake = held.group.next_wake().map(Micros::from);
    let hash: &[u8] = held.hash.as_ref().map_or(&[], |hash| hash);
    transaction.execute(sql, &[&held.group.id.0, &Json(&held.group), &wake, &over_at, &hash]).await?;
    Ok(acted)
}

async fn log(transaction: &Transaction<'_>, lines: &[(&LogLine, Hash)]) -> Result<(), StoreError> {
    if lines.is_empty() {
        return Ok(());
    }
    // Incident numbers travel as texts, because an array of arrays of different lengths can't.
    let sql = "INSERT INTO incident_log (group_id, number, at, incidents, line, hash) SELECT g, n, a, i::bigint[], l, h FROM \
        unnest($1::bigint[], $2::bigint[], $3::timestamptz[], $4::text[], $5::jsonb[], $6::bytea[]) AS new (g, n, a, i, l, h)";
    let array = |line: &LogLine| format!("{{{}}}", line.incidents.iter().map(|one| one.0.to_string()).collect::<Vec<_>>().join(","));
    let groups: Vec<i64> = lines.iter().map(|(line, _)| line.group.0).collect();
    let numbers: Vec<i64> = lines.iter().map(|(line, _)| line.number).collect();
    let times: Vec<Micros> = lines.iter().map(|(line, _)| line.at.into()).collect();
    let incidents: Vec<String> = lines.iter().map(|(line, _)| array(line)).collect();
    let contents: Vec<Json<&LogLine>> = lines.iter().map(|(line, _)| Json(*line)).collect();
    let hashes: Vec<&[u8]> = lines.iter().map(|(_, hash)| &hash[..]).collect();
    let parameters: [&(dyn ToSql + Sync); 6] = [&groups, &numbers, &times, &incidents, &contents, &hashes];
    transaction.execute(sql, &parameters).await?;
    Ok(())
}

/// How a line of the log changes the rows of its incidents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    Acknowledged,
    /// It joined what somebody has, or somebody took it: whoever had it before has it no longer.
    Given,
    Snoozed,
    Triggered,
    Resolved,
}

/// One change of some incidents' rows.
struct Change<'l> {
    standing: Standing,
    person: Option<&'l PersonId>,
    at: Timestamp,
    incidents: Vec<i64>,
}

/// The changes that lines of the log make, in their order; what one line after the other does alike is one change.
fn standings<'l>(lines: impl Iterator<Item = &'l LogLine>) -> Vec<Change<'l>> {
    let mut changes: Vec<Change<'l>> = Vec::new();
    for line in lines {
        let (standing, person) = match &line.entry {
            Entry::Acknowledged { person, .. } => (Standing::Acknowledged, Some(person)),
            Entry::Joined { person } | Entry::Taken { person } => (Standing::Given, Some(person)),
            Entry::Snoozed { person, .. } => (Standing::Snoozed, Some(person)),
            Entry::Triggered { .. } => (Standing::Triggered, None),
            Entry::Resolved { .. } | Entry::ResolvedByHand { .. } | Entry::Merged { .. } => (Standing::Resolved, None),
            _ => continue,
        };
        let incidents = line.incidents.iter().map(|incident| incident.0);
        match changes.last_mut() {
            Some(last) if (last.standing, last.person, last.at) == (standing, person, line.at) => last.incidents.extend(incidents),
            _ => changes.push(Change { standing, person, at: line.at, incidents: incidents.collect() }),
        }
    }
    changes
}

impl Change<'_> {
    /// Brings the incidents' rows to where the lines leave them, as `taydo_model::incident::log::replay` does.
    async fn write(&self, transaction: &Transaction<'_>) -> Result<(), StoreError> {
        let sql = match self.standing {
            Standing::Resolved => "UPDATE incident SET standing = 'resolved', resolved_at = $3 WHERE id = ANY($1) AND $2::text IS NULL",
            Standing::Triggered => {
                "UPDATE incident SET standing = 'triggered', assignee = $2 WHERE id = ANY($1) AND $3::timestamptz IS NOT NULL"
            }
            // Whoever answers second doesn't take it from the first.
            Standing::Acknowledged => {
                "UPDATE incident SET standing = 'acknowledged', assignee = $2, acknowledged_at = coalesce(acknowledged_at, $3) \
                WHERE id = ANY($1) AND standing <> 'acknowledged'"
            }
            Standing::Given => {
                "UPDATE incident SET standing = 'acknowledged', assignee = $2, acknowledged_at = coalesce(acknowledged_at, $3) \
                WHERE id = ANY($1)"
            }
            Standing::Snoozed => {
                "UPDATE incident SET standing = 'snoozed', assignee = $2, acknowledged_at = coalesce(acknowledged_at, $3) \
                WHERE id = ANY($1)"
            }
        };
        transaction.execute(sql, &[&self.incidents, &self.person.map(PersonId::as_str), &Micros::from(self.at)]).await?;
        Ok(())
    }
}
