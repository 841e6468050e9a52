//! What is done before a change that can't be taken back: a back-up before the schema changes, and a new cluster beside the
//! old one before PostgreSQL does.
//!
//! It must never let the change begin when that could not be done, nor remove what was there before.

use super::{Reason, Tell, make, restore, sealed_in};
use crate::clock::Clock;
use crate::store::{self, EmbeddedDatabase, Snapshot};
use anyhow::{Context as _, ensure};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// So many back-ups from before migrations are kept.
const KEPT: usize = 3;
/// A back-up that takes longer is given up, and with it the start.
const LIMIT: Duration = Duration::from_secs(3_600);

/// The folder with a data folder's own back-ups.
#[must_use]
pub fn own_folder(data: &Path) -> PathBuf {
    data.join("backups")
}

/// Backs the embedded database up, where this program is about to change its schema.
///
/// # Errors
/// When that is needed and can't be done; the message says how to do without.
pub async fn before_migration(config: &tokio_postgres::Config, data: &Path, clock: &Clock) -> anyhow::Result<()> {
    let facts = Snapshot::take(config).await?.facts().await?;
    let newest = store::newest_schema();
    let Some(schema) = facts.schema.filter(|schema| *schema < newest) else { return Ok(()) };
    let target = own_folder(data);
    tracing::info!(
        from = schema,
        to = newest,
        database_bytes = facts.size_bytes,
        "the schema is about to change; backing the database up first"
    );
    let begun = clock.instant();
    let making = clock.timeout(LIMIT, make(config, &target, Reason::Migration, clock.now(), &|_| ()));
    let outcome = making.await.map_err(|_| anyhow::anyhow!("it took longer than an hour")).and_then(|made| made);
    let sealed = outcome.with_context(|| {
        format!("can't back the database up before its schema changes from {schema} to {newest}; mend that, or start once with --skip-migration-backup")
    })?;
    tracing::info!(folder = %sealed.folder.display(), bytes = sealed.bytes(), took_ms = begun.elapsed().as_millis(), "backed up; `taydo restore` with the older program leads back");
    let made: Vec<_> = sealed_in(&target).into_iter().filter(|sealed| sealed.manifest.reason == Reason::Migration.word()).collect();
    for old in made.into_iter().skip(KEPT) {
        if let Err(error) = std::fs::remove_dir_all(&old.folder) {
            tracing::warn!(error = %error, folder = %old.folder.display(), "an old back-up can't be removed");
        }
    }
    Ok(())
}

/// What an upgrade has done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upgraded {
    /// The major version before.
    pub from: u32,
    /// And now.
    pub to: u32,
    /// Where the old cluster lies.
    pub aside: PathBuf,
    /// The back-up that it went through, which stays too.
    pub backup: PathBuf,
}

/// Moves the embedded database of a data folder to the newest PostgreSQL that is installed: by a back-up, which becomes a cluster
/// beside the old one and is compared. `None` when it is the newest already. Nothing may run over the folder.
///
/// # Errors
/// When a server uses the folder, or the new cluster isn't the same as the old; then nothing has changed.
pub async fn upgrade(data: &Path, clock: &Clock, tell: Tell<'_>) -> anyhow::Result<Option<Upgraded>> {
    let (from, to) = EmbeddedDatabase::versions(data)?;
    let from = from.with_context(|| format!("there is no database in {}; name the server's data folder with --data", data.display()))?;
    if from >= to {
        return Ok(None);
    }
    let (database, config) = EmbeddedDatabase::start(data, clock.clone()).await?;
    let made = make(&config, &own_folder(data), Reason::Upgrade, clock.now(), tell).await;
    database.stop().await?;
    let sealed = made?;
    let aside = restore::beside(&sealed, data, &format!("of-{from}"), clock, tell).await?;
    let (now, _) = EmbeddedDatabase::versions(data)?;
    ensure!(now == Some(to), "the new cluster is of PostgreSQL {now:?}; the old one is in {aside:?}");
    let aside = aside.context("the old cluster was not there any more")?;
    Ok(Some(Upgraded { from, to, aside, backup: sealed.folder }))
}
