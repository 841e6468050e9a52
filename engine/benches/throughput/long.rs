//! Long windows: what they hold, and what a live reading costs late in their time.
//!
//! It must never measure the filling.

use crate::ALLOCATED;
use crate::load::at_ms;
use crate::stopwatch::cpu;
use crate::town::{Town, kpi, observed};
use std::time::Duration;
use taydo_engine::{Batch, Input, Sample, SeriesId};
use taydo_model::SampleState;
use taydo_model::kpi::{Aggregate, Dimension, Period, Window};

/// One observation of each of a hundred areas so often, from the new year to the end of November.
const STEP_S: i64 = 1800;
const STEPS: i64 = 2 * 24 * 330;

fn sample(second: i64, id: i32, ticks: i64) -> Sample {
    Sample { series: SeriesId(id), time: at_ms(second * 1000), ticks, revision: 0, state: SampleState::Normal }
}

/// Prints a line for each kind of window.
pub(crate) fn windows() {
    for (name, window, every_s) in [
        ("1 h", Window::Sliding(3600), 30),
        ("30 days", Window::Sliding(30 * 86_400), 3600),
        ("365 days", Window::Sliding(365 * 86_400), 3600),
        ("year to date", Window::Calendar(Period::Year), 3600),
    ] {
        let before = ALLOCATED.current_usage();
        let mut town = Town::new(vec![kpi("long", observed(Aggregate::Mean, window), &[Dimension::Area], every_s)], 100);
        for step in 0..STEPS {
            let second = step * STEP_S;
            let samples = (0..100).map(|id| sample(second, id, i64::from(id))).collect();
            town.engine.step(at_ms(second * 1000), Input::Batch(Batch { samples, ..Batch::default() }));
        }
        let held = ALLOCATED.current_usage() - before;
        let mut took = Duration::ZERO;
        for second in 0..1000 {
            let second = STEPS * STEP_S + second;
            let batch = Batch { samples: vec![sample(second, 7, second)], ..Batch::default() };
            town.engine.step(at_ms(second * 1000), Input::Batch(batch));
            let started = cpu();
            town.engine.step(at_ms(second * 1000), Input::Tick);
            took += cpu() - started;
        }
        println!("{name}: 101 scopes hold {:.1} MB; a tick with two changed readings {:.1?}", held as f64 / 1e6, took / 1000);
    }
}
