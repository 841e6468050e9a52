//! The schema's history: numbered steps, forward only, each applied once.
//!
//! It must never change or undo a step that was applied.

use super::{StoreError, micros::Micros, session::Session};
use jiff::Timestamp;
use sha2::{Digest, Sha256};

/// One step.
#[derive(Debug, Clone, Copy)]
pub(super) struct Migration {
    pub(super) version: i32,
    pub(super) name: &'static str,
    pub(super) sql: &'static str,
}

/// All steps, in order.
pub(super) const MIGRATIONS: &[Migration] = &[
    Migration { version: 1, name: "spine", sql: include_str!("../../../migrations/0001_spine.sql") },
    Migration { version: 2, name: "states and flags", sql: include_str!("../../../migrations/0002_states_and_flags.sql") },
    Migration { version: 4, name: "pane", sql: include_str!("../../../migrations/0004_pane.sql") },
    Migration { version: 5, name: "case life", sql: include_str!("../../../migrations/0005_case_life.sql") },
    Migration { version: 6, name: "history", sql: include_str!("../../../migrations/0006_history.sql") },
    Migration { version: 7, name: "forms", sql: include_str!("../../../migrations/0007_forms.sql") },
    Migration { version: 9, name: "version since", sql: include_str!("../../../migrations/0009_version_since.sql") },
    Migration { version: 10, name: "definition load", sql: include_str!("../../../migrations/0010_definition_load.sql") },
    Migration { version: 11, name: "on call", sql: include_str!("../../../migrations/0011_on_call.sql") },
    Migration { version: 12, name: "outbox", sql: include_str!("../../../migrations/0012_outbox.sql") },
    Migration { version: 13, name: "heartbeat", sql: include_str!("../../../migrations/0013_heartbeat.sql") },
    Migration { version: 14, name: "two servers", sql: include_str!("../../../migrations/0014_two_servers.sql") },
    Migration { version: 15, name: "shift log", sql: include_str!("../../../migrations/0015_shift_log.sql") },
    Migration { version: 16, name: "provider_hooks", sql: include_str!("../../../migrations/0016_provider_hooks.sql") },
    Migration { version: 17, name: "feed", sql: include_str!("../../../migrations/0017_feed.sql") },
    Migration { version: 18, name: "figures", sql: include_str!("../../../migrations/0018_figures.sql") },
    Migration { version: 19, name: "data old", sql: include_str!("../../../migrations/0019_data_old.sql") },
    Migration { version: 20, name: "layout", sql: include_str!("../../../migrations/0020_layout.sql") },
    Migration { version: 21, name: "reading rollup", sql: include_str!("../../../migrations/0021_reading_rollup.sql") },
    Migration { version: 22, name: "backup run", sql: include_str!("../../../migrations/0022_backup_run.sql") },
    Migration { version: 23, name: "replay", sql: include_str!("../../../migrations/0023_replay.sql") },
    Migration { version: 24, name: "wall", sql: include_str!("../../../migrations/0024_wall.sql") },
    Migration { version: 25, name: "leaders", sql: include_str!("../../../migrations/0025_leaders.sql") },
    Migration { version: 26, name: "stage", sql: include_str!("../../../migrations/0026_stage.sql") },
    Migration { version: 27, name: "stage_by", sql: include_str!("../../../migrations/0027_stage_by.sql") },
    Migration { version: 28, name: "rollup note", sql: include_str!("../../../migrations/0028_rollup_note.sql") },
];

/// The newest step that this program knows.
#[must_use]
pub fn newest_schema() -> i32 {
    MIGRATIONS.last().map_or(0, |step| step.version)
}

/// Serialises servers that start at the same time on one database. Any number that nothing else uses.
const LOCK: i64 = 0x7461_7964_6f00;

/// Why the store can't be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The database didn't do what was asked.
    #[error("can't open the store: {0}")]
    Store(#[from] StoreError),
    /// A newer program has been here.
    #[error(
        "the database's schema is at version {database}, this program knows {program}; run the newer taydo, or restore the back-up made before the upgrade"
    )]
    Newer {
        /// The database's version.
        database: i32,
        /// The newest that this program knows.
        program: i32,
    },
    /// The database waits for a newer program's steps, or has none at all.
    #[error(
        "the database's schema is at version {database}, this program's is {program}; start `taydo serve` once, which brings it up to date"
    )]
    Older {
        /// The database's version; 0 where it has no schema.
        database: i32,
        /// The newest that this program knows.
        program: i32,
    },
    /// A step in the database is not the one that this program has.
    #[error(
        "migration {version} ({name}) was applied to the database with another content than this program's; run the taydo that made the database, or choose another database"
    )]
    Changed {
        /// The step's number.
        version: i32,
        /// Its name.
        name: &'static str,
    },
}

impl From<tokio_postgres::Error> for OpenError {
    fn from(error: tokio_postgres::Error) -> Self {
        Self::Store(error.into())
    }
}

/// Applies the steps that the database lacks, each in a transaction of its own.
pub(super) async fn migrate(session: &mut Session, steps: &[Migration], now: Timestamp) -> Result<(), OpenError> {
    while let Some(step) = apply_next(session, steps, now).await? {
        tracing::info!(version = step.version, name = step.name, "migrated the database");
    }
    Ok(())
}

/// Says whether the database has exactly these steps, and changes nothing.
pub(super) async fn check(session: &Session, steps: &[Migration]) -> Result<(), OpenError> {
    let program = steps.last().map_or(0, |step| step.version);
    let is_empty: bool = session.client.query_one("SELECT to_regclass('schema_migration') IS NULL", &[]).await?.try_get(0)?;
    if is_empty {
        return Err(OpenError::Older { database: 0, program });
    }
    let mut database = 0;
    for row in session.client.query("SELECT version, hash FROM schema_migration ORDER BY version", &[]).await? {
        database = row.try_get(0)?;
        match steps.iter().find(|step| step.version == database) {
            None => return Err(OpenError::Newer { database, program }),
            Some(step) if hash_of(step) != row.try_get::<_, String>(1)? => {
                return Err(OpenError::Changed { version: database, name: step.name });
            }
            Some(_) => {}
        }
    }
    if database == program { Ok(()) } else { Err(OpenError::Older { database, program }) }
}

/// A schema that is up to date and has no layout yet: the server that made it was stopped in between.
pub(super) fn unfinished() -> OpenError {
    let program = MIGRATIONS.last().map_or(0, |step| step.version);
    OpenError::Older { database: program, program }
}

async fn apply_next<'a>(session: &mut Session, steps: &'a [Migration], now: Timestamp) -> Result<Option<&'a Migration>, OpenError> {
    let transaction = session.client.transaction().await?;
    transaction.execute("SELECT pg_advisory_xact_lock($1)", &[&LOCK]).await?;
    let table = "CREATE TABLE IF NOT EXISTS schema_migration (version int PRIMARY KEY, name text NOT NULL, hash text NOT NULL, applied_at timestamptz NOT NULL)";
    if transaction.query_one("SELECT to_regclass('schema_migration') IS NULL", &[]).await?.try_get(0)? {
        transaction.batch_execute(table).await?;
    }
    let mut applied = 0;
    for row in transaction.query("SELECT version, hash FROM schema_migration ORDER BY version", &[]).await? {
        let (version, hash): (i32, String) = (row.try_get(0)?, row.try_get(1)?);
        let Some(step) = steps.iter().find(|step| step.version == version) else {
            return Err(OpenError::Newer { database: version, program: steps.last().map_or(0, |step| step.version) });
        };
        if hash != hash_of(step) {
            return Err(OpenError::Changed { version, name: step.name });
        }
        applied = version;
    }
    let Some(step) = steps.iter().find(|step| step.version > applied) else { return Ok(None) };
    transaction.batch_execute(step.sql).await?;
    let insert = "INSERT INTO schema_migration (version, name, hash, applied_at) VALUES ($1, $2, $3, $4)";
    transaction.execute(insert, &[&step.version, &step.name, &hash_of(step), &Micros::from(now)]).await?;
    transaction.commit().await?;
    Ok(Some(step))
}

fn hash_of(step: &Migration) -> String {
    Sha256::digest(step.sql.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}
