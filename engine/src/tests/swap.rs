//! Other definitions while running: what is unchanged ends as if nothing had happened, what is changed or new ends as its
//! definition says from the swap on, and no instant is told twice or left out.

use super::cases::versions;
use super::city::{at, definitions, kpi, labels, observed, sample};
use super::derived::made;
use super::shell::Shell;
use super::windows::arrivals;
use crate::{CaseVersion, Sample};
use jiff::Timestamp;
use proptest::prelude::*;
use std::sync::Arc;
use taydo_model::formula::{Arithmetic, Node};
use taydo_model::kpi::{Across, Aggregate, CaseMeasure, CaseTerms, From, Suspect, Window};
use taydo_model::{Definitions, Kpi, KpiId, Scope};

const DAYS: u32 = 2 * 86_400;

fn with_version(version: &str, kpi: Kpi) -> Kpi {
    Kpi { version: version.into(), ..kpi }
}

fn counted(measure: CaseMeasure, window_s: u32) -> From {
    From::Cases { kind: "dossier".into(), measure, window: Window::Sliding(window_s), terms: CaseTerms::default() }
}

/// Of samples that are judged by their neighbours.
fn judged(aggregate: Aggregate, window_s: u32) -> From {
    let mut from = observed(aggregate, window_s, None);
    if let From::Observations { suspect, .. } = &mut from {
        *suspect = Suspect::Exclude;
    }
    from
}

/// The sum of two KPIs, at each minute.
fn sum_of(id: &str, operands: &[&str]) -> Kpi {
    Kpi { every_s: 60, ..made(id, operands, vec![Node::Arithmetic(Arithmetic::Add, 0, 1)], None) }
}

fn held(hold_s: u32) -> Aggregate {
    Aggregate::TimeWeightedMean { hold_s: Some(hold_s) }
}

/// What there was before: KPIs of both kinds, or of one, so that the other finds no series or no case to join.
#[derive(Debug, Clone, Copy)]
enum Had {
    Both,
    Observed,
    Counted,
}

fn before(had: Had) -> Arc<Definitions> {
    let observed = vec![
        kpi("a.kept", "km/h", observed(Aggregate::Mean, 300, None), 60, 600),
        kpi("across.kept", "km/h", observed(Aggregate::Mean, 300, Some(Across::Sum)), 60, 600),
        sum_of("both.kept", &["a.kept", "across.kept"]),
        kpi("changed", "km/h", observed(Aggregate::Mean, 120, None), 60, 300),
        kpi("days.kept", "km/h", observed(Aggregate::Max, DAYS, None), 7200, 900),
        kpi("gone", "km/h", observed(Aggregate::Max, 120, None), 60, 60),
        kpi("grown.kept", "km/h", observed(Aggregate::Increase, 600, None), 60, 300),
        kpi("held.kept", "km/h", judged(held(200), 300), 60, 120),
        kpi("part", "km/h", observed(Aggregate::Last, 60, None), 60, 300),
        sum_of("sum.of.changed", &["changed", "part"]),
    ];
    let counted = vec![
        kpi("open.kept", "cases", counted(CaseMeasure::Open, 0), 300, 600),
        kpi("opened.changed", "cases", counted(CaseMeasure::Opened, 1800), 300, 600),
    ];
    definitions(match had {
        Had::Both => observed.into_iter().chain(counted).collect(),
        Had::Observed => observed,
        Had::Counted => counted,
    })
}

fn after() -> Arc<Definitions> {
    let mut lane = observed(Aggregate::Sum, 600, None);
    if let From::Observations { only, .. } = &mut lane {
        *only = labels(&[("lane", "2")]);
    }
    let mut all = before(Had::Both).kpis.iter().map(|kpi| (**kpi).clone()).collect::<Vec<_>>();
    all.retain(|kpi| !["gone", "changed", "opened.changed", "sum.of.changed"].contains(&kpi.id.as_str()));
    all.extend([
        with_version("2", kpi("changed", "km/h", observed(Aggregate::Max, 1800, None), 60, 900)),
        with_version("2", sum_of("sum.of.changed", &["changed", "part"])),
        // First in the order, so that it shifts the numbers of all others.
        kpi("a.new", "km/h", lane, 60, 900),
        kpi("days.new", "km/h", observed(Aggregate::Count, DAYS, None), 3600, 600),
        kpi("grown.new", "km/h", judged(Aggregate::Increase, 1200), 60, 900),
        kpi("held.new", "km/h", observed(held(900), 600, None), 60, 60),
        kpi("new.overdue", "cases", counted(CaseMeasure::Overdue, 0), 300, 600),
        with_version("2", kpi("opened.changed", "cases", counted(CaseMeasure::Opened, 3600), 300, 900)),
    ]);
    definitions(all)
}

/// What happens when, in order: arrivals of both kinds.
fn events(samples: Vec<(i64, Sample)>, cases: Vec<(i64, CaseVersion)>) -> Vec<(i64, Vec<Sample>, Vec<CaseVersion>)> {
    let mut events: Vec<_> = samples.into_iter().map(|(arrival, one)| (arrival.max(1), vec![one], Vec::new())).collect();
    events.extend(cases.into_iter().map(|(arrival, one)| (arrival.max(1), Vec::new(), vec![one])));
    events.sort_by_key(|(arrival, ..)| *arrival);
    events
}

/// Runs the events; the rebuilding begins at `begin` and the swap is at the first event after `finish`.
fn run(had: Had, events: Vec<(i64, Vec<Sample>, Vec<CaseVersion>)>, begin: i64, finish: i64, restart: bool) -> (Shell, Timestamp) {
    let mut shell = Shell::new(before(had), at(0));
    let (mut beside, mut swapped) = (None, None);
    for (arrival, samples, cases) in events {
        for (moment, is_finish) in [(begin, false), (finish, true)] {
            if arrival < moment {
                continue;
            }
            match (is_finish, &beside, swapped) {
                (false, None, None) => {
                    shell.sleep_until(at(moment));
                    beside = Some(shell.begin_change(at(moment), &after()));
                }
                (true, Some(_), None) => {
                    shell.sleep_until(at(moment));
                    shell.finish_change(at(moment), beside.take().unwrap());
                    swapped = Some(at(moment));
                    if restart {
                        shell.restart(at(moment));
                    }
                }
                _ => {}
            }
        }
        shell.sleep_until(at(arrival));
        shell.batch(at(arrival), samples, cases, false);
    }
    if let Some(beside) = beside {
        shell.finish_change(at(finish.max(begin)).max(at(12_000)), beside);
        swapped = Some(at(12_000));
    }
    shell.sleep_until(at(15_000));
    (shell, swapped.unwrap_or(at(15_000)))
}

/// From when on a KPI's readings must be those of the new definitions: always, where they are those of the old.
fn from(swapped: Timestamp, had: Had) -> impl Fn(&KpiId) -> Timestamp {
    let kept: Vec<KpiId> = before(had).kpis.iter().map(|kpi| kpi.id.clone()).filter(|id| id.as_str().ends_with(".kept")).collect();
    move |kpi| if kept.contains(kpi) { at(0) } else { swapped }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_kpi_ends_as_its_definition_in_force_says(
        samples in arrivals(),
        cases in versions(),
        had in prop_oneof![Just(Had::Both), Just(Had::Observed), Just(Had::Counted)],
        begin in 1i64..5000,
        takes in 0i64..900,
        restart in any::<bool>(),
    ) {
        let (shell, swapped) = run(had, events(samples, cases), begin, begin + takes, restart);
        if swapped <= at(12_000) {
            prop_assert_eq!(shell.definitions.kpis.len(), 16);
            let checked = shell.check_from(from(swapped, had), at(14_000)).map_err(TestCaseError::fail)?;
            prop_assert!(checked > 100);
        }
        // No instant of a kept or changed KPI is left out.
        for kpi in before(had).kpis.iter().filter(|kpi| kpi.id.as_str() != "gone") {
            let every = i64::from(shell.definitions.kpi(&kpi.id).unwrap().every_s);
            let has = |instant: i64| shell.readings.contains_key(&(kpi.id.clone(), Scope::City, at(instant)));
            prop_assert!((1..14_000 / every).all(|step| has(step * every)), "{}", kpi.id);
        }
    }
}

#[test]
fn only_what_changed_is_rebuilt() {
    let shell = Shell::new(before(Had::Both), at(0));
    let names = |definitions: &Definitions| shell.engine.changed(definitions).iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(names(&before(Had::Both)), [""; 0]);
    let rebuilt = ["a.new", "changed", "days.new", "grown.new", "held.new", "new.overdue", "opened.changed", "part", "sum.of.changed"];
    assert_eq!(names(&after()), rebuilt, "with what is made from it and what that is made from");
    let mut moved = (*before(Had::Both)).clone();
    Arc::make_mut(&mut moved.assets[0]).area = "y".parse().unwrap();
    assert_eq!(names(&moved).len(), 10, "what coverage is made of, and what is made from that");
    let mut named = (*before(Had::Both)).clone();
    Arc::make_mut(&mut named.assets[0]).name = "another".into();
    assert_eq!(names(&named), [""; 0], "a name changes no figure");
    let mut zoned = (*before(Had::Both)).clone();
    zoned.city.zone = "UTC".into();
    assert_eq!(names(&zoned).len(), 12);
}

#[test]
fn a_longer_window_knows_which_of_its_samples_a_correction_replaces() {
    let short = || kpi("short.kept", "km/h", observed(Aggregate::Last, 60, None), 60, 0);
    let mut shell = Shell::new(definitions(vec![short()]), at(0));
    shell.batch(at(1000), vec![sample(1, 1000, 300, 0), sample(1, 1001, 10, 0)], Vec::new(), false);
    shell.sleep_until(at(9000));
    // By now only the store has the first samples.
    shell.batch(at(9000), vec![sample(1, 9000, 20, 0)], Vec::new(), false);
    let long = kpi("long", "km/h", observed(Aggregate::Max, 14_400, None), 60, 600);
    let beside = shell.begin_change(at(9001), &definitions(vec![short(), long]));
    shell.finish_change(at(9002), beside);
    shell.batch(at(9010), vec![sample(1, 1000, 5, 1)], Vec::new(), false);
    shell.sleep_until(at(9600));
    shell.check_from(|kpi| if kpi.as_str() == "long" { at(9002) } else { at(0) }, at(9500)).unwrap();
}
