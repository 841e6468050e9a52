//! Walls: what they show, their screens, and what people did with both.
//!
//! It must never keep a screen's token, only its hash, nor change or delete an act.

use super::{Store, StoreError, micros::Micros};
use jiff::Timestamp;
use taydo_model::wall::page::{ScreenId, WallActed, WallDeed};
use taydo_model::wall::plan::Plan;
use taydo_model::{PersonId, WallId};
use tokio_postgres::Row;
use tokio_postgres::types::Json;

/// An enrolled screen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Screen {
    /// Its number.
    pub id: ScreenId,
    /// Its wall.
    pub wall: WallId,
    /// Which display of it.
    pub display: String,
    /// The SHA-256 of its token.
    pub token: Vec<u8>,
    /// When it was enrolled.
    pub enrolled_at: Timestamp,
    /// By whom.
    pub enrolled_by: PersonId,
    /// When it last drew, to the minute.
    pub drawn_at: Option<Timestamp>,
}

fn internal(error: impl std::error::Error + Send + Sync + 'static) -> StoreError {
    StoreError::Internal(Box::new(error).into())
}

fn decode(row: &Row) -> Result<Screen, StoreError> {
    Ok(Screen {
        id: ScreenId(row.try_get(0)?),
        wall: WallId::new(row.try_get::<_, &str>(1)?).map_err(internal)?,
        display: row.try_get(2)?,
        token: row.try_get(3)?,
        enrolled_at: row.try_get::<_, Micros>(4)?.timestamp(),
        enrolled_by: PersonId::new(row.try_get::<_, &str>(5)?).map_err(internal)?,
        drawn_at: row.try_get::<_, Option<Micros>>(6)?.map(Micros::timestamp),
    })
}

const NOTE: &str = "INSERT INTO wall_act (wall, at, person, act) VALUES ($1, $2, $3, $4)";

impl Store {
    /// Thirty-two bytes that nobody can guess.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn unguessable(&self) -> Result<Vec<u8>, StoreError> {
        let sql = "SELECT sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()))";
        Ok(self.client().await?.query_one(sql, &[]).await?.try_get(0)?)
    }

    /// What each wall shows.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn wall_plans(&self) -> Result<Vec<(WallId, Plan)>, StoreError> {
        let rows = self.client().await?.query("SELECT wall, plan FROM wall_plan", &[]).await?;
        let decode = |row: &Row| Ok((WallId::new(row.try_get::<_, &str>(0)?).map_err(internal)?, row.try_get::<_, Json<Plan>>(1)?.0));
        rows.iter().map(decode).collect()
    }

    /// Keeps what a wall shows and, where somebody wanted it so, what they did.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn save_wall_plan(&self, wall: &WallId, plan: &Plan, acted: Option<&WallActed>) -> Result<(), StoreError> {
        let mut client = self.client().await?;
        let transaction = tokio_postgres::Client::transaction(&mut client).await?;
        let sql = "INSERT INTO wall_plan (wall, plan) VALUES ($1, $2) ON CONFLICT (wall) DO UPDATE SET plan = excluded.plan";
        transaction.execute(sql, &[&wall.as_str(), &Json(plan)]).await?;
        if let Some(WallActed { at, person, act }) = acted {
            transaction.execute(NOTE, &[&wall.as_str(), &Micros::from(*at), &person.as_str(), &Json(act)]).await?;
        }
        Ok(transaction.commit().await?)
    }

    /// What was done last with a wall and its screens, the newest first.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn wall_acts(&self, wall: &WallId, limit: u32) -> Result<Vec<WallActed>, StoreError> {
        let sql = "SELECT at, person, act FROM wall_act WHERE wall = $1 ORDER BY id DESC LIMIT $2";
        let rows = self.client().await?.query(sql, &[&wall.as_str(), &i64::from(limit)]).await?;
        let decode = |row: &Row| {
            Ok(WallActed {
                at: row.try_get::<_, Micros>(0)?.timestamp(),
                person: PersonId::new(row.try_get::<_, &str>(1)?).map_err(internal)?,
                act: row.try_get::<_, Json<WallDeed>>(2)?.0,
            })
        };
        rows.iter().map(decode).collect()
    }

    /// The screens whose tokens count.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn screens(&self) -> Result<Vec<Screen>, StoreError> {
        let sql = "SELECT id, wall, display, token, enrolled_at, enrolled_by, drawn_at FROM screen WHERE revoked_at IS NULL ORDER BY id";
        self.client().await?.query(sql, &[]).await?.iter().map(decode).collect()
    }

    /// Enrols a screen; its number is given here.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn enrol_screen(&self, new: &Screen) -> Result<ScreenId, StoreError> {
        let mut client = self.client().await?;
        let transaction = tokio_postgres::Client::transaction(&mut client).await?;
        let sql = "INSERT INTO screen (wall, display, token, enrolled_at, enrolled_by) VALUES ($1, $2, $3, $4, $5) RETURNING id";
        let (wall, at, person) = (new.wall.as_str(), Micros::from(new.enrolled_at), new.enrolled_by.as_str());
        let row = transaction.query_one(sql, &[&wall, &new.display, &new.token, &at, &person]).await?;
        let id = ScreenId(row.try_get(0)?);
        let deed = taydo_model::wall::page::ScreenDeed::Enrol { screen: id, display: new.display.clone() };
        transaction.execute(NOTE, &[&wall, &at, &person, &Json(WallDeed::Screen(deed))]).await?;
        transaction.commit().await?;
        Ok(id)
    }

    /// A screen's token counts no more.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn revoke_screen(&self, screen: &Screen, person: &PersonId, now: Timestamp) -> Result<(), StoreError> {
        let mut client = self.client().await?;
        let transaction = tokio_postgres::Client::transaction(&mut client).await?;
        let sql = "UPDATE screen SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL";
        let at = Micros::from(now);
        if transaction.execute(sql, &[&screen.id.0, &at]).await? > 0 {
            let deed = WallDeed::Screen(taydo_model::wall::page::ScreenDeed::Revoke { screen: screen.id });
            transaction.execute(NOTE, &[&screen.wall.as_str(), &at, &person.as_str(), &Json(deed)]).await?;
        }
        Ok(transaction.commit().await?)
    }

    /// Notes when screens last drew.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn note_drawn(&self, drawn: &[(ScreenId, Timestamp)]) -> Result<(), StoreError> {
        let (ids, at): (Vec<i64>, Vec<Micros>) = drawn.iter().map(|(id, at)| (id.0, Micros::from(*at))).unzip();
        let sql =
            "UPDATE screen SET drawn_at = new.at FROM unnest($1::bigint[], $2::timestamptz[]) AS new (id, at) WHERE screen.id = new.id";
        self.client().await?.execute(sql, &[&ids, &at]).await?;
        Ok(())
    }
}
