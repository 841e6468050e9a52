//! One moment of the whole database: what a back-up is taken of, and what a restored copy is compared with.
//!
//! It reads in one transaction that sees a single moment, however long it takes. It must never change anything, nor
//! depend on which schema version it finds: a database of an older program is looked at too.

use super::{StoreError, session::Session};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use tokio_postgres::types::Json;

/// An open transaction that sees one moment. Others can be let see the same one by its [`id`](Self::id), as long as this lives.
#[derive(Debug)]
pub struct Snapshot {
    session: Session,
    id: String,
}

/// What a database is, without its rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// The major version of its server, such as 15.
    pub postgres: u32,
    /// The newest migration that it has; `None` where it has no schema of ours.
    pub schema: Option<i32>,
    /// The version of TimescaleDB in it, where it has that.
    pub timescaledb: Option<String>,
    /// The layout that it was made with, where it has one.
    pub layout: Option<String>,
    /// What it takes on its disk, in bytes.
    pub size_bytes: u64,
    /// When data last came in.
    pub newest: Option<Timestamp>,
    /// The definition set in force last: its hash, and its files by name.
    pub definitions: Option<(String, BTreeMap<String, String>)>,
    /// How many tables there are, partitions not counted.
    pub tables: u64,
}

/// What a table holds: equal for two tables with the same rows, whatever their order and place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableCensus {
    /// The table's name.
    pub table: String,
    /// How many rows it has.
    pub rows: u64,
    /// The sum of the rows' 64-bit hashes, in decimal digits.
    pub digest: String,
}

/// Texts of values have to be the same on every server.
const SETTINGS: &str = "SET LOCAL datestyle = 'iso, ymd'; SET LOCAL intervalstyle = 'postgres'; \
    SET LOCAL extra_float_digits = 1; SET LOCAL bytea_output = 'hex'; SET LOCAL search_path = public";
/// Whole tables: partitions and chunks are read through the table that they belong to.
const TABLES: &str = "SELECT relname FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace \
    WHERE nspname = 'public' AND relkind IN ('r', 'p') AND NOT relispartition ORDER BY relname COLLATE \"C\"";

impl Snapshot {
    /// Begins to look at the database as it is now.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn take(config: &tokio_postgres::Config) -> Result<Self, StoreError> {
        // A whole table is read in one statement, so no limit.
        let session = Session::connect(config, "taydo snapshot", None).await?;
        session.client.batch_execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?;
        session.client.batch_execute(SETTINGS).await?;
        let id = session.client.query_one("SELECT pg_export_snapshot()", &[]).await?.try_get(0)?;
        Ok(Self { session, id })
    }

    /// Names the moment for `pg_dump --snapshot`.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// What the database is.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn facts(&self) -> Result<Facts, StoreError> {
        let client = &self.session.client;
        let one = client
            .query_one(
                "SELECT current_setting('server_version_num')::int / 10000, pg_database_size(current_database()), \
                 (SELECT extversion FROM pg_extension WHERE extname = 'timescaledb')",
                &[],
            )
            .await?;
        let schema = match self.has("schema_migration").await? {
            true => client.query_one("SELECT max(version) FROM schema_migration", &[]).await?.try_get(0)?,
            false => None,
        };
        let layout = match self.has("layout").await? {
            true => client.query_opt("SELECT name FROM layout", &[]).await?.map(|row| row.try_get(0)).transpose()?,
            false => None,
        };
        let newest = match self.has("ingest_batch").await? {
            true => client.query_one("SELECT max(committed_at) FROM ingest_batch", &[]).await?.try_get(0)?,
            false => None,
        };
        let tables = client.query(TABLES, &[]).await?.len() as u64;
        Ok(Facts {
            postgres: one.try_get::<_, i32>(0)?.unsigned_abs(),
            size_bytes: one.try_get::<_, i64>(1)?.unsigned_abs(),
            timescaledb: one.try_get(2)?,
            layout,
            schema,
            newest,
            definitions: self.definitions().await?,
            tables,
        })
    }

    async fn definitions(&self) -> Result<Option<(String, BTreeMap<String, String>)>, StoreError> {
        if !self.has("definition_load").await? {
            return Ok(None);
        }
        let sql =
            "SELECT hash, files FROM definition_load JOIN definition_set USING (hash) ORDER BY definition_load.loaded_at DESC LIMIT 1";
        let row = self.session.client.query_opt(sql, &[]).await?;
        row.map(|row| Ok((row.try_get(0)?, row.try_get::<_, Json<_>>(1)?.0))).transpose()
    }

    async fn has(&self, table: &str) -> Result<bool, StoreError> {
        Ok(self.session.client.query_one("SELECT to_regclass($1) IS NOT NULL", &[&table]).await?.try_get(0)?)
    }

    /// Counts and hashes the rows of every table; `tell` learns each table's name before it is read, with how many are
    /// done and how many there are.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn census(&self, mut tell: impl FnMut(&str, usize, usize)) -> Result<Vec<TableCensus>, StoreError> {
        let client = &self.session.client;
        let names: Vec<String> = client.query(TABLES, &[]).await?.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>()?;
        let mut census = Vec::with_capacity(names.len());
        for (done, table) in names.iter().enumerate() {
            tell(table, done, names.len());
            let quoted = table.replace('"', "\"\"");
            let sql = format!(
                "SELECT count(*), coalesce(sum(hashtextextended(counted::text, 0)::numeric), 0)::text FROM \"{quoted}\" AS counted"
            );
            let row = client.query_one(&sql, &[]).await?;
            census.push(TableCensus { table: table.clone(), rows: row.try_get::<_, i64>(0)?.unsigned_abs(), digest: row.try_get(1)? });
        }
        Ok(census)
    }
}
