//! A private TimescaleDB of a test binary, in the Debian root that `cargo xtask setup` made.
//!
//! It runs in a mount namespace of its own, on a socket in a temporary folder, and ends with the process. It must never
//! write into the root, which other test binaries use at the same time.

use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;
use tokio::sync::OnceCell;

static SERVER: OnceCell<Option<tokio_postgres::Config>> = OnceCell::const_new();

/// What runs in the namespace: `$0` the root, `$1` the folder of this server. Its input closes when the test process
/// ends, however that ends, and then it stops the server. Signals to the whole group, as Ctrl-C sends, are not for it.
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
# In the background `$!` is this very process, because chroot becomes the server.
chroot --userspec=postgres:postgres "$root" "/$bin/postgres" -D /mnt/data -k /mnt -c listen_addresses= \
    -c shared_preload_libraries=timescaledb -c timescaledb.telemetry_level=off -c timescaledb.max_background_workers=0 \
    -c max_locks_per_transaction=256 </dev/null >/dev/null 2>"$folder/log" &
server=$!
cat >/dev/null || true
kill -INT "$server" || true
wait "$server" || true
rm -rf "$folder"/*
rmdir "$folder"
"#;

/// The server's address; `None`, and said so, where it can't be had.
///
/// # Panics
/// When the server doesn't start.
pub async fn timescale() -> Option<&'static tokio_postgres::Config> {
    let server = SERVER.get_or_init(|| async {
        let Some(root) = std::env::var_os("TAYDO_TIMESCALE_ROOT") else {
            println!("not covered: TimescaleDB's Apache edition is not here; `cargo xtask setup` says why");
            return None;
        };
        let Some(mut command) = as_root("unshare") else {
            println!(
                "not covered: TimescaleDB's Apache edition, which runs in a root of its own and needs root, or sudo without a password"
            );
            return None;
        };
        let folder = tempfile::Builder::new().prefix("taydo-timescale").tempdir().expect("a folder for TimescaleDB").keep();
        command.args(["--mount", "sh", "-ec", SCRIPT]).arg(root).arg(&folder);
        let running = command.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().expect("unshare runs");
        // Its input closes with this process, which is what it waits for.
        std::mem::forget(running);
        Some(ready(&folder).await)
    });
    server.await.as_ref()
}

/// A command as root, where this process may.
fn as_root(program: &str) -> Option<Command> {
    let user = std::fs::metadata("/proc/self").expect("/proc").uid();
    if user == 0 {
        return Some(Command::new(program));
    }
    let may = Command::new("sudo").args(["-n", "true"]).stdout(Stdio::null()).stderr(Stdio::null()).status();
    may.is_ok_and(|status| status.success()).then(|| {
        let mut command = Command::new("sudo");
        command.args(["-n", program]);
        command
    })
}

async fn ready(folder: &Path) -> tokio_postgres::Config {
    let mut address = tokio_postgres::Config::new();
    address.host_path(folder.join("inner")).user("taydo").dbname("postgres");
    let log = folder.join("log");
    let why = || format!("TimescaleDB starts; its log: {}", std::fs::read_to_string(&log).unwrap_or_default());
    crate::eventually(why, Duration::from_secs(60), || async { address.connect(tokio_postgres::NoTls).await.ok().map(drop) }).await;
    address
}
