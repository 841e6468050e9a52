//! TimescaleDB's full edition for a test: PGlite, in a process of its own behind our bridge, `pglite.mjs`.
//!
//! It has one session, and must never be used for what needs two at once.

use crate::database::Database;
use std::ffi::OsStr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tokio::sync::{Semaphore, SemaphorePermit};

/// One takes half a gigabyte, so one test has one at a time and the others wait.
static ONE: Semaphore = Semaphore::const_new(1);

const PASSWORD: &str = "of-this-test";

/// The process, for as long as its database is used.
pub(crate) struct Pglite {
    process: Child,
    folder: tempfile::TempDir,
    _turn: SemaphorePermit<'static>,
}

impl Pglite {
    pub(crate) fn password_file(&self) -> PathBuf {
        let file = self.folder.path().join("password");
        std::fs::write(&file, PASSWORD).expect("the folder takes a file");
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).expect("the file is ours");
        file
    }
}

impl Drop for Pglite {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// An empty database of the full edition; `None`, and said so, where it can't be had.
///
/// # Panics
/// When it doesn't start.
pub async fn full_timescale() -> Option<Database> {
    let Some(package) = std::env::var_os("TAYDO_PGLITE") else {
        println!("not covered: TimescaleDB's full edition is not here; `cargo xtask setup` says why");
        return None;
    };
    let turn = ONE.acquire().await.expect("the semaphore is never closed");
    let folder = tempfile::Builder::new().prefix("taydo-pglite").tempdir().expect("a folder for PGlite");
    let process = start(&package, folder.path());
    let mut address = tokio_postgres::Config::new();
    address.host_path(folder.path()).user("taydo").password(PASSWORD).dbname("postgres");
    let pglite = Pglite { process, folder, _turn: turn };
    let answers = || async { address.connect(tokio_postgres::NoTls).await.ok().map(drop) };
    crate::eventually("PGlite answers", Duration::from_secs(120), answers).await;
    Some(Database::in_process(address, pglite))
}

fn start(package: &OsStr, folder: &Path) -> Child {
    let bridge = crate::repository().join("tests/harness/pglite.mjs");
    let mut node = Command::new("node");
    node.arg(bridge).arg(package).arg(folder.join(".s.PGSQL.5432"));
    let mut process = node.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().expect("node runs");
    // The input stays open with the child: when this process ends, however it ends, so does that one.
    let input = process.stdin.as_mut().expect("a pipe");
    std::io::Write::write_all(input, format!("{PASSWORD}\n").as_bytes()).expect("the bridge reads its password");
    process
}
