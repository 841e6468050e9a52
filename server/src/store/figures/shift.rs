//! Shifts on record: who was on call, from when to when.
//!
//! It must never be written by two servers at once: whoever records locks the one row that says up to when it is done.

use super::parsed;
use crate::store::micros::{Micros, cut};
use crate::store::roster::Roster;
use crate::store::{Store, StoreError};
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use taydo_engine::duty::record::{Turn, turns};
use taydo_engine::rota::OnCall;
use taydo_model::figures::RecordedShift;
use taydo_model::{PersonId, RotaId, TeamId};
use tokio_postgres::{Client, Transaction};

/// Those that touch a time, in order.
pub(super) async fn between(client: &Client, from: Micros, to: Micros, team: Option<&str>) -> Result<Vec<RecordedShift>, StoreError> {
    let sql = "SELECT rota, team, person, began_at, ended_at FROM shift WHERE began_at < $2 AND (ended_at IS NULL OR ended_at > $1) \
        AND ($3::text IS NULL OR team = $3) ORDER BY began_at, rota, person";
    let rows = client.query(sql, &[&from, &to, &team]).await?;
    let decode = |row: &tokio_postgres::Row| {
        Ok(RecordedShift {
            rota: parsed(row.try_get(0)?)?,
            team: parsed(row.try_get(1)?)?,
            person: parsed(row.try_get(2)?)?,
            from: row.try_get::<_, Micros>(3)?.timestamp(),
            to: row.try_get::<_, Option<Micros>>(4)?.map(Micros::timestamp),
        })
    };
    rows.iter().map(decode).collect()
}

/// Who is on record as on call, by rota.
type There = BTreeMap<RotaId, BTreeSet<PersonId>>;

impl Store {
    /// Up to when shifts are on record; `None` before the first time.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn shifts_until(&self) -> Result<Option<Timestamp>, StoreError> {
        let row = self.client().await?.query_one("SELECT until FROM shift_record", &[]).await?;
        Ok(row.try_get::<_, Option<Micros>>(0)?.map(Micros::timestamp))
    }

    /// Records who came on call and who left since the last time: by the rotas as they were until `now`, and from `now` on as
    /// they are. Where another server has recorded beyond `now`, nothing is.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn record_shifts(&self, before: &Roster, after: &Roster, now: Timestamp) -> Result<(), StoreError> {
        let now = cut(now);
        let mut client = self.client().await?;
        let transaction = tokio_postgres::Client::transaction(&mut client).await?;
        let row = transaction.query_one("SELECT until FROM shift_record FOR UPDATE", &[]).await?;
        let last = row.try_get::<_, Option<Micros>>(0)?.map_or(now, Micros::timestamp);
        if now < last {
            return Ok(());
        }
        let mut there = there(&transaction).await?;
        write(&transaction, before, &mut there, last, now).await?;
        if before.version != after.version {
            write(&transaction, after, &mut there, now, now).await?;
        }
        transaction.execute("UPDATE shift_record SET until = $1", &[&Micros::from(now)]).await?;
        transaction.commit().await?;
        Ok(())
    }
}

async fn there(transaction: &Transaction<'_>) -> Result<There, StoreError> {
    let mut there = There::new();
    for row in transaction.query("SELECT rota, person FROM shift WHERE ended_at IS NULL", &[]).await? {
        there.entry(parsed(row.try_get(0)?)?).or_default().insert(parsed(row.try_get(1)?)?);
    }
    Ok(there)
}

/// Writes what has changed by a roster's rotas; a rota that is no longer there has nobody on call from `last` on.
async fn write(
    transaction: &Transaction<'_>,
    roster: &Roster,
    there: &mut There,
    last: Timestamp,
    now: Timestamp,
) -> Result<(), StoreError> {
    let gone: Vec<RotaId> = there.keys().filter(|rota| !roster.rotas.contains_key(*rota)).cloned().collect();
    for rota in gone {
        let sql = "UPDATE shift SET ended_at = greatest($2, began_at) WHERE rota = $1 AND ended_at IS NULL";
        transaction.execute(sql, &[&rota.as_str(), &Micros::from(last)]).await?;
        there.remove(&rota);
    }
    for (rota, team, turn) in changes(roster, there, last, now) {
        apply(transaction, &rota, &team, &turn).await?;
        let persons = there.entry(rota).or_default();
        if turn.comes {
            persons.insert(turn.person);
        } else {
            persons.remove(&turn.person);
        }
    }
    Ok(())
}

/// Who comes on call and who leaves, by all rotas.
fn changes(roster: &Roster, there: &There, last: Timestamp, now: Timestamp) -> Vec<(RotaId, TeamId, Turn)> {
    let reachable = |person: &PersonId| roster.reaches(person, false);
    let nobody = BTreeSet::new();
    let mut changes = Vec::new();
    for (id, rota) in &roster.rotas {
        let turns = turns(there.get(id).unwrap_or(&nobody), &OnCall::new(rota, &reachable), last, now);
        changes.extend(turns.into_iter().map(|turn| (id.clone(), rota.parts().team.clone(), turn)));
    }
    changes
}

async fn apply(transaction: &Transaction<'_>, rota: &RotaId, team: &TeamId, turn: &Turn) -> Result<(), StoreError> {
    let (rota, person, at) = (rota.as_str(), turn.person.as_str(), Micros::from(turn.at));
    if turn.comes {
        // Whoever left and came back at one moment never left.
        let sql = "INSERT INTO shift (rota, team, person, began_at) VALUES ($1, $2, $3, $4) \
            ON CONFLICT (rota, person, began_at) DO UPDATE SET ended_at = NULL";
        transaction.execute(sql, &[&rota, &team.as_str(), &person, &at]).await?;
    } else {
        let sql = "UPDATE shift SET ended_at = greatest($3, began_at) WHERE rota = $1 AND person = $2 AND ended_at IS NULL";
        transaction.execute(sql, &[&rota, &person, &at]).await?;
    }
    Ok(())
}
