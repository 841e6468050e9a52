//! Another machine, over SFTP, by the system's own `sftp`.
//!
//! The host's key has to be the one in the file that the city keeps. It must never ask anybody anything, nor learn a key by itself.

use crate::backup::Sealed;
use anyhow::{Context as _, bail};
use std::path::PathBuf;
use std::process::Stdio;
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

/// A folder on another machine.
#[derive(Debug, Clone)]
pub struct SshPlace {
    /// Its name in the back-up file.
    pub name: String,
    /// The machine.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// The account there.
    pub user: String,
    /// The folder there.
    pub path: String,
    /// The private key's file.
    pub identity: PathBuf,
    /// The file with the host's key.
    pub known_hosts: PathBuf,
}

impl SshPlace {
    pub(super) async fn put(&self, sealed: &Sealed) -> anyhow::Result<()> {
        let (place, name) = (&self.path, sealed.name());
        let partial = format!("{place}/{name}.partial");
        let mut script = format!("-rm \"{partial}/\"*\n-rmdir \"{partial}\"\nmkdir \"{partial}\"\nchmod 700 \"{partial}\"\n");
        let files = ["database.dump", "manifest.json", "SHA256SUMS"];
        for file in files {
            script.push_str(&format!("put \"{}\" \"{partial}/{file}\"\n", sealed.folder.join(file).display()));
        }
        script.push_str(&format!("ls -ln \"{partial}\"\n"));
        let listed = self.sftp(&script).await?;
        for file in files {
            let bytes = std::fs::metadata(sealed.folder.join(file))?.len().to_string();
            let is_whole = listed.lines().any(|line| line.ends_with(file) && line.split_whitespace().any(|word| word == bytes));
            anyhow::ensure!(is_whole, "{file} is not whole on {}; it has to have {bytes} bytes", self.host);
        }
        self.sftp(&format!("rename \"{partial}\" \"{place}/{name}\"\n")).await.map(drop)
    }

    pub(super) async fn names(&self) -> anyhow::Result<Vec<String>> {
        let listed = self.sftp(&format!("ls -1 \"{}\"\n", self.path)).await?;
        let lines = listed.lines().filter(|line| !line.starts_with("sftp>"));
        Ok(lines.filter_map(|line| line.trim().rsplit('/').next().map(str::to_owned)).collect())
    }

    pub(super) async fn remove(&self, name: &str) -> anyhow::Result<()> {
        let folder = format!("{}/{name}", self.path);
        self.sftp(&format!("rm \"{folder}/\"*\nrmdir \"{folder}\"\n")).await.map(drop)
    }

    /// Runs a batch; what it listed.
    async fn sftp(&self, script: &str) -> anyhow::Result<String> {
        let mut command = Command::new("sftp");
        command.arg("-b").arg("-").arg("-P").arg(self.port.to_string()).arg("-i").arg(&self.identity);
        let known = format!("UserKnownHostsFile=\"{}\"", self.known_hosts.display());
        let fixed = ["BatchMode=yes", "StrictHostKeyChecking=yes", "IdentitiesOnly=yes", "ConnectTimeout=20", "ServerAliveInterval=15"];
        for option in fixed.into_iter().chain([known.as_str(), "GlobalKnownHostsFile=/dev/null"]) {
            command.arg("-o").arg(option);
        }
        command.arg(format!("{}@{}", self.user, self.host));
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().context("can't run sftp; install the package openssh-client")?;
        if let Some(mut input) = child.stdin.take() {
            input.write_all(script.as_bytes()).await?;
        }
        let output = child.wait_with_output().await?;
        if output.status.success() {
            return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
        }
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        // Why comes before that the connection is closed.
        let says_why = |line: &&str| !line.is_empty() && !line.starts_with("Connection closed");
        let why = said.lines().map(str::trim).rfind(says_why).unwrap_or("the connection was closed without a word").to_owned();
        bail!("sftp to {} failed: {why}", self.host)
    }
}
