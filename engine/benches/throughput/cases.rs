//! Cases: how long a recompute of ninety days takes, and what a change costs where many are open.
//!
//! It must never measure the making of the cases.

use crate::load::at_ms;
use crate::stopwatch::cpu;
use crate::town::{definitions, kpi};
use jiff::Timestamp;
use std::sync::Arc;
use taydo_engine::recompute::Plan;
use taydo_engine::{Batch, CaseVersion, Engine, Input, Touched};
use taydo_model::kpi::{CaseMeasure, CaseTerms, Dimension, From, Window};
use taydo_model::{Case, CaseKey};

const CASES: u32 = 27_000;
const DAY_S: i64 = 86_400;

fn at(second: i64) -> Timestamp {
    at_ms(second * 1000)
}

fn case(number: u32) -> CaseVersion {
    let opened = i64::from(number) * 90 * DAY_S / i64::from(CASES);
    let closed = (!number.is_multiple_of(4)).then(|| at(opened + i64::from(number % 40) * 36_000));
    let case = Case {
        department: Some(format!("d{}", number % 15).parse().unwrap()),
        area: Some(format!("{}", number % 100).parse().unwrap()),
        due: Some(at(opened + 10 * DAY_S)),
        closed,
        ..Case::new(format!("c{number}").try_into().unwrap(), "dossier", at(opened))
    };
    let key = CaseKey { source: "s".parse().unwrap(), id: case.id.clone() };
    CaseVersion { key, updated: closed.unwrap_or(case.opened), hash: 0, case }
}

fn counted(measure: CaseMeasure, window_s: u32) -> From {
    From::Cases { kind: "dossier".into(), measure, window: Window::Sliding(window_s), terms: CaseTerms::default() }
}

/// Prints a line for each measure.
pub(crate) fn recomputes() {
    for (measure, window_s) in [
        (CaseMeasure::Open, 0),
        (CaseMeasure::Overdue, 0),
        (CaseMeasure::OnTime, 2_592_000),
        (CaseMeasure::MedianAge, 0),
        (CaseMeasure::P90Duration, 2_592_000),
    ] {
        let kpi = kpi("cases", counted(measure, window_s), &[Dimension::Area, Dimension::Department], 3600);
        let definitions = definitions(vec![Arc::clone(&kpi)], 0);
        let touched = Touched { kpi: kpi.id.clone(), from: at(0), to: at(90 * DAY_S) };
        let cases: Vec<CaseVersion> = (0..CASES).map(case).collect();
        let started = cpu();
        let plan = Plan::new(&definitions, &touched).unwrap();
        let instants = plan.instants();
        let mut run = plan.run(Vec::new());
        run.load_cases(cases);
        let readings = run.advance(Vec::new(), touched.to).len();
        println!("recompute {measure:?}: {CASES} cases, {instants} instants, {readings} readings in {:.2?}", cpu() - started);
    }
}

/// Prints what a restart and a change cost with a hundred thousand open cases.
pub(crate) fn open() {
    let by = [Dimension::Area, Dimension::Department];
    let kpis = vec![
        kpi("open", counted(CaseMeasure::Open, 86_400), &by, 60),
        kpi("overdue", counted(CaseMeasure::Overdue, 86_400), &by, 60),
        kpi("age", counted(CaseMeasure::MedianAge, 86_400), &by, 60),
    ];
    let mut engine = Engine::new(definitions(kpis, 0), at(91 * DAY_S));
    let open = |number: u32| {
        let mut version = case(number);
        version.case.closed = None;
        version.case.opened = at(i64::from(number % 86_400) * 90);
        version
    };
    let batch = Batch { cases: (0..100_000).map(open).collect(), ..Batch::default() };
    let started = cpu();
    engine.restore(at(91 * DAY_S), batch);
    let restored = cpu() - started;
    engine.step(at(91 * DAY_S + 1), Input::Tick);
    let started = cpu();
    for second in 0..1000 {
        let now = at(91 * DAY_S + 2 + second);
        let mut version = open(u32::try_from(second).unwrap() * 97);
        version.case.closed = Some(now);
        version.updated = now;
        engine.step(now, Input::Batch(Batch { cases: vec![version], ..Batch::default() }));
        engine.step(now, Input::Tick);
    }
    println!("100000 open cases: restored in {restored:.2?}; a change and a tick {:.1?}", (cpu() - started) / 1000);
}
