//! Chromium's driver: the program that starts browsers.
//!
//! It and whatever it has started end with their handle; nothing else is ever signalled.

use anyhow::{Context, bail};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

/// A program that the environment names, or the one where Debian has it.
#[must_use]
pub fn program(variable: &str, usual: &str) -> PathBuf {
    std::env::var_os(variable).map_or_else(|| PathBuf::from(usual), PathBuf::from)
}

/// A running driver.
#[derive(Debug)]
pub(crate) struct Driver {
    process: Child,
    /// Where it answers, without a slash at the end.
    pub(crate) url: String,
    /// Kept open, so that the driver never writes into a closed pipe.
    _output: BufReader<ChildStdout>,
}

impl Driver {
    /// Starts one on a free port; what it writes is in `folder`.
    pub(crate) fn start(folder: &Path) -> anyhow::Result<Self> {
        let binary = program("TAYDO_CHROMEDRIVER", "/usr/bin/chromedriver");
        let mut command = Command::new(&binary);
        command.arg("--port=0").arg(format!("--log-path={}", folder.join("driver.log").display()));
        command.env("TMPDIR", folder).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut process = command.spawn().with_context(|| format!("can't start {}; run `cargo xtask setup`", binary.display()))?;
        let mut output = BufReader::new(process.stdout.take().context("the driver's output")?);
        let mut line = String::new();
        // `ChromeDriver was started successfully on port 12345.`
        while !line.contains("successfully on port") {
            line.clear();
            if output.read_line(&mut line)? == 0 {
                bail!("the driver ended without saying its port");
            }
        }
        let port: String = line.chars().filter(char::is_ascii_digit).collect();
        Ok(Self { process, url: format!("http://127.0.0.1:{port}"), _output: output })
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        let mut processes = vec![self.process.id().to_string()];
        let mut next = 0;
        while let Some(process) = processes.get(next) {
            let tasks = std::fs::read_dir(format!("/proc/{process}/task")).into_iter().flatten().flatten();
            let children = tasks.filter_map(|task| std::fs::read_to_string(task.path().join("children")).ok()).collect::<String>();
            processes.extend(children.split_whitespace().map(str::to_owned));
            next += 1;
        }
        // One that has just ended by itself is no fault.
        let _ = Command::new("kill").arg("-9").args(&processes).stderr(Stdio::null()).status();
        let _ = self.process.wait();
    }
}
