//! Operations: back-ups, restores, full disks, retention, and the doctor, with real data folders and real disks.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "a test's own code")]

mod backups;
mod changes;
mod disks;
mod remote;
mod schedule;
mod tool;
mod treatment;

use harness::{Centre, Setup, count, sql};
use std::path::Path;

/// A centre of the small city over a data folder.
async fn centre(data: &Path, more: &[&str]) -> Centre {
    Centre::start(Setup { city: "tests/cities/mini", data: Some(data.to_owned()), more, ..Setup::default() }).await
}

/// Lines of observations of 200 meters at one second.
fn lines(second: i64) -> String {
    (0..200).map(|n| format!("meter,asset=m{n} load={} {}\n", second % 90, 1_772_413_200_000 + second * 1000)).collect()
}
