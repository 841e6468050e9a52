//! How fast the engine is on one core: observations through `step`, ticks, memory, and cases through a recompute.
//!
//! `cargo run --release -p taydo-engine --example throughput`. It measures and prints; it must never judge.
#![allow(clippy::unwrap_used, clippy::disallowed_methods)]

use jiff::{SignedDuration, Timestamp};
use std::sync::Arc;
use std::time::{Duration, Instant};
use taydo_engine::recompute::Plan;
use taydo_engine::{Batch, CaseVersion, Engine, Input, Sample, Series, SeriesId, Touched};
use taydo_model::kpi::{Aggregate, Better, CaseMeasure, CaseTerms, Dimension, From, Suspect, Window};
use taydo_model::{Asset, Case, CaseKey, Definitions, Kpi, Labels, Metric, SampleState, Text, Unit};

const SERIES: i32 = 10_000;
const INTERVAL_S: i64 = 10;
const MINUTES: i64 = 30;
const CASES: u32 = 27_000;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_750_032_000).unwrap() + SignedDuration::from_secs(seconds)
}

fn kpi(id: &str, from: From, by: &[Dimension], every_s: u32) -> Arc<Kpi> {
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
        lateness_s: 900,
        coverage: Some(0.6),
        stale_s: 300,
        target: None,
        attention: None,
        critical: None,
        thresholds_for: Vec::new(),
    })
}

fn observed(aggregate: Aggregate) -> From {
    From::Observations {
        metric: "m".parse().unwrap(),
        aggregate,
        window: Window::Sliding(300),
        across: None,
        only: Labels::default(),
        suspect: Suspect::Flag,
        at_least: 0,
        factor: 1.0,
    }
}

fn labels(series: i32) -> Labels {
    let pairs = [("asset", format!("a{series}")), ("area", format!("{}", series % 100))];
    pairs.into_iter().map(|(name, value)| (name.parse().unwrap(), value)).collect()
}

fn definitions(kpis: Vec<Arc<Kpi>>) -> Arc<Definitions> {
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
            interval_s: 10,
            valid_from: None,
            valid_to: None,
        })
    };
    let mut assets: Vec<_> = (0..SERIES).map(asset).collect();
    assets.sort_by(|a, b| a.id.cmp(&b.id));
    Arc::new(Definitions { metrics: vec![Arc::new(metric)], assets, kpis, ..Definitions::default() })
}

fn resident_mb() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS"));
    line.and_then(|line| line.split_whitespace().nth(1)?.parse::<f64>().ok()).map_or(f64::NAN, |kb| kb / 1024.0)
}

fn observations(by: &[Dimension], name: &str) {
    let before = resident_mb();
    let kpis = vec![kpi("max", observed(Aggregate::Max), by, 60), kpi("mean", observed(Aggregate::Mean), by, 60)];
    let mut engine = Engine::new(definitions(kpis), at(0));
    let series = (0..SERIES).map(|id| Series { id: SeriesId(id), metric: "m".parse().unwrap(), labels: labels(id) }).collect();
    engine.restore(at(0), Batch { series, ..Batch::default() });
    let (mut batches, mut ticks, mut slowest, mut readings) = (Duration::ZERO, Duration::ZERO, Duration::ZERO, 0usize);
    for round in 0..MINUTES * 60 / INTERVAL_S {
        let now = at((round + 1) * INTERVAL_S);
        for chunk in 0..SERIES / 1000 {
            let ids = chunk * 1000..(chunk + 1) * 1000;
            let time = |id: i32| at(round * INTERVAL_S) + SignedDuration::from_millis(i64::from(id % 9973));
            let sample = |id: i32| Sample {
                series: SeriesId(id),
                time: time(id),
                ticks: i64::from(id % 700) + round,
                revision: 0,
                state: SampleState::Normal,
            };
            let batch = Batch { samples: ids.map(sample).collect(), ..Batch::default() };
            let started = Instant::now();
            readings += engine.step(now, Input::Batch(batch)).recorded.len();
            batches += started.elapsed();
            slowest = slowest.max(started.elapsed());
        }
        let started = Instant::now();
        readings += engine.step(now, Input::Tick).live.len();
        ticks += started.elapsed();
    }
    let rounds = MINUTES * 60 / INTERVAL_S;
    let count = f64::from(SERIES) * rounds as f64;
    println!(
        "{name}: {:.2} M observations/s through step ({count:.0} in {batches:.2?}, recording included; slowest step {slowest:.1?}); tick {:.1?}; {readings} readings; {:.0} MB more resident",
        count / batches.as_secs_f64() / 1e6,
        ticks / u32::try_from(rounds).unwrap(),
        resident_mb() - before,
    );
}

fn case(number: u32) -> CaseVersion {
    let opened = i64::from(number) * 90 * 86_400 / i64::from(CASES);
    let closed = (!number.is_multiple_of(4)).then(|| at(opened + i64::from(number % 40) * 36_000));
    let case = Case {
        department: Some(format!("d{}", number % 15).parse().unwrap()),
        area: Some(format!("{}", number % 100).parse().unwrap()),
        due: Some(at(opened + 10 * 86_400)),
        closed,
        ..Case::new(format!("c{number}").try_into().unwrap(), "dossier", at(opened))
    };
    let key = CaseKey { source: "s".parse().unwrap(), id: case.id.clone() };
    CaseVersion { key, updated: closed.unwrap_or(case.opened), hash: 0, case }
}

fn recompute(measure: CaseMeasure, window_s: u32) {
    let from = From::Cases { kind: "dossier".into(), measure, window: Window::Sliding(window_s), terms: CaseTerms::default() };
    let kpi = kpi("cases", from, &[Dimension::Area, Dimension::Department], 3600);
    let definitions = definitions(vec![Arc::clone(&kpi)]);
    let touched = Touched { kpi: kpi.id.clone(), from: at(0), to: at(90 * 86_400) };
    let cases: Vec<CaseVersion> = (0..CASES).map(case).collect();
    let started = Instant::now();
    let plan = Plan::new(&definitions, &touched).unwrap();
    let instants = plan.instants();
    let mut run = plan.run(Vec::new());
    run.load_cases(cases);
    let readings = run.advance(Vec::new(), touched.to).len();
    println!("recompute {measure:?}: {CASES} cases, {instants} instants, {readings} readings in {:.2?}", started.elapsed());
}

fn open_cases() {
    let from = |measure| From::Cases { kind: "dossier".into(), measure, window: Window::Sliding(86_400), terms: CaseTerms::default() };
    let by = [Dimension::Area, Dimension::Department];
    let kpis = vec![
        kpi("open", from(CaseMeasure::Open), &by, 60),
        kpi("overdue", from(CaseMeasure::Overdue), &by, 60),
        kpi("age", from(CaseMeasure::MedianAge), &by, 60),
    ];
    let mut engine = Engine::new(definitions(kpis), at(91 * 86_400));
    let open = |number: u32| {
        let mut version = case(number);
        version.case.closed = None;
        version.case.opened = at(i64::from(number % 86_400) * 90);
        version
    };
    let started = Instant::now();
    engine.restore(at(91 * 86_400), Batch { cases: (0..100_000).map(open).collect(), ..Batch::default() });
    let restored = started.elapsed();
    engine.step(at(91 * 86_400 + 1), Input::Tick);
    let started = Instant::now();
    for second in 0..1000 {
        let now = at(91 * 86_400 + 2 + second);
        let mut version = open(u32::try_from(second).unwrap() * 97);
        version.case.closed = Some(now);
        version.updated = now;
        engine.step(now, Input::Batch(Batch { cases: vec![version], ..Batch::default() }));
        engine.step(now, Input::Tick);
    }
    println!("100000 open cases: restored in {restored:.2?}; a change and a tick {:.1?}", started.elapsed() / 1000);
}

fn main() {
    observations(&[Dimension::Area], "city and area");
    observations(&[Dimension::Area, Dimension::Asset], "city, area and asset");
    recompute(CaseMeasure::Open, 0);
    recompute(CaseMeasure::Overdue, 0);
    recompute(CaseMeasure::OnTime, 30 * 86_400);
    recompute(CaseMeasure::MedianAge, 0);
    recompute(CaseMeasure::P90Duration, 30 * 86_400);
    open_cases();
}
