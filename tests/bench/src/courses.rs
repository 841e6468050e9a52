//! A board of charts that opens: twelve courses asked of the server as a browser does, and the same of the database itself.
//!
//! It must never ask twice for the same series in a row, which would measure a cache.

use crate::archive::{Archive, KPI};
use crate::stopwatch::Stopwatch;
use anyhow::{Context, ensure};
use jiff::{SignedDuration, Timestamp};
use std::time::Duration;
use taydo_model::course::{Grain, Relation};
use tokio_postgres::Client;

/// Charts of a board.
pub const CHARTS: u32 = 12;
/// How many points a chart asks for.
const POINTS: u32 = 600;
/// Connections that a browser has to a server.
const CONNECTIONS: usize = 6;

/// What is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Drawn {
    /// A KPI's readings.
    Readings,
    /// Observations, or their rollup.
    Observations,
}

/// How far back the charts go.
#[derive(Debug, Clone, Copy)]
pub struct Span {
    /// For people.
    pub name: &'static str,
    hours: i64,
    /// As `step` is said for observations, with their relation.
    step: (&'static str, &'static str),
}

/// The ranges that are measured.
pub const SPANS: [Span; 4] = [
    Span { name: "1 h", hours: 1, step: ("raw", "observation") },
    Span { name: "1 day", hours: 24, step: ("1m", "observation_1m") },
    Span { name: "30 days", hours: 30 * 24, step: ("1h", "observation_1h") },
    Span { name: "1 year", hours: 365 * 24, step: ("1d", "observation_1d") },
];

impl Span {
    fn range(self, end: Timestamp) -> (Timestamp, Timestamp) {
        (end.checked_sub(SignedDuration::from_hours(self.hours)).unwrap_or(Timestamp::MIN), end)
    }
}

/// Which series come next: all of them in an order that looks random, the same in every run.
#[derive(Debug)]
pub struct Choice {
    series: u32,
    at: u32,
}

impl Choice {
    /// Of so many.
    #[must_use]
    pub fn of(series: u32) -> Self {
        Self { series, at: 0 }
    }

    /// The places of the next board's series.
    pub fn draw(&mut self) -> Vec<u32> {
        // 7,919 is a prime that divides none of the numbers of series that are measured.
        let one = |_| {
            self.at = self.at.wrapping_add(1);
            (u64::from(self.at) * 7_919 % u64::from(self.series.max(1))) as u32
        };
        (0..CHARTS).map(one).collect()
    }
}

/// A browser before a server.
#[derive(Debug)]
pub struct Browser {
    client: reqwest::Client,
    server: String,
}

impl Browser {
    /// One before the server at this address.
    ///
    /// # Errors
    /// When it can't be made.
    pub fn before(server: &str) -> anyhow::Result<Self> {
        let client = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(30)).pool_max_idle_per_host(CONNECTIONS).build()?;
        Ok(Self { client, server: server.to_owned() })
    }

    /// Opens a board: milliseconds until its last chart is there.
    ///
    /// # Errors
    /// When a chart is not answered, or has no points.
    pub async fn open(&self, archive: &Archive, drawn: Drawn, span: Span, places: &[u32]) -> anyhow::Result<f64> {
        let (from, to) = span.range(archive.end);
        let url = |place: &u32| match drawn {
            Drawn::Readings => {
                format!("{}/api/v1/kpis/{KPI}/readings?scope=asset:s{place:04}&from={from}&to={to}&points={POINTS}", self.server)
            }
            Drawn::Observations => {
                let series = i64::from(archive.first_series) + i64::from(*place);
                format!(
                    "{}/api/v1/observations?metric={KPI}&series={series}&from={from}&to={to}&step={}&limit=10000",
                    self.server, span.step.0
                )
            }
        };
        let urls: Vec<String> = places.iter().map(url).collect();
        let (took_ms, shortest) = self.fetch(&urls).await?;
        ensure!(shortest > 1_000, "a chart over {} has hardly a point: {shortest} bytes", span.name);
        Ok(took_ms)
    }

    /// Asks for all of these over its few connections: milliseconds until the last one is there, and the shortest one's bytes.
    ///
    /// # Errors
    /// When one is not answered.
    pub async fn fetch(&self, urls: &[String]) -> anyhow::Result<(f64, usize)> {
        let watch = Stopwatch::start();
        let lane = |first: usize| async move {
            let mut shortest = usize::MAX;
            for url in urls.iter().skip(first).step_by(CONNECTIONS) {
                let answer = self.client.get(url).send().await?;
                let status = answer.status();
                let body = answer.bytes().await?;
                ensure!(status.is_success(), "{url} was answered {status}: {}", String::from_utf8_lossy(&body));
                shortest = shortest.min(body.len());
            }
            Ok(shortest)
        };
        let lanes = futures_util::future::try_join_all((0..CONNECTIONS).map(lane)).await?;
        Ok((watch.seconds() * 1e3, lanes.into_iter().min().unwrap_or(0)))
    }
}

/// The floor: the same rows by prepared statements over one connection, chart after chart; milliseconds.
///
/// # Errors
/// When the database refuses, or has no rows.
pub async fn floor(client: &Client, archive: &Archive, drawn: Drawn, span: Span, places: &[u32]) -> anyhow::Result<f64> {
    let (from, to) = span.range(archive.end);
    let (sql, first) = match drawn {
        Drawn::Readings => {
            let relation = Grain::of(60, (from, to), POINTS).relation;
            let rolled = "SELECT time, first, last, min, max, sum, count, readings, partial, stale, missing FROM";
            let of = "WHERE kpi_id = $1 AND scope_id = $2 AND time >= $3 AND time < $4 ORDER BY time";
            let sql = match relation {
                Relation::Reading => format!("SELECT DISTINCT ON (time) time, value, quality FROM reading {of} DESC, revision DESC"),
                Relation::Hour => format!("{rolled} reading_1h {of}"),
                Relation::Day => format!("{rolled} reading_1d {of}"),
            };
            (sql, archive.first_scope)
        }
        Drawn::Observations => {
            let columns = if span.step.0 == "raw" { "value, state" } else { "last, min, max, sum, count" };
            let sql = format!(
                "SELECT time, {columns} FROM {} WHERE $1::int IS NOT NULL AND series_id = $2 AND time >= $3 AND time < $4 ORDER BY time",
                span.step.1
            );
            (sql, archive.first_series)
        }
    };
    let statement = client.prepare(&sql).await?;
    let watch = Stopwatch::start();
    for place in places {
        let whose = first + i32::try_from(*place)?;
        let rows = client.query(&statement, &[&archive.kpi, &whose, &from, &to]).await?;
        rows.first().with_context(|| format!("nothing is stored of {whose} over {}", span.name))?;
    }
    Ok(watch.seconds() * 1e3)
}
