//! Rotas, and what is changed in them for once.
//!
//! It must never let two overrides that name the same person overlap: a constraint of the database says no, whoever asks.

use super::{change, content};
use crate::store::micros::Micros;
use crate::store::{Store, StoreError};
use jiff::Timestamp;
use std::collections::BTreeMap;
use taydo_model::RotaId;
use taydo_model::rota::{Override, OverrideId, Rota, RotaParts, TemporaryId, TemporarySchedule};
use tokio_postgres::error::SqlState;
use tokio_postgres::types::Json;
use tokio_postgres::{Row, Transaction};

const ROTA: &str = "INSERT INTO rota (id, team, content) VALUES ($1, $2, $3) ON CONFLICT (id) DO UPDATE SET team = excluded.team, content = excluded.content";

/// Why an override wasn't taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OverrideRefused {
    /// There is no such rota.
    NoRota,
    /// This one names the same person at the same time.
    Overlaps(Box<Override>),
}

/// The rotas, each with its changes that are not past.
pub(super) async fn read(transaction: &Transaction<'_>, now: Timestamp) -> Result<BTreeMap<RotaId, Rota>, StoreError> {
    let mut all: BTreeMap<RotaId, RotaParts> = BTreeMap::new();
    for row in transaction.query("SELECT content FROM rota", &[]).await? {
        let parts: RotaParts = content(&row, 0)?;
        all.insert(parts.id.clone(), parts);
    }
    let now = Micros::from(now);
    for row in transaction.query("SELECT id, content, rota FROM rota_override WHERE upper(during) > $1 ORDER BY id", &[&now]).await? {
        let one = decode(&row)?;
        if let Some(parts) = rota_of(&row, &mut all)? {
            parts.overrides.push(one);
        }
    }
    for row in transaction.query("SELECT id, content, rota FROM rota_temporary WHERE until > $1 ORDER BY id", &[&now]).await? {
        let one = TemporarySchedule { id: TemporaryId(row.try_get(0)?), ..content(&row, 1)? };
        if let Some(parts) = rota_of(&row, &mut all)? {
            parts.temporary.push(one);
        }
    }
    let sound = |(id, parts): (RotaId, RotaParts)| match Rota::new(parts) {
        Ok(rota) => Some((id, rota)),
        Err(problems) => {
            tracing::error!(rota = %id, ?problems, "a stored rota isn't sound, and nobody is on call by it");
            None
        }
    };
    Ok(all.into_iter().filter_map(sound).collect())
}

fn rota_of<'a>(row: &Row, all: &'a mut BTreeMap<RotaId, RotaParts>) -> Result<Option<&'a mut RotaParts>, StoreError> {
    let id: &str = row.try_get(2)?;
    Ok(all.get_mut(id))
}

fn decode(row: &Row) -> Result<Override, StoreError> {
    Ok(Override { id: OverrideId(row.try_get(0)?), ..content(row, 1)? })
}

impl Store {
    /// Keeps a rota; its overrides and temporary schedules are kept apart, and stay.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn save_rota(&self, rota: &Rota) -> Result<(), StoreError> {
        let bare = RotaParts { overrides: Vec::new(), temporary: Vec::new(), ..rota.parts().clone() };
        self.change_roster(ROTA, &[&bare.id.as_str(), &bare.team.as_str(), &Json(&bare)]).await?;
        Ok(())
    }

    /// Takes a rota away, with what was changed in it. `false` when there was none of this name.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn remove_rota(&self, rota: &RotaId) -> Result<bool, StoreError> {
        Ok(self.change_roster("DELETE FROM rota WHERE id = $1", &[&rota.as_str()]).await? > 0)
    }

    /// Changes a rota for once. Its number, or why it isn't taken.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn add_override(
        &self,
        rota: &RotaId,
        one: &Override,
        author: Option<&str>,
        now: Timestamp,
    ) -> Result<Result<OverrideId, OverrideRefused>, StoreError> {
        let mut client = self.client().await?;
        let transaction = tokio_postgres::Client::transaction(&mut client).await?;
        let sql = "INSERT INTO rota_override (rota, content, during, author, made_at) SELECT id, $2, tstzrange($3, $4), $5, $6 FROM rota WHERE id = $1 RETURNING id";
        let (from, to) = (Micros::from(one.from), Micros::from(one.to));
        let row = transaction.query_opt(sql, &[&rota.as_str(), &Json(one), &from, &to, &author, &Micros::from(now)]).await?;
        let Some(row) = row else { return Ok(Err(OverrideRefused::NoRota)) };
        let id: i64 = row.try_get(0)?;
        for person in one.change.persons() {
            let sql = "INSERT INTO rota_override_person (override, rota, person, during) VALUES ($1, $2, $3, tstzrange($4, $5))";
            let inserted = transaction.execute(sql, &[&id, &rota.as_str(), &person.as_str(), &from, &to]).await;
            match inserted {
                Ok(_) => {}
                Err(error) if error.code() == Some(&SqlState::EXCLUSION_VIOLATION) => {
                    transaction.rollback().await?;
                    let sql = "SELECT o.id, o.content FROM rota_override o JOIN rota_override_person p ON p.override = o.id \
                        WHERE p.rota = $1 AND p.person = $2 AND p.during && tstzrange($3, $4) LIMIT 1";
                    let other = client.query_opt(sql, &[&rota.as_str(), &person.as_str(), &from, &to]).await?;
                    // It was there a moment ago; somebody took it away since.
                    let Some(other) = other else { return Err(StoreError::Conflict(error.into())) };
                    return Ok(Err(OverrideRefused::Overlaps(Box::new(decode(&other)?))));
                }
                Err(error) => return Err(error.into()),
            }
        }
        change(&transaction).await?;
        transaction.commit().await?;
        Ok(Ok(OverrideId(id)))
    }

    /// Takes an override away that is not past. `false` when there is none.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn remove_override(&self, id: OverrideId, now: Timestamp) -> Result<bool, StoreError> {
        Ok(self.change_roster("DELETE FROM rota_override WHERE id = $1 AND upper(during) > $2", &[&id.0, &Micros::from(now)]).await? > 0)
    }

    /// Puts fixed shifts in the place of a rota for a while; `None` when there is no such rota.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn add_temporary(&self, rota: &RotaId, one: &TemporarySchedule) -> Result<Option<TemporaryId>, StoreError> {
        let sql = "INSERT INTO rota_temporary (rota, content, until) SELECT id, $2, $3 FROM rota WHERE id = $1 RETURNING id";
        Ok(self.change_roster_row(sql, &[&rota.as_str(), &Json(one), &Micros::from(one.to)]).await?.map(TemporaryId))
    }

    /// Takes a temporary schedule away that is not past. `false` when there is none.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn remove_temporary(&self, id: TemporaryId, now: Timestamp) -> Result<bool, StoreError> {
        Ok(self.change_roster("DELETE FROM rota_temporary WHERE id = $1 AND until > $2", &[&id.0, &Micros::from(now)]).await? > 0)
    }
}
