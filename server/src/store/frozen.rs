//! Frozen pages, by the hash of the secret in their link.
//!
//! It must never keep the secret itself, nor the content of what nobody may see any more.

use super::micros::Micros;
use super::{Store, StoreError};
use jiff::Timestamp;
use sha2::{Digest, Sha256};
use taydo_model::frozen::{FrozenId, FrozenLine};
use taydo_model::{PersonId, Text};
use tokio_postgres::types::Json;

/// A page to be kept.
#[derive(Debug, Clone)]
pub struct NewFrozen<'f> {
    /// What it shows.
    pub title: &'f Text,
    /// The page of which it is a copy.
    pub path: &'f str,
    /// Who made it.
    pub person: &'f PersonId,
    /// Until when it can be seen.
    pub expires_at: Timestamp,
    /// The page itself.
    pub content: &'f str,
}

fn hashed(token: &str) -> Vec<u8> {
    Sha256::digest(token).to_vec()
}

impl Store {
    /// Keeps a page, and returns the secret of its link, which can't be had again. What nobody may see any more is emptied.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn freeze(&self, new: &NewFrozen<'_>, now: Timestamp) -> Result<(FrozenId, String), StoreError> {
        let client = self.client().await?;
        let sql = "UPDATE frozen_page SET content = NULL WHERE content IS NOT NULL AND (expires_at <= $1 OR revoked_at IS NOT NULL)";
        client.execute(sql, &[&Micros::from(now)]).await?;
        // Two random UUIDs hold 244 bits that nobody can guess.
        let row = client.query_one("SELECT encode(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()), 'hex')", &[]).await?;
        let token: String = row.try_get(0)?;
        let sql = "INSERT INTO frozen_page (token_hash, title, path, person, made_at, expires_at, content) \
            VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING id";
        let NewFrozen { title, path, person, expires_at, content } = new;
        let times = [now, *expires_at].map(Micros::from);
        let row = client.query_one(sql, &[&hashed(&token), &Json(title), path, &person.as_str(), &times[0], &times[1], content]).await?;
        Ok((FrozenId(row.try_get(0)?), token))
    }

    /// The page behind a link's secret; `None` where there is none, or it can't be seen any more.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn frozen(&self, token: &str, now: Timestamp) -> Result<Option<String>, StoreError> {
        let sql = "SELECT content FROM frozen_page WHERE token_hash = $1 AND expires_at > $2 AND revoked_at IS NULL";
        let row = self.client().await?.query_opt(sql, &[&hashed(token), &Micros::from(now)]).await?;
        Ok(row.map(|row| row.try_get(0)).transpose()?.flatten())
    }

    /// The newest frozen pages; of one page only, where `path` names it.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn frozen_pages(&self, path: Option<&str>, limit: u32) -> Result<Vec<FrozenLine>, StoreError> {
        let sql = "SELECT id, title, path, person, made_at, expires_at, revoked_at FROM frozen_page \
            WHERE $1::text IS NULL OR path = $1 ORDER BY id DESC LIMIT $2";
        let rows = self.client().await?.query(sql, &[&path, &i64::from(limit)]).await?;
        let line = |row: &tokio_postgres::Row| {
            Ok(FrozenLine {
                id: FrozenId(row.try_get(0)?),
                title: row.try_get::<_, Json<Text>>(1)?.0,
                path: row.try_get(2)?,
                person: PersonId::new(row.try_get::<_, &str>(3)?).map_err(|error| StoreError::Internal(error.into()))?,
                made_at: row.try_get::<_, Micros>(4)?.timestamp(),
                expires_at: row.try_get::<_, Micros>(5)?.timestamp(),
                revoked_at: row.try_get::<_, Option<Micros>>(6)?.map(Micros::timestamp),
            })
        };
        rows.iter().map(line).collect()
    }

    /// Revokes a page, and empties it; whether there is one.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn revoke_frozen(&self, id: FrozenId, by: &PersonId, now: Timestamp) -> Result<bool, StoreError> {
        let sql = "UPDATE frozen_page SET revoked_at = coalesce(revoked_at, $2), revoked_by = coalesce(revoked_by, $3), content = NULL WHERE id = $1";
        Ok(self.client().await?.execute(sql, &[&id.0, &Micros::from(now), &by.as_str()]).await? > 0)
    }
}
