//! Where things are: the workspace, the target folder, logs, the demo's data.
//!
//! Must never create anything but the folders it names, and never write inside the workspace.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow};

use crate::progress;

/// The folders of one run.
pub(crate) struct Places {
    /// The workspace's root.
    pub(crate) root: PathBuf,
    /// Cargo's target folder for everything that xtask builds.
    pub(crate) target: PathBuf,
}

impl Places {
    /// Finds the folders. Without `CARGO_TARGET_DIR` builds go to the user's cache, so that a second clone is quick too.
    pub(crate) fn find() -> Result<Self> {
        let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
        let root = manifest.parent().ok_or_else(|| anyhow!("xtask has no workspace above it; run it inside a clone"))?.to_owned();
        let target = match std::env::var_os("CARGO_TARGET_DIR").filter(|value| !value.is_empty()) {
            Some(folder) => std::path::absolute(folder).context("CARGO_TARGET_DIR is no usable path; unset it")?,
            None => user_folder("XDG_CACHE_HOME", ".cache")?.join("taydo/target"),
        };
        Ok(Self { root, target })
    }

    /// A log file for the output of one step; its folder exists afterwards.
    pub(crate) fn log(&self, name: &str) -> Result<PathBuf> {
        let folder = self.target.join("logs");
        create(&folder)?;
        Ok(folder.join(format!("{name}.log")))
    }

    /// What the front end's build makes and keeps.
    pub(crate) fn frontend(&self) -> PathBuf {
        self.target.join("frontend")
    }

    /// The built front end, as `TAYDO_FRONTEND_DIST` names it to the server's build.
    pub(crate) fn frontend_dist(&self) -> PathBuf {
        self.frontend().join("dist")
    }

    /// Where the demo keeps its data: a system folder for root, the user's own otherwise.
    pub(crate) fn demo_data(&self) -> Result<PathBuf> {
        if rustix::process::geteuid().is_root() {
            return Ok(PathBuf::from("/var/lib/taydo/demo"));
        }
        Ok(user_folder("XDG_DATA_HOME", ".local/share")?.join("taydo/demo"))
    }

    /// Waits until no other xtask builds into the same target folder; two clones share it, and one would replace the
    /// binaries that the other is testing. Held until the file is dropped.
    pub(crate) fn lock_target(&self) -> Result<File> {
        create(&self.target)?;
        let path = self.target.join("xtask.lock");
        let file =
            File::create(&path).with_context(|| format!("can't write {}; set CARGO_TARGET_DIR to a folder of yours", path.display()))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                progress::say("xtask", &format!("another cargo xtask is building into {}; waiting for it", self.target.display()));
                file.lock().with_context(|| format!("can't lock {}", path.display()))?;
            }
            Err(TryLockError::Error(error)) => return Err(error).with_context(|| format!("can't lock {}", path.display())),
        }
        Ok(file)
    }
}

/// Creates `folder` with its parents.
pub(crate) fn create(folder: &Path) -> Result<()> {
    std::fs::create_dir_all(folder).with_context(|| format!("can't create {}; check who owns its parent folder", folder.display()))
}

/// A base folder after the XDG convention: `variable` when it is an absolute path, else `fallback` under the home folder.
fn user_folder(variable: &str, fallback: &str) -> Result<PathBuf> {
    if let Some(folder) = std::env::var_os(variable).map(PathBuf::from).filter(|folder| folder.is_absolute()) {
        return Ok(folder);
    }
    let home = std::env::home_dir().filter(|home| home.is_absolute());
    Ok(home.ok_or_else(|| anyhow!("no home folder is known; set HOME or {variable}"))?.join(fallback))
}
