//! The engine: committed observations and cases in, readings out.
//!
//! It owns windows, KPI arithmetic, quality and the recording grid. It never reads a clock, does input or output,
//! waits, or fails: `now` is an argument, and the shell wakes it when `next_wake` says so. The same inputs give the
//! same effects.

mod backlog;
mod book;
mod calendar;
mod engine;
mod figure;
mod grid;
mod input;
mod moment;
mod output;
mod pane;
mod range;
pub mod recompute;
mod steps;
mod swap;
mod tally;
mod track;
mod window;

pub use engine::Engine;
pub use input::{Batch, CaseVersion, Input, Position, Sample, Series, SeriesId};
pub use output::{Effects, Recorded, Touched};

#[cfg(test)]
mod tests;
