//! Another folder, such as a mounted share.
//!
//! It must never make the folder itself: where a share isn't mounted, its place would be on the same disk.

use crate::backup::Sealed;
use anyhow::{Context as _, ensure};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

/// A folder.
#[derive(Debug, Clone)]
pub struct Shelf {
    /// Its name in the back-up file.
    pub name: String,
    /// Where it is.
    pub path: PathBuf,
}

impl Shelf {
    pub(super) async fn put(&self, sealed: &Sealed) -> anyhow::Result<()> {
        ensure!(self.path.is_dir(), "{} is not there; make it, or mount what belongs there", self.path.display());
        let (from, name, path) = (sealed.folder.clone(), sealed.name(), self.path.clone());
        tokio::task::spawn_blocking(move || copy(&from, &path, &name)).await?
    }

    pub(super) fn names(&self) -> anyhow::Result<Vec<String>> {
        let entries = std::fs::read_dir(&self.path).with_context(|| format!("can't read {}", self.path.display()))?;
        Ok(entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect())
    }

    pub(super) fn remove(&self, name: &str) -> anyhow::Result<()> {
        let path = self.path.join(name);
        std::fs::remove_dir_all(&path).with_context(|| format!("can't remove {}", path.display()))
    }
}

/// Copies the folder, checks the copy's sums, and only then gives it its name.
fn copy(from: &Path, target: &Path, name: &str) -> anyhow::Result<()> {
    let partial = target.join(format!("{name}.partial"));
    if partial.exists() {
        std::fs::remove_dir_all(&partial).with_context(|| format!("can't remove {}", partial.display()))?;
    }
    std::fs::DirBuilder::new().mode(0o700).create(&partial).with_context(|| format!("can't make {}", partial.display()))?;
    for entry in std::fs::read_dir(from)? {
        let file = entry?.path();
        let to = partial.join(file.file_name().unwrap_or_default());
        std::fs::copy(&file, &to).with_context(|| format!("can't copy to {}", to.display()))?;
        std::fs::File::open(&to)?.sync_all()?;
    }
    Sealed::open(&partial, &|_| ())?;
    std::fs::rename(&partial, target.join(name)).with_context(|| format!("can't rename {}", partial.display()))
}
