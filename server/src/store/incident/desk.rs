//! Advancing groups: what transitions, people and time do to them, written whole or not at all.
//!
//! It must never advance a group whose row its transaction doesn't hold.

use super::hold::{Held, held, hold};
use super::writing::write;
use crate::store::micros::Micros;
use crate::store::roster::Roster;
use crate::store::{Store, StoreError};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use taydo_engine::quiet;
use taydo_engine::rota::OnCall;
use taydo_engine::routing::{self, Directory, Effect, Event, Firing, Group, Inhibition, Refusal};
use taydo_model::duty::Duty;
use taydo_model::incident::{GroupId, IncidentId};
use taydo_model::oncall::Person;
use taydo_model::page::Page;
use taydo_model::silence::Labels;
use taydo_model::{Definitions, PersonId, RotaId};
use tokio_postgres::Transaction;
use tokio_postgres::types::Json;

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

/// One transaction's view of everything that routing looks up.
pub(super) struct Desk {
    roster: Arc<Roster>,
    duty: Arc<Duty>,
    inhibitions: Vec<Inhibition>,
    firing: Vec<Firing>,
}

impl Desk {
    pub(super) async fn open(
        store: &Store,
        transaction: &Transaction<'_>,
        definitions: &Definitions,
        now: Timestamp,
    ) -> Result<Self, StoreError> {
        let roster = store.roster_in(transaction, now).await?;
        let inhibitions: Vec<Inhibition> = definitions.rules.iter().flat_map(|rule| routing::inhibitions(rule)).collect();
        let mut desk = Self { roster, duty: definitions.duty.clone(), inhibitions, firing: Vec::new() };
        desk.look(transaction).await?;
        Ok(desk)
    }

    /// A view of the roster alone: for whom to reach, and not for what to decide about incidents.
    pub(super) fn of(roster: &Arc<Roster>) -> Self {
        Self { roster: roster.clone(), duty: Arc::default(), inhibitions: Vec::new(), firing: Vec::new() }
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
    pub(super) async fn advance(
        &self,
        transaction: &Transaction<'_>,
        held: &mut Held,
        events: &[Event],
        now: Timestamp,
    ) -> Result<Acted, StoreError> {
        let effects = self.decide(&mut held.group, events, now);
        let now = held.group.at().unwrap_or(now);
        write(transaction, held, &effects, now).await
    }

    fn decide(&self, group: &mut Group, events: &[Event], now: Timestamp) -> Vec<Effect> {
        self.look_up(group.key.exercise, |directory| routing::advance(group, now, events, directory))
    }

    /// Who can't be reached, in an exercise or else in what is real, is not on call there.
    pub(super) fn look_up<T>(&self, exercise: bool, ask: impl FnOnce(&Directory<'_>) -> T) -> T {
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
            duty: &self.duty,
            keeper: self.roster.keeper.as_ref(),
        };
        ask(&directory)
    }
}

fn held_until(person: &Person, at: Timestamp) -> Option<Timestamp> {
    let zone = TimeZone::get(&person.zone).unwrap_or(TimeZone::UTC);
    quiet::held_until(person.quiet.as_ref()?, &zone, at)
}

impl Store {
    /// The groups whose time has come, the most overdue first; and when the next one's comes, unless there are `limit` of them.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn due_groups(&self, now: Timestamp, limit: u32) -> Result<(Vec<GroupId>, Option<Timestamp>), StoreError> {
        let sql = "SELECT id, wake FROM incident_group WHERE over_at IS NULL AND wake IS NOT NULL ORDER BY wake, id LIMIT $1";
        let mut due = Vec::new();
        for row in self.client().await?.query(sql, &[&i64::from(limit)]).await? {
            let wake = row.try_get::<_, Micros>(1)?.timestamp();
            if wake > now {
                return Ok((due, Some(wake)));
            }
            due.push(GroupId(row.try_get(0)?));
        }
        Ok((due, None))
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
        let acted = self.advance_group_in(&transaction, group, events, definitions, now).await?;
        transaction.commit().await?;
        Ok(acted)
    }

    /// The same, in a transaction in which more is done.
    pub(in crate::store) async fn advance_group_in(
        &self,
        transaction: &Transaction<'_>,
        group: GroupId,
        events: &[Event],
        definitions: &Definitions,
        now: Timestamp,
    ) -> Result<Option<Acted>, StoreError> {
        let Some(mut held) = hold(transaction, group).await? else { return Ok(None) };
        let desk = Desk::open(self, transaction, definitions, now).await?;
        Ok(Some(desk.advance(transaction, &mut held, events, now).await?))
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
        let desk = Desk::of(roster);
        let notice = |directory: &Directory<'_>| {
            let pages =
                soon.iter().map(|silence| routing::silence_ends(silence, open.iter().map(|(id, labels)| (*id, labels)), now, directory));
            pages.flatten().collect()
        };
        Ok(desk.look_up(false, notice))
    }
}
