//! What black-box tests share: a centre as a real process with a database, a clock and a broker of its own, and verbs
//! to drive it.
//!
//! Nothing here looks inside the server: it is a process that is spoken to over its public ways. Waiting is for a
//! condition, with a limit; never for a length of time.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a harness fails its test where something is not as it must be"
)]

mod broker;
mod centre;
mod clock;
mod database;
mod described;
mod desk;
mod device;
mod embedded;
mod gateway;
mod live;
mod mail;
mod pglite;
mod small_disk;
mod timescale;
pub mod workbook;

pub use broker::{Broker, free_port};
pub use centre::{Answer, Centre, Setup};
pub use clock::MovedClock;
pub use database::Database;
pub use desk::TestDesk;
pub use device::Device;
pub use embedded::{count, sql};
pub use gateway::{Gateway, Received, Reply};
pub use live::Viewer;
pub use mail::{Certificate, Letter, MailServer};
pub use pglite::full_timescale;
pub use small_disk::SmallDisk;
pub use timescale::{timescale, timescale_programs};

use std::future::Future;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

/// The repository's folder.
#[must_use]
pub fn repository() -> PathBuf {
    let here = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    here.parent().map_or(here.clone(), PathBuf::from)
}

/// A copy of one of the tests' cities in a folder, for a test to change.
///
/// # Panics
/// When it can't be copied.
#[must_use]
pub fn copy_of_city(name: &str, folder: &Path) -> PathBuf {
    let copied = Command::new("cp").arg("-r").arg(repository().join("tests/cities").join(name)).arg(folder).status();
    assert!(copied.expect("cp runs").success(), "{name} is copied");
    folder.join(name)
}

/// The program under test: `TAYDO_BIN`, or the one that cargo built beside the tests.
///
/// # Panics
/// When there is none; it says how to build it.
#[must_use]
pub fn program() -> PathBuf {
    if let Some(path) = std::env::var_os("TAYDO_BIN") {
        return PathBuf::from(path);
    }
    let test = std::env::current_exe().unwrap_or_default();
    let built = test.ancestors().nth(2).map(|folder| folder.join("taydo")).filter(|path| path.exists());
    assert!(built.is_some(), "no taydo beside the tests; run `cargo build -p taydo --features test-clock`, or `cargo xtask test`");
    built.unwrap_or_default()
}

/// Real data for tests that lies beside the repository, where it is there.
#[must_use]
pub fn real_data(file: &str) -> Option<PathBuf> {
    let path = repository().parent()?.join("shared/data").join(file);
    if path.exists() {
        return Some(path);
    }
    println!("not covered: {file} is not here");
    None
}

/// A machine that compiles beside the tests is so many times slower. Only a test that fails waits so long.
const PATIENCE: u32 = 4;

/// Asks until the answer is there, for at most so long, or as long as that is on a busy machine.
///
/// # Panics
/// When it doesn't come in time.
pub async fn eventually<T, F: Future<Output = Option<T>>>(what: impl What, limit: Duration, mut ask: impl FnMut() -> F) -> T {
    let begun = Instant::now();
    let limit = limit.saturating_mul(PATIENCE);
    loop {
        if let Some(answer) = ask().await {
            return answer;
        }
        assert!(begun.elapsed() < limit, "{}: not within {} s", what.text(), limit.as_secs());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// What is waited for, in words; a function is asked only when it doesn't come.
pub trait What {
    /// The words.
    fn text(&self) -> String;
}

impl What for &str {
    fn text(&self) -> String {
        (*self).to_owned()
    }
}

impl<F: Fn() -> String> What for F {
    fn text(&self) -> String {
        self()
    }
}
