//! The layouts of the store: the same relations, and the same answers, on every database that the product runs on.
//!
//! A database that could not be had is printed as not covered.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

mod expiry;
mod killed;
mod restore;
mod rollups;
mod spine;
mod storage;
mod upgrade;

use harness::{Database, full_timescale, timescale};

/// Every layout, each with a database that gets it.
const LAYOUTS: [&str; 3] = ["plain", "timescale-apache", "timescale"];
/// Those with sessions of their own, for what needs several at once.
const WITH_SESSIONS: [&str; 2] = ["plain", "timescale-apache"];

/// An empty database that gets this layout, where one can be had here.
async fn database(layout: &str) -> Option<Database> {
    match layout {
        "plain" => Some(Database::fresh().await),
        "timescale-apache" => Some(Database::on(timescale().await?).await),
        _ => full_timescale().await,
    }
}
