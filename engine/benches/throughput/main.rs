//! What the engine costs on one core: observations through `step` at several sizes beside a floor, memory, a second of live
//! work, long windows, and cases. `cargo xtask bench engine` runs it.
//!
//! Time is the thread's own CPU time, so that other work on the machine changes it little. It must never judge an engine by
//! a run of another machine: ratios are within one run.
#![allow(clippy::unwrap_used, reason = "a measurement's own code: what goes wrong ends it")]

mod cases;
mod floor;
mod load;
mod long;
mod stopwatch;
mod town;

use peak_alloc::PeakAlloc;
use stopwatch::Best;
use taydo_model::kpi::Dimension;
use town::{Town, usual_kpis};

#[global_allocator]
static ALLOCATED: PeakAlloc = PeakAlloc;

/// Observations in a stretch that is measured: the same for all sizes.
const STRETCH: u32 = 1_200_000;
/// Stretches that are measured, of which the best counts.
const STRETCHES: u32 = 3;

/// Nanoseconds of CPU for an observation in a city of so many series.
fn observations(series: i32, divided_by: Dimension) -> Best {
    let mut town = Town::new(usual_kpis(&[divided_by]), series);
    town.fill();
    let mut best = Best::default();
    for _ in 0..STRETCHES {
        let (took, readings) = town.report(STRETCH);
        best.add(took.as_secs_f64() * 1e9 / f64::from(STRETCH));
        town.readings = readings;
    }
    let (allocated, resident) = town.bytes_per_series();
    println!(
        "{series:>7} series, city and {divided_by:<5?} {:>5.2} M observations/s, {} ns each, {:.2} readings each; {allocated:.0} bytes a series allocated, {resident:.0} resident",
        1e3 / best.least(),
        best.show(),
        town.readings as f64 / f64::from(STRETCH),
    );
    best
}

fn main() {
    let floor = floor::observations(10_000);
    println!("  floor: four cells of a table for each observation, {} ns", floor.show());
    let small = observations(1_000, Dimension::Area);
    let usual = observations(10_000, Dimension::Area);
    let large = observations(100_000, Dimension::Area);
    observations(10_000, Dimension::Asset);
    println!("an observation at 10,000 series ÷ the floor's: {:.1}", usual.least() / floor.least());
    println!("observations/s at 10,000 series: {:.2} M (aim ≥ 2)", 1e3 / usual.least());
    println!("an observation at 100,000 series ÷ at 1,000: {:.2} (aim ≤ 4)", large.least() / small.least());
    if std::env::args().any(|word| word == "observations") {
        return;
    }
    for series in [1_000, 10_000, 100_000] {
        town::live_second(series);
    }
    long::windows();
    cases::recomputes();
    cases::open();
}
