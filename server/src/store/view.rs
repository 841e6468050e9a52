//! The views, made by the program that has them in its text: those of its own, and those of the schema `taydo_read`, for
//! others (docs/sql.md).
//!
//! It must never drop one: others may read it, and what was granted on it stays.

use super::{StoreError, session::Session};
use sha2::{Digest, Sha256};

const VIEWS: &str = include_str!("../../../migrations/views.sql");
const ROLLED: &str = include_str!("../../../migrations/views_rolled.sql");

/// Serialises servers that start at the same time on one database. Any number that nothing else uses.
const LOCK: i64 = 0x7461_7964_6f13;

/// Whoever may use the schema may read what is in it, also what has just come.
const GRANT: &str = "DO $$ DECLARE reader name; BEGIN \
    FOR reader IN SELECT DISTINCT rolname FROM pg_namespace, aclexplode(nspacl) AS granted JOIN pg_roles ON pg_roles.oid = granted.grantee \
        WHERE nspname = 'taydo_read' AND granted.grantee <> nspowner AND privilege_type = 'USAGE' \
    LOOP EXECUTE format('GRANT SELECT ON ALL TABLES IN SCHEMA taydo_read TO %I', reader); END LOOP; END $$";

/// Makes the views, unless the database has these. Rollups of observations must be there, if they are to be.
pub(super) async fn make(session: &mut Session) -> Result<(), StoreError> {
    let transaction = session.client.transaction().await?;
    transaction.execute("SELECT pg_advisory_xact_lock($1)", &[&LOCK]).await?;
    let is_rolled: bool = transaction.query_one("SELECT to_regclass('observation_1d') IS NOT NULL", &[]).await?.try_get(0)?;
    let texts: &[&str] = if is_rolled { &[VIEWS, ROLLED, GRANT] } else { &[VIEWS, GRANT] };
    let hash: String = Sha256::digest(texts.concat().as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
    let known: Option<String> = transaction.query_opt("SELECT hash FROM view_set", &[]).await?.map(|row| row.try_get(0)).transpose()?;
    if known.as_deref() != Some(&hash) {
        for text in texts {
            transaction.batch_execute(text).await?;
        }
        let keep = "INSERT INTO view_set (hash) VALUES ($1) ON CONFLICT (single) DO UPDATE SET hash = excluded.hash";
        transaction.execute(keep, &[&hash]).await?;
    }
    transaction.commit().await?;
    Ok(())
}
