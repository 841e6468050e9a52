//! Where PostgreSQL's programs are, and which major version they are.
//!
//! It must never install anything, nor run a program other than to ask its version.

use super::EmbeddedError;
use std::path::{Path, PathBuf};

/// A folder with `postgres` and `initdb` of one version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::store) struct Binaries {
    pub(in crate::store) folder: PathBuf,
    pub(in crate::store) major: u32,
}

impl Binaries {
    /// Those for a data folder of version `folder_major`, or for a new one the newest that are installed. Looked for in
    /// `TAYDO_POSTGRES_BIN`, which excludes all others, then where Debian and its kin put them, then on the `PATH`.
    pub(super) fn find(cluster: &Path, folder_major: Option<u32>) -> Result<Self, EmbeddedError> {
        let found = Self::installed();
        let Some(newest) = found.first() else { return Err(EmbeddedError::NotInstalled) };
        let Some(wanted) = folder_major else { return Ok(newest.clone()) };
        found.iter().find(|binaries| binaries.major == wanted).cloned().ok_or_else(|| EmbeddedError::OtherVersion {
            folder: cluster.to_owned(),
            of: wanted,
            installed: newest.major,
        })
    }

    /// The oldest programs for copying data that are at least of this major version: they work with servers that are older than
    /// they. A server's own programs needn't be there. Otherwise what there is instead, in words.
    pub(in crate::store) fn at_least(major: u32) -> Result<Self, String> {
        let client = |folder: PathBuf| version(&folder.join("pg_dump")).map(|major| Self { folder, major });
        let mut found: Vec<Self> = candidates().into_iter().filter_map(client).collect();
        found.sort_by_key(|binaries| std::cmp::Reverse(binaries.major));
        let newest = found.first().map_or_else(|| "none are installed".to_owned(), |newest| format!("{} is installed", newest.major));
        found.retain(|binaries| binaries.major >= major);
        found.pop().ok_or(newest)
    }

    /// All that are installed, the newest first.
    fn installed() -> Vec<Self> {
        let mut found: Vec<Self> = candidates().into_iter().filter_map(|folder| Self::of(&folder)).collect();
        found.sort_by_key(|binaries| std::cmp::Reverse(binaries.major));
        found
    }

    pub(in crate::store) fn program(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    fn of(folder: &Path) -> Option<Self> {
        let postgres = folder.join("postgres");
        if !postgres.is_file() || !folder.join("initdb").is_file() {
            return None;
        }
        Some(Self { folder: folder.to_owned(), major: version(&postgres)? })
    }
}

/// The major version of one of PostgreSQL's programs; `None` where it isn't there.
fn version(program: &Path) -> Option<u32> {
    let output = std::process::Command::new(program).arg("--version").output().ok()?;
    // "postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)"
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let version = text.split_once("(PostgreSQL) ")?.1;
    version.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

fn candidates() -> Vec<PathBuf> {
    if let Some(folders) = std::env::var_os("TAYDO_POSTGRES_BIN") {
        return std::env::split_paths(&folders).collect();
    }
    let debian = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten().map(|entry| entry.path().join("bin"));
    let path = std::env::var_os("PATH").unwrap_or_default();
    debian.chain(std::env::split_paths(&path)).collect()
}

/// The major version that a cluster's folder was made by; `None` when there is no cluster in it.
pub(super) fn folder_version(cluster: &Path) -> Result<Option<u32>, EmbeddedError> {
    let file = cluster.join("PG_VERSION");
    match std::fs::read_to_string(&file) {
        Ok(text) => match text.trim().parse() {
            Ok(major) => Ok(Some(major)),
            Err(_) => Err(EmbeddedError::Folder { path: file, cause: std::io::Error::other(format!("{text:?} is not a version")) }),
        },
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(cause) => Err(EmbeddedError::Folder { path: file, cause }),
    }
}
