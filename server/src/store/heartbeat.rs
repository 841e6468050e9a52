//! Heartbeats of outside systems.
//!
//! It must never take one that has never beaten for one that fails.

use super::word::{from_word, word};
use super::{Store, StoreError, micros::Micros};
use jiff::Timestamp;
use taydo_model::TeamId;
use taydo_model::heartbeat::{Heartbeat, HeartbeatRow};
use tokio_postgres::Row;
use tokio_postgres::types::Json;

const COLUMNS: &str = "name, title, every_s, severity, team, muted, last_at";

fn decode(row: &Row) -> Result<HeartbeatRow, StoreError> {
    let every_s: i32 = row.try_get(2)?;
    let heartbeat = Heartbeat {
        title: row.try_get::<_, Json<_>>(1)?.0,
        every_s: u32::try_from(every_s).unwrap_or(1),
        severity: from_word(row.try_get(3)?)?,
        team: TeamId::new(row.try_get::<_, &str>(4)?).map_err(|error| StoreError::Internal(error.into()))?,
        muted: row.try_get(5)?,
    };
    Ok(HeartbeatRow { name: row.try_get(0)?, heartbeat, last_at: row.try_get::<_, Option<Micros>>(6)?.map(Micros::timestamp) })
}

impl Store {
    /// Keeps what is expected of an outside system; when it last beat stays.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn save_heartbeat(&self, name: &str, one: &Heartbeat) -> Result<(), StoreError> {
        let sql = "INSERT INTO heartbeat (name, title, every_s, severity, team, muted) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (name) DO UPDATE \
            SET title = excluded.title, every_s = excluded.every_s, severity = excluded.severity, team = excluded.team, muted = excluded.muted";
        let (every_s, severity) = (i32::try_from(one.every_s).unwrap_or(i32::MAX), word(one.severity));
        self.client().await?.execute(sql, &[&name, &Json(&one.title), &every_s, &severity, &one.team.as_str(), &one.muted]).await?;
        Ok(())
    }

    /// Takes one away. `false` when there was none of this name.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn remove_heartbeat(&self, name: &str) -> Result<bool, StoreError> {
        Ok(self.client().await?.execute("DELETE FROM heartbeat WHERE name = $1", &[&name]).await? > 0)
    }

    /// It is there. Whether an incident was open for its silence; `None` when nobody expects it.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn heartbeat(&self, name: &str, now: Timestamp) -> Result<Option<bool>, StoreError> {
        let sql = "UPDATE heartbeat SET last_at = $2, told = false FROM (SELECT name, told FROM heartbeat WHERE name = $1 FOR UPDATE) AS was \
            WHERE heartbeat.name = was.name RETURNING was.told";
        let row = self.client().await?.query_opt(sql, &[&name, &Micros::from(now)]).await?;
        Ok(row.map(|row| row.try_get(0)).transpose()?)
    }

    /// All of them.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn heartbeats(&self) -> Result<Vec<HeartbeatRow>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM heartbeat ORDER BY name");
        self.client().await?.query(&sql, &[]).await?.iter().map(decode).collect()
    }

    /// Those whose silence has lasted long enough, and of which nobody was told.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn silent_heartbeats(&self, now: Timestamp) -> Result<Vec<HeartbeatRow>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM heartbeat WHERE NOT told AND muted IS NULL AND last_at + every_s * interval '1 second' <= $1 ORDER BY name"
        );
        self.client().await?.query(&sql, &[&Micros::from(now)]).await?.iter().map(decode).collect()
    }

    /// Notes that an incident is open for its silence.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn note_silence_told(&self, name: &str) -> Result<(), StoreError> {
        self.client().await?.execute("UPDATE heartbeat SET told = true WHERE name = $1", &[&name]).await?;
        Ok(())
    }

    /// The rules' last evaluations: each rule with its instant.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn evaluated_at(&self) -> Result<Vec<(String, Timestamp)>, StoreError> {
        let rows = self.client().await?.query("SELECT rule, at FROM rule_evaluation", &[]).await?;
        rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get::<_, Micros>(1)?.timestamp()))).collect()
    }
}
