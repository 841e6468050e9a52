//! Events: everything that was ever said of each.
//!
//! Append-only: it must never change or delete what was said.

use super::word::{from_word, word};
use super::{Store, StoreError, micros::Micros, text::storable};
use jiff::Timestamp;
use taydo_model::event::{Event, Saying};
use taydo_model::{AreaId, Text};
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

const COLUMNS: &str = "id, version, said_at, kind, title_vi, title_en, area, from_time, to_time, source, withdrawn";

impl Store {
    /// Keeps what is said of an event: of a new one, or, with a number, of one that there is. `None` when there is none
    /// with this number.
    ///
    /// # Errors
    /// `Conflict` when something else was said of the same event at the same time; see [`StoreError`].
    pub async fn say_event(&self, id: Option<i64>, says: &Saying, now: Timestamp) -> Result<Option<Event>, StoreError> {
        let which = match id {
            None => "SELECT nextval('event_id'), 1",
            Some(_) => "SELECT id, max(version) + 1 FROM event WHERE id = $10 GROUP BY id",
        };
        let sql = format!(
            "INSERT INTO event ({COLUMNS}) SELECT which.id, which.version, $1, $2, $3, $4, $5, $6, $7, $8, $9 \
             FROM ({which}) AS which (id, version) RETURNING {COLUMNS}"
        );
        let kind = word(says.kind);
        let title = (storable(&says.title.vi), storable(&says.title.en));
        let area = says.area.as_ref().map(AreaId::as_str);
        let (from, to, source) = (Micros::from(says.from), says.to.map(Micros::from), storable(&says.source));
        let now = Micros::from(now);
        let mut parameters: Vec<&(dyn ToSql + Sync)> = vec![&now, &kind, &title.0, &title.1, &area, &from, &to, &source, &says.withdrawn];
        parameters.extend(id.as_ref().map(|id| id as &(dyn ToSql + Sync)));
        self.client().await?.query_opt(&sql, &parameters).await?.as_ref().map(decode).transpose()
    }

    /// The events that touch a stretch of time, as they were last said (with `as_of`, by then), in order of their beginning; at
    /// most `limit`.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn events(
        &self,
        (from, to): (Timestamp, Timestamp),
        as_of: Option<Timestamp>,
        withdrawn: bool,
        limit: u32,
    ) -> Result<Vec<Event>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM (SELECT DISTINCT ON (id) {COLUMNS} FROM event \
             WHERE said_at <= coalesce($5::timestamptz, 'infinity') ORDER BY id, version DESC) AS newest \
             WHERE from_time <= $2 AND (to_time IS NULL OR to_time >= $1) AND ($3 OR NOT withdrawn) ORDER BY from_time, id LIMIT $4"
        );
        let (from, to, as_of) = (Micros::from(from), Micros::from(to), as_of.map(Micros::from));
        let rows = self.client().await?.query(&sql, &[&from, &to, &withdrawn, &i64::from(limit), &as_of]).await?;
        rows.iter().map(decode).collect()
    }

    /// Everything that was said of an event, the newest first; empty when there is none with this number.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn event_history(&self, id: i64) -> Result<Vec<Event>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM event WHERE id = $1 ORDER BY version DESC");
        self.client().await?.query(&sql, &[&id]).await?.iter().map(decode).collect()
    }
}

fn decode(row: &Row) -> Result<Event, StoreError> {
    let area = row.try_get::<_, Option<&str>>(6)?.map(AreaId::new).transpose().map_err(|error| StoreError::Internal(error.into()))?;
    let says = Saying {
        kind: from_word(row.try_get(3)?)?,
        title: Text { vi: row.try_get(4)?, en: row.try_get(5)? },
        area,
        from: row.try_get::<_, Micros>(7)?.timestamp(),
        to: row.try_get::<_, Option<Micros>>(8)?.map(Micros::timestamp),
        source: row.try_get(9)?,
        withdrawn: row.try_get(10)?,
    };
    Ok(Event { id: row.try_get(0)?, version: row.try_get(1)?, updated: row.try_get::<_, Micros>(2)?.timestamp(), says })
}
