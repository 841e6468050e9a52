//! Ingest: what arrives is decoded, checked, committed, and only then acknowledged.
//!
//! Left to right: a way in (`mqtt`, `import`, or the HTTP shell) has bytes, `decode` makes items of them, `gather` checks
//! the items and makes rows, [`Intake`] has a lane commit the rows, the lane hands what it committed to the pipeline.
//! Nothing here computes a reading, and nothing here may be lost without the sender knowing.

pub mod check;
pub mod decode;
pub mod gather;
pub mod health;
pub mod import;
mod intake;
mod lane;
mod metrics;
pub mod mqtt;
mod registry;
pub mod replay;
pub mod trial;

pub use health::Health;
pub use intake::{Intake, LANES, Lanes, PATIENCE, RETRY_AFTER_S, SubmitError};
pub use lane::QUEUE_WEIGHT;
pub use metrics::{Figure, IntakeMetrics, Level};
pub use mqtt::Mqtt;
