//! The views, made by the program that has them in its text.
//!
//! It must never drop one: others may read it, and what was granted on it stays.

use super::{StoreError, session::Session};
use sha2::{Digest, Sha256};

const VIEWS: &str = include_str!("../../../migrations/views.sql");

/// Serialises servers that start at the same time on one database. Any number that nothing else uses.
const LOCK: i64 = 0x7461_7964_6f13;

/// Makes the views, unless the database has these.
pub(super) async fn make(session: &mut Session) -> Result<(), StoreError> {
    let hash: String = Sha256::digest(VIEWS.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
    let transaction = session.client.transaction().await?;
    transaction.execute("SELECT pg_advisory_xact_lock($1)", &[&LOCK]).await?;
    let known: Option<String> = transaction.query_opt("SELECT hash FROM view_set", &[]).await?.map(|row| row.try_get(0)).transpose()?;
    if known.as_deref() != Some(&hash) {
        transaction.batch_execute(VIEWS).await?;
        let keep = "INSERT INTO view_set (hash) VALUES ($1) ON CONFLICT (single) DO UPDATE SET hash = excluded.hash";
        transaction.execute(keep, &[&hash]).await?;
    }
    transaction.commit().await?;
    Ok(())
}
