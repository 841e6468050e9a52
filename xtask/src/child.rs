//! Running other programs: cargo with the right target folder, and quiet runs whose output goes to a log.
//!
//! Must never hide a failure: a failed run's last lines are printed, and its whole output is kept.

use std::fs::File;
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::places::Places;
use crate::progress::Moving;

/// How many lines of a failed run's log are shown.
const TAIL_LINES: usize = 40;

/// Cargo in the workspace, building into the shared target folder. The front end's folder is always named, so that the
/// server's build script sees the same environment in every stage and nothing is built twice.
pub(crate) fn cargo(places: &Places) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(&places.root);
    command.env("CARGO_TARGET_DIR", &places.target);
    command.env("TAYDO_FRONTEND_DIST", places.frontend_dist());
    command
}

/// Runs `command` with its output on ours.
pub(crate) fn run(what: &str, command: &mut Command) -> Result<()> {
    let status = command.stdin(Stdio::null()).status().with_context(|| missing(what, command))?;
    if !status.success() {
        bail!("{what} failed ({}); its output is above", describe(status));
    }
    Ok(())
}

/// Runs `command` quietly into `log`, with a moving line; after `limit` it is ended. Its output goes to a file and not
/// through a pipe, so that a package manager outlives an impatient Ctrl-C without a broken pipe.
pub(crate) fn run_logged(title: &str, command: &mut Command, log: &Path, limit: Option<Duration>) -> Result<()> {
    let file = File::create(log).with_context(|| format!("can't write the log {}", log.display()))?;
    let errors = file.try_clone().context("can't share the log file")?;
    let mut child = command.stdin(Stdio::null()).stdout(file).stderr(errors).spawn().with_context(|| missing(title, command))?;
    let mut moving = Moving::start(title);
    let status = loop {
        if let Some(status) = child.try_wait().context("can't wait for a child")? {
            break status;
        }
        if limit.is_some_and(|limit| moving.elapsed() > limit) {
            let _ = child.kill();
            let _ = child.wait();
            let elapsed = moving.finish();
            bail!("{title} did not end within {}; its output is in {}", crate::progress::duration(elapsed), log.display());
        }
        moving.tick(&last_lines(log, 1));
        std::thread::sleep(Duration::from_millis(50));
    };
    moving.finish();
    if !status.success() {
        eprintln!("{}", last_lines(log, TAIL_LINES));
        bail!("{title} failed ({}); its whole output is in {}", describe(status), log.display());
    }
    Ok(())
}

/// The first line that `command` prints, when it succeeds.
pub(crate) fn ask(command: &mut Command) -> Option<String> {
    let output = command.stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// The last `count` lines of a log that say something.
pub(crate) fn last_lines(log: &Path, count: usize) -> String {
    let bytes = std::fs::read(log).unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    let mut lines: Vec<&str> = text.lines().rev().filter(|line| !line.trim().is_empty()).take(count).collect();
    lines.reverse();
    lines.join("\n")
}

/// `exit status: 1`, or the signal that ended it.
pub(crate) fn describe(status: ExitStatus) -> String {
    status.to_string()
}

fn missing(what: &str, command: &Command) -> String {
    format!("{what} can't start `{}`; check that it is installed and on the PATH", command.get_program().to_string_lossy())
}
