//! The cluster's processes as the operating system shows them.
//!
//! It must never signal a process that isn't this cluster's: process numbers are used again, so a process is pinned
//! by a file descriptor first, then checked, and only then signalled through it.

use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};
use std::path::{Path, PathBuf};

/// The postmaster that `postmaster.pid` names, if it is alive and this cluster's.
pub(super) fn postmaster(cluster: &Path) -> Option<Pid> {
    let pid = recorded_pid(cluster)?;
    belongs(pid, cluster).then_some(pid)
}

/// The process number in `postmaster.pid`, whoever has it now.
pub(super) fn recorded_pid(cluster: &Path) -> Option<Pid> {
    let text = std::fs::read_to_string(cluster.join("postmaster.pid")).ok()?;
    Pid::from_raw(text.lines().next()?.trim().parse().ok()?)
}

/// Whether the postmaster has written into `postmaster.pid`, on the eighth line, that it accepts connections.
pub(super) fn says_ready(cluster: &Path) -> bool {
    std::fs::read_to_string(cluster.join("postmaster.pid"))
        .is_ok_and(|text| text.lines().nth(7).is_some_and(|status| status.trim() == "ready"))
}

/// The folder of its socket, which it has written into `postmaster.pid`, on the fifth line; `None` until it accepts connections.
pub(super) fn sockets(cluster: &Path) -> Option<PathBuf> {
    let text = std::fs::read_to_string(cluster.join("postmaster.pid")).ok().filter(|_| says_ready(cluster))?;
    text.lines().nth(4).map(|line| PathBuf::from(line.trim()))
}

/// Whether the process is a PostgreSQL that works in the cluster's folder. Every process of a cluster does.
pub(super) fn belongs(pid: Pid, cluster: &Path) -> bool {
    let process = Path::new("/proc").join(pid.as_raw_nonzero().to_string());
    let in_folder = std::fs::read_link(process.join("cwd")).is_ok_and(|cwd| cwd == cluster);
    // An upgraded package leaves "/usr/lib/postgresql/15/bin/postgres (deleted)" behind.
    let is_postgres = std::fs::read_link(process.join("exe"))
        .is_ok_and(|exe| exe.file_name().is_some_and(|name| name.to_string_lossy().starts_with("postgres")));
    in_folder && is_postgres
}

/// Whether any process with this number is alive.
pub(super) fn alive(pid: Pid) -> bool {
    Path::new("/proc").join(pid.as_raw_nonzero().to_string()).exists()
}

/// Whether any process of the cluster is left, be it one that outlived its postmaster.
pub(super) fn any_left(cluster: &Path) -> bool {
    let pids = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    pids.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).filter_map(Pid::from_raw).any(|pid| belongs(pid, cluster))
}

/// Signals the process if it is the cluster's; says whether it did.
pub(super) fn signal(pid: Pid, cluster: &Path, signal: Signal) -> bool {
    let Ok(pinned) = pidfd_open(pid, PidfdFlags::empty()) else { return false };
    belongs(pid, cluster) && pidfd_send_signal(pinned, signal).is_ok()
}
