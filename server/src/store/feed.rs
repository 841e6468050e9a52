//! Feeds and shifts, as far as the steward has to remember them across restarts and servers.
//!
//! It must never move a time back.

use super::{Store, StoreError, micros::Micros};
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use taydo_model::SourceId;
use taydo_model::alert::Transition;
use tokio_postgres::types::Json;

/// The most transitions of one look.
const MOST: i64 = 10_000;

impl Store {
    /// Notes when something last came of these sources; what is known to be later stays.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn note_feeds(&self, last: &BTreeMap<SourceId, Timestamp>) -> Result<(), StoreError> {
        if last.is_empty() {
            return Ok(());
        }
        let sql = "INSERT INTO feed (source, last_at) SELECT * FROM unnest($1::text[], $2::timestamptz[]) \
            ON CONFLICT (source) DO UPDATE SET last_at = excluded.last_at WHERE feed.last_at < excluded.last_at";
        let sources: Vec<&str> = last.keys().map(SourceId::as_str).collect();
        let times: Vec<Micros> = last.values().copied().map(Micros::from).collect();
        self.client().await?.execute(sql, &[&sources, &times]).await?;
        Ok(())
    }

    /// When something last came of each source of which anything ever came, as far as it was noted.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn feeds(&self) -> Result<BTreeMap<SourceId, Timestamp>, StoreError> {
        let rows = self.client().await?.query("SELECT source, last_at FROM feed", &[]).await?;
        let mut feeds = BTreeMap::new();
        for row in rows {
            // A source that has another name by now is another one.
            if let Ok(source) = SourceId::new(row.try_get::<_, &str>(0)?) {
                feeds.insert(source, row.try_get::<_, Micros>(1)?.timestamp());
            }
        }
        Ok(feeds)
    }

    /// The keys of the open incidents that the centre's own watches have opened.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn open_watches(&self) -> Result<BTreeSet<String>, StoreError> {
        let sql = "SELECT key FROM incident WHERE resolved_at IS NULL AND key IS NOT NULL AND origin->>'by' = 'watch'";
        self.client().await?.query(sql, &[]).await?.iter().map(|row| Ok(row.try_get(0)?)).collect()
    }

    /// Up to when shifts that begin have been told; `None` where none ever were.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn shifts_told_until(&self) -> Result<Option<Timestamp>, StoreError> {
        let row = self.client().await?.query_opt("SELECT until FROM shift_told", &[]).await?;
        Ok(row.map(|row| row.try_get::<_, Micros>(0)).transpose()?.map(Micros::timestamp))
    }

    /// Notes that shifts have been told up to then.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn note_shifts_told(&self, until: Timestamp) -> Result<(), StoreError> {
        let sql = "INSERT INTO shift_told (until) VALUES ($1) ON CONFLICT (single) DO UPDATE SET until = greatest(shift_told.until, excluded.until)";
        self.client().await?.execute(sql, &[&Micros::from(until)]).await?;
        Ok(())
    }

    /// What was taken for over since then because its readings were missing while others went on.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn gone_missing(&self, since: Timestamp) -> Result<Vec<Transition>, StoreError> {
        let sql =
            "SELECT content FROM transition WHERE at > $1 AND cause = 'missing' AND turn = 'resolved' ORDER BY at, rule, scope LIMIT $2";
        let rows = self.client().await?.query(sql, &[&Micros::from(since), &MOST]).await?;
        rows.iter().map(|row| Ok(row.try_get::<_, Json<Transition>>(0)?.0)).collect()
    }
}
