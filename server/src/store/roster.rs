//! The roster: persons and their contacts, teams, policies, rotas and silences.
//!
//! Every change raises its version in the same transaction, so that a copy is known to be old. It must never say who is on
//! call or whom to page.

pub(in crate::store) mod contact;
mod person;
mod rota;
mod silence;

pub use contact::{CodeSent, Verified};
pub use rota::OverrideRefused;

use super::{Store, StoreError};
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use taydo_model::oncall::{Person, Policy, Team};
use taydo_model::rota::Rota;
use taydo_model::silence::Silence;
use taydo_model::{PersonId, PolicyId, RotaId, TeamId};
use tokio_postgres::types::{Json, ToSql};
use tokio_postgres::{Row, Transaction};

/// The roster as it is at one version.
#[derive(Debug, Clone, Default)]
pub struct Roster {
    /// Counts the changes.
    pub version: i64,
    /// Everybody who has not left.
    pub persons: BTreeMap<PersonId, Person>,
    /// The teams.
    pub teams: BTreeMap<TeamId, Team>,
    /// The policies.
    pub policies: BTreeMap<PolicyId, Policy>,
    /// The rotas, with what is changed for once and not past.
    pub rotas: BTreeMap<RotaId, Rota>,
    /// Who is told when nobody else can be.
    pub keeper: Option<PersonId>,
    /// The silences that are not over.
    pub silences: Vec<Silence>,
}

impl Roster {
    /// Whether somebody has a contact that pages may be sent to: in an exercise, or else in what is real.
    #[must_use]
    pub fn reaches(&self, person: &PersonId, exercise: bool) -> bool {
        self.persons.get(person).is_some_and(|person| person.contacts.iter().any(|contact| contact.is_usable_in(exercise)))
    }
}

/// The last roster that was read.
#[derive(Debug, Default)]
pub(super) struct Latest(Mutex<Arc<Roster>>);

impl Latest {
    fn get(&self) -> Arc<Roster> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn put(&self, roster: &Arc<Roster>) {
        let mut latest = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if latest.version < roster.version {
            latest.clone_from(roster);
        }
    }
}

impl Store {
    /// A key that the server has made for itself, the same from the first time it is asked for.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn secret(&self, name: &str) -> Result<Vec<u8>, StoreError> {
        let client = self.client().await?;
        // Two random UUIDs have 244 random bits, from the system's own source.
        let sql = "INSERT INTO secret (name, key) VALUES ($1, uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())) ON CONFLICT DO NOTHING";
        client.execute(sql, &[&name]).await?;
        Ok(client.query_one("SELECT key FROM secret WHERE name = $1", &[&name]).await?.try_get(0)?)
    }

    /// Carries out one statement that changes the roster, with its version; returns how many rows it has changed.
    async fn change_roster(&self, sql: &str, parameters: &[&(dyn ToSql + Sync)]) -> Result<u64, StoreError> {
        let mut client = self.client().await?;
        let transaction = tokio_postgres::Client::transaction(&mut client).await?;
        let changed = transaction.execute(sql, parameters).await?;
        change(&transaction).await?;
        transaction.commit().await?;
        Ok(changed)
    }

    /// The same for one that gives the number of its row, where it has written one.
    async fn change_roster_row(&self, sql: &str, parameters: &[&(dyn ToSql + Sync)]) -> Result<Option<i64>, StoreError> {
        let mut client = self.client().await?;
        let transaction = tokio_postgres::Client::transaction(&mut client).await?;
        let row = transaction.query_opt(sql, parameters).await?;
        change(&transaction).await?;
        transaction.commit().await?;
        Ok(row.map(|row| row.try_get(0)).transpose()?)
    }

    /// The roster as it is now.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn roster(&self, now: Timestamp) -> Result<Arc<Roster>, StoreError> {
        let mut client = self.client().await?;
        let transaction = tokio_postgres::Client::transaction(&mut client).await?;
        let roster = self.roster_in(&transaction, now).await?;
        transaction.commit().await?;
        Ok(roster)
    }

    /// The roster with the rotas' changes that were not past at an earlier moment: what who was on call since then is reckoned
    /// from.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn roster_since(&self, since: Timestamp) -> Result<Roster, StoreError> {
        let mut client = self.client().await?;
        let transaction = tokio_postgres::Client::transaction(&mut client).await?;
        let row = transaction.query_one("SELECT version, keeper FROM roster_version FOR SHARE", &[]).await?;
        let roster = read(&transaction, &row, since).await?;
        transaction.commit().await?;
        Ok(roster)
    }

    /// The roster as a transaction sees it. Its version is locked against changes until the transaction ends, so that nobody
    /// is paged by a roster that was changed before the page was decided.
    pub(super) async fn roster_in(&self, transaction: &Transaction<'_>, now: Timestamp) -> Result<Arc<Roster>, StoreError> {
        let row = transaction.query_one("SELECT version, keeper FROM roster_version FOR SHARE", &[]).await?;
        let version: i64 = row.try_get(0)?;
        let latest = self.0.roster.get();
        if latest.version == version {
            return Ok(latest);
        }
        let roster = Arc::new(read(transaction, &row, now).await?);
        self.0.roster.put(&roster);
        Ok(roster)
    }
}

/// Raises the version; whoever reads the roster for a decision waits until the change is there.
async fn change(transaction: &Transaction<'_>) -> Result<(), StoreError> {
    transaction.execute("UPDATE roster_version SET version = version + 1", &[]).await?;
    Ok(())
}

async fn read(transaction: &Transaction<'_>, row: &Row, now: Timestamp) -> Result<Roster, StoreError> {
    let keeper = row.try_get::<_, Option<&str>>(1)?.and_then(|keeper| PersonId::new(keeper).ok());
    let mut roster = Roster { version: row.try_get(0)?, keeper, ..Roster::default() };
    for row in transaction.query("SELECT content FROM person WHERE removed_at IS NULL", &[]).await? {
        let person: Person = content(&row, 0)?;
        roster.persons.insert(person.id.clone(), person);
    }
    contact::read(transaction, &mut roster.persons).await?;
    for row in transaction.query("SELECT content FROM team", &[]).await? {
        let team: Team = content(&row, 0)?;
        roster.teams.insert(team.id.clone(), team);
    }
    for row in transaction.query("SELECT content FROM policy", &[]).await? {
        let policy: Policy = content(&row, 0)?;
        roster.policies.insert(policy.id.clone(), policy);
    }
    roster.rotas = rota::read(transaction, now).await?;
    roster.silences = silence::read(transaction, now).await?;
    Ok(roster)
}

fn content<T: DeserializeOwned>(row: &Row, at: usize) -> Result<T, StoreError> {
    Ok(row.try_get::<_, Json<T>>(at)?.0)
}
