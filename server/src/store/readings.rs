//! T2: recorded readings and the lanes' positions, under the lease; and reading them again.
//!
//! Readings are only ever inserted. What is already there as the newest revision is not written again.

use super::micros::{Micros, cut};
use super::{Fence, Store, StoreError};
use jiff::Timestamp;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, PoisonError};
use taydo_engine::{Position, Recorded};
use taydo_model::{Definitions, KpiId, Quality, Reading, Scope, api};
use tokio_postgres::Client;

/// Numbers of names that readings refer to.
#[derive(Debug, Default)]
pub(super) struct Names(Mutex<HashMap<(&'static str, String), i32>>);

impl Names {
    /// The names' numbers in one of the name tables; makes those that don't exist.
    async fn numbers<'n>(&self, client: &Client, table: &'static str, names: impl Iterator<Item = &'n str> + Clone) -> Result<HashMap<String, i32>, StoreError> {
        let mut known: HashMap<String, i32> = HashMap::new();
        let mut unknown: Vec<String> = Vec::new();
        {
            let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            for name in names {
                match all.get(&(table, name.to_owned())) {
                    Some(number) => drop(known.insert(name.to_owned(), *number)),
                    None => unknown.push(name.to_owned()),
                }
            }
        }
        if !unknown.is_empty() {
            unknown.sort_unstable();
            unknown.dedup();
            client.execute(&format!("INSERT INTO {table} (name) SELECT unnest($1::text[]) ON CONFLICT DO NOTHING"), &[&unknown]).await?;
            let rows = client.query(&format!("SELECT name, id FROM {table} WHERE name = ANY($1)"), &[&unknown]).await?;
            let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            for row in rows {
                let (name, number): (String, i32) = (row.try_get(0)?, row.try_get(1)?);
                all.insert((table, name.clone()), number);
                known.insert(name, number);
            }
        }
        Ok(known)
    }
}

const INSERT: &str = "
    INSERT INTO reading (time, recorded_at, value, numerator, denominator, coverage, samples, data_time, kpi_id, scope_id, revision, definition_id, quality)
    SELECT new.time, $1, new.value, new.numerator, new.denominator, new.coverage, new.samples, new.data_time, new.kpi_id, new.scope_id,
        coalesce(old.revision, 0) + 1, new.definition_id, new.quality
    FROM unnest($2::timestamptz[], $3::float8[], $4::float8[], $5::float8[], $6::float8[], $7::int8[], $8::timestamptz[], $9::int4[], $10::int4[],
                $11::int4[], $12::int2[])
        AS new (time, value, numerator, denominator, coverage, samples, data_time, kpi_id, scope_id, definition_id, quality)
    LEFT JOIN LATERAL (
        SELECT * FROM reading WHERE kpi_id = new.kpi_id AND scope_id = new.scope_id AND time = new.time ORDER BY revision DESC LIMIT 1) AS old ON true
    WHERE old.revision IS NULL
        OR (old.value, old.numerator, old.denominator, old.samples, old.definition_id, old.quality)
            IS DISTINCT FROM (new.value, new.numerator, new.denominator, new.samples, new.definition_id, new.quality)";

#[derive(Default)]
struct Columns {
    time: Vec<Micros>,
    value: Vec<Option<f64>>,
    numerator: Vec<Option<f64>>,
    denominator: Vec<Option<f64>>,
    coverage: Vec<Option<f64>>,
    samples: Vec<i64>,
    data_time: Vec<Option<Micros>>,
    kpi: Vec<i32>,
    scope: Vec<i32>,
    definition: Vec<i32>,
    quality: Vec<i16>,
}

impl Store {
    /// T2: readings whose content differs from the newest revision are inserted as the next one, and the lanes move on.
    /// Returns how many were inserted. Of two readings for one KPI, scope and time the later in the list counts.
    ///
    /// # Errors
    /// `FenceLost` when another process has taken the lease; see [`StoreError`] for the rest.
    pub async fn commit_readings(
        &self,
        fence: &Fence,
        now: Timestamp,
        definitions: &Definitions,
        readings: &[Recorded],
        positions: &[Position],
    ) -> Result<usize, StoreError> {
        let mut client = self.client().await?;
        self.partitions.ensure(&client, "reading", readings.iter().map(|recorded| recorded.reading.time)).await?;
        let columns = self.columns(&client, definitions, readings).await?;
        let transaction = client.transaction().await?;
        let held = "SELECT 1 FROM lease WHERE name = $1 AND fence = $2 FOR SHARE";
        if transaction.query_opt(held, &[&&*fence.name, &fence.number]).await?.is_none() {
            return Err(StoreError::FenceLost(fence.name.to_string()));
        }
        let mut inserted = 0;
        if !columns.time.is_empty() {
            let statement = transaction.prepare_cached(INSERT).await?;
            let Columns { time, value, numerator, denominator, coverage, samples, data_time, kpi, scope, definition, quality } = &columns;
            let now = Micros::from(now);
            inserted = transaction
                .execute(&statement, &[&now, time, value, numerator, denominator, coverage, samples, data_time, kpi, scope, definition, quality])
                .await?;
        }
        for position in positions {
            let statement = "INSERT INTO lane AS old (lane, seq) VALUES ($1, $2) ON CONFLICT (lane) DO UPDATE SET seq = greatest(old.seq, excluded.seq)";
            transaction.execute(statement, &[&position.lane, &position.seq]).await?;
        }
        transaction.commit().await?;
        Ok(usize::try_from(inserted).unwrap_or(usize::MAX))
    }

    async fn columns(&self, client: &Client, definitions: &Definitions, readings: &[Recorded]) -> Result<Columns, StoreError> {
        let latest: BTreeMap<(&KpiId, &Scope, Timestamp), &Reading> =
            readings.iter().map(|Recorded { reading, .. }| ((&reading.kpi, &reading.scope, cut(reading.time)), reading)).collect();
        let version = |kpi: &KpiId| definitions.kpi(kpi).map_or("", |kpi| kpi.version.as_str());
        let scopes: Vec<String> = latest.keys().map(|(_, scope, _)| scope.to_string()).collect();
        let kpi_numbers = self.names.numbers(client, "kpi", latest.keys().map(|(kpi, ..)| kpi.as_str())).await?;
        let scope_numbers = self.names.numbers(client, "scope", scopes.iter().map(String::as_str)).await?;
        let versions = self.names.numbers(client, "kpi_version", latest.keys().map(|(kpi, ..)| version(kpi))).await?;
        let number = |numbers: &HashMap<String, i32>, name: &str| {
            numbers.get(name).copied().ok_or_else(|| StoreError::internal(format!("no number for the name {name:?}")))
        };
        let mut columns = Columns::default();
        for ((kpi, _, time), reading) in &latest {
            columns.time.push(Micros::from(*time));
            columns.value.push(reading.value);
            columns.numerator.push(reading.numerator);
            columns.denominator.push(reading.denominator);
            columns.coverage.push(reading.coverage);
            columns.samples.push(i64::try_from(reading.samples).unwrap_or(i64::MAX));
            columns.data_time.push(reading.data_time.map(Micros::from));
            columns.kpi.push(number(&kpi_numbers, kpi.as_str())?);
            columns.scope.push(number(&scope_numbers, &reading.scope.to_string())?);
            columns.definition.push(number(&versions, version(kpi))?);
            columns.quality.push(reading.quality.code());
        }
        Ok(columns)
    }

    /// The newest recorded instant of each KPI for the city; those without any are absent.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn latest_readings(&self) -> Result<HashMap<KpiId, Timestamp>, StoreError> {
        let statement = "
            SELECT kpi.name, (SELECT time FROM reading WHERE kpi_id = kpi.id AND scope_id = scope.id ORDER BY time DESC LIMIT 1)
            FROM kpi, scope WHERE scope.name = 'city'";
        let mut latest = HashMap::new();
        for row in self.client().await?.query(statement, &[]).await? {
            let (name, time): (&str, Option<Micros>) = (row.try_get(0)?, row.try_get(1)?);
            if let (Ok(kpi), Some(time)) = (KpiId::new(name), time) {
                latest.insert(kpi, time.timestamp());
            }
        }
        Ok(latest)
    }

    /// The newest revisions of a KPI's recorded readings with `from ≤ time ≤ to`, in order of time; of more than `limit`,
    /// the latest.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn readings(&self, kpi: &KpiId, scope: &Scope, from: Timestamp, to: Timestamp, limit: u32) -> Result<Vec<api::Point>, StoreError> {
        let statement = "
            SELECT time, value, quality FROM (
                SELECT DISTINCT ON (time) time, value, quality FROM reading
                WHERE kpi_id = (SELECT id FROM kpi WHERE name = $1) AND scope_id = (SELECT id FROM scope WHERE name = $2)
                    AND time BETWEEN $3 AND $4
                ORDER BY time DESC, revision DESC LIMIT $5) AS newest
            ORDER BY time";
        let client = self.client().await?;
        let statement = client.prepare_cached(statement).await?;
        let (from, to) = (Micros::clamped(from), Micros::clamped(to));
        let rows = client.query(&statement, &[&kpi.as_str(), &scope.to_string(), &from, &to, &i64::from(limit)]).await?;
        let point = |row: tokio_postgres::Row| -> Result<api::Point, StoreError> {
            let quality = Quality::from_code(row.try_get(2)?);
            Ok(api::Point { time: row.try_get::<_, Micros>(0)?.timestamp(), value: row.try_get(1)?, quality })
        };
        rows.into_iter().map(point).collect()
    }
}
