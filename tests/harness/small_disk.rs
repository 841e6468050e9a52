//! A disk that a test fills: a file system of a few hundred megabytes.
//!
//! It must never outlive its test: it is unmounted when dropped.

use std::path::{Path, PathBuf};
use std::process::Command;

/// A small file system.
#[derive(Debug)]
pub struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    /// One of a size such as `320m`; `None`, and a line that says so, where this user may not mount.
    ///
    /// # Panics
    /// When there is no room for its folder.
    #[must_use]
    pub fn mount(size: &str) -> Option<Self> {
        let folder = tempfile::Builder::new().prefix("taydo-disk").tempdir().expect("a folder");
        let options = format!("size={size},mode=755");
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", &options, "tmpfs"]).arg(folder.path()).output();
        if mounted.is_ok_and(|output| output.status.success()) {
            return Some(Self(folder));
        }
        println!("not covered: this user may not mount a file system");
        None
    }

    /// Where it is mounted.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// How many bytes are free.
    ///
    /// # Panics
    /// When the system doesn't say.
    #[must_use]
    pub fn free(&self) -> u64 {
        let output = Command::new("stat").args(["-f", "-c", "%a %S"]).arg(self.path()).output().expect("stat");
        let text = String::from_utf8(output.stdout).expect("words");
        text.split_whitespace().map(|word| word.parse::<u64>().expect("a number")).product()
    }

    /// Fills it until only so many bytes are free; the file that does is to be removed.
    ///
    /// # Panics
    /// When it can't be filled.
    #[must_use]
    pub fn fill(&self, but: u64) -> PathBuf {
        let ballast = self.path().join("ballast");
        let length = self.free().saturating_sub(but).to_string();
        assert!(Command::new("fallocate").args(["-l", &length]).arg(&ballast).status().expect("fallocate").success());
        ballast
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.path()).status();
    }
}
