//! A year of figures in a database of the product's own: observations of many series and the readings of a KPI for each, with
//! their rollups.
//!
//! Rows lie on the disk in the order in which the product would have written them, because that is what a question about the past
//! pays for. What a day of rows rolls up to is made by the product's own code; what lies before is written by statements here, since
//! a year of rows every ten seconds would be three billion.

use crate::rows::city_of;
use crate::stopwatch::{Stopwatch, now_ms};
use anyhow::Context;
use jiff::{SignedDuration, Timestamp};
use std::path::Path;
use taydo_model::files::{File, check};
use taydo_model::{KpiId, LabelName, Labels, MetricId, SourceId};
use taydo_server::clock::Clock;
use taydo_server::store::{DatabaseAddress, Layout, Store, Table};
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Config};

/// The KPI, and the metric that it is computed from.
pub const KPI: &str = "road.speed";
/// The board that shows the KPI of every asset.
pub const BOARD: &str = "all";
/// How far back what reaches, before the end.
const RAW: SignedDuration = SignedDuration::from_hours(24);
const MINUTES: SignedDuration = SignedDuration::from_hours(7 * 24);
const YEAR: SignedDuration = SignedDuration::from_hours(365 * 24);
/// Readings lie a minute apart for so long, and before that half an hour apart.
const FINE: SignedDuration = SignedDuration::from_hours(5 * 24);
/// Readings reach back so far, their rollups a year.
pub const MONTH: SignedDuration = SignedDuration::from_hours(30 * 24);
/// What one statement writes, as the product's own rollups do.
const PIECE: SignedDuration = SignedDuration::from_hours(6);

/// A value that wanders as a sensor's does, in steps of a tenth: `e` is the time in seconds, `s` the series.
const VALUE: &str = "(350 + (80 * sin(e / 600 + s))::int + (e::bigint % 9973 * 7919 + s * 104729) % 7) / 10::float8";
const HOURLY: &str = "(350 + (80 * sin(e / 86400 + s))::int + (e::bigint % 9973 * 7919 + s * 104729) % 7) / 10::float8";

/// A filled database.
#[derive(Debug)]
pub struct Archive {
    /// How to reach it.
    pub config: Config,
    /// A connection.
    pub sql: Client,
    /// How it keeps history.
    pub layout: Layout,
    /// How many series, and as many scopes of the KPI.
    pub series: u32,
    /// The first series' number; the others follow.
    pub first_series: i32,
    /// The KPI's number.
    pub kpi: i32,
    /// The first asset's number as a scope; the others follow.
    pub first_scope: i32,
    /// Where the past ends.
    pub end: Timestamp,
    /// How many rows there are of what, and their bytes with indexes.
    pub sizes: Vec<(&'static str, i64, i64)>,
}

/// The city's definition files, with a board of all figures.
#[must_use]
pub fn files(series: u32) -> Vec<(&'static str, String)> {
    let mut files = city_of(u64::from(series), "asset");
    let board = format!(
        "title = {{ vi = \"Tất cả\", en = \"All\" }}\ngrid = [12, 8]\n\n[[panels]]\nat = [1, 1]\nsize = [3, 2]\nvalue = \"{KPI}\"\n\n\
         [[panels]]\nat = [4, 1]\nsize = [6, 6]\nranking = \"{KPI}\"\nby = \"asset\"\n"
    );
    files.push(("boards/all.toml", board));
    files
}

/// Writes the city's files into a folder.
///
/// # Errors
/// When they can't be written.
pub fn write_city(folder: &Path, series: u32) -> anyhow::Result<()> {
    for (name, text) in files(series) {
        let path = folder.join(name);
        std::fs::create_dir_all(path.parent().context("a file lies in a folder")?)?;
        std::fs::write(path, text)?;
    }
    Ok(())
}

/// Says how far it has come, with the seconds since it began.
fn say(watch: Stopwatch, what: &str) {
    eprintln!("{:>6.1} s  {what}", watch.seconds());
}

impl Archive {
    /// Fills an empty database with a past of so many series that ends now.
    ///
    /// # Errors
    /// When the database refuses something.
    pub async fn fill(config: &Config, series: u32) -> anyhow::Result<Self> {
        let watch = Stopwatch::start();
        let address = DatabaseAddress::parse(&crate::database::url(config)?, None)?;
        let store = Store::open(address.config().clone(), Clock::real()).await?;
        let end = minute(Timestamp::from_millisecond(now_ms())?);
        let mut archive = Self::begin(&store, config, series, end).await?;
        archive.make_room(&store).await?;
        store.roller().settle("UTC").await?;
        let other = crate::database::connect(config).await?;
        say(watch, "loading observations and readings, and what they rolled up to before");
        tokio::try_join!(archive.load_rows(watch), archive.load_rollups(&other, watch))?;
        archive.set_marks().await?;
        say(watch, "rolling up");
        tokio::try_join!(roll(&store, end), roll_readings(&store, end))?;
        archive.sql.batch_execute("VACUUM ANALYZE").await?;
        archive.sql.batch_execute("CHECKPOINT").await?;
        archive.weigh().await?;
        say(watch, "filled");
        Ok(archive)
    }

    /// Makes the numbers of series, KPI and scopes.
    async fn begin(store: &Store, config: &Config, series: u32, end: Timestamp) -> anyhow::Result<Self> {
        let list: Vec<File> = files(series).into_iter().map(|(name, text)| File { name: name.to_owned(), text }).collect();
        let (definitions, _) = check(&list);
        let version = definitions.kpi(&KpiId::new(KPI)?).context("the bench's city has the KPI")?.version.clone();
        let key = |number: u32| {
            let labels: Labels =
                [(LabelName::new("asset")?, format!("s{number:04}")), (LabelName::new("area")?, format!("a{}", number % 20))]
                    .into_iter()
                    .collect();
            anyhow::Ok((MetricId::new(KPI)?, labels))
        };
        let keys = (0..series).map(key).collect::<anyhow::Result<Vec<_>>>()?;
        store.intern_series(&SourceId::new("lines")?, &keys, end).await?;
        let sql = crate::database::connect(config).await?;
        let names = "INSERT INTO scope (name) SELECT 'asset:s' || lpad(n::text, 4, '0') FROM generate_series(0, $1::int - 1) AS n UNION ALL SELECT 'city'";
        sql.execute(names, &[&i32::try_from(series)?]).await?;
        sql.execute("INSERT INTO kpi_version (name) VALUES ($1)", &[&version]).await?;
        let kpi = sql.query_one("INSERT INTO kpi (name) VALUES ($1) RETURNING id", &[&KPI]).await?.get(0);
        let first = "SELECT (SELECT min(id) FROM series), (SELECT min(id) FROM scope)";
        let first = sql.query_one(first, &[]).await?;
        let (first_series, first_scope) = (first.get(0), first.get(1));
        let (config, layout) = (config.clone(), store.layout());
        Ok(Self { config, sql, layout, series, first_series, kpi, first_scope, end, sizes: Vec::new() })
    }

    fn raw_from(&self) -> Timestamp {
        hour(before(self.end, RAW))
    }

    async fn make_room(&self, store: &Store) -> anyhow::Result<()> {
        let days =
            |back: SignedDuration| (0..=back.as_hours() / 24 + 1).map(move |day| before(self.end, SignedDuration::from_hours(24 * day)));
        store.make_room(Table::Observation, days(RAW)).await?;
        // A year's, though only the last ones have rows: a question about a year has to pass over all of them.
        store.make_room(Table::Reading, days(YEAR)).await?;
        store.make_room(Table::Minutes, days(MINUTES)).await?;
        Ok(store.make_room(Table::Hours, days(YEAR)).await?)
    }

    /// Observations, instant after instant, then readings.
    async fn load_rows(&self, watch: Stopwatch) -> anyhow::Result<()> {
        let raw = format!(
            "INSERT INTO observation (time, value, series_id, revision) SELECT t, {VALUE}, s, 0 \
             FROM generate_series($1::timestamptz, $2::timestamptz - interval '1 us', interval '10 s') AS t, \
             LATERAL (SELECT extract(epoch FROM t)::float8) AS epoch (e), LATERAL generate_series($3::int, $4::int + (e * 0)::int) AS s"
        );
        let (first, last) = (self.first_series, self.last_series()?);
        run_pieces(&self.sql, &raw, (self.raw_from(), self.end), &[&first, &last]).await?;
        say(watch, "observations: a day every 10 s");
        let reading = |step: &str| {
            format!(
                "INSERT INTO reading (time, recorded_at, value, numerator, denominator, coverage, samples, data_time, kpi_id, scope_id, revision, \
                 definition_id, quality) SELECT t, t + interval '5 s', v, v * 30, 30, 1, 30, t - interval '3 s', $5::int, s, 1, (SELECT min(id) FROM kpi_version), 0 \
                 FROM generate_series($1::timestamptz, $2::timestamptz - interval '1 us', interval '{step}') AS t, \
                 LATERAL (SELECT extract(epoch FROM t)::float8) AS epoch (e), LATERAL generate_series($3::int, $4::int + (e * 0)::int) AS s, \
                 LATERAL (SELECT {VALUE}) AS drawn (v)"
            )
        };
        let (first, last) = (self.first_scope, self.last_scope()?);
        let fine_from = hour(before(self.end, FINE));
        let parameters: [&(dyn ToSql + Sync); 3] = [&first, &last, &self.kpi];
        run_pieces(&self.sql, &reading("30 min"), (hour(before(self.end, MONTH)), fine_from), &parameters).await?;
        run_pieces(&self.sql, &reading("1 min"), (fine_from, self.end), &parameters).await?;
        say(watch, "readings: five days by the minute, a month by the half hour");
        Ok(())
    }

    /// Minutes and hours of observations, hours of readings: of the time before the rows begin.
    async fn load_rollups(&self, sql: &Client, watch: Stopwatch) -> anyhow::Result<()> {
        let rolled = |table: &str, step: &str, count: i32, value: &str| {
            format!(
                "INSERT INTO {table} (time, sum, min, max, last, count, series_id) SELECT t, v * {count}, v - 0.6, v + 0.5, v, {count}, s \
                 FROM generate_series($3::int, $4::int) AS s, \
                 LATERAL generate_series($1::timestamptz, $2::timestamptz - interval '1 us', interval '{step}' + s * interval '0 s') AS t, \
                 LATERAL (SELECT extract(epoch FROM t)::float8) AS epoch (e), LATERAL (SELECT {value}) AS drawn (v)"
            )
        };
        let (first, last, year) = (self.first_series, self.last_series()?, hour(before(self.end, YEAR)));
        let minutes = (hour(before(self.end, MINUTES)), self.raw_from());
        run_pieces(sql, &rolled("rollup_1m", "1 min", 6, VALUE), minutes, &[&first, &last]).await?;
        say(watch, "minutes of observations: six days before those");
        run_pieces(sql, &rolled("rollup_1h", "1 h", 360, HOURLY), (year, self.raw_from()), &[&first, &last]).await?;
        say(watch, "hours of observations: a year before those");
        let readings = format!(
            "INSERT INTO reading_rollup_1h (time, first, last, min, max, sum, kpi_id, scope_id, count, readings, partial, stale, missing) \
             SELECT t, v, v + 0.2, v - 0.6, v + 0.5, v * 60, $5::int, s, 60, 60, 0, 0, 0 FROM generate_series($3::int, $4::int) AS s, \
             LATERAL generate_series($1::timestamptz, $2::timestamptz - interval '1 us', interval '1 h' + s * interval '0 s') AS t, \
             LATERAL (SELECT extract(epoch FROM t)::float8) AS epoch (e), LATERAL (SELECT {HOURLY}) AS drawn (v)"
        );
        let (first, last) = (self.first_scope, self.last_scope()?);
        run_pieces(sql, &readings, (year, hour(before(self.end, MONTH))), &[&first, &last, &self.kpi]).await?;
        say(watch, "hours of readings: a year before the month");
        Ok(())
    }

    /// Where the product's own rolling up begins: where rows do. Days are all its own.
    async fn set_marks(&self) -> anyhow::Result<()> {
        let (raw, month) = (self.raw_from(), hour(before(self.end, MONTH)));
        let first_day = "date_trunc('day', $2::timestamptz, 'UTC')";
        let year = hour(before(self.end, YEAR));
        let rows = format!("UPDATE rollup_state SET noted_until = $1, done_1m = $1, done_1h = $1, raw_from = $1, done_1d = {first_day}");
        self.sql.execute(&rows, &[&raw, &year]).await?;
        let readings =
            format!("INSERT INTO reading_rollup_state (noted_until, done_1h, done_1d, zone) VALUES ($1, $1, {first_day}, 'UTC')");
        self.sql.execute(&readings, &[&month, &year]).await?;
        Ok(())
    }

    async fn weigh(&mut self) -> anyhow::Result<()> {
        let kept = [("observation", true), ("rollup_1m", true), ("rollup_1h", true), ("reading", true), ("reading_rollup_1h", false)];
        for (relation, is_parted) in kept {
            let size = match (self.layout, is_parted) {
                (_, false) => format!("pg_total_relation_size('{relation}')"),
                (Layout::Plain, true) => {
                    format!("(SELECT sum(pg_total_relation_size(relid))::bigint FROM pg_partition_tree('{relation}'))")
                }
                _ => format!("hypertable_size('{relation}')"),
            };
            let row = self.sql.query_one(&format!("SELECT (SELECT count(*) FROM {relation}), {size}"), &[]).await?;
            self.sizes.push((relation, row.get(0), row.get(1)));
        }
        Ok(())
    }

    fn last_series(&self) -> anyhow::Result<i32> {
        Ok(self.first_series + i32::try_from(self.series)? - 1)
    }

    /// The city's own, which comes after the assets.
    fn last_scope(&self) -> anyhow::Result<i32> {
        Ok(self.first_scope + i32::try_from(self.series)?)
    }
}

/// Runs a statement for one piece of time after the other; `$1` and `$2` are its bounds.
async fn run_pieces(
    sql: &Client,
    statement: &str,
    (from, until): (Timestamp, Timestamp),
    parameters: &[&(dyn ToSql + Sync)],
) -> anyhow::Result<()> {
    let statement = sql.prepare(statement).await?;
    let mut at = from;
    while at < until {
        let next = at.checked_add(PIECE)?.min(until);
        let mut all: Vec<&(dyn ToSql + Sync)> = vec![&at, &next];
        all.extend(parameters);
        sql.execute(&statement, &all).await?;
        at = next;
    }
    Ok(())
}

async fn roll(store: &Store, now: Timestamp) -> anyhow::Result<()> {
    let mut roller = store.roller();
    while roller.round("UTC", now).await?.has_more {}
    Ok(())
}

async fn roll_readings(store: &Store, now: Timestamp) -> anyhow::Result<()> {
    let mut roller = store.reading_roller();
    while roller.round("UTC", now).await?.has_more {}
    Ok(())
}

fn before(time: Timestamp, by: SignedDuration) -> Timestamp {
    time.checked_sub(by).unwrap_or(Timestamp::MIN)
}

fn hour(time: Timestamp) -> Timestamp {
    whole(time, 3_600)
}

fn minute(time: Timestamp) -> Timestamp {
    whole(time, 60)
}

fn whole(time: Timestamp, seconds: i64) -> Timestamp {
    Timestamp::from_second(time.as_second().div_euclid(seconds) * seconds).unwrap_or(time)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_city_is_sound() {
        let list: Vec<File> = files(100).into_iter().map(|(name, text)| File { name: name.to_owned(), text }).collect();
        let (definitions, problems) = check(&list);
        assert_eq!(problems, []);
        assert_eq!((definitions.assets.len(), definitions.boards.len()), (100, 2));
    }
}
