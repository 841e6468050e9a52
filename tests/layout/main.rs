//! The layouts of the store: the same relations, and the same answers, on every database that the product runs on.
//!
//! A database that could not be had is printed as not covered.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

mod rollups;
mod spine;

use harness::{Database, timescale};

/// A database of each layout that can be had here, with what it must find.
async fn databases() -> Vec<(&'static str, Database)> {
    let mut all = vec![("plain", Database::fresh().await)];
    if let Some(server) = timescale().await {
        all.push(("timescale-apache", Database::on(server).await));
    }
    all
}
