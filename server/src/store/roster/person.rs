//! Persons, teams and policies.
//!
//! It must never delete a person: logs name them.

use crate::store::micros::Micros;
use crate::store::{Store, StoreError};
use jiff::Timestamp;
use taydo_model::oncall::{Person, Policy, Team};
use taydo_model::{PersonId, PolicyId, TeamId};
use tokio_postgres::types::Json;

/// Nobody is told who isn't there.
const KEEPER: &str = "UPDATE roster_version SET keeper = $1";
const PERSON: &str = "INSERT INTO person (id, content) VALUES ($1, $2) \
    ON CONFLICT (id) DO UPDATE SET content = excluded.content, removed_at = NULL";
const TEAM: &str = "INSERT INTO team (id, content) VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET content = excluded.content";
const POLICY: &str = "INSERT INTO policy (id, content) VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET content = excluded.content";

impl Store {
    /// Keeps what is said of a person; their contacts are kept apart, and stay as they are.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn save_person(&self, person: &Person) -> Result<(), StoreError> {
        let bare = Person { contacts: Vec::new(), ..person.clone() };
        self.change_roster(PERSON, &[&person.id.as_str(), &Json(&bare)]).await?;
        Ok(())
    }

    /// Says who is told when nobody else can be.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn save_keeper(&self, keeper: Option<&PersonId>) -> Result<(), StoreError> {
        self.change_roster(KEEPER, &[&keeper.map(PersonId::as_str)]).await?;
        Ok(())
    }

    /// Somebody leaves: nobody is paged there any more. `false` when there was nobody of this name.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn remove_person(&self, person: &PersonId, now: Timestamp) -> Result<bool, StoreError> {
        let sql = "UPDATE person SET removed_at = $2 WHERE id = $1 AND removed_at IS NULL";
        Ok(self.change_roster(sql, &[&person.as_str(), &Micros::from(now)]).await? > 0)
    }

    /// Keeps a team.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn save_team(&self, team: &Team) -> Result<(), StoreError> {
        self.change_roster(TEAM, &[&team.id.as_str(), &Json(team)]).await?;
        Ok(())
    }

    /// Keeps a policy. Escalations that are under way go on by the copy that they took.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn save_policy(&self, policy: &Policy) -> Result<(), StoreError> {
        self.change_roster(POLICY, &[&policy.id.as_str(), &Json(policy)]).await?;
        Ok(())
    }

    /// Takes a team away. `false` when there was none of this name.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn remove_team(&self, team: &TeamId) -> Result<bool, StoreError> {
        Ok(self.change_roster("DELETE FROM team WHERE id = $1", &[&team.as_str()]).await? > 0)
    }

    /// Takes a policy away. `false` when there was none of this name.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn remove_policy(&self, policy: &PolicyId) -> Result<bool, StoreError> {
        Ok(self.change_roster("DELETE FROM policy WHERE id = $1", &[&policy.as_str()]).await? > 0)
    }
}
