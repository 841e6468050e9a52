//! The floor: what the same observations cost when each is only added to the four cells that it counts in, found by
//! precomputed numbers, with no correction, coverage, quality or reading.
//!
//! It must never do less than that: a floor that the compiler leaves out measures nothing.

use crate::load::{BATCH, Load};
use crate::stopwatch::{Best, cpu};
use crate::{STRETCH, STRETCHES};
use std::hint::black_box;
use std::time::Duration;

/// Panes of half a minute in the table: an hour and what corrections reach back.
const PANES: usize = 160;
const PANE_MS: i64 = 30_000;

#[derive(Debug, Clone, Copy, Default)]
struct Cell {
    count: u64,
    sum: i64,
    min: i64,
    max: i64,
}

/// Nanoseconds of CPU for an observation.
pub(crate) fn observations(series: i32) -> Best {
    let mut load = Load::new(series);
    // Two KPIs, each for the city and 100 areas.
    let mut table = vec![Cell::default(); 2 * 101 * PANES];
    let routes: Vec<[usize; 4]> = (0..usize::try_from(series).unwrap()).map(|id| [0, 1 + id % 100, 101, 102 + id % 100]).collect();
    let mut best = Best::default();
    for _ in 0..STRETCHES {
        let mut took = Duration::ZERO;
        for _ in 0..STRETCH as usize / BATCH {
            let (_, batch) = load.batch();
            let started = cpu();
            for sample in black_box(&batch) {
                let pane = usize::try_from(sample.time.as_millisecond() / PANE_MS).unwrap() % PANES;
                for cell in routes.get(usize::try_from(sample.series.0).unwrap()).unwrap() {
                    let cell = table.get_mut(cell * PANES + pane).unwrap();
                    cell.count += 1;
                    cell.sum += sample.ticks;
                    cell.min = cell.min.min(sample.ticks);
                    cell.max = cell.max.max(sample.ticks);
                }
            }
            black_box(&table);
            took += cpu() - started;
        }
        best.add(took.as_secs_f64() * 1e9 / f64::from(STRETCH));
    }
    best
}
