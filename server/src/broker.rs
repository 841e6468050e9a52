//! Mosquitto with our configuration: what makes a broker keep every message for a server that is away.
//!
//! It owns the configuration and the child process. It never touches a broker that it didn't start.

use anyhow::Context as _;
use std::fs;
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};

/// What may wait in the broker for a server that is away, in bytes for each client. An hour of a city of 10,000 sensors
/// that report every 10 s is 3.6 million messages; at 300 bytes each, with the broker's own overhead, that fits.
const QUEUE_BYTES: u64 = 2 << 30;
/// The broker saves its queues this often, in seconds: what a killed broker loses is what came since.
pub const SAVE_INTERVAL_S: u32 = 5;
/// The largest message, in bytes.
pub const MAX_MESSAGE_BYTES: u32 = 1 << 20;

/// The configuration for a broker on loopback that keeps its state in `folder`.
fn configuration(folder: &Path, port: u16, user: &str) -> String {
    format!(
        "# Written by `taydo broker` at each start; changes are lost.\n\
         listener {port} 127.0.0.1\n\
         allow_anonymous true\n\
         user {user}\n\
         persistence true\n\
         persistence_location {}/\n\
         autosave_interval {SAVE_INTERVAL_S}\n\
         persistent_client_expiration 14d\n\
         max_inflight_messages 0\n\
         max_queued_messages 0\n\
         max_queued_bytes {QUEUE_BYTES}\n\
         message_size_limit {MAX_MESSAGE_BYTES}\n\
         sys_interval 5\n\
         log_dest stderr\n\
         log_type error\n\
         log_type warning\n\
         log_type notice\n",
        folder.display()
    )
}

/// The program: `TAYDO_MOSQUITTO`, or the one that is installed.
fn program() -> anyhow::Result<PathBuf> {
    if let Some(path) = std::env::var_os("TAYDO_MOSQUITTO") {
        return Ok(PathBuf::from(path));
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain([PathBuf::from("/usr/sbin"), PathBuf::from("/usr/local/sbin")]);
    let found = folders.map(|folder| folder.join("mosquitto")).find(|path| path.is_file());
    found.context(
        "mosquitto is not installed; install Debian's package mosquitto (`cargo xtask demo` does), or name the program in TAYDO_MOSQUITTO",
    )
}

/// Runs the broker until it ends or the process is asked to stop, which is passed on to it.
///
/// # Errors
/// When Mosquitto isn't installed, the folder can't be used, or the port is taken.
pub async fn run(folder: &Path, port: u16, stop: impl Future<Output = ()>) -> anyhow::Result<ExitStatus> {
    let program = program()?;
    fs::create_dir_all(folder).with_context(|| format!("can't make the folder {}", folder.display()))?;
    let folder = folder.canonicalize().with_context(|| format!("can't use the folder {}", folder.display()))?;
    // Mosquitto tells of a taken port only in its log.
    drop(
        TcpListener::bind((Ipv4Addr::LOCALHOST, port))
            .with_context(|| format!("can't listen on 127.0.0.1:{port}; choose another port with --port"))?,
    );
    let user = if rustix::process::geteuid().is_root() {
        "root".to_owned()
    } else {
        std::env::var("USER").unwrap_or_else(|_| "mosquitto".to_owned())
    };
    let file = folder.join("mosquitto.conf");
    fs::write(&file, configuration(&folder, port, &user)).with_context(|| format!("can't write {}", file.display()))?;
    let mut command = Command::new(&program);
    // A group of its own, so that a terminal's Ctrl-C reaches it through us alone, after its clients are gone.
    command.arg("-c").arg(&file).process_group(0);
    let mut child =
        tokio::process::Command::from(command).kill_on_drop(true).spawn().with_context(|| format!("can't run {}", program.display()))?;
    tokio::select! {
        ended = child.wait() => Ok(ended?),
        () = stop => {
            if let Some(pid) = child.id().and_then(|pid| rustix::process::Pid::from_raw(pid.cast_signed())) {
                // It may have ended meanwhile.
                let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
            }
            Ok(child.wait().await?)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_broker_listens_on_loopback_and_keeps_everything_for_an_absent_server() {
        let text = configuration(Path::new("/var/lib/taydo/broker"), 4391, "root");
        for line in [
            "listener 4391 127.0.0.1",
            "persistence true",
            "persistence_location /var/lib/taydo/broker/",
            "max_inflight_messages 0",
            "max_queued_messages 0",
        ] {
            assert!(text.lines().any(|found| found == line), "{line}");
        }
        assert_eq!(text.matches("listener").count(), 1);
    }
}
