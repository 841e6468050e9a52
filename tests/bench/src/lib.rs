//! What the benches share: processes on their own cores, clients that count, and figures with their spread.
//!
//! Everything runs on loopback, is bounded in time, and ends only the processes that it has started. A figure is worth
//! something only beside its floor's in the same run.

pub mod figures;
pub mod fleet;
pub mod message;
pub mod process;
pub mod socket;
pub mod stopwatch;
