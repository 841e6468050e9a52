//! The rule machine by scripts and against a plain second opinion.
//!
//! Nothing here may reach into the machine: readings in, transitions out.

mod backtest;
mod cities;
mod course;
mod flapping;
mod plain;
mod restart;
mod town;
