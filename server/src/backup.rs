//! Back-ups of the store: made of one moment while the server works, sealed, checked, restored, and kept for some time.
//!
//! A back-up is a folder with a manifest, the database and their sums (docs/backups.md). It must never be used before its
//! sums are right, and nothing that is there is touched before what replaces it has been compared with the manifest.

mod change;
mod make;
mod manifest;
mod plan;
mod restore;
mod sealed;
mod settings;
mod target;

pub use change::{Upgraded, before_migration, own_folder, upgrade};
pub use make::{Reason, make};
pub use manifest::{CityName, FORMAT, Manifest, SealedFile};
pub use plan::{Keep, is_due, superfluous, time_of};
pub use restore::{Losing, Restored, into_database, into_folder, rehearse};
pub use sealed::{SealError, Sealed, newest, sealed_in};
pub use settings::Settings;
pub use target::{Bucket, Shelf, SshPlace, Target};

/// How far a back-up or a restore has got.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// The sums are being reckoned.
    Checking,
    /// The database is being written out: bytes so far, and what it takes on its disk, of which a back-up is a part.
    Dumping {
        /// Bytes written.
        written: u64,
        /// The database's size, in bytes.
        of: u64,
    },
    /// A new database is being made.
    Preparing,
    /// The new database is being filled.
    Loading,
    /// A table is being counted.
    Counting {
        /// The table.
        table: String,
        /// Tables done.
        done: usize,
        /// All of them.
        of: usize,
    },
}

/// Whoever is told how far it has got.
pub type Tell<'a> = &'a (dyn Fn(Step) + Send + Sync);
