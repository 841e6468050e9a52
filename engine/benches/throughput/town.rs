//! A city of any size: its definitions, its engine, and how it is driven as the server does it.
//!
//! It must never measure the making of what the engine takes.

use crate::ALLOCATED;
use crate::load::{BATCH, INTERVAL_S, Load, at_ms};
use crate::stopwatch::cpu;
use std::sync::Arc;
use std::time::Duration;
use taydo_engine::{Batch, Engine, Input, Sample, Series, SeriesId};
use taydo_model::kpi::{Aggregate, Better, Dimension, From, Suspect, Window};
use taydo_model::{Asset, Definitions, Kpi, Labels, Metric, Text, Unit};

/// An observation and a KPI's grid.
const EVERY_S: u32 = 30;
const WINDOW_S: u32 = 3600;
const LATENESS_S: u32 = 900;
/// Batches between two ticks. At the speed that is aimed at a tick of 250 ms has five times as many.
const BATCHES_PER_TICK: u32 = 100;

pub(crate) fn kpi(id: &str, from: From, by: &[Dimension], every_s: u32) -> Arc<Kpi> {
    Arc::new(Kpi {
        id: id.parse().unwrap(),
        version: String::new(),
        title: Text::default(),
        unit: Unit::default(),
        decimals: 1,
        better: Better::Neither,
        standard: None,
        owner: None,
        from,
        by: by.to_vec(),
        every_s,
        delay_s: 5,
        lateness_s: LATENESS_S,
        coverage: Some(0.6),
        stale_s: 300,
        target: None,
        attention: None,
        critical: None,
        thresholds_for: Vec::new(),
    })
}

pub(crate) fn observed(aggregate: Aggregate, window: Window) -> From {
    From::Observations {
        metric: "m".parse().unwrap(),
        aggregate,
        window,
        across: None,
        only: Labels::default(),
        suspect: Suspect::Flag,
        at_least: 0,
        factor: 1.0,
    }
}

/// Two KPIs over the last hour, recorded every half minute.
pub(crate) fn usual_kpis(by: &[Dimension]) -> Vec<Arc<Kpi>> {
    let over = |aggregate| observed(aggregate, Window::Sliding(WINDOW_S));
    vec![kpi("max", over(Aggregate::Max), by, EVERY_S), kpi("mean", over(Aggregate::Mean), by, EVERY_S)]
}

/// One metric, and an asset for each series, spread over a hundred areas.
pub(crate) fn definitions(kpis: Vec<Arc<Kpi>>, series: i32) -> Arc<Definitions> {
    let metric = Metric {
        id: "m".parse().unwrap(),
        title: Text::default(),
        unit: Unit::default(),
        resolution: 0.1,
        range: None,
        jump: None,
        frozen_s: None,
        kind: Default::default(),
    };
    let asset = |series: i32| {
        Arc::new(Asset {
            id: format!("a{series}").parse().unwrap(),
            name: String::new(),
            site: String::new(),
            area: format!("{}", series % 100).parse().unwrap(),
            latitude: None,
            longitude: None,
            owner: "o".parse().unwrap(),
            metrics: vec!["m".parse().unwrap()],
            interval_s: 30,
            camera: None,
            valid_from: None,
            valid_to: None,
        })
    };
    let mut assets: Vec<_> = (0..series).map(asset).collect();
    assets.sort_by(|a, b| a.id.cmp(&b.id));
    Arc::new(Definitions { metrics: vec![Arc::new(metric)], assets, kpis, ..Definitions::default() })
}

fn series(id: i32) -> Series {
    let pairs = [("asset", format!("a{id}")), ("area", format!("{}", id % 100))];
    let labels = pairs.into_iter().map(|(name, value)| (name.parse().unwrap(), value)).collect();
    Series { id: SeriesId(id), metric: "m".parse().unwrap(), labels }
}

fn batch(samples: Vec<Sample>) -> Input {
    Input::Batch(Batch { samples, ..Batch::default() })
}

/// A city's engine with what reaches it.
pub(crate) struct Town {
    pub(crate) engine: Engine,
    pub(crate) readings: usize,
    load: Load,
    series: i32,
    batches: u32,
    allocated: usize,
    resident: f64,
}

impl Town {
    /// A city in which every series is known and none has reported.
    pub(crate) fn new(kpis: Vec<Arc<Kpi>>, count: i32) -> Self {
        let definitions = definitions(kpis, count);
        let all: Vec<Series> = (0..count).map(series).collect();
        let (allocated, resident) = (ALLOCATED.current_usage(), resident_bytes());
        let mut engine = Engine::new(definitions, at_ms(0));
        for some in all.chunks(BATCH) {
            engine.restore(at_ms(0), Batch { series: some.to_vec(), ..Batch::default() });
        }
        Self { engine, readings: 0, load: Load::new(count), series: count, batches: 0, allocated, resident }
    }

    /// Fills the windows, the lateness and some, so that from now on it forgets as much as it learns.
    pub(crate) fn fill(&mut self) {
        let rounds = u32::try_from(i64::from(WINDOW_S + LATENESS_S + 600) / INTERVAL_S).unwrap();
        self.report(self.series.unsigned_abs() * rounds);
    }

    /// Lets so many observations come, recording and ticking as time goes by. Gives the CPU time of the steps, and how many
    /// readings followed from them.
    pub(crate) fn report(&mut self, observations: u32) -> (Duration, usize) {
        let (mut took, mut readings) = (Duration::ZERO, 0);
        for _ in 0..observations as usize / BATCH {
            let (now, samples) = self.load.batch();
            let input = batch(samples);
            let started = cpu();
            let effects = self.engine.step(now, input);
            took += cpu() - started;
            readings += effects.recorded.len();
            self.batches += 1;
            if self.batches.is_multiple_of(BATCHES_PER_TICK) {
                let started = cpu();
                let effects = self.engine.step(now, Input::Tick);
                took += cpu() - started;
                readings += effects.live.len();
            }
        }
        (took, readings)
    }

    /// What it holds for each series beside the definitions: bytes allocated, and bytes more resident.
    pub(crate) fn bytes_per_series(&mut self) -> (f64, f64) {
        self.load = Load::new(self.series);
        let allocated = ALLOCATED.current_usage().saturating_sub(self.allocated);
        (allocated as f64 / f64::from(self.series), (resident_bytes() - self.resident) / f64::from(self.series))
    }
}

fn resident_bytes() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS"));
    line.and_then(|line| line.split_whitespace().nth(1)?.parse::<f64>().ok()).map_or(f64::NAN, |kb| kb * 1024.0)
}

/// Prints what a second of a living city costs: its observations as they come, and four ticks.
pub(crate) fn live_second(series: i32) {
    const SECONDS: i64 = 60;
    let mut town = Town::new(usual_kpis(&[Dimension::Area]), series);
    town.fill();
    let begin = town.load.batch().0.duration_since(at_ms(0)).as_millis();
    let begin = i64::try_from(begin).unwrap();
    let (mut took, mut slowest, mut readings) = (Duration::ZERO, Duration::ZERO, 0);
    for quarter in 1..=4 * SECONDS {
        let ms = begin + quarter * 250;
        let input = batch(town.load.until(ms));
        let started = cpu();
        let recorded = town.engine.step(at_ms(ms), input).recorded.len();
        let live = town.engine.step(at_ms(ms), Input::Tick).live.len();
        let one = cpu() - started;
        readings += recorded + live;
        took += one;
        slowest = slowest.max(one);
    }
    println!(
        "a live second of {series} series, four ticks: {:.2} % of a core, {} readings; the slowest quarter took {slowest:.1?}",
        100.0 * took.as_secs_f64() / SECONDS as f64,
        readings / usize::try_from(SECONDS).unwrap(),
    );
}
