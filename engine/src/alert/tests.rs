//! The rule machine by scripts and against a plain second opinion.
//!
//! Nothing here may reach into the machine: readings in, transitions out.

mod cities;
mod course;
mod flapping;
mod plain;
mod restart;
pub(crate) mod town;
