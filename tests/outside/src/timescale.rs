//! A private TimescaleDB in the Debian root that `cargo xtask setup` made, in a mount namespace of its own.
//!
//! It must never write into the root, which others use at the same time, and ends with whoever has started it, however that ends.

use anyhow::{Context, ensure};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use tokio_postgres::{Config, NoTls};

/// What runs in the namespace: `$0` the root, `$1` the folder of this server, then more words for the server. Each line that it reads
/// lets the server start anew, and says so when the old one has stopped; when its input closes, however that comes, it stops the server
/// and removes the folder. Signals to the whole group, as Ctrl-C sends, are not for it.
const SCRIPT: &str = r#"
trap '' INT TERM HUP
root=$0 folder=$1
shift
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
        -c max_locks_per_transaction=256 "$@" </dev/null >/dev/null 2>>"$folder/log" &
    server=$!
}
stop() {
    kill -INT "$server" || true
    wait "$server" || true
}
start "$@"
echo started
while read -r word; do
    stop
    start "$@"
    echo started
done
stop
rm -rf "$folder"/*
rmdir "$folder"
"#;

/// A running server.
#[derive(Debug)]
pub struct Timescale {
    folder: PathBuf,
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
    address: Config,
}

impl Timescale {
    /// Starts one with these settings (`work_mem=16MB`). `unshare` is that program, run as root. It may be a while until it
    /// [answers](Self::answers).
    ///
    /// # Errors
    /// When it doesn't start; with what it has logged.
    pub fn start(mut unshare: Command, root: &Path, settings: &[&str]) -> anyhow::Result<Self> {
        let folder = tempfile::Builder::new().prefix("taydo-timescale").tempdir().context("can't make a temporary folder")?.keep();
        unshare.args(["--mount", "sh", "-ec", SCRIPT]).arg(root).arg(&folder);
        unshare.args(settings.iter().flat_map(|setting| ["-c", setting]));
        let mut child = unshare.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().context("can't start unshare")?;
        let (input, output) = (child.stdin.take(), child.stdout.take().context("the script's output")?);
        let mut address = Config::new();
        address.host_path(folder.join("inner")).user("taydo").dbname("postgres");
        let mut server = Self { folder, child, input, output: BufReader::new(output), address };
        server.is_started()?;
        Ok(server)
    }

    /// How to reach its first database.
    #[must_use]
    pub fn address(&self) -> &Config {
        &self.address
    }

    /// The number of the process that all of its processes descend from.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Stops the server and starts it again; its own memory is then empty. It may be a while until it [answers](Self::answers).
    ///
    /// # Errors
    /// When it doesn't come back.
    pub fn restart(&mut self) -> anyhow::Result<()> {
        self.input.as_mut().context("the script's input")?.write_all(b"again\n")?;
        self.is_started()
    }

    /// Asks once whether it can be used.
    ///
    /// # Errors
    /// When it can't yet, or can't any more; with what it has logged.
    pub async fn answers(&self) -> anyhow::Result<()> {
        let asked = self.address.connect(NoTls).await;
        asked.map(drop).with_context(|| format!("TimescaleDB does not start: {}", self.log()))
    }

    /// Stops the server; nothing of it is left.
    ///
    /// # Errors
    /// When it can't be waited for.
    pub fn stop(mut self) -> anyhow::Result<()> {
        drop(self.input.take());
        self.child.wait()?;
        Ok(())
    }

    fn is_started(&mut self) -> anyhow::Result<()> {
        let mut line = String::new();
        self.output.read_line(&mut line)?;
        ensure!(line.trim() == "started", "TimescaleDB does not start: {}", self.log());
        Ok(())
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.folder.join("log")).unwrap_or_default()
    }
}
