//! The engine: committed observations and cases in, readings out; and what follows from readings: alerts.
//!
//! It owns windows, KPI arithmetic, quality, the recording grid, the state of alert rules, rotas, and whom to tell. It never
//! reads a clock, does input or output, waits, or fails: `now` is an argument, and the shell wakes it when `next_wake` says so. The same inputs give the
//! same effects.

pub mod alert;
mod backlog;
pub mod backtest;
mod book;
mod calendar;
mod closed;
mod combine;
mod coverage;
mod derived;
pub mod duty;
mod engine;
pub mod feed;
mod figure;
mod fold;
mod grid;
mod input;
mod lens;
mod local;
mod mark;
mod moment;
mod order;
mod output;
mod pane;
pub mod quiet;
mod range;
mod ranks;
pub mod recompute;
pub mod refold;
pub mod rota;
pub mod routing;
mod row;
pub mod shift_log;
mod sketch;
mod span;
mod spread;
mod steps;
mod suspicion;
mod swap;
mod tally;
pub mod task;
mod track;
mod window;

pub use engine::Engine;
pub use input::{Batch, CaseVersion, Input, Position, Reclosed, Sample, Series, SeriesId};
pub use lens::LONGEST_STEP;
pub use output::{ClosedPane, ClosedSpan, Effects, Recorded, Reopened, Touched};
pub use track::ANCHORS;

#[cfg(test)]
mod tests;
