//! Faults: what was acknowledged survives `kill -9` of every part, an absent server, a lost broker and a full disk.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "a test's own code")]

mod broker;
mod disk;
mod kills;

use harness::{Centre, Setup, SmallDisk, count, eventually, sql};
use std::path::Path;
use std::time::Duration;

async fn centre(data: &Path, port: u16, broker: Option<std::net::SocketAddr>) -> Centre {
    Centre::start(Setup { city: "tests/cities/mini", data: Some(data.to_owned()), port, broker, ..Setup::default() }).await
}
