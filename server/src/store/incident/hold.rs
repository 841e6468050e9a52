//! Holding groups: locked by their key before their rows, in one order, so that no two transactions wait for each other.
//!
//! It must never give out a group whose row its transaction doesn't hold.

use crate::store::StoreError;
use crate::store::micros::Micros;
use jiff::Timestamp;
use std::collections::BTreeMap;
use taydo_engine::routing::{Event, Group, Hash};
use taydo_model::incident::{GroupId, GroupKey};
use tokio_postgres::types::Json;
use tokio_postgres::{Row, Transaction};

/// A group that this transaction holds.
pub(super) struct Held {
    /// Its memory.
    pub(super) group: Group,
    /// Of its log's last line; none before the first.
    pub(super) hash: Option<Hash>,
}

/// Locks a key, and holds its groups that are not over, in the order of their numbers.
pub(super) async fn hold_key(transaction: &Transaction<'_>, key: &GroupKey) -> Result<Vec<Held>, StoreError> {
    let name = format!("{}\n{}\n{}", key.team, key.domain, key.exercise);
    transaction.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 4))", &[&name]).await?;
    let sql = "SELECT content, hash FROM incident_group WHERE team = $1 AND domain = $2 AND exercise = $3 AND over_at IS NULL ORDER BY id FOR UPDATE";
    let rows = transaction.query(sql, &[&key.team.as_str(), &key.domain, &key.exercise]).await?;
    rows.iter().map(held).collect()
}

/// Holds one group, over or not.
pub(super) async fn hold(transaction: &Transaction<'_>, group: GroupId) -> Result<Option<Held>, StoreError> {
    let sql = "SELECT content, hash FROM incident_group WHERE id = $1 FOR UPDATE";
    transaction.query_opt(sql, &[&group.0]).await?.as_ref().map(held).transpose()
}

/// A row of `content, hash`.
pub(super) fn held(row: &Row) -> Result<Held, StoreError> {
    let hash: &[u8] = row.try_get(1)?;
    Ok(Held { group: row.try_get::<_, Json<Group>>(0)?.0, hash: hash.try_into().ok() })
}

/// A group of the key that takes one more beside what is about to happen to it; a new one, where all are full.
pub(super) async fn roomy(
    transaction: &Transaction<'_>,
    key: &GroupKey,
    groups: &mut Vec<Held>,
    events: &BTreeMap<GroupId, Vec<Event>>,
    now: Timestamp,
) -> Result<GroupId, StoreError> {
    let has_room = |held: &&Held| held.group.room() > events.get(&held.group.id).map_or(0, Vec::len);
    if let Some(held) = groups.iter().rev().find(has_room) {
        return Ok(held.group.id);
    }
    let sql =
        "INSERT INTO incident_group (team, domain, exercise, content, opened_at, hash) VALUES ($1, $2, $3, 'null', $4, '') RETURNING id";
    let row = transaction.query_one(sql, &[&key.team.as_str(), &key.domain, &key.exercise, &Micros::from(now)]).await?;
    let id = GroupId(row.try_get(0)?);
    groups.push(Held { group: Group::new(id, key.clone()), hash: None });
    Ok(id)
}
