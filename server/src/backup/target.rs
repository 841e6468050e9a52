//! Where back-ups go beside the data folder: another folder, another machine over SSH, or an S3-compatible store.
//!
//! A back-up has its name on a target only once it is whole there. It must never remove what isn't named like a back-up.

mod folder;
mod s3;
mod ssh;

pub use folder::Shelf;
pub use s3::Bucket;
pub use ssh::SshPlace;

use super::Sealed;

/// A target.
#[derive(Debug)]
pub enum Target {
    /// A folder, such as one that is mounted.
    Folder(Shelf),
    /// Another machine, over SFTP.
    Ssh(SshPlace),
    /// A bucket of an S3-compatible store.
    S3(Bucket),
}

impl Target {
    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Folder(shelf) => &shelf.name,
            Self::Ssh(place) => &place.name,
            Self::S3(bucket) => &bucket.name,
        }
    }

    /// Copies a back-up there.
    ///
    /// # Errors
    /// Why it isn't there whole.
    pub async fn put(&self, sealed: &Sealed) -> anyhow::Result<()> {
        match self {
            Self::Folder(shelf) => shelf.put(sealed).await,
            Self::Ssh(place) => place.put(sealed).await,
            Self::S3(bucket) => bucket.put(sealed).await,
        }
    }

    /// The names of the back-ups that are there.
    ///
    /// # Errors
    /// Why it can't be looked at.
    pub async fn names(&self) -> anyhow::Result<Vec<String>> {
        let names = match self {
            Self::Folder(shelf) => shelf.names()?,
            Self::Ssh(place) => place.names().await?,
            Self::S3(bucket) => bucket.names().await?,
        };
        Ok(names.into_iter().filter(|name| super::plan::time_of(name).is_some()).collect())
    }

    /// Removes a back-up from there.
    ///
    /// # Errors
    /// Why it is still there.
    pub async fn remove(&self, name: &str) -> anyhow::Result<()> {
        anyhow::ensure!(super::plan::time_of(name).is_some() && !name.contains('/'), "{name:?} is not the name of a back-up");
        match self {
            Self::Folder(shelf) => shelf.remove(name),
            Self::Ssh(place) => place.remove(name).await,
            Self::S3(bucket) => bucket.remove(name).await,
        }
    }
}
