//! Advancing groups: what transitions, people and time do to them, written whole or not at all.
//!
//! Groups are locked by their key before their rows, in one order, so that no two transactions wait for each other. It must
//! never advance a group whose row it doesn't hold.

mod merge;

pub use merge::Merge;

use crate::store::micros::Micros;
use crate::store::outbox::{self, NewPage};
use crate::store::roster::Roster;
use crate::store::word::word;
use crate::store::{Store, StoreError};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use taydo_engine::quiet;
use taydo_engine::rota::OnCall;
use taydo_engine::routing::{self, Directory, Effect, Event, Firing, Group, Hash, Inhibition, Opening, Refusal, Settings};
use taydo_model::alert::{Cause, Severity, Transition, Turn};
use taydo_model::incident::log::{Entry, LogLine};
use taydo_model::incident::{GroupId, GroupKey, IncidentId, Origin};
use taydo_model::oncall::Person;
use taydo_model::page::Page;
use taydo_model::silence::{Labels, Matcher};
use taydo_model::{AreaId, Definitions, PersonId, RotaId, Scope};
use tokio_postgres::types::Json;
use tokio_postgres::{Row, Transaction};

/// What somebody does about a group.
pub type Act = Event;

/// What came of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Acted {
    /// Why nothing came of it; empty when something did.
    pub refused: Vec<Refusal>,
    /// Whether pages were decided: somebody should look at the outbox.
    pub paged: bool,
}

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

/// Whether an incident was opened, or one of the same key was open already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Opened {
    /// Its number.
    pub incident: IncidentId,
    /// Whether it is new.
    pub is_new: bool,
}

/// One transaction's view of everything that routing looks up.
pub(super) struct Desk {
    roster: Arc<Roster>,
    settings: Settings,
    inhibitions: Vec<Inhibition>,
    firing: Vec<Firing>,
}

/// A group that this transaction holds.
struct Held {
    group: Group,
    hash: Option<Hash>,
}

impl Desk {
    pub(super) async fn open(
        store: &Store,
        transaction: &Transaction<'_>,
        definitions: &Definitions,
        now: Timestamp,
    ) -> Result<Self, StoreError> {
        let roster = store.roster_in(transaction, now).await?;
        let inhibitions: Vec<Inhibition> = definitions.rules.iter().flat_map(|rule| inhibitions(rule)).collect();
        let mut desk = Self { roster, settings: Settings::default(), inhibitions, firing: Vec::new() };
        desk.settings.keeper = desk.roster.keeper.clone();
        desk.look(transaction).await?;
        Ok(desk)
    }

    /// Which alerts fire now, as far as they explain others.
    async fn look(&mut self, transaction: &Transaction<'_>) -> Result<(), StoreError> {
        self.firing.clear();
        if self.inhibitions.is_empty() {
            return Ok(());
        }
        let rules: BTreeSet<&str> =
            self.inhibitions.iter().flat_map(|one| &one.source).flat_map(|matcher| &matcher.values).map(String::as_str).collect();
        let rules: Vec<&str> = rules.into_iter().collect();
        let sql = "SELECT labels FROM incident WHERE resolved_at IS NULL AND rule = ANY($1)";
        for row in transaction.query(sql, &[&rules]).await? {
            self.firing.push(Firing { labels: row.try_get::<_, Json<Labels>>(0)?.0 });
        }
        Ok(())
    }

    /// Advances a group, and writes it with everything that comes of it.
    async fn advance(&self, transaction: &Transaction<'_>, held: &mut Held, events: &[Event], now: Timestamp) -> Result<Acted, StoreError> {
        let effects = self.decide(&mut held.group, events, now);
        let now = held.group.at().unwrap_or(now);
        write(transaction, held, &effects, now).await
    }

    fn decide(&self, group: &mut Group, events: &[Event], now: Timestamp) -> Vec<Effect> {
        self.look_up(group.key.exercise, |directory| routing::advance(group, now, events, directory))
    }

    /// Who can't be reached, in an exercise or else in what is real, is not on call there.
    fn look_up<T>(&self, exercise: bool, ask: impl FnOnce(&Directory<'_>) -> T) -> T {
        let reachable = |person: &PersonId| self.roster.reaches(person, exercise);
        let on_call = |rota: &RotaId, at: Timestamp| match self.roster.rotas.get(rota) {
            Some(rota) => OnCall::new(rota, &reachable).at(at),
            None => Vec::new(),
        };
        let directory = Directory {
            persons: &self.roster.persons,
            teams: &self.roster.teams,
            policies: &self.roster.policies,
            on_call: &on_call,
            held_until: &held_until,
            silences: &self.roster.silences,
            inhibitions: &self.inhibitions,
            firing: &self.firing,
            settings: &self.settings,
        };
        ask(&directory)
    }
}

fn held_until(person: &Person, at: Timestamp) -> Option<Timestamp> {
    let zone = TimeZone::get(&person.zone).unwrap_or(TimeZone::UTC);
    quiet::held_until(person.quiet.as_ref()?, &zone, at)
}

/// What a rule mutes while it fires, as routing has it: a named rule or a named domain is enough.
fn inhibitions(rule: &taydo_model::rule::Rule) -> Vec<Inhibition> {
    let matcher = |label: &str, values: Vec<String>| Matcher { label: label.to_owned(), values };
    let mut all = Vec::new();
    for one in &rule.inhibits {
        let rules: Vec<String> = one.rules.iter().map(ToString::to_string).collect();
        for (label, values) in [("rule", rules), ("domain", one.domains.clone())] {
            if values.is_empty() {
                continue;
            }
            let mut target = vec![matcher(label, values)];
            target.extend(one.no_data.then(|| matcher("no_data", vec!["true".to_owned()])));
            let equal = one.equal.iter().map(|label| word(*label)).collect();
            all.push(Inhibition { source: vec![matcher("rule", vec![rule.id.to_string()])], target, equal });
        }
    }
    all
}

/// What silences and inhibitions know an alert by.
fn labels(transition: &Transition) -> Labels {
    let mut labels = Labels::from([
        ("rule".to_owned(), transition.rule.to_string()),
        ("scope".to_owned(), transition.scope.to_string()),
        ("team".to_owned(), transition.team.to_string()),
        ("domain".to_owned(), transition.domain.clone()),
        ("severity".to_owned(), word(transition.severity)),
        ("no_data".to_owned(), transition.no_data.to_string()),
    ]);
    match &transition.scope {
        Scope::City => None,
        Scope::Area(area) => labels.insert("area".to_owned(), area.to_string()),
        Scope::Department(department) => labels.insert("department".to_owned(), department.to_string()),
        Scope::Asset(asset) => labels.insert("asset".to_owned(), asset.to_string()),
    };
    if let Some(area) = &transition.area {
        labels.insert("area".to_owned(), area.to_string());
    }
    labels
}

/// Carries transitions on to incidents and their groups, in the transaction that stores them.
pub(in crate::store) async fn apply_transitions(
    store: &Store,
    transaction: &Transaction<'_>,
    definitions: &Definitions,
    transitions: &[&Transition],
    now: Timestamp,
) -> Result<Acted, StoreError> {
    let mut by_key: BTreeMap<GroupKey, Vec<&Transition>> = BTreeMap::new();
    for transition in transitions.iter().filter(|one| matches!(one.turn, Turn::Fired | Turn::Resolved)) {
        let key = GroupKey { team: transition.team.clone(), domain: transition.domain.clone(), exercise: false };
        by_key.entry(key).or_default().push(transition);
    }
    if by_key.is_empty() {
        return Ok(Acted::default());
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
    let mut events: BTreeMap<GroupId, Vec<Event>> = BTreeMap::new();
    for transition in transitions {
        let open = open_incident(transaction, transition).await?;
        let (group, event) = match (transition.turn, transition.cause, open) {
            (Turn::Resolved, Cause::Flapping, Some((incident, group))) | (Turn::Fired, Cause::Flapping, Some((incident, group))) => {
                (group, Event::Flapping { incident })
            }
            (Turn::Fired, Cause::Settled, Some((incident, group))) => (group, Event::Settled { incident }),
            (Turn::Fired, _, Some(_))
            | (Turn::Resolved, Cause::Condition | Cause::Missing | Cause::NoData | Cause::Settled | Cause::RuleGone, None) => continue,
            (Turn::Resolved, cause, Some((incident, group))) => (group, Event::Resolved { incident, cause }),
            (Turn::Fired, cause, None) | (Turn::Resolved, cause @ Cause::Flapping, None) => {
                let group = roomy(transaction, key, &mut groups, &events, now).await?;
                let labels = labels(transition);
                let incident = insert(transaction, group, transition, &labels, now).await?;
                let opening = Opening { incident, severity: transition.severity, labels, flapping: cause == Cause::Flapping };
                (group, Event::Opened(opening))
            }
            (Turn::DataOld | Turn::DataFresh, ..) => continue,
        };
        events.entry(group).or_default().push(event);
    }
    Ok(groups.into_iter().filter_map(|held| Some((events.remove(&held.group.id)?, held))).map(|(events, held)| (held, events)).collect())
}

/// A group of the key that takes one more; a new one, where all are full.
async fn roomy(
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

/// Locks a key, and holds its groups that are not over, in the order of their numbers.
async fn hold_key(transaction: &Transaction<'_>, key: &GroupKey) -> Result<Vec<Held>, StoreError> {
    let name = format!("{}\n{}\n{}", key.team, key.domain, key.exercise);
    transaction.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 4))", &[&name]).await?;
    let sql = "SELECT content, hash FROM incident_group WHERE team = $1 AND domain = $2 AND exercise = $3 AND over_at IS NULL ORDER BY id FOR UPDATE";
    let rows = transaction.query(sql, &[&key.team.as_str(), &key.domain, &key.exercise]).await?;
    rows.iter().map(held).collect()
}

/// Holds one group, over or not.
async fn hold(transaction: &Transaction<'_>, group: GroupId) -> Result<Option<Held>, StoreError> {
    let sql = "SELECT content, hash FROM incident_group WHERE id = $1 FOR UPDATE";
    transaction.query_opt(sql, &[&group.0]).await?.as_ref().map(held).transpose()
}

fn held(row: &Row) -> Result<Held, StoreError> {
    let hash: &[u8] = row.try_get(1)?;
    Ok(Held { group: row.try_get::<_, Json<Group>>(0)?.0, hash: hash.try_into().ok() })
}

/// The alert's open incident, and its group.
async fn open_incident(transaction: &Transaction<'_>, transition: &Transition) -> Result<Option<(IncidentId, GroupId)>, StoreError> {
    let sql = "SELECT id, group_id FROM incident WHERE rule = $1 AND scope = $2 AND no_data = $3 AND resolved_at IS NULL";
    let row = transaction.query_opt(sql, &[&transition.rule.as_str(), &transition.scope.to_string(), &transition.no_data]).await?;
    row.map(|row| Ok((IncidentId(row.try_get(0)?), GroupId(row.try_get(1)?)))).transpose()
}

async fn insert(
    transaction: &Transaction<'_>,
    group: GroupId,
    transition: &Transition,
    labels: &Labels,
    now: Timestamp,
) -> Result<IncidentId, StoreError> {
    let sql = "INSERT INTO incident (group_id, origin, rule, scope, no_data, severity, team, area, labels, content, opened_at, standing) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 'triggered') RETURNING id";
    let origin = Origin::Alert { rule: transition.rule.clone(), scope: transition.scope.clone(), no_data: transition.no_data };
    let area = transition.area.as_ref().map(AreaId::as_str);
    let row = transaction
        .query_one(
            sql,
            &[
                &group.0,
                &Json(&origin),
                &transition.rule.as_str(),
                &transition.scope.to_string(),
                &transition.no_data,
                &word(transition.severity),
                &transition.team.as_str(),
                &area,
                &Json(labels),
                &Json(transition),
                &Micros::from(now),
            ],
        )
        .await?;
    Ok(IncidentId(row.try_get(0)?))
}

/// Writes a group with what came of advancing it.
async fn write(transaction: &Transaction<'_>, held: &mut Held, effects: &[Effect], now: Timestamp) -> Result<Acted, StoreError> {
    let mut acted = Acted::default();
    let mut pages = Vec::new();
    for effect in effects {
        match effect {
            Effect::Log(line) => {
                let hash = routing::hash(held.hash.as_ref(), line);
                log(transaction, line, &hash).await?;
                stand(transaction, line).await?;
                held.hash = Some(hash);
            }
            Effect::Page(page) => pages.push(page),
            Effect::Withdraw(what) => {
                let what =
                    outbox::Withdrawal { group: what.group, escalation: what.escalation, kinds: &what.kinds, person: what.person.as_ref() };
                outbox::withdraw(transaction, what, now).await?;
            }
            Effect::Unreachable => {
                tracing::error!(group = held.group.id.0, "nobody can be told of an incident, not even the keeper of the server")
            }
            Effect::Refused(refusal) => acted.refused.push(*refusal),
        }
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

async fn log(transaction: &Transaction<'_>, line: &LogLine, hash: &Hash) -> Result<(), StoreError> {
    let sql = "INSERT INTO incident_log (group_id, number, at, incidents, line, hash) VALUES ($1, $2, $3, $4, $5, $6)";
    let incidents: Vec<i64> = line.incidents.iter().map(|incident| incident.0).collect();
    let parameters: [&(dyn tokio_postgres::types::ToSql + Sync); 6] =
        [&line.group.0, &line.number, &Micros::from(line.at), &incidents, &Json(line), &&hash[..]];
    transaction.execute(sql, &parameters).await?;
    Ok(())
}

/// Brings the incidents' rows to where a line of the log leaves them, as `taydo_model::incident::log::replay` does.
async fn stand(transaction: &Transaction<'_>, line: &LogLine) -> Result<(), StoreError> {
    let (standing, person) = match &line.entry {
        Entry::Acknowledged { person, .. } | Entry::Joined { person } | Entry::Taken { person } => ("acknowledged", Some(person)),
        Entry::Snoozed { person, .. } => ("snoozed", Some(person)),
        Entry::Triggered { .. } => ("triggered", None),
        Entry::Resolved { .. } | Entry::ResolvedByHand { .. } | Entry::Merged { .. } => ("resolved", None),
        _ => return Ok(()),
    };
    let sql = match standing {
        "resolved" => "UPDATE incident SET standing = $2, resolved_at = $4 WHERE id = ANY($1) AND $3::text IS NULL",
        "triggered" => "UPDATE incident SET standing = $2, assignee = $3 WHERE id = ANY($1) AND $4::timestamptz IS NOT NULL",
        // Whoever answers second doesn't take it from the first.
        _ if matches!(line.entry, Entry::Acknowledged { .. }) => {
            "UPDATE incident SET standing = $2, assignee = $3, acknowledged_at = coalesce(acknowledged_at, $4) WHERE id = ANY($1) AND standing <> 'acknowledged'"
        }
        _ => "UPDATE incident SET standing = $2, assignee = $3, acknowledged_at = coalesce(acknowledged_at, $4) WHERE id = ANY($1)",
    };
    let incidents: Vec<i64> = line.incidents.iter().map(|incident| incident.0).collect();
    transaction.execute(sql, &[&incidents, &standing, &person.map(PersonId::as_str), &Micros::from(line.at)]).await?;
    Ok(())
}

impl Store {
    /// The groups whose time has come, the most overdue first; and when the next one's comes.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn due_groups(&self, now: Timestamp, limit: u32) -> Result<(Vec<GroupId>, Option<Timestamp>), StoreError> {
        let client = self.client().await?;
        let sql = "SELECT id FROM incident_group WHERE over_at IS NULL AND wake <= $1 ORDER BY wake, id LIMIT $2";
        let rows = client.query(sql, &[&Micros::from(now), &i64::from(limit)]).await?;
        let due = rows.iter().map(|row| Ok(GroupId(row.try_get(0)?))).collect::<Result<_, StoreError>>()?;
        let row =
            client.query_one("SELECT min(wake) FROM incident_group WHERE over_at IS NULL AND wake > $1", &[&Micros::from(now)]).await?;
        Ok((due, row.try_get::<_, Option<Micros>>(0)?.map(Micros::timestamp)))
    }

    /// Lets something happen to a group, and what is due with it; without events only what is due. `None` when there is no
    /// such group.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn advance_group(
        &self,
        group: GroupId,
        events: &[Event],
        definitions: &Definitions,
        now: Timestamp,
    ) -> Result<Option<Acted>, StoreError> {
        let mut client = self.client().await?;
        let transaction = tokio_postgres::Client::transaction(&mut client).await?;
        let Some(mut held) = hold(&transaction, group).await? else { return Ok(None) };
        let desk = Desk::open(self, &transaction, definitions, now).await?;
        let acted = desk.advance(&transaction, &mut held, events, now).await?;
        transaction.commit().await?;
        Ok(Some(acted))
    }

    /// Of each page whether it is still to be sent, by its group as it is now; without a group it always is. Waits for whoever
    /// advances one of the groups at this moment.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn still_wanted(&self, pages: &[Page], definitions: &Definitions, now: Timestamp) -> Result<Vec<bool>, StoreError> {
        let mut client = self.client().await?;
        let transaction = tokio_postgres::Client::transaction(&mut client).await?;
        let ids: BTreeSet<i64> = pages.iter().filter_map(|page| Some(page.group?.0)).collect();
        let ids: Vec<i64> = ids.into_iter().collect();
        let sql = "SELECT content, hash FROM incident_group WHERE id = ANY($1) ORDER BY id FOR SHARE";
        let mut groups: BTreeMap<GroupId, Group> = BTreeMap::new();
        for row in transaction.query(sql, &[&ids]).await? {
            let group = held(&row)?.group;
            groups.insert(group.id, group);
        }
        let desk = Desk::open(self, &transaction, definitions, now).await?;
        transaction.commit().await?;
        let is_wanted = |page: &Page, directory: &Directory<'_>| match page.group.map(|id| groups.get(&id)) {
            None => true,
            Some(group) => group.is_some_and(|group| group.still_wants(page, now, directory)),
        };
        // Nobody asks who is on call for what was decided already.
        Ok(desk.look_up(false, |directory| pages.iter().map(|page| is_wanted(page, directory)).collect()))
    }

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

    /// What the authors of silences are to be told that end soon with open incidents inside.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn silence_notices(&self, roster: &Arc<Roster>, now: Timestamp) -> Result<Vec<Page>, StoreError> {
        let soon: Vec<_> = roster.silences.iter().filter(|silence| routing::warn_at(silence) <= now && silence.is_in_force(now)).collect();
        if soon.is_empty() {
            return Ok(Vec::new());
        }
        let mut open: Vec<(IncidentId, Labels)> = Vec::new();
        for row in self.client().await?.query("SELECT id, labels FROM incident WHERE resolved_at IS NULL AND NOT exercise", &[]).await? {
            open.push((IncidentId(row.try_get(0)?), row.try_get::<_, Json<Labels>>(1)?.0));
        }
        let desk = Self::desk_of(roster);
        let notice = |directory: &Directory<'_>| {
            let pages =
                soon.iter().map(|silence| routing::silence_ends(silence, open.iter().map(|(id, labels)| (*id, labels)), now, directory));
            pages.flatten().collect()
        };
        Ok(desk.look_up(false, notice))
    }

    fn desk_of(roster: &Arc<Roster>) -> Desk {
        Desk { roster: roster.clone(), settings: Settings::default(), inhibitions: Vec::new(), firing: Vec::new() }
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
            let sql = "SELECT id FROM incident WHERE key = $1 AND resolved_at IS NULL";
            if let Some(row) = transaction.query_opt(sql, &[key]).await? {
                return Ok(Opened { incident: IncidentId(row.try_get(0)?), is_new: false });
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
