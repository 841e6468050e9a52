//! Restoring: a back-up becomes a database beside what is there, is compared with its manifest, and only then takes its place.
//!
//! It must never delete what it replaces: that stays beside it, and whoever asked says when it may go.

use super::{Sealed, Step, Tell};
use crate::clock::Clock;
use crate::store::{self, EmbeddedDatabase, Extension, Facts, Layout, ScratchDatabase, Snapshot, load};
use anyhow::{Context as _, bail, ensure};
use jiff::Timestamp;
use std::path::{Path, PathBuf};

/// Where a cluster that is being made stands, in the data folder.
const SCRATCH: &str = "restoring";

/// What a restore would replace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Losing {
    /// What it is, as far as it can be looked at.
    pub facts: Option<Facts>,
}

impl std::fmt::Display for Losing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Some(facts) = &self.facts else { return f.write_str("a database that can't be started now") };
        let mb = facts.size_bytes / 1_000_000;
        match (facts.schema, facts.newest) {
            (None, _) => write!(f, "a database with {} tables that are not ours, {mb} MB", facts.tables),
            (Some(schema), None) => write!(f, "a database of schema {schema} into which no data has come yet, {mb} MB"),
            (Some(schema), Some(newest)) => write!(f, "a database of schema {schema} with data until {newest}, {mb} MB"),
        }
    }
}

/// What a restore has done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restored {
    /// Where what was replaced lies now, in words; nothing where nothing was there.
    pub replaced: Option<String>,
}

/// Makes the embedded database of a data folder from a back-up. Nothing may run over the folder. What is there is replaced
/// only when `replace` agrees, and then stays beside as `postgres.replaced-TIME`.
///
/// # Errors
/// When a server uses the folder, something is there and `replace` doesn't agree, or the copy isn't what the manifest says.
pub async fn into_folder(
    sealed: &Sealed,
    data: &Path,
    replace: impl FnOnce(&Losing) -> bool,
    clock: &Clock,
    tell: Tell<'_>,
) -> anyhow::Result<Restored> {
    check_schema(sealed)?;
    std::fs::create_dir_all(data).with_context(|| format!("can't make the data folder {}", data.display()))?;
    if let Some(losing) = look_at(data, clock).await? {
        ensure!(
            replace(&losing),
            "{} already holds {losing}; say --replace to put it aside and restore in its place, or choose another folder with --data",
            data.display()
        );
    }
    let replaced = beside(sealed, data, "replaced", clock, tell).await?;
    Ok(Restored { replaced: replaced.map(|path| path.display().to_string()) })
}

/// Makes a cluster of a back-up beside the one of a data folder, compares it, and puts it in its place. Where the old one lies then, with
/// `why` in its name.
pub(super) async fn beside(sealed: &Sealed, data: &Path, why: &str, clock: &Clock, tell: Tell<'_>) -> anyhow::Result<Option<PathBuf>> {
    let scratch = data.join(SCRATCH);
    rebuild(sealed, &scratch, clock, tell).await?;
    put_in_place(&scratch, data, clock.now(), why)
}

/// Restores a back-up into a cluster or database of its own, compares it with the manifest, and removes it again: what a
/// back-up needs before it can be called one. `outside` is the database server to do it on, where it isn't the embedded one.
///
/// # Errors
/// When the copy can't be made or isn't what the manifest says.
pub async fn rehearse(
    sealed: &Sealed,
    data: &Path,
    outside: Option<&tokio_postgres::Config>,
    clock: &Clock,
    tell: Tell<'_>,
) -> anyhow::Result<()> {
    let Some(server) = outside else {
        let scratch = data.join("rehearsing");
        let outcome = rebuild(sealed, &scratch, clock, tell).await;
        remove(&scratch)?;
        return outcome;
    };
    let scratch = ScratchDatabase::make(server, &format!("taydo_rehearsal_{}", clock.now().as_second())).await?;
    let outcome = fill(sealed, scratch.config(), tell).await;
    scratch.remove().await?;
    outcome
}

/// Makes a database of an outside server from a back-up: an empty one is filled; one that isn't is replaced, when `replace` agrees,
/// by one beside it, and keeps another name.
///
/// # Errors
/// As of [`into_folder`]; also when the account may not make databases, which replacing needs.
pub async fn into_database(
    sealed: &Sealed,
    config: &tokio_postgres::Config,
    replace: impl FnOnce(&Losing) -> bool,
    clock: &Clock,
    tell: Tell<'_>,
) -> anyhow::Result<Restored> {
    check_schema(sealed)?;
    let facts = Snapshot::take(config).await?.facts().await?;
    ensure!(
        facts.postgres >= sealed.manifest.postgres,
        "the back-up is of PostgreSQL {}, and this server is {}; restore it on the same or a newer one",
        sealed.manifest.postgres,
        facts.postgres
    );
    if let Some(extension) = extension(sealed) {
        extension.check(config, facts.tables == 0).await?;
    }
    if facts.tables == 0 {
        let outcome = fill(sealed, config, tell).await;
        outcome.context("the database was empty and now holds a part; drop it and make it again before the next attempt")?;
        return Ok(Restored { replaced: None });
    }
    let losing = Losing { facts: Some(facts) };
    ensure!(replace(&losing), "the database already holds {losing}; say --replace to put it aside, or name an empty database");
    let scratch = ScratchDatabase::make(config, &format!("taydo_restoring_{}", clock.now().as_second())).await?;
    if let Err(error) = fill(sealed, scratch.config(), tell).await {
        scratch.remove().await?;
        return Err(error);
    }
    let aside = scratch.take_place(config, clock.now()).await?;
    Ok(Restored { replaced: Some(format!("the database {aside} on the same server")) })
}

/// What its database needs of TimescaleDB.
fn extension(sealed: &Sealed) -> Option<Extension<'_>> {
    let is_full = sealed.manifest.layout == Layout::Timescale.name();
    sealed.manifest.timescaledb.as_deref().map(|version| Extension { version, is_full })
}

/// A back-up of a newer program's schema is refused: this one could not run over it.
fn check_schema(sealed: &Sealed) -> anyhow::Result<()> {
    let (theirs, ours) = (sealed.manifest.schema, store::newest_schema());
    ensure!(theirs <= ours, "the back-up has schema {theirs}, and this program knows {ours}; restore it with the newer taydo that made it");
    Ok(())
}

/// What is in the data folder now; nothing where there is no cluster.
async fn look_at(data: &Path, clock: &Clock) -> anyhow::Result<Option<Losing>> {
    if !data.join("postgres/PG_VERSION").exists() {
        return Ok(None);
    }
    // Also makes sure that nothing runs over it, neither a server nor what a killed one left running.
    let (database, config) = match EmbeddedDatabase::start(data, clock.clone()).await {
        Ok(running) => running,
        Err(error @ (store::EmbeddedError::InUse { .. } | store::EmbeddedError::Stop { .. })) => return Err(error.into()),
        Err(error) => {
            tracing::debug!(%error, "what is to be replaced can't be looked at");
            return Ok(Some(Losing { facts: None }));
        }
    };
    let facts = match Snapshot::take(&config).await {
        Ok(snapshot) => snapshot.facts().await.ok(),
        Err(_) => None,
    };
    database.stop().await?;
    Ok(match facts {
        Some(facts) if facts.tables == 0 => None,
        facts => Some(Losing { facts }),
    })
}

/// Makes a cluster in a folder of its own from a back-up, and leaves it stopped.
async fn rebuild(sealed: &Sealed, scratch: &Path, clock: &Clock, tell: Tell<'_>) -> anyhow::Result<()> {
    tell(Step::Preparing);
    // Left by an attempt that was killed; it may still run.
    if scratch.join("postgres/PG_VERSION").exists()
        && let Ok((left, _)) = EmbeddedDatabase::start(scratch, clock.clone()).await
    {
        left.stop().await?;
    }
    remove(scratch)?;
    let (database, config) = EmbeddedDatabase::start(scratch, clock.clone()).await?;
    let outcome = fill(sealed, &config, tell).await;
    database.stop().await?;
    if outcome.is_err() {
        remove(scratch)?;
    }
    outcome
}

/// Fills an empty database, and compares it with the manifest.
async fn fill(sealed: &Sealed, config: &tokio_postgres::Config, tell: Tell<'_>) -> anyhow::Result<()> {
    tell(Step::Loading);
    let manifest = &sealed.manifest;
    load(config, &sealed.database(), manifest.dumped_by, extension(sealed), || tell(Step::Loading)).await?;
    let copy = Snapshot::take(config).await?;
    let census = copy.census(|table, done, of| tell(Step::Counting { table: table.to_owned(), done, of })).await?;
    let differences = manifest.differences(&census);
    if !differences.is_empty() {
        bail!("the restored copy is not what the back-up says: {}; use another back-up", differences.join(", "));
    }
    Ok(())
}

/// Moves a cluster that was made beside into its place. What was there gets a name that says when and why, which is returned.
fn put_in_place(scratch: &Path, data: &Path, now: Timestamp, why: &str) -> anyhow::Result<Option<PathBuf>> {
    let _lock = EmbeddedDatabase::lock_folder(data)?;
    let place = data.join("postgres");
    let moved =
        |from: &Path, to: &Path| std::fs::rename(from, to).with_context(|| format!("can't move {} to {}", from.display(), to.display()));
    let mut aside = None;
    if place.exists() {
        let name = data.join(format!("postgres.{why}-{}", now.strftime("%Y%m%dT%H%M%SZ")));
        moved(&place, &name)?;
        aside = Some(name);
    }
    if let Err(error) = moved(&scratch.join("postgres"), &place) {
        if let Some(aside) = &aside {
            moved(aside, &place)?;
        }
        return Err(error);
    }
    remove(scratch)?;
    Ok(aside)
}

fn remove(folder: &Path) -> anyhow::Result<()> {
    match std::fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("can't remove {}", folder.display()))
        }
        _ => Ok(()),
    }
}
