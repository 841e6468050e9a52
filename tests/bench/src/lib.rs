//! What the benches share: processes and their cost, clients that count, rows in every form, and figures with their spread.
//!
//! Everything runs on loopback, is bounded in time, and ends only the processes that it has started. A figure is worth
//! something only beside its floor's in the same run.

pub mod archive;
pub mod browser;
pub mod cluster;
pub mod courses;
pub mod database;
pub mod feed;
pub mod figures;
pub mod fleet;
pub mod influx;
pub mod message;
pub mod page;
pub mod process;
pub mod rows;
pub mod seeks;
pub mod senders;
pub mod sink;
pub mod socket;
pub mod stopwatch;
pub mod town;
pub mod vitals;
