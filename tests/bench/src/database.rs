//! The benches' database: how it is reached, plain COPY into a table like the server's, and what is stored in its own.

use crate::process::tree_cpu_s;
use crate::stopwatch::Stopwatch;
use anyhow::{Context, ensure};
use bytes::Bytes;
use futures_util::SinkExt;
use std::path::Path;
use std::pin::pin;
use tokio_postgres::{Client, Config, NoTls};

/// What storing some rows took.
#[derive(Debug, Clone, Copy)]
pub struct Cost {
    /// Seconds until the last row was durable.
    pub seconds: f64,
    /// CPU seconds of everything that took part on the server's side, until it was quiet again.
    pub cpu_s: f64,
}

/// A connection of the bench's own.
///
/// # Errors
/// When the database refuses it.
pub async fn connect(config: &Config) -> anyhow::Result<Client> {
    let (client, connection) = config.connect(NoTls).await.context("can't reach the bench's database")?;
    tokio::spawn(connection);
    Ok(client)
}

/// The number of the postmaster that keeps its data in `<data>/postgres`.
///
/// # Errors
/// When none runs there.
pub fn postmaster(data: &Path) -> anyhow::Result<u32> {
    let file = std::fs::read_to_string(data.join("postgres/postmaster.pid")).context("the database doesn't run")?;
    file.lines().next().and_then(|line| line.trim().parse().ok()).context("postmaster.pid has no number")
}

/// The database's address as `taydo serve` takes it.
///
/// # Errors
/// When the database doesn't listen on a Unix socket.
pub fn url(config: &Config) -> anyhow::Result<String> {
    let folder = config.get_hosts().iter().find_map(|host| match host {
        tokio_postgres::config::Host::Unix(path) => path.to_str(),
        tokio_postgres::config::Host::Tcp(_) => None,
    });
    let folder = folder.context("the embedded database listens on a Unix socket")?.replace('/', "%2F");
    let user = config.get_user().context("the database's user")?;
    let port = config.get_ports().first().copied().unwrap_or(5432);
    Ok(format!("postgresql://{user}@{folder}:{port}/{}", config.get_dbname().unwrap_or(user)))
}

/// How a table like the server's is made: its columns, its key and its index, in one piece.
pub const COPY_TABLE: &str = "CREATE TABLE bench_copy (LIKE observation INCLUDING ALL)";

/// The floor: binary COPY of prepared bodies over so many connections, each body a transaction.
///
/// # Errors
/// When a row is refused, or fewer are stored than were sent.
pub async fn copy(config: &Config, bodies: &[Bytes], rows: u64, connections: usize, postmaster: u32) -> anyhow::Result<Cost> {
    let mut clients = Vec::new();
    for _ in 0..connections {
        clients.push(connect(config).await?);
    }
    let (watch, cpu) = (Stopwatch::start(), tree_cpu_s(postmaster));
    let all = clients.iter().enumerate().map(|(first, client)| async move {
        let mut stored = 0;
        for at in (first..bodies.len()).step_by(connections) {
            stored += copy_one(client, bodies.get(at).cloned().unwrap_or_default()).await?;
        }
        Ok::<u64, tokio_postgres::Error>(stored)
    });
    let stored: u64 = futures_util::future::try_join_all(all).await?.into_iter().sum();
    let cost = Cost { seconds: watch.seconds(), cpu_s: tree_cpu_s(postmaster) - cpu };
    ensure!(stored == rows, "COPY stored {stored} of {rows} rows");
    Ok(cost)
}

async fn copy_one(client: &Client, body: Bytes) -> Result<u64, tokio_postgres::Error> {
    let mut sink = pin!(client.copy_in("COPY bench_copy (time, value, series_id, revision) FROM STDIN BINARY").await?);
    sink.send(body).await?;
    sink.finish().await
}

/// How many rows the server's table holds.
///
/// # Errors
/// When the database is gone.
pub async fn stored(client: &Client) -> anyhow::Result<u64> {
    let count: i64 = client.query_one("SELECT count(*) FROM observation", &[]).await?.get(0);
    Ok(count.cast_unsigned())
}
