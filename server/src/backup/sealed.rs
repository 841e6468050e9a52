//! The folder of a back-up: written under another name, sealed by its sums, and checked before anything is believed.
//!
//! It must never follow a name out of the folder, nor leave what is half written under a name that looks whole.

use super::manifest::{FORMAT, Manifest, SealedFile};
use super::{Step, Tell};
use jiff::Timestamp;
use sha2::{Digest, Sha256};
use std::{
    fs::File,
    io::{Read, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

/// What a back-up says of itself.
pub(super) const MANIFEST: &str = "manifest.json";
/// The database.
pub(super) const DATABASE: &str = "database.dump";
/// The sums of the other two, as `sha256sum -c` reads them.
pub(super) const SUMS: &str = "SHA256SUMS";
/// What a folder's name ends in while it is written.
const PARTIAL: &str = ".partial";
/// The sums are of a kilobyte; what is much longer isn't ours.
const LARGEST_TEXT: u64 = 16 * 1024 * 1024;

/// Why a back-up can't be used.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// A file can't be read or written.
    #[error("can't use {}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        cause: std::io::Error,
    },
    /// A file is not as it was written.
    #[error("the back-up {} is damaged: {what}; nothing was touched; use another back-up", folder.display())]
    Damaged {
        /// The back-up.
        folder: PathBuf,
        /// What is wrong.
        what: String,
    },
    /// The folder isn't a back-up.
    #[error("{} is not a back-up: it has no {SUMS} and {MANIFEST}; name the folder taydo-CITY-TIME itself", .0.display())]
    NotOne(PathBuf),
    /// A newer program has made it.
    #[error("the back-up {} has format {format}, and this program reads {FORMAT}; restore it with the taydo that made it", folder.display())]
    Format {
        /// The back-up.
        folder: PathBuf,
        /// Its format.
        format: u32,
    },
}

/// A back-up whose sums are right.
#[derive(Debug, Clone)]
pub struct Sealed {
    /// Where it is.
    pub folder: PathBuf,
    /// What it says of itself.
    pub manifest: Manifest,
}

impl Sealed {
    /// Reads a back-up and checks all of it. Takes as long as reading it does.
    ///
    /// # Errors
    /// See [`SealError`].
    pub fn open(folder: &Path, tell: Tell<'_>) -> Result<Self, SealError> {
        tell(Step::Checking);
        let sealed = Self::glance(folder)?;
        let damaged = |what: String| SealError::Damaged { folder: folder.to_owned(), what };
        for (name, expected) in sums(folder)? {
            let (_, found) = sum(&folder.join(&name)).map_err(|cause| damaged(format!("{name} can't be read ({cause})")))?;
            if found != expected {
                return Err(damaged(format!("{name} is not as it was written")));
            }
        }
        Ok(sealed)
    }

    /// Reads what it says of itself, and whether its files have their sizes: what is done at once.
    ///
    /// # Errors
    /// See [`SealError`].
    pub fn glance(folder: &Path) -> Result<Self, SealError> {
        let damaged = |what: String| SealError::Damaged { folder: folder.to_owned(), what };
        let sums = sums(folder)?;
        let text = text(&folder.join(MANIFEST)).map_err(|cause| damaged(format!("{MANIFEST} can't be read ({cause})")))?;
        // Before it is understood, since what is understood of a damaged one may be anything.
        let found = hex(&Sha256::digest(text.as_bytes()));
        if !sums.iter().any(|(name, sum)| name == MANIFEST && *sum == found) {
            return Err(damaged(format!("{MANIFEST} is not as it was written")));
        }
        let format: Format = serde_json::from_str(&text).map_err(|error| damaged(format!("{MANIFEST}: {error}")))?;
        if format.format != FORMAT {
            return Err(SealError::Format { folder: folder.to_owned(), format: format.format });
        }
        let manifest: Manifest = serde_json::from_str(&text).map_err(|error| damaged(format!("{MANIFEST}: {error}")))?;
        for file in &manifest.files {
            let sealed = sums.iter().find(|(name, _)| *name == file.name);
            if sealed.is_none_or(|(_, sum)| *sum != file.sha256) {
                return Err(damaged(format!("{SUMS} and {MANIFEST} differ over {}", file.name)));
            }
            let bytes = std::fs::metadata(folder.join(&file.name)).map_err(|cause| damaged(format!("{}: {cause}", file.name)))?.len();
            if bytes != file.bytes {
                return Err(damaged(format!("{} has {bytes} bytes instead of {}", file.name, file.bytes)));
            }
        }
        Ok(Self { folder: folder.to_owned(), manifest })
    }

    /// The database's file.
    #[must_use]
    pub fn database(&self) -> PathBuf {
        self.folder.join(DATABASE)
    }

    /// What it takes, in bytes.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.manifest.files.iter().map(|file| file.bytes).sum()
    }

    /// The folder's name.
    #[must_use]
    pub fn name(&self) -> String {
        self.folder.file_name().unwrap_or_default().to_string_lossy().into_owned()
    }
}

#[derive(serde::Deserialize)]
struct Format {
    format: u32,
}

/// A folder that is being written, for its owner alone; removed when dropped before it is sealed.
#[derive(Debug)]
pub(super) struct Unsealed {
    folder: PathBuf,
    place: PathBuf,
    is_sealed: bool,
}

impl Unsealed {
    /// Begins a back-up's folder of this name.
    pub(super) fn begin(target: &Path, name: &str) -> Result<Self, SealError> {
        let place = target.join(name);
        let folder = target.join(format!("{name}{PARTIAL}"));
        let failed = |path: &Path, cause| SealError::Io { path: path.to_owned(), cause };
        std::fs::create_dir_all(target).map_err(|cause| failed(target, cause))?;
        if folder.exists() {
            std::fs::remove_dir_all(&folder).map_err(|cause| failed(&folder, cause))?;
        }
        if place.exists() {
            let cause = std::io::Error::new(std::io::ErrorKind::AlreadyExists, "there is a back-up of this second");
            return Err(failed(&place, cause));
        }
        std::fs::DirBuilder::new().mode(0o700).create(&folder).map_err(|cause| failed(&folder, cause))?;
        Ok(Self { folder, place, is_sealed: false })
    }

    /// Where the database goes; made empty, for its owner alone.
    pub(super) fn database(&self) -> Result<PathBuf, SealError> {
        let path = self.folder.join(DATABASE);
        private(&path).map_err(|cause| SealError::Io { path: path.clone(), cause })?;
        Ok(path)
    }

    /// Writes manifest and sums, and gives the folder its name once all is on the disk.
    pub(super) fn seal(mut self, mut manifest: Manifest) -> Result<Sealed, SealError> {
        let failed = |path: &Path, cause| SealError::Io { path: path.to_owned(), cause };
        let database = self.folder.join(DATABASE);
        let (bytes, sha256) = sum(&database).map_err(|cause| failed(&database, cause))?;
        manifest.files = vec![SealedFile { name: DATABASE.to_owned(), bytes, sha256: sha256.clone() }];
        let text = serde_json::to_string_pretty(&manifest).map_err(|error| failed(&self.folder, std::io::Error::other(error)))?;
        let sums = format!("{sha256}  {DATABASE}\n{}  {MANIFEST}\n", hex(&Sha256::digest(text.as_bytes())));
        for (name, text) in [(MANIFEST, text), (SUMS, sums)] {
            let path = self.folder.join(name);
            let written = private(&path).and_then(|mut file| file.write_all(text.as_bytes()).and_then(|()| file.sync_all()));
            written.map_err(|cause| failed(&path, cause))?;
        }
        let synced = File::open(&database).and_then(|file| file.sync_all()).and_then(|()| File::open(&self.folder)?.sync_all());
        synced.map_err(|cause| failed(&self.folder, cause))?;
        std::fs::rename(&self.folder, &self.place).map_err(|cause| failed(&self.place, cause))?;
        self.is_sealed = true;
        if let Some(target) = self.place.parent() {
            File::open(target).and_then(|folder| folder.sync_all()).map_err(|cause| failed(target, cause))?;
        }
        Ok(Sealed { folder: self.place.clone(), manifest })
    }
}

impl Drop for Unsealed {
    fn drop(&mut self) {
        if !self.is_sealed {
            // What stays behind is written over by the next one of this name.
            let _ = std::fs::remove_dir_all(&self.folder);
        }
    }
}

/// The name of a back-up's folder.
pub(super) fn name(city: &str, taken_at: Timestamp) -> String {
    format!("taydo-{city}-{}", taken_at.strftime("%Y%m%dT%H%M%SZ"))
}

/// The back-ups in a folder that look whole at a glance, the newest first.
#[must_use]
pub fn sealed_in(target: &Path) -> Vec<Sealed> {
    let entries = std::fs::read_dir(target).into_iter().flatten().flatten().map(|entry| entry.path());
    let named = entries.filter(|path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        name.starts_with("taydo-") && !name.ends_with(PARTIAL) && path.is_dir()
    });
    let mut found: Vec<Sealed> = named.filter_map(|path| Sealed::glance(&path).ok()).collect();
    found.sort_by_key(|sealed| std::cmp::Reverse(sealed.manifest.taken_at));
    found
}

/// The newest back-up in a folder that looks whole at a glance.
#[must_use]
pub fn newest(target: &Path) -> Option<Sealed> {
    sealed_in(target).into_iter().next()
}

/// Names and sums, as they stand in the sums' file. Names lead nowhere but into the folder.
fn sums(folder: &Path) -> Result<Vec<(String, String)>, SealError> {
    let damaged = || SealError::Damaged { folder: folder.to_owned(), what: format!("{SUMS} is not as it was written") };
    let text = match text(&folder.join(SUMS)) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && !folder.join(MANIFEST).exists() => {
            return Err(SealError::NotOne(folder.to_owned()));
        }
        Err(_) => return Err(damaged()),
    };
    let line = |line: &str| line.split_once("  ").map(|(sum, name)| (name.to_owned(), sum.to_owned()));
    let sums: Vec<(String, String)> = text.lines().map(line).collect::<Option<_>>().ok_or_else(damaged)?;
    let names: Vec<&str> = sums.iter().map(|(name, _)| name.as_str()).collect();
    if names == [DATABASE, MANIFEST] { Ok(sums) } else { Err(damaged()) }
}

fn text(path: &Path) -> std::io::Result<String> {
    let mut text = String::new();
    File::open(path)?.take(LARGEST_TEXT).read_to_string(&mut text)?;
    Ok(text)
}

fn private(path: &Path) -> std::io::Result<File> {
    File::options().write(true).create(true).truncate(true).mode(0o600).open(path)
}

/// A file's length and sum.
fn sum(path: &Path) -> std::io::Result<(u64, String)> {
    let mut file = File::open(path)?;
    let (mut digest, mut bytes, mut piece) = (Sha256::new(), 0_u64, vec![0_u8; 1 << 20]);
    loop {
        let read = file.read(&mut piece)?;
        let Some(part) = piece.get(..read).filter(|part| !part.is_empty()) else { break };
        digest.update(part);
        bytes += read as u64;
    }
    Ok((bytes, hex(&digest.finalize())))
}

fn hex(digest: &[u8]) -> String {
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}
