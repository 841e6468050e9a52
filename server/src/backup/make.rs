//! Making a back-up: the database and the counts of its tables, both of one moment.
//!
//! It must never hold anybody up: it reads beside whoever writes.

use super::manifest::{CityName, FORMAT, Manifest};
use super::sealed::{self, Sealed, Unsealed};
use super::{Step, Tell};
use crate::store::{Snapshot, dump};
use anyhow::Context as _;
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::path::Path;
use taydo_model::files::{self, File};

/// Why a back-up is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// Somebody asked for it.
    Asked,
    /// It was time.
    Scheduled,
    /// The schema is about to change.
    Migration,
    /// PostgreSQL is about to change.
    Upgrade,
}

impl Reason {
    /// As the manifest has it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Asked => "asked",
            Self::Scheduled => "scheduled",
            Self::Migration => "migration",
            Self::Upgrade => "upgrade",
        }
    }
}

/// Makes a back-up of the database in a folder of its own under `target`. Whoever writes goes on writing; it is of the moment
/// `now`, at which it begins.
///
/// # Errors
/// When the database holds no schema of ours or can't be read, PostgreSQL's programs are missing, or the folder can't be written.
pub async fn make(
    config: &tokio_postgres::Config,
    target: &Path,
    reason: Reason,
    now: Timestamp,
    tell: Tell<'_>,
) -> anyhow::Result<Sealed> {
    let snapshot = Snapshot::take(config).await?;
    let facts = snapshot.facts().await?;
    let schema = facts.schema.context("the database holds nothing of ours to back up; start `taydo serve` over it once")?;
    let city = facts.definitions.as_ref().map(|(_, files)| city(files));
    let id = city.as_ref().map_or("unknown", |city| city.id.as_str());
    let unsealed = Unsealed::begin(target, &sealed::name(id, now))?;
    let database = unsealed.database()?;
    let of = facts.size_bytes;
    let dumped_by = dump(config, &facts, snapshot.id(), &database, |written| tell(Step::Dumping { written, of })).await?;
    let tables = snapshot.census(|table, done, of| tell(Step::Counting { table: table.to_owned(), done, of })).await?;
    let manifest = Manifest {
        format: FORMAT,
        taken_at: now,
        reason: reason.word().to_owned(),
        taydo: env!("CARGO_PKG_VERSION").to_owned(),
        schema,
        postgres: facts.postgres,
        dumped_by,
        layout: facts.layout.unwrap_or_else(|| "plain".to_owned()),
        timescaledb: facts.timescaledb,
        definitions: facts.definitions.map(|(hash, _)| hash),
        city,
        newest: facts.newest,
        database_bytes: of,
        files: Vec::new(),
        tables,
    };
    tell(Step::Checking);
    Ok(tokio::task::spawn_blocking(move || unsealed.seal(manifest)).await??)
}

/// Whose the definitions are, as far as they can be read.
fn city(files: &BTreeMap<String, String>) -> CityName {
    let files: Vec<File> = files.iter().map(|(name, text)| File { name: name.clone(), text: text.clone() }).collect();
    let (definitions, _) = files::check(&files);
    let id = if definitions.city.id.is_empty() { "unknown".to_owned() } else { definitions.city.id };
    CityName { id, name: definitions.city.name.get(taydo_model::text::Language::Vi).to_owned() }
}
