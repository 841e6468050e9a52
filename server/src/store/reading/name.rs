//! The numbers that stand for KPIs, scopes and definition versions in a reading's row.
//!
//! It must never forget or change a number: rows refer to it for ever.

use super::{Row, last_of_each, stored_time};
use crate::store::{StoreError, micros::Micros};
use jiff::Timestamp;
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::{Mutex, MutexGuard, PoisonError},
};
use taydo_engine::Recorded;
use taydo_model::{Definitions, KpiId, Scope};
use tokio_postgres::Client;

/// The numbers that are known. It grows with the KPIs and scopes that have readings, which the definitions bound.
#[derive(Debug, Default)]
pub(in crate::store) struct Names(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    kpis: HashMap<KpiId, i32>,
    scopes: HashMap<Scope, i32>,
    versions: HashMap<String, i32>,
}

impl Names {
    /// Looks up, or makes, the numbers that these readings need.
    pub(super) async fn learn(
        &self,
        client: &Client,
        now: Timestamp,
        definitions: &Definitions,
        readings: &[Recorded],
    ) -> Result<(), StoreError> {
        let (mut kpis, mut scopes, mut versions) = (BTreeSet::new(), BTreeSet::new(), BTreeMap::new());
        {
            let known = self.known();
            for Recorded { reading, .. } in readings {
                if !known.kpis.contains_key(&reading.kpi) {
                    kpis.insert(reading.kpi.as_str());
                }
                if !known.scopes.contains_key(&reading.scope) {
                    scopes.insert(&reading.scope);
                }
            }
            let wanted = definitions.kpis.iter().map(|kpi| (kpi.version.as_str(), kpi.id.as_str()));
            versions.extend(wanted.filter(|(version, _)| !known.versions.contains_key(*version)));
        }
        let scope_texts: Vec<String> = scopes.iter().map(|scope| scope.to_string()).collect();
        let kpis = intern(client, "kpi", kpis.into_iter().collect()).await?;
        let scopes = intern(client, "scope", scope_texts.iter().map(String::as_str).collect()).await?;
        let versions = intern_versions(client, now, versions).await?;
        let mut known = self.known();
        for (name, id) in kpis {
            known.kpis.insert(KpiId::new(name).map_err(|error| StoreError::Internal(error.into()))?, id);
        }
        for (name, id) in scopes {
            known.scopes.insert(name.parse().map_err(StoreError::internal)?, id);
        }
        known.versions.extend(versions);
        Ok(())
    }

    /// The readings as rows, of each key the last, in order of time. Their names must be learned.
    pub(super) fn rows(&self, definitions: &Definitions, readings: &[Recorded]) -> Result<Vec<Row>, StoreError> {
        let known = self.known();
        let row = |recorded: &Recorded| {
            let reading = &recorded.reading;
            let unknown = || StoreError::internal(format!("a reading of KPI {} has no definition", reading.kpi));
            let version = &definitions.kpi(&reading.kpi).ok_or_else(unknown)?.version;
            Ok(Row {
                kpi: *known.kpis.get(&reading.kpi).ok_or_else(unknown)?,
                scope: *known.scopes.get(&reading.scope).ok_or_else(unknown)?,
                time: stored_time(reading),
                definition: *known.versions.get(version).ok_or_else(unknown)?,
                value: reading.value,
                numerator: reading.numerator,
                denominator: reading.denominator,
                coverage: reading.coverage,
                samples: i64::try_from(reading.samples).unwrap_or(i64::MAX),
                quality: reading.quality.code(),
                flags: reading.flags.code(),
                data_time: reading.data_time.map(Micros::from),
                correction: recorded.correction,
            })
        };
        Ok(last_of_each(readings.iter().map(row).collect::<Result<_, StoreError>>()?))
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The same for versions, each with the KPI that it is of; a new one is in use from now on.
async fn intern_versions(client: &Client, now: Timestamp, versions: BTreeMap<&str, &str>) -> Result<Vec<(String, i32)>, StoreError> {
    if versions.is_empty() {
        return Ok(Vec::new());
    }
    let (names, kpis): (Vec<&str>, Vec<&str>) = versions.into_iter().unzip();
    let numbers = intern(client, "kpi_version", names.clone()).await?;
    let mark = "UPDATE kpi_version SET kpi = new.kpi, first_used = $3 FROM unnest($1::text[], $2::text[]) AS new (name, kpi) \
        WHERE kpi_version.name = new.name AND first_used IS NULL";
    client.execute(mark, &[&names, &kpis, &Micros::from(now)]).await?;
    Ok(numbers)
}

/// The numbers of these names in one of the tables of names; makes those that don't exist.
async fn intern(client: &Client, table: &str, names: Vec<&str>) -> Result<Vec<(String, i32)>, StoreError> {
    if names.is_empty() {
        return Ok(Vec::new());
    }
    let insert = format!(
        "INSERT INTO {table} (name) SELECT name FROM unnest($1::text[]) AS new (name) \
         WHERE NOT EXISTS (SELECT FROM {table} AS old WHERE old.name = new.name) ORDER BY name ON CONFLICT (name) DO NOTHING"
    );
    client.execute(&insert, &[&names]).await?;
    let rows = client.query(&format!("SELECT name, id FROM {table} WHERE name = ANY($1)"), &[&names]).await?;
    rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect()
}
