//! A private TimescaleDB of a test binary, in the Debian root that `cargo xtask setup` made.
//!
//! It runs in a mount namespace of its own, on a socket in a temporary folder, and ends with the process.

use crate::database::connect;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;
use tokio::sync::OnceCell;

static SERVER: OnceCell<Option<tokio_postgres::Config>> = OnceCell::const_new();

/// What runs in the namespace: `$0` the root, `$1` the folder of this server. It ends when its input closes.
const SCRIPT: &str = r#"
root=$0 folder=$1 bin=$(echo "$root"/usr/lib/postgresql/*/bin | sed "s|^$root||")
mount -t proc proc "$root/proc"
mount -t tmpfs -o mode=1777,size=1g tmpfs "$root/dev/shm"
mount --bind "$folder" "$root/mnt"
chroot "$root" chown postgres: /mnt
as() { chroot --userspec=postgres:postgres "$root" "$@"; }
as "$bin/initdb" -D /mnt/data -A trust -E UTF8 --locale=C.UTF-8 -U taydo --no-sync >/dev/null
as "$bin/postgres" -D /mnt/data -k /mnt -c listen_addresses= -c shared_preload_libraries=timescaledb \
    -c timescaledb.telemetry_level=off -c timescaledb.max_background_workers=0 -c max_locks_per_transaction=256 2>"$folder/log" &
cat >/dev/null
kill -INT $!
wait
rm -rf "$folder"
"#;

/// The server's address; `None`, and said so, where there is no root for it.
///
/// # Panics
/// When the server doesn't start.
pub async fn timescale() -> Option<&'static tokio_postgres::Config> {
    let server = SERVER.get_or_init(|| async {
        let Some(root) = std::env::var_os("TAYDO_TIMESCALE_ROOT") else {
            println!("not covered: TimescaleDB is not here; `cargo xtask setup` says why");
            return None;
        };
        let folder = tempfile::Builder::new().prefix("taydo-timescale").tempdir().expect("a folder for TimescaleDB").keep();
        let mut command = Command::new("unshare");
        command.args(["--mount", "sh", "-ec", SCRIPT]).arg(root).arg(&folder);
        let running = command.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().expect("unshare runs");
        // Its input closes with this process, which is what it waits for.
        std::mem::forget(running);
        Some(ready(&folder).await)
    });
    server.await.as_ref()
}

async fn ready(folder: &Path) -> tokio_postgres::Config {
    let mut address = tokio_postgres::Config::new();
    address.host_path(folder).user("taydo").dbname("postgres");
    let log = folder.join("log");
    let why = || format!("TimescaleDB starts; its log: {}", std::fs::read_to_string(&log).unwrap_or_default());
    crate::eventually(why, Duration::from_secs(60), || async { address.connect(tokio_postgres::NoTls).await.ok().map(drop) }).await;
    connect(&address).await;
    address
}
