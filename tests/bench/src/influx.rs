//! The peer of the ingest bench: InfluxDB 1.x with its write-ahead log synced at every write, as it is by default.
//!
//! It runs on ports of its own in a folder of the bench's, and ends with its handle.

use crate::database::Cost;
use crate::process::{Server, tree_cpu_s};
use crate::stopwatch::Stopwatch;
use anyhow::{Context, ensure};
use bytes::Bytes;
use std::net::TcpListener;
use std::path::Path;
use std::time::Duration;
use taydo_server::clock::Clock;

const DATABASE: &str = "bench";

/// A running server.
#[derive(Debug)]
pub struct Influx {
    server: Server,
    address: String,
    client: reqwest::Client,
    stored: u64,
}

impl Influx {
    /// Starts one; its data go into the folder.
    ///
    /// # Errors
    /// When it doesn't start within 20 s.
    pub async fn start(program: &Path, folder: &Path) -> anyhow::Result<Self> {
        let port = || anyhow::Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port());
        let (port, own_port) = (port()?, port()?);
        let place = folder.to_str().context("the temporary folder's name is not text")?;
        std::fs::create_dir_all(folder)?;
        let config = format!(
            "reporting-disabled = true\nbind-address = \"127.0.0.1:{own_port}\"\n\
             [meta]\ndir = \"{place}/meta\"\n[data]\ndir = \"{place}/data\"\nwal-dir = \"{place}/wal\"\nquery-log-enabled = false\n\
             [monitor]\nstore-enabled = false\n[logging]\nlevel = \"error\"\nsuppress-logo = true\n\
             [http]\nbind-address = \"127.0.0.1:{port}\"\nlog-enabled = false\n"
        );
        let file = folder.join("influxdb.conf");
        std::fs::write(&file, config)?;
        let server = Server::start_silent(program, &["-config", file.to_str().unwrap_or_default()])?;
        let client = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(60)).build()?;
        let influx = Self { server, address: format!("http://127.0.0.1:{port}"), client, stored: 0 };
        let patience = Stopwatch::start();
        while influx.query(&format!("CREATE DATABASE {DATABASE}")).await.is_err() {
            ensure!(patience.seconds() < 20.0, "InfluxDB does not start");
            Clock::real().sleep(Duration::from_millis(50)).await;
        }
        Ok(influx)
    }

    /// Posts bodies of line protocol over so many connections, each answered before the next, and counts what is stored.
    ///
    /// # Errors
    /// When a body is refused, or a row is not found afterwards.
    pub async fn store(&mut self, bodies: &[Bytes], rows: u64, connections: usize) -> anyhow::Result<Cost> {
        let url = format!("{}/write?db={DATABASE}&precision=ms", self.address);
        let (watch, cpu) = (Stopwatch::start(), tree_cpu_s(self.server.pid()));
        crate::senders::post_bodies(&url, bodies, connections).await?;
        let seconds = watch.seconds();
        self.rest().await;
        let cost = Cost { seconds, cpu_s: tree_cpu_s(self.server.pid()) - cpu };
        self.stored += rows;
        let stored = self.count().await?;
        ensure!(stored == self.stored, "InfluxDB has {stored} of {} rows", self.stored);
        Ok(cost)
    }

    async fn count(&self) -> anyhow::Result<u64> {
        let answer = self.query("SELECT count(speed) FROM road").await?;
        answer.pointer("/results/0/series/0/values/0/1").and_then(serde_json::Value::as_u64).context("InfluxDB doesn't count its rows")
    }

    async fn query(&self, sql: &str) -> anyhow::Result<serde_json::Value> {
        // The statements here have nothing to be escaped but their spaces.
        let request = self.client.post(format!("{}/query?db={DATABASE}&q={}", self.address, sql.replace(' ', "+")));
        Ok(request.send().await?.error_for_status()?.json().await?)
    }

    /// Waits until it uses less than a tenth of a core, at most 30 s.
    async fn rest(&self) {
        let (patience, cpu_s) = (Stopwatch::start(), || tree_cpu_s(self.server.pid()));
        let mut before = cpu_s();
        while patience.seconds() < 30.0 {
            Clock::real().sleep(Duration::from_secs(1)).await;
            let now = cpu_s();
            if now - before < 0.1 {
                return;
            }
            before = now;
        }
    }
}
