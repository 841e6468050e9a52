//! The demo's data folder: one demo at a time, and a clean slate on request.
//!
//! Must never delete anything but the folders that a demo makes, nor those that a process still uses.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::places::create;
use crate::progress;

/// What a demo makes in its data folder.
const FOLDERS: [&str; 3] = ["broker", "server", "logs"];

/// How deep under the server's folder a database cluster may lie.
const CLUSTER_DEPTH: u8 = 3;

/// Held while a demo runs.
pub(crate) struct Lock {
    file: File,
}

/// Takes the data folder for this demo, or says who has it.
pub(crate) fn lock(data: &Path) -> Result<Lock> {
    create(data)?;
    let path = data.join("demo.lock");
    let file = OpenOptions::new().create(true).truncate(false).read(true).write(true).open(&path);
    let mut file = file.with_context(|| format!("can't write {}; check who owns it", path.display()))?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let mut who = String::new();
            let _ = file.read_to_string(&mut who);
            bail!("a demo is already running ({}); stop it with Ctrl-C where it runs", who.trim());
        }
        Err(TryLockError::Error(error)) => return Err(error).with_context(|| format!("can't lock {}", path.display())),
    }
    let mut lock = Lock { file };
    lock.write(&format!("process {}, still building", std::process::id()))?;
    Ok(lock)
}

impl Lock {
    /// Says where this demo is, for whoever tries to start a second one.
    pub(crate) fn announce(&mut self, port: u16) -> Result<()> {
        self.write(&format!("process {}, http://127.0.0.1:{port}", std::process::id()))
    }

    fn write(&mut self, text: &str) -> Result<()> {
        let file = &mut self.file;
        file.set_len(0)
            .and_then(|()| file.seek(SeekFrom::Start(0)))
            .and_then(|_| file.write_all(text.as_bytes()))
            .context("can't write the demo's lock file; check the free space")
    }
}

/// Deletes what earlier demos left, unless a database still runs on it.
pub(crate) fn delete(data: &Path) -> Result<()> {
    if let Some((pid, file)) = running_database(data, CLUSTER_DEPTH) {
        bail!(
            "a database (process {pid}) still runs on {}; run the demo once without --fresh and stop it, or `kill -INT {pid}`",
            file.display()
        );
    }
    for folder in FOLDERS.map(|name| data.join(name)).iter().filter(|folder| folder.exists()) {
        std::fs::remove_dir_all(folder).with_context(|| format!("can't delete {}; check who owns it", folder.display()))?;
    }
    progress::say("demo", &format!("deleted the data in {}", data.display()));
    Ok(())
}

/// A PostgreSQL server whose data folder lies below `folder`.
fn running_database(folder: &Path, depth: u8) -> Option<(u32, PathBuf)> {
    let pid_file = folder.join("postmaster.pid");
    let pid = std::fs::read_to_string(&pid_file).ok().and_then(|text| text.lines().next()?.trim().parse::<u32>().ok());
    if let Some(pid) = pid.filter(|pid| is_postgres(*pid)) {
        return Some((pid, folder.to_owned()));
    }
    let deeper = depth.checked_sub(1)?;
    let children = std::fs::read_dir(folder).ok()?.flatten().filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
    children.into_iter().find_map(|entry| running_database(&entry.path(), deeper))
}

fn is_postgres(pid: u32) -> bool {
    std::fs::read_to_string(format!("/proc/{pid}/comm")).is_ok_and(|name| name.trim() == "postgres")
}
