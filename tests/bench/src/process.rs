//! Processes: on which core they run, what they have used, and their end.
//!
//! A child is ended when its handle is dropped; no other process is ever signalled.

use crate::stopwatch::Stopwatch;
use anyhow::{Context, ensure};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use rustix::thread::{CpuSet, sched_setaffinity};
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// How long a child may take to stop, in seconds.
const PATIENCE_S: f64 = 20.0;

/// Keeps this process, and the threads that it starts from now on, on one core.
///
/// # Errors
/// When the machine has no such core.
pub fn pin(core: usize) -> anyhow::Result<()> {
    let mut set = CpuSet::new();
    set.set(core);
    sched_setaffinity(None, &set).with_context(|| format!("can't stay on core {core}; the benches need two cores"))
}

/// Raises the limit of open files as far as it goes, and checks that it is enough for `wanted`.
///
/// # Errors
/// When the hard limit is lower.
pub fn open_files(wanted: u64) -> anyhow::Result<()> {
    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum })
        .context("can't raise the limit of open files")?;
    let most = limit.maximum.unwrap_or(u64::MAX);
    ensure!(
        most >= wanted,
        "at most {most} files may be open here, {wanted} are needed; raise the limit with `ulimit -Hn {wanted}` as root"
    );
    Ok(())
}

/// The program of this name beside the running one.
///
/// # Errors
/// When it isn't there.
pub fn sibling(name: &str) -> anyhow::Result<PathBuf> {
    let path = std::env::current_exe()?.with_file_name(name);
    ensure!(path.exists(), "{} is not there; build it with `cargo build --release -p taydo-bench`", path.display());
    Ok(path)
}

/// A child that is ended with its handle.
#[derive(Debug)]
pub struct Server {
    child: Child,
    /// The first line that it printed: its addresses.
    pub greeting: String,
}

impl Server {
    /// Starts a program and waits for its first line on standard output, which says where it listens.
    ///
    /// # Errors
    /// When it can't be started or ends before it has said something.
    pub fn start(program: &Path, arguments: &[&str]) -> anyhow::Result<Self> {
        let child = Command::new(program)
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .with_context(|| format!("can't start {}", program.display()))?;
        let server = Self::greeted(child)?;
        ensure!(!server.greeting.is_empty(), "{} ended before it listened", program.display());
        Ok(server)
    }

    /// Starts a program as [`Self::start`] does where `is_greeting`, else as [`Self::start_silent`]; what it says of itself goes to a file.
    ///
    /// # Errors
    /// When it can't be started, or ends before it has said something.
    pub fn start_logged(program: &Path, arguments: &[&str], log: &Path, is_greeting: bool) -> anyhow::Result<Self> {
        let file = fs::File::create(log).with_context(|| format!("can't write {}", log.display()))?;
        let out = if is_greeting { Stdio::piped() } else { Stdio::from(file.try_clone()?) };
        let child = Command::new(program)
            .args(arguments)
            .stdout(out)
            .stderr(file)
            .spawn()
            .with_context(|| format!("can't start {}", program.display()))?;
        let server = Self::greeted(child)?;
        ensure!(!is_greeting || !server.greeting.is_empty(), "{} ended before it listened; see {}", program.display(), log.display());
        Ok(server)
    }

    /// A child with its first line, where it is piped to here.
    fn greeted(mut child: Child) -> anyhow::Result<Self> {
        let mut greeting = String::new();
        if let Some(out) = child.stdout.take() {
            BufReader::new(out).read_line(&mut greeting)?;
        }
        Ok(Self { child, greeting: greeting.trim().to_owned() })
    }

    /// Whether it still runs.
    pub fn is_alive(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Starts a program that says nothing on standard output.
    ///
    /// # Errors
    /// When it can't be started.
    pub fn start_silent(program: &Path, arguments: &[&str]) -> anyhow::Result<Self> {
        let child = Command::new(program).args(arguments).spawn().with_context(|| format!("can't start {}", program.display()))?;
        Ok(Self { child, greeting: String::new() })
    }

    /// Its number.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Ends it as `kill -9` does.
    ///
    /// # Errors
    /// When it can't be waited for.
    pub fn kill(mut self) -> std::io::Result<()> {
        self.child.kill()?;
        self.child.wait().map(drop)
    }

    /// Asks it to stop and waits until it has, so that what it has started itself goes with it.
    fn ask_to_stop(&mut self) {
        if let Some(pid) = i32::try_from(self.pid()).ok().and_then(rustix::process::Pid::from_raw) {
            let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
        }
        let patience = Stopwatch::start();
        while patience.seconds() < PATIENCE_S && matches!(self.child.try_wait(), Ok(None)) {
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            self.ask_to_stop();
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// CPU seconds that all threads of a process have used, to the nanosecond.
#[must_use]
pub fn cpu_s(pid: u32) -> f64 {
    let tasks = fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
    let used = tasks.filter_map(|task| fs::read_to_string(task.path().join("schedstat")).ok());
    used.filter_map(|text| text.split(' ').next()?.parse::<f64>().ok()).sum::<f64>() / 1e9
}

/// CPU seconds of a process and of all that descend or have descended from it, so that the figure never falls.
#[must_use]
pub fn tree_cpu_s(pid: u32) -> f64 {
    let tasks = fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
    let children = tasks.filter_map(|task| fs::read_to_string(task.path().join("children")).ok());
    let numbers: Vec<u32> =
        children.flat_map(|text| text.split_whitespace().filter_map(|pid| pid.parse().ok()).collect::<Vec<_>>()).collect();
    cpu_s(pid) + reaped_cpu_s(pid) + numbers.into_iter().map(tree_cpu_s).sum::<f64>()
}

/// CPU seconds of the children of a process that have ended, in steps of a clock tick.
fn reaped_cpu_s(pid: u32) -> f64 {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    // The program's name may hold spaces; the fields after its bracket begin with the third (proc(5)).
    let fields = stat.rsplit_once(')').map_or("", |(_, fields)| fields).split_whitespace();
    let ticks: f64 = fields.skip(13).take(2).filter_map(|field| field.parse::<f64>().ok()).sum();
    ticks / rustix::param::clock_ticks_per_second() as f64
}

/// Resident memory of a process, kB.
#[must_use]
pub fn resident_kb(pid: u32) -> f64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|text| text.split_whitespace().next()?.parse().ok()).unwrap_or(0.0)
}

/// A folder for a run's data, removed with its handle. Root's embedded database runs as another account, which must be
/// able to pass through it.
///
/// # Errors
/// When it can't be made.
pub fn data_folder() -> anyhow::Result<tempfile::TempDir> {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::Builder::new().prefix("taydo-bench-").tempdir().context("can't make a temporary folder")?;
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755))?;
    Ok(folder)
}
