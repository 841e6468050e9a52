//! Carrying transitions on: which incidents they open and end, and what that is to their groups.
//!
//! Ten thousand transitions cost a handful of statements. It must never open a second incident for an alert that has one.

use super::desk::{Acted, Desk};
use super::hold::{Held, hold_key, roomy};
use crate::store::micros::Micros;
use crate::store::word::word;
use crate::store::{Store, StoreError};
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use taydo_engine::routing::{self, Event, Opening};
use taydo_model::alert::{Cause, Transition, Turn};
use taydo_model::incident::{GroupId, GroupKey, IncidentId, Origin};
use taydo_model::silence::Labels;
use taydo_model::{AreaId, Definitions, RuleId, Scope};
use tokio_postgres::Transaction;
use tokio_postgres::types::{Json, ToSql};

/// Which alert a transition is of.
type AlertKey = (RuleId, Scope, bool);

/// The incidents that are open, as far as some transitions are about them.
type Open = BTreeMap<AlertKey, (IncidentId, GroupId)>;

/// An incident that is to be written.
struct NewIncident<'t> {
    id: IncidentId,
    group: GroupId,
    transition: &'t Transition,
    labels: Labels,
}

fn key_of(transition: &Transition) -> AlertKey {
    (transition.rule.clone(), transition.scope.clone(), transition.no_data)
}

/// Carries transitions on to incidents and their groups, in the transaction that stores them.
pub(in crate::store) async fn apply_transitions(
    store: &Store,
    transaction: &Transaction<'_>,
    definitions: &Definitions,
    transitions: &[&Transition],
    now: Timestamp,
) -> Result<Acted, StoreError> {
    let mut left: Vec<&Transition> = transitions.iter().filter(|one| matches!(one.turn, Turn::Fired | Turn::Resolved)).copied().collect();
    let mut acted = Acted::default();
    while !left.is_empty() {
        let (round, later) = first_round(left);
        let one = apply(store, transaction, definitions, &round, now).await?;
        acted.paged |= one.paged;
        acted.refused.extend(one.refused);
        left = later;
    }
    Ok(acted)
}

/// What may be carried on together, and what must wait until that is written: an alert that fires again after it has
/// ended opens another incident, and only one of an alert's may be open.
fn first_round(transitions: Vec<&Transition>) -> (Vec<&Transition>, Vec<&Transition>) {
    let mut ended: BTreeSet<AlertKey> = BTreeSet::new();
    transitions.into_iter().partition(|transition| {
        let key = key_of(transition);
        let is_first = !ended.contains(&key);
        if transition.turn == Turn::Resolved && transition.cause != Cause::Flapping {
            ended.insert(key);
        }
        is_first
    })
}

async fn apply(
    store: &Store,
    transaction: &Transaction<'_>,
    definitions: &Definitions,
    transitions: &[&Transition],
    now: Timestamp,
) -> Result<Acted, StoreError> {
    let mut by_key: BTreeMap<GroupKey, Vec<&Transition>> = BTreeMap::new();
    for transition in transitions {
        let key = GroupKey { team: transition.team.clone(), domain: transition.domain.clone(), exercise: false };
        by_key.entry(key).or_default().push(transition);
    }
    // Incidents first, so that what begins to fire now explains others in the same breath.
    let mut work: Vec<(Held, Vec<Event>)> = Vec::new();
    for (key, transitions) in &by_key {
        work.extend(carry(transaction, key, transitions, now).await?);
    }
    let desk = Desk::open(store, transaction, definitions, now).await?;
    let mut acted = Acted::default();
    for (mut held, events) in work {
        let one = desk.advance(transaction, &mut held, &events, now).await?;
        acted.paged |= one.paged;
        acted.refused.extend(one.refused);
    }
    Ok(acted)
}

/// Opens and finds the incidents of one key's transitions, and says what that is to their groups.
async fn carry(
    transaction: &Transaction<'_>,
    key: &GroupKey,
    transitions: &[&Transition],
    now: Timestamp,
) -> Result<Vec<(Held, Vec<Event>)>, StoreError> {
    let mut groups = hold_key(transaction, key).await?;
    let mut open = open_incidents(transaction, transitions).await?;
    let unopened = transitions.iter().filter(|transition| !open.contains_key(&key_of(transition))).count();
    let mut numbers = numbers(transaction, unopened).await?.into_iter();
    let mut new: Vec<NewIncident<'_>> = Vec::new();
    let mut events: BTreeMap<GroupId, Vec<Event>> = BTreeMap::new();
    for transition in transitions {
        let known = open.get(&key_of(transition)).copied();
        let (group, event) = match (transition.turn, transition.cause, known) {
            (Turn::Resolved, Cause::Flapping, Some((incident, group))) | (Turn::Fired, Cause::Flapping, Some((incident, group))) => {
                (group, Event::Flapping { incident })
            }
            (Turn::Fired, Cause::Settled, Some((incident, group))) => (group, Event::Settled { incident }),
            (Turn::Fired, _, Some(_))
            | (Turn::Resolved, Cause::Condition | Cause::Missing | Cause::NoData | Cause::Settled | Cause::RuleGone, None) => continue,
            (Turn::Resolved, cause, Some((incident, group))) => (group, Event::Resolved { incident, cause }),
            (Turn::Fired, cause, None) | (Turn::Resolved, cause @ Cause::Flapping, None) => {
                let id = numbers.next().ok_or_else(|| StoreError::internal("an incident has no number"))?;
                let group = roomy(transaction, key, &mut groups, &events, now).await?;
                let labels = routing::labels(transition);
                open.insert(key_of(transition), (id, group));
                new.push(NewIncident { id, group, transition, labels: labels.clone() });
                let flapping = cause == Cause::Flapping;
                (group, Event::Opened(Opening { incident: id, severity: transition.severity, labels, flapping }))
            }
            (Turn::DataOld | Turn::DataFresh, ..) => continue,
        };
        events.entry(group).or_default().push(event);
    }
    insert(transaction, &new, now).await?;
    Ok(groups.into_iter().filter_map(|held| Some((events.remove(&held.group.id)?, held))).map(|(events, held)| (held, events)).collect())
}

/// The open incidents of these transitions' alerts, with their groups.
async fn open_incidents(transaction: &Transaction<'_>, transitions: &[&Transition]) -> Result<Open, StoreError> {
    let sql = "SELECT i.id, i.group_id, asked.n FROM unnest($1::text[], $2::text[], $3::bool[]) WITH ORDINALITY AS asked (r, s, d, n) \
        JOIN incident i ON i.rule = asked.r AND i.scope = asked.s AND i.no_data = asked.d WHERE i.resolved_at IS NULL";
    let rules: Vec<&str> = transitions.iter().map(|one| one.rule.as_str()).collect();
    let scopes: Vec<String> = transitions.iter().map(|one| one.scope.to_string()).collect();
    let no_data: Vec<bool> = transitions.iter().map(|one| one.no_data).collect();
    let mut open = Open::new();
    for row in transaction.query(sql, &[&rules, &scopes, &no_data]).await? {
        let asked = usize::try_from(row.try_get::<_, i64>(2)?).ok().and_then(|number| number.checked_sub(1));
        if let Some(transition) = asked.and_then(|asked| transitions.get(asked)) {
            open.insert(key_of(transition), (IncidentId(row.try_get(0)?), GroupId(row.try_get(1)?)));
        }
    }
    Ok(open)
}

/// Numbers for so many incidents, in order. One that isn't used is never used, as after a transaction that failed.
async fn numbers(transaction: &Transaction<'_>, count: usize) -> Result<Vec<IncidentId>, StoreError> {
    if count == 0 {
        return Ok(Vec::new());
    }
    let sql = "SELECT nextval(pg_get_serial_sequence('incident', 'id')) FROM generate_series(1, $1::bigint)";
    let rows = transaction.query(sql, &[&i64::try_from(count).unwrap_or(i64::MAX)]).await?;
    rows.iter().map(|row| Ok(IncidentId(row.try_get(0)?))).collect()
}

async fn insert(transaction: &Transaction<'_>, new: &[NewIncident<'_>], now: Timestamp) -> Result<(), StoreError> {
    if new.is_empty() {
        return Ok(());
    }
    let sql = "INSERT INTO incident (id, group_id, origin, rule, scope, no_data, severity, team, area, labels, content, opened_at, standing) \
        OVERRIDING SYSTEM VALUE SELECT i, g, o, r, s, n, v, t, a, l, c, $12, 'triggered' FROM unnest($1::bigint[], $2::bigint[], $3::jsonb[], \
        $4::text[], $5::text[], $6::bool[], $7::text[], $8::text[], $9::text[], $10::jsonb[], $11::jsonb[]) AS new (i, g, o, r, s, n, v, t, a, l, c)";
    let origin = |one: &Transition| Origin::Alert { rule: one.rule.clone(), scope: one.scope.clone(), no_data: one.no_data };
    let ids: Vec<i64> = new.iter().map(|one| one.id.0).collect();
    let groups: Vec<i64> = new.iter().map(|one| one.group.0).collect();
    let origins: Vec<Json<Origin>> = new.iter().map(|one| Json(origin(one.transition))).collect();
    let rules: Vec<&str> = new.iter().map(|one| one.transition.rule.as_str()).collect();
    let scopes: Vec<String> = new.iter().map(|one| one.transition.scope.to_string()).collect();
    let no_data: Vec<bool> = new.iter().map(|one| one.transition.no_data).collect();
    let severities: Vec<String> = new.iter().map(|one| word(one.transition.severity)).collect();
    let teams: Vec<&str> = new.iter().map(|one| one.transition.team.as_str()).collect();
    let areas: Vec<Option<&str>> = new.iter().map(|one| one.transition.area.as_ref().map(AreaId::as_str)).collect();
    let labels: Vec<Json<&Labels>> = new.iter().map(|one| Json(&one.labels)).collect();
    let contents: Vec<Json<&Transition>> = new.iter().map(|one| Json(one.transition)).collect();
    let parameters: [&(dyn ToSql + Sync); 12] =
        [&ids, &groups, &origins, &rules, &scopes, &no_data, &severities, &teams, &areas, &labels, &contents, &Micros::from(now)];
    transaction.execute(sql, &parameters).await?;
    Ok(())
}
