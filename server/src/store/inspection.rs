//! What can be found out about a database from outside, whatever its schema: for `taydo doctor`.
//!
//! It must never change anything, nor need a table that an older or newer program has not made.

use super::{StoreError, micros::Micros, migration, session::Session};
use jiff::Timestamp;
use tokio_postgres::{Row, types::ToSql};

/// What was found. What the database doesn't have is `None` or empty.
#[derive(Debug, Clone, PartialEq)]
pub struct Inspection {
    /// Its server's version, such as `15.14`.
    pub postgres: String,
    /// The version of TimescaleDB in it.
    pub timescaledb: Option<String>,
    /// How it stands with the schema.
    pub schema: SchemaState,
    /// What it takes on its disk, in bytes.
    pub size_bytes: u64,
    /// What the newest whole week of history takes, in bytes.
    pub week_bytes: Option<u64>,
    /// When the last batch was committed.
    pub last_batch: Option<Timestamp>,
    /// Batches that the engine has not consumed, and when the oldest of them was committed.
    pub behind: (u64, Option<Timestamp>),
    /// Of the rules, the one that was evaluated longest ago.
    pub evaluated: Option<(String, Timestamp)>,
    /// When the server last said that it is there.
    pub alive: Option<Timestamp>,
    /// How far minutes are rolled up, and how many hours wait to be made again.
    pub rollups: Option<(Option<Timestamp>, u64)>,
    /// Pages and messages that are due, and since when the oldest is.
    pub outbox: (u64, Option<Timestamp>),
    /// Providers whose canary doesn't arrive, and since when.
    pub canaries: Vec<(String, Timestamp)>,
    /// When scheduled back-ups began, where there are any, and the moment of the last that was verified and reached every target.
    pub backups: Option<(Timestamp, Option<Timestamp>)>,
    /// By how many milliseconds the database's clock is ahead of `now`.
    pub skew_ms: i64,
}

/// How a database's schema stands to this program's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SchemaState {
    /// There is none.
    None,
    /// It is this program's.
    Current(i32),
    /// An older program's; the next start brings it up to date.
    Older(i32),
    /// A newer program's.
    Newer(i32),
    /// A step has another content than this program's.
    Changed(i32),
}

impl Inspection {
    /// Looks at a database.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn of(config: &tokio_postgres::Config, clock: &crate::clock::Clock) -> Result<Self, StoreError> {
        let mut config = config.clone();
        let given = config.get_options().unwrap_or_default().to_owned();
        config.options(format!("{given} -c default_transaction_read_only=on").trim_start());
        let look = Look(Session::connect(&config, "taydo doctor", Some(std::time::Duration::from_secs(30))).await?);
        // Half-way between asking and the answer is when the database looked at its clock.
        let asked = clock.now();
        let begun = clock.instant();
        let theirs: i64 =
            look.0.client.query_one("SELECT (extract(epoch FROM statement_timestamp()) * 1000)::int8", &[]).await?.try_get(0)?;
        let half_ms = i64::try_from(begun.elapsed().as_millis() / 2).unwrap_or(0);
        let skew_ms = theirs - asked.as_millisecond() - half_ms;
        look.everything(clock.now(), skew_ms).await
    }
}

struct Look(Session);

impl Look {
    async fn everything(&self, now: Timestamp, skew_ms: i64) -> Result<Inspection, StoreError> {
        let about = "SELECT current_setting('server_version'), pg_database_size(current_database()), \
            (SELECT extversion FROM pg_extension WHERE extname = 'timescaledb')";
        let about = self.0.client.query_one(about, &[]).await?;
        let batch = self.row("ingest_batch", "SELECT max(committed_at) FROM ingest_batch", &[]).await?;
        let behind = "SELECT count(*), min(committed_at) FROM ingest_batch b WHERE seq > coalesce((SELECT seq FROM lane WHERE lane.lane = b.lane), 0)";
        let behind = self.row("lane", behind, &[]).await?;
        let evaluated = self.row("rule_evaluation", "SELECT rule, at FROM rule_evaluation ORDER BY at LIMIT 1", &[]).await?;
        let alive = self.row("presence", "SELECT max(alive_at) FROM presence", &[]).await?;
        let rollups = self
            .row(
                "rollup_state",
                "SELECT done_1m, (SELECT coalesce(sum(cardinality(series_ids)), 0)::bigint FROM rollup_note) FROM rollup_state",
                &[],
            )
            .await?;
        let outbox = "SELECT (SELECT count(*) FROM page WHERE state = 'waiting' AND due_at <= $1) + \
            (SELECT count(*) FROM message WHERE state IN ('waiting', 'sending')), \
            (SELECT min(due_at) FROM page WHERE state = 'waiting' AND due_at <= $1)";
        let outbox = self.row("page", outbox, &[&Micros::from(now)]).await?;
        let backups = "SELECT min(begun_at), max(begun_at) FILTER (WHERE verified AND problem IS NULL) FROM backup_run";
        let backups = self.row("backup_run", backups, &[]).await?;
        let version: String = about.try_get(0)?;
        Ok(Inspection {
            postgres: version.split_whitespace().next().unwrap_or_default().to_owned(),
            size_bytes: about.try_get::<_, i64>(1)?.unsigned_abs(),
            timescaledb: about.try_get(2)?,
            schema: self.schema().await?,
            week_bytes: self.week_bytes(now).await?,
            last_batch: batch.map(|row| time(&row, 0)).transpose()?.flatten(),
            behind: behind.map(|row| counted(&row)).transpose()?.unwrap_or_default(),
            evaluated: evaluated.map(|row| Ok::<_, StoreError>((row.try_get(0)?, row.try_get::<_, Micros>(1)?.timestamp()))).transpose()?,
            alive: alive.map(|row| time(&row, 0)).transpose()?.flatten(),
            rollups: rollups.map(|row| Ok::<_, StoreError>((time(&row, 0)?, row.try_get::<_, i64>(1)?.unsigned_abs()))).transpose()?,
            outbox: outbox.map(|row| counted(&row)).transpose()?.unwrap_or_default(),
            canaries: self.canaries().await?,
            backups: backups.map(|row| Ok::<_, StoreError>(time(&row, 0)?.zip(Some(time(&row, 1)?)))).transpose()?.flatten(),
            skew_ms,
        })
    }

    async fn has(&self, table: &str) -> Result<bool, StoreError> {
        Ok(self.0.client.query_one("SELECT to_regclass($1) IS NOT NULL", &[&table]).await?.try_get(0)?)
    }

    /// The first row of an answer about a table, where there is such a table.
    async fn row(&self, table: &str, sql: &str, parameters: &[&(dyn ToSql + Sync)]) -> Result<Option<Row>, StoreError> {
        if !self.has(table).await? {
            return Ok(None);
        }
        Ok(self.0.client.query_opt(sql, parameters).await?)
    }

    async fn schema(&self) -> Result<SchemaState, StoreError> {
        use migration::OpenError;
        Ok(match migration::check(&self.0, migration::MIGRATIONS).await {
            Ok(()) => SchemaState::Current(migration::newest_schema()),
            Err(OpenError::Older { database: 0, .. }) => SchemaState::None,
            Err(OpenError::Older { database, .. }) => SchemaState::Older(database),
            Err(OpenError::Newer { database, .. }) => SchemaState::Newer(database),
            Err(OpenError::Changed { version, .. }) => SchemaState::Changed(version),
            Err(OpenError::Store(error)) => return Err(error),
        })
    }

    /// The partitions of the newest week that is over.
    async fn week_bytes(&self, now: Timestamp) -> Result<Option<u64>, StoreError> {
        let sql = "WITH part AS (SELECT oid, substring(pg_get_expr(relpartbound, oid) FROM 'TO \\(''([^'']+)''\\)')::timestamptz AS until \
            FROM pg_class WHERE relispartition AND relkind = 'r' AND relpartbound IS NOT NULL) \
            SELECT sum(pg_total_relation_size(oid))::int8 FROM part WHERE until = (SELECT max(until) FROM part WHERE until <= $1)";
        let bytes: Option<i64> = self.0.client.query_one(sql, &[&Micros::from(now)]).await?.try_get(0)?;
        Ok(bytes.map(i64::unsigned_abs))
    }

    async fn canaries(&self) -> Result<Vec<(String, Timestamp)>, StoreError> {
        if !self.has("canary").await? {
            return Ok(Vec::new());
        }
        let sql = "SELECT provider, waiting_since FROM canary WHERE waiting_since IS NOT NULL ORDER BY provider";
        let rows = self.0.client.query(sql, &[]).await?;
        rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get::<_, Micros>(1)?.timestamp()))).collect()
    }
}

fn time(row: &Row, at: usize) -> Result<Option<Timestamp>, StoreError> {
    Ok(row.try_get::<_, Option<Micros>>(at)?.map(Micros::timestamp))
}

fn counted(row: &Row) -> Result<(u64, Option<Timestamp>), StoreError> {
    Ok((row.try_get::<_, i64>(0)?.unsigned_abs(), time(row, 1)?))
}
