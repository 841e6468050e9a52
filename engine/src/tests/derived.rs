//! KPIs from KPIs, on streams that come late and badly, across restarts: recorded readings end as the operands' plain
//! readings put together by hand.

use super::cases;
use super::city::{at, definitions, kpi, observed, sample};
use super::shell::Shell;
use super::windows::{Between, arrivals, between};
use crate::recompute::with_dependents;
use crate::{CaseVersion, Sample, Touched};
use proptest::prelude::*;
use std::sync::Arc;
use taydo_model::formula::air::{AirQuality, Concentration, Pollutant, Span, Wanted};
use taydo_model::formula::{Arithmetic, At, Comparison, Formula, Node};
use taydo_model::kpi::{Aggregate, CaseMeasure, CaseTerms, Dimension, Extreme, From, Operand, Window};
use taydo_model::{Definitions, Kpi, Quality, Scope};

/// A formula over these KPIs; the first nodes are the operands.
pub(super) fn made(id: &str, operands: &[&str], rest: Vec<Node>, quotient: Option<(At, At)>) -> Kpi {
    let mut nodes: Vec<Node> = (0..operands.len() as u16).map(Node::Operand).collect();
    nodes.extend(rest);
    let formula = Formula::new(nodes, quotient);
    let operands = (0..).zip(operands).map(|(at, id)| Operand { kpi: id.parse().unwrap(), hours_back: formula.hours_back(at) }).collect();
    let from = From::Formula { text: String::new(), operands, formula, across: None };
    kpi(id, "km/h", from, 600, 300)
}

fn across(extreme: Extreme, mut kpi: Kpi) -> Kpi {
    if let From::Formula { across, .. } = &mut kpi.from {
        *across = Some(extreme);
    }
    kpi
}

fn two(what: Arithmetic) -> Node {
    Node::Arithmetic(what, 0, 1)
}

fn kpis() -> Arc<Definitions> {
    let observed = |id, aggregate, window_s, every_s, lateness_s| kpi(id, "km/h", observed(aggregate, window_s, None), every_s, lateness_s);
    let counted = |id, measure| {
        let from = From::Cases { kind: "dossier".into(), measure, window: Window::Sliding(0), terms: CaseTerms::default() };
        Kpi { stale_s: 7200, ..kpi(id, "cases", from, 300, 600) }
    };
    let fill = vec![
        Node::Number(0.0),
        Node::Coalesce(vec![0, 2]),
        Node::Number(2.0),
        Node::Arithmetic(Arithmetic::Multiply, 3, 4),
        Node::Arithmetic(Arithmetic::Add, 5, 1),
    ];
    let chosen = vec![Node::Number(5.0), Node::Compare(Comparison::Less, 0, 2), Node::Choose(3, 0, 1)];
    let share = vec![two(Arithmetic::Divide), Node::Scaled(2, 100.0)];
    let each_minute = |kpi: Kpi, lateness_s| Kpi { every_s: 60, lateness_s, ..kpi };
    let difference = || vec![two(Arithmetic::Subtract)];
    definitions(vec![
        observed("sum", Aggregate::Sum, 180, 120, 0),
        observed("count", Aggregate::Count, 1800, 300, 300),
        observed("mean", Aggregate::Mean, 300, 60, 600),
        observed("last", Aggregate::Last, 60, 60, 300),
        observed("max", Aggregate::Max, 240, 60, 900),
        counted("open", CaseMeasure::Open),
        counted("overdue", CaseMeasure::Overdue),
        made("ratio", &["sum", "count"], vec![two(Arithmetic::Divide)], Some((0, 1))),
        // The lateness of what is made from others need not be theirs.
        each_minute(made("fill", &["last", "mean"], fill, None), 0),
        made("nested", &["ratio", "fill"], vec![two(Arithmetic::Add)], None),
        each_minute(made("chosen", &["mean", "max"], chosen, None), 900),
        Kpi { every_s: 300, stale_s: 7200, ..made("late.share", &["overdue", "open"], share, Some((0, 1))) },
        Kpi { by: vec![Dimension::Area], ..made("per.case", &["sum", "open"], vec![two(Arithmetic::Divide)], Some((0, 1))) },
        each_minute(across(Extreme::Max, made("worst", &["max", "mean"], difference(), None)), 120),
        Kpi { by: vec![Dimension::Area], ..across(Extreme::Min, made("least", &["max", "mean"], difference(), None)) },
    ])
}

/// What comes at once, in order of arrival.
#[derive(Debug, Clone)]
enum Come {
    Sample(Sample),
    Case(Box<CaseVersion>),
}

fn run(definitions: Arc<Definitions>, coming: &[(i64, Come)], sizes: &[usize], between: &[Between], end: i64) -> Shell {
    let mut shell = Shell::new(definitions, at(0));
    let mut rest = coming;
    for (size, between) in sizes.iter().cycle().zip(between.iter().cycle()) {
        let (batch, after) = rest.split_at((*size).min(rest.len()));
        let Some((arrival, _)) = batch.last() else { break };
        let now = at((*arrival).max(1));
        if !matches!(between, Between::SleepOver) {
            shell.sleep_until(now);
        }
        let samples = batch.iter().filter_map(|(_, come)| if let Come::Sample(sample) = come { Some(*sample) } else { None });
        let cases = batch.iter().filter_map(|(_, come)| if let Come::Case(version) = come { Some((**version).clone()) } else { None });
        shell.batch(now, samples.collect(), cases.collect(), false);
        if matches!(between, Between::Restart) {
            shell.restart(now);
        }
        rest = after;
    }
    shell.sleep_until(at(end));
    shell
}

fn merged(samples: Vec<(i64, Sample)>, cases: Vec<(i64, CaseVersion)>) -> Vec<(i64, Come)> {
    let samples = samples.into_iter().map(|(arrival, sample)| (arrival, Come::Sample(sample)));
    let cases = cases.into_iter().map(|(arrival, version)| (arrival, Come::Case(Box::new(version))));
    let mut all: Vec<(i64, Come)> = samples.chain(cases).collect();
    all.sort_by_key(|(arrival, _)| *arrival);
    all
}

/// Hourly figures, the index of dust that reads eleven further hours of one, and an hour's share of its day.
fn hourly() -> Arc<Definitions> {
    let from = vec![Concentration { pollutant: Pollutant::Pm25, operand: 0, factor: 1.0 }];
    let index = Node::AirQuality(AirQuality { span: Span::Hour, wanted: Wanted::Index, from });
    let air = |id| Kpi { every_s: 3600, stale_s: 7200, ..made(id, &["hour"], vec![index.clone()], None) };
    let hours = |id, aggregate, window_s| Kpi { stale_s: 7200, ..kpi(id, "km/h", observed(aggregate, window_s, None), 3600, 600) };
    let day_share = made("day.share", &["sum", "day"], vec![two(Arithmetic::Divide)], Some((0, 1)));
    definitions(vec![
        hours("hour", Aggregate::Mean, 3600),
        hours("sum", Aggregate::Sum, 3600),
        // A window so long that closed panes are kept of it and no samples.
        hours("day", Aggregate::Sum, 86_400),
        Kpi { every_s: 3600, stale_s: 7200, ..day_share },
        air("air"),
        across(Extreme::Max, air("air.worst")),
    ])
}

/// Samples of two days, most of them in time.
fn days() -> impl Strategy<Value = Vec<(i64, Sample)>> {
    let delay = prop_oneof![6 => 0i64..60, 2 => 0i64..2000, 1 => 0i64..30_000];
    let one = (0i64..160_000, delay, 1i32..=5, 0i64..4000, 0i32..2);
    let arrival = one.prop_map(|(time, delay, series, ticks, revision)| (time + delay, sample(series, time, ticks, revision)));
    proptest::collection::vec(arrival, 50..250).prop_map(|mut arrivals| {
        arrivals.sort_by_key(|(arrival, _)| *arrival);
        arrivals
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_made_from_others_ends_as_their_readings_put_together(
        samples in arrivals(),
        cases in cases::versions(),
        sizes in proptest::collection::vec(1usize..30, 1..8),
        between in proptest::collection::vec(between(), 1..12),
    ) {
        let shell = run(kpis(), &merged(samples, cases), &sizes, &between, 14_000);
        let checked = shell.check(at(12_000)).map_err(TestCaseError::fail)?;
        prop_assert!(checked > 1000);
    }

    #[test]
    fn what_looks_hours_back_ends_as_the_hours_put_together(
        samples in days(),
        sizes in proptest::collection::vec(1usize..30, 1..8),
        between in proptest::collection::vec(between(), 1..12),
    ) {
        let shell = run(hourly(), &merged(samples, Vec::new()), &sizes, &between, 200_000);
        let checked = shell.check(at(190_000)).map_err(TestCaseError::fail)?;
        prop_assert!(checked > 300);
    }
}

fn live(shell: &Shell, id: &str, scope: &str) -> Option<(Option<f64>, Quality)> {
    shell.live.get(&(id.parse().unwrap(), scope.parse::<Scope>().unwrap())).map(|reading| (reading.value, reading.quality))
}

#[test]
fn a_live_reading_moves_with_its_parts_and_ages_with_them() {
    let mut shell = Shell::new(kpis(), at(0));
    shell.batch(at(10), vec![sample(1, 10, 40, 0), sample(2, 10, 80, 0)], Vec::new(), false);
    shell.tick(at(10));
    // (last 80 · 0.5 km/h · 0.1) · 2 + mean (4 + 8) / 2 · 0.5.
    assert_eq!(live(&shell, "fill", "asset:a2"), Some((Some(12.0), Quality::Good)));
    assert_eq!(live(&shell, "fill", "area:x").unwrap().0, Some(11.0));
    shell.batch(at(20), vec![sample(2, 20, 100, 0)], Vec::new(), false);
    let effects = shell.tick(at(20));
    assert_eq!(live(&shell, "fill", "asset:a2").unwrap().0, Some(14.5));
    assert!(effects.live.iter().all(|reading| reading.scope != "asset:a1".parse().unwrap()), "what did not change is not told again");
    // The last sample leaves its window of a minute, where nobody has reported then; the mean's of five stays.
    shell.sleep_until(at(125));
    shell.tick(at(125));
    assert_eq!(live(&shell, "fill", "asset:a2").unwrap(), (Some(4.5), Quality::Partial));
    shell.sleep_until(at(180));
    shell.tick(at(180));
    assert_eq!(live(&shell, "fill", "asset:a2").unwrap(), (Some(4.5), Quality::Stale));
    shell.sleep_until(at(370));
    shell.tick(at(370));
    assert_eq!(live(&shell, "fill", "asset:a2").unwrap(), (None, Quality::Missing));
}

#[test]
fn a_live_reading_of_past_hours_is_that_of_the_last_whole_one() {
    let mut shell = Shell::new(hourly(), at(0));
    for hour in 0..3 {
        shell.sleep_until(at(hour * 3600 + 1800));
        // 20 · 0.5 · 0.1 km/h for each hundred ticks.
        shell.batch(at(hour * 3600 + 1800), vec![sample(1, hour * 3600 + 1800, 400, 0)], Vec::new(), false);
        shell.tick(at(hour * 3600 + 1800));
    }
    assert_eq!(live(&shell, "air", "asset:a1"), Some((Some(40.0), Quality::Good)));
    assert_eq!(live(&shell, "air.worst", "city").unwrap().0, Some(40.0));
    shell.batch(at(9100), vec![sample(1, 9100, 4000, 0)], Vec::new(), false);
    shell.tick(at(9100));
    assert_eq!(live(&shell, "air", "asset:a1").unwrap().0, Some(40.0));
    shell.sleep_until(at(10_801));
    shell.tick(at(10_801));
    assert!(live(&shell, "air", "asset:a1").unwrap().0 > Some(90.0));
}

#[test]
fn a_correction_of_a_part_corrects_once() {
    let mut shell = Shell::new(kpis(), at(0));
    shell.sleep_until(at(310));
    let late = vec![sample(1, 250, 40, 0), sample(2, 255, 80, 0), sample(1, 258, 60, 0)];
    let mut told = shell.batch(at(320), late, Vec::new(), false).recorded;
    while let Some(wake) = shell.engine.next_wake().filter(|wake| *wake <= at(340)) {
        told.extend(shell.wake(wake).recorded);
    }
    let city = |id: &str| {
        told.iter()
            .filter(|one| one.correction && one.reading.kpi.as_str() == id && one.reading.scope == Scope::City)
            .map(|one| one.reading.time)
            .collect::<Vec<_>>()
    };
    assert_eq!(city("mean"), [at(300)]);
    assert_eq!(city("chosen"), [at(300)]);
    assert_eq!(shell.check(at(300)), shell.check(at(300)).map(|checked| checked.max(100)));
}

#[test]
fn definitions_that_go_round_in_a_circle_are_left_out() {
    let circle = |id, of: &str| made(id, &[of], vec![Node::Negate(0)], None);
    let mean = kpi("mean", "km/h", observed(Aggregate::Mean, 300, None), 60, 600);
    let mut shell =
        Shell::new(definitions(vec![mean, circle("a", "b"), circle("b", "a"), circle("c", "nothing"), circle("d", "d")]), at(0));
    shell.sleep_until(at(1300));
    assert!(shell.readings.keys().all(|(id, ..)| id.as_str() == "mean") && shell.readings.len() > 20);
}

#[test]
fn a_recompute_by_hand_takes_with_it_what_is_made_from_the_kpi() {
    let touched = |id: &str, from, to| Touched { kpi: id.parse().unwrap(), from: at(from), to: at(to) };
    let names = |definitions: &Arc<Definitions>, of: &str| {
        let ranges = with_dependents(definitions, vec![touched(of, 600, 1200)]);
        ranges.into_iter().map(|one| (one.kpi.to_string(), one.to.duration_since(at(0)).as_secs())).collect::<Vec<_>>()
    };
    let as_named = |all: &[(&str, i64)]| all.iter().map(|(name, to)| ((*name).to_owned(), *to)).collect::<Vec<_>>();
    assert_eq!(names(&kpis(), "sum"), as_named(&[("sum", 1200), ("per.case", 1200), ("ratio", 1200), ("nested", 1200)]));
    assert_eq!(names(&kpis(), "nested"), as_named(&[("nested", 1200)]));
    assert_eq!(names(&hourly(), "hour"), as_named(&[("hour", 1200), ("air", 1200 + 11 * 3600), ("air.worst", 1200 + 11 * 3600)]));
}
