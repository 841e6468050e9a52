//! One process of the demo: started in a group of its own so that the terminal's Ctrl-C reaches only xtask, logged to
//! a file, ended when xtask dies, stopped gracefully.
//!
//! Must never signal a process that it did not start.

use std::fs::File;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal};

use crate::places::create;
use crate::{child, progress};

/// How long a process may take to stop by itself; the server writes what it holds and stops its database.
const GRACE: Duration = Duration::from_secs(20);
const POLL: Duration = Duration::from_millis(50);
/// How much of a dead process's log is shown.
const TAIL_LINES: usize = 25;

/// A running process.
pub(crate) struct Process {
    name: &'static str,
    child: Child,
    /// Its output.
    pub(crate) log: PathBuf,
}

impl Process {
    /// Starts `command`, with its output in `logs`; the log of the run before is kept beside it.
    pub(crate) fn start(name: &'static str, mut command: Command, logs: &Path) -> Result<Self> {
        create(logs)?;
        let log = logs.join(format!("{name}.log"));
        if log.exists() {
            std::fs::rename(&log, logs.join(format!("{name}.previous.log"))).with_context(|| format!("can't move {}", log.display()))?;
        }
        let file = File::create(&log).with_context(|| format!("can't write {}; check the free space", log.display()))?;
        let errors = file.try_clone().context("can't share a log file")?;
        command.stdin(Stdio::null()).stdout(file).stderr(errors).process_group(0);
        end_with_us(&mut command);
        let child = command.spawn().with_context(|| format!("can't start the {name}; build it with `cargo xtask demo`"))?;
        Ok(Self { name, child, log })
    }

    /// Fails with the end of its log when it has ended.
    pub(crate) fn expect_alive(&mut self) -> Result<()> {
        let Some(status) = self.child.try_wait().context("can't wait for a process")? else { return Ok(()) };
        bail!("the {} ended by itself ({status}); its log ({}) ends:\n{}", self.name, self.log.display(), self.tail());
    }

    /// The end of its log.
    pub(crate) fn tail(&self) -> String {
        child::last_lines(&self.log, TAIL_LINES)
    }

    /// Asks it to stop and waits; after the grace, or when `hurry` is set, it is killed with whatever it started.
    pub(crate) fn stop(mut self, hurry: &AtomicBool) -> Result<()> {
        if self.child.try_wait().context("can't wait for a process")?.is_some() {
            return Ok(());
        }
        let Some(pid) = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw) else { return Ok(()) };
        let start = Instant::now();
        let _ = rustix::process::kill_process(pid, Signal::TERM);
        while self.child.try_wait().context("can't wait for a process")?.is_none() {
            if start.elapsed() > GRACE || hurry.load(Ordering::SeqCst) {
                progress::say("demo", &format!("the {} did not stop in {}; killing it", self.name, progress::duration(start.elapsed())));
                let _ = rustix::process::kill_process_group(pid, Signal::KILL);
                let _ = self.child.wait();
                bail!("the {} had to be killed; its log is {}", self.name, self.log.display());
            }
            std::thread::sleep(POLL);
        }
        progress::say("demo", &format!("{} stopped", self.name));
        Ok(())
    }
}

/// Has the kernel ask the process to stop when xtask dies, also when xtask is killed. Processes are started from
/// xtask's only thread, because the kernel watches the thread and not the process.
#[allow(
    unsafe_code,
    reason = "`pre_exec` is unsafe because the closure runs between fork and exec; this one makes two system calls and allocates nothing"
)]
fn end_with_us(command: &mut Command) {
    let us = rustix::process::getpid();
    let arrange = move || {
        rustix::process::set_parent_process_death_signal(Some(Signal::TERM))?;
        // We may have died before the kernel was told.
        if rustix::process::getppid() == Some(us) { Ok(()) } else { Err(std::io::ErrorKind::Interrupted.into()) }
    };
    unsafe {
        command.pre_exec(arrange);
    }
}
