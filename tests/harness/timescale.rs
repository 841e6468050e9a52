//! A private TimescaleDB of a test binary, in the Debian root that `cargo xtask setup` made.
//!
//! It runs on a socket in a temporary folder, and ends with the process. It must never be started where its tests would say that they cover
//! it and don't.

use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;
use taydo_outside::Timescale;
use tokio::sync::OnceCell;

static SERVER: OnceCell<Option<tokio_postgres::Config>> = OnceCell::const_new();

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
        let Some(command) = as_root("unshare") else {
            println!(
                "not covered: TimescaleDB's Apache edition, which runs in a root of its own and needs root, or sudo without a password"
            );
            return None;
        };
        let server = Timescale::start(command, Path::new(&root), &[]).unwrap_or_else(|error| panic!("{error:#}"));
        crate::eventually("TimescaleDB answers", Duration::from_secs(60), || async { server.answers().await.ok() }).await;
        let address = server.address().clone();
        // Its input closes with this process, which is what it waits for.
        std::mem::forget(server);
        Some(address)
    });
    server.await.as_ref()
}

/// A folder with the programs that copy this server's databases, for `TAYDO_POSTGRES_BIN`: they are the root's, and run outside of it with
/// its libraries.
///
/// # Panics
/// When there is no root; [`timescale`] has said so before.
#[must_use]
pub fn timescale_programs() -> tempfile::TempDir {
    let root = PathBuf::from(std::env::var_os("TAYDO_TIMESCALE_ROOT").expect("a Debian root with TimescaleDB"));
    let below = |folder: PathBuf, is_it: fn(&str) -> bool| {
        let mut entries = std::fs::read_dir(&folder).expect("a folder of the root").flatten();
        entries.find(|entry| is_it(&entry.file_name().to_string_lossy())).expect("what is in every such root").path()
    };
    let loader = below(root.join("usr/lib64"), |name| name.starts_with("ld-linux"));
    let libraries = below(root.join("usr/lib"), |name| name.ends_with("-linux-gnu"));
    let programs = below(root.join("usr/lib/postgresql"), |_| true).join("bin");
    let folder = tempfile::Builder::new().prefix("taydo-programs").tempdir().expect("a folder for programs");
    for name in ["pg_dump", "pg_restore"] {
        let text = format!(
            "#!/bin/sh\nexec '{}' --library-path '{}' '{}' \"$@\"\n",
            loader.display(),
            libraries.display(),
            programs.join(name).display()
        );
        let file = folder.path().join(name);
        std::fs::write(&file, text).expect("a program");
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755)).expect("a program");
    }
    folder
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
