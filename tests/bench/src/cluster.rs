//! A database server of a measurement that can be started anew: the product's own PostgreSQL, or a TimescaleDB in a Debian root.
//!
//! It must never touch a server that it has not started, nor leave one behind.

use crate::process::tree_cpu_s;
use crate::stopwatch::Stopwatch;
use anyhow::{Context, ensure};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;
use taydo_server::clock::Clock;
use taydo_server::store::EmbeddedDatabase;
use tokio_postgres::{Config, NoTls};

/// What runs in a mount namespace of its own: `$0` the root, `$1` the folder of this server. Each line that it reads lets the
/// server start anew, and says so when the old one has stopped; when its input closes, however that comes, it stops the server and
/// removes the folder. The settings that matter for speed are those of the embedded database.
const SCRIPT: &str = r#"
trap '' INT TERM HUP
root=$0 folder=$1
bin=$(cd "$root" && echo usr/lib/postgresql/*/bin)
mkdir "$folder/inner"
mount -t proc proc "$root/proc"
mount -t tmpfs -o mode=1777,size=1g tmpfs "$root/dev/shm"
mount --bind "$folder/inner" "$root/mnt"
chroot "$root" chown postgres: /mnt
chroot --userspec=postgres:postgres "$root" "/$bin/initdb" -D /mnt/data -A trust -E UTF8 --locale=C.UTF-8 -U taydo --no-sync \
    </dev/null >/dev/null
start() {
    # In the background `$!` is this very process, because chroot becomes the server.
    chroot --userspec=postgres:postgres "$root" "/$bin/postgres" -D /mnt/data -k /mnt -c listen_addresses= \
        -c shared_preload_libraries=timescaledb -c timescaledb.telemetry_level=off -c timescaledb.max_background_workers=0 \
        -c max_locks_per_transaction=256 -c work_mem=16MB -c max_wal_size=2GB -c min_wal_size=160MB -c wal_compression=on \
        -c wal_buffers=16MB -c wal_level=minimal -c max_wal_senders=0 -c checkpoint_timeout=10min -c jit=off \
        -c random_page_cost=1.1 </dev/null >/dev/null 2>>"$folder/log" &
    server=$!
}
stop() {
    kill -INT "$server" || true
    wait "$server" || true
}
start
echo started
while read -r word; do
    stop
    start
    echo started
done
stop
rm -rf "$folder"/*
rmdir "$folder"
"#;

/// A running server.
#[derive(Debug)]
pub struct Cluster {
    server: Running,
    address: Config,
}

#[derive(Debug)]
enum Running {
    Embedded { data: PathBuf, database: Option<EmbeddedDatabase> },
    Chroot { folder: PathBuf, child: Child, input: Option<ChildStdin>, output: BufReader<ChildStdout> },
}

impl Cluster {
    /// The product's own, with its data in this folder.
    ///
    /// # Errors
    /// When it doesn't start.
    pub async fn embedded(data: &Path) -> anyhow::Result<Self> {
        let (database, address) = EmbeddedDatabase::start(data, Clock::real()).await?;
        Ok(Self { server: Running::Embedded { data: data.to_owned(), database: Some(database) }, address })
    }

    /// TimescaleDB in this Debian root. Needs to be root, for its namespace.
    ///
    /// # Errors
    /// When it doesn't start.
    pub async fn timescale(root: &Path) -> anyhow::Result<Self> {
        let folder = tempfile::Builder::new().prefix("taydo-timescale").tempdir().context("can't make a temporary folder")?.keep();
        let mut command = Command::new("unshare");
        command.args(["--mount", "sh", "-ec", SCRIPT]).arg(root).arg(&folder);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().context("can't start unshare")?;
        let (input, output) = (child.stdin.take(), child.stdout.take().context("the script's output")?);
        let mut address = Config::new();
        address.host_path(folder.join("inner")).user("taydo").dbname("postgres");
        let server = Running::Chroot { folder, child, input, output: BufReader::new(output) };
        let mut cluster = Self { server, address };
        cluster.until_up().await?;
        Ok(cluster)
    }

    /// How to reach its first database.
    #[must_use]
    pub fn address(&self) -> &Config {
        &self.address
    }

    /// Makes an empty database, and says how to reach it.
    ///
    /// # Errors
    /// When there is one of that name.
    pub async fn make(&self, name: &str) -> anyhow::Result<Config> {
        crate::database::connect(&self.address).await?.batch_execute(&format!("CREATE DATABASE {name}")).await?;
        let mut config = self.address.clone();
        config.dbname(name);
        Ok(config)
    }

    /// Drops a database that nobody uses any more.
    ///
    /// # Errors
    /// When the server refuses it.
    pub async fn forget(&self, name: &str) -> anyhow::Result<()> {
        Ok(crate::database::connect(&self.address).await?.batch_execute(&format!("DROP DATABASE {name} WITH (FORCE)")).await?)
    }

    /// CPU seconds of all its processes so far; a restart may begin the count anew.
    #[must_use]
    pub fn cpu_s(&self) -> f64 {
        match &self.server {
            Running::Embedded { data, .. } => crate::database::postmaster(data).map_or(0.0, tree_cpu_s),
            Running::Chroot { child, .. } => tree_cpu_s(child.id()),
        }
    }

    /// Stops the server and starts it again; its own memory is then empty.
    ///
    /// # Errors
    /// When it doesn't come back.
    pub async fn restart(&mut self) -> anyhow::Result<()> {
        match &mut self.server {
            Running::Embedded { data, database } => {
                if let Some(database) = database.take() {
                    database.stop().await?;
                }
                *database = Some(EmbeddedDatabase::start(data, Clock::real()).await?.0);
                Ok(())
            }
            Running::Chroot { input, .. } => {
                input.as_mut().context("the script's input")?.write_all(b"again\n")?;
                self.until_up().await
            }
        }
    }

    /// Stops the server; of a Debian root's nothing is left.
    ///
    /// # Errors
    /// When it doesn't stop.
    pub async fn stop(self) -> anyhow::Result<()> {
        match self.server {
            Running::Embedded { database, .. } => match database {
                Some(database) => Ok(database.stop().await?),
                None => Ok(()),
            },
            Running::Chroot { mut child, input, .. } => {
                drop(input);
                child.wait()?;
                Ok(())
            }
        }
    }

    async fn until_up(&mut self) -> anyhow::Result<()> {
        let Running::Chroot { folder, output, .. } = &mut self.server else { return Ok(()) };
        let mut line = String::new();
        output.read_line(&mut line)?;
        let log = || std::fs::read_to_string(folder.join("log")).unwrap_or_default();
        ensure!(line.trim() == "started", "TimescaleDB does not start: {}", log());
        let patience = Stopwatch::start();
        while let Err(error) = self.address.connect(NoTls).await {
            ensure!(patience.seconds() < 60.0, "TimescaleDB does not start: {error}: {}", log());
            Clock::real().sleep(Duration::from_millis(50)).await;
        }
        Ok(())
    }
}

/// Writes everything to the disk and empties the system's cache of it, where this process may; whether it did.
pub fn forget_pages() -> bool {
    rustix::fs::sync();
    std::fs::write("/proc/sys/vm/drop_caches", "3").is_ok()
}
