//! Cases: open, overdue, opened, closed and on time, in any order of versions, with deadlines that fall due by themselves.

use super::city::{at, counted, definitions, kpi};
use super::shell::Shell;
use crate::CaseVersion;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use std::sync::Arc;
use taydo_model::kpi::CaseMeasure;
use taydo_model::{Case, CaseKey, Definitions, Kpi, Quality, Reading, Scope};

/// When New York's clocks were put forward on 8 March 2015, and back on 1 November, in seconds as [`at`] counts.
const FORWARD: i64 = 1_425_798_000 - 1_750_032_000;
const BACK: i64 = 1_446_357_600 - 1_750_032_000;

fn kpis(measures: &[(&str, CaseMeasure, u32)]) -> Arc<Definitions> {
    let kpi = |(id, measure, window_s): &(&str, CaseMeasure, u32)| {
        let unit = if *measure == CaseMeasure::OnTime { "%" } else { "cases" };
        Kpi { stale_s: 7200, ..kpi(id, unit, counted(*measure, *window_s), 300, 600) }
    };
    definitions(measures.iter().map(kpi).collect())
}

fn all_measures() -> Arc<Definitions> {
    kpis(&[
        ("open", CaseMeasure::Open, 0),
        ("overdue", CaseMeasure::Overdue, 0),
        ("opened", CaseMeasure::Opened, 1800),
        ("closed", CaseMeasure::Closed, 1000),
        ("on.time", CaseMeasure::OnTime, 3600),
    ])
}

/// A version of case `id`: (opened, due, closed) in seconds, written by the source at `updated`.
fn version(id: u8, life: (i64, Option<i64>, Option<i64>), updated: i64, place: u8) -> CaseVersion {
    let (opened, due, closed) = life;
    let case = Case {
        id: format!("c{id}").try_into().unwrap(),
        kind: if place == 3 { "other" } else { "dossier" }.into(),
        department: [Some("d1"), Some("d2"), None, Some("d1")][usize::from(place)].map(|id| id.parse().unwrap()),
        area: id.is_multiple_of(2).then(|| "x".parse().unwrap()),
        opened: at(opened),
        due: due.map(at),
        closed: closed.map(at),
        updated: None,
        labels: Default::default(),
    };
    let hash = i64::from(place) + 10 * closed.unwrap_or(0) + due.unwrap_or(0);
    CaseVersion { key: CaseKey { source: "s".parse().unwrap(), id: case.id.clone() }, updated: at(updated), hash, case }
}

pub(super) fn versions() -> impl Strategy<Value = Vec<(i64, CaseVersion)>> {
    let grid = || prop_oneof![(-20i64..40).prop_map(|step| step * 300), -4000i64..12_000];
    // A case that is closed before it is opened is refused where cases are taken in.
    let life = (grid(), proptest::option::of(grid()), proptest::option::of(grid()))
        .prop_map(|(opened, due, closed)| (opened, due, closed.map(|closed| closed.max(opened))));
    let one = (0u8..12, life, 0i64..9000, 0i64..12_000, prop_oneof![12 => 0u8..3, 1 => Just(3u8)]);
    proptest::collection::vec(one.prop_map(|(id, life, updated, arrival, place)| (arrival, version(id, life, updated, place))), 1..40)
        .prop_map(|mut all| {
            all.sort_by_key(|(arrival, _)| *arrival);
            all
        })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, rng_seed: RngSeed::Fixed(20_250_701), ..ProptestConfig::default() })]

    #[test]
    fn recorded_readings_end_as_the_plain_ones(versions in versions(), sleepy in any::<bool>(), restart in 0usize..60) {
        let mut shell = Shell::new(all_measures(), at(0));
        for (place, (arrival, version)) in versions.into_iter().enumerate() {
            if !sleepy {
                shell.sleep_until(at(arrival));
            }
            shell.batch(at(arrival), Vec::new(), vec![version], false);
            if place == restart {
                shell.restart(at(arrival));
            }
        }
        shell.sleep_until(at(15_000));
        let checked = shell.check(at(14_000)).map_err(TestCaseError::fail)?;
        prop_assert!(checked > 200);
    }
}

/// Cases of the days around a change of New York's clocks: (opened, allowed, taken), all in seconds.
fn around(change: i64) -> impl Strategy<Value = Vec<CaseVersion>> {
    let day = 86_400_i64;
    let moment = prop_oneof![(-300i64..300).prop_map(|step| step * 300), -day..day];
    let life = (moment, proptest::option::of(0..day), proptest::option::of(0..day));
    let one = (0u8..20, life).prop_map(move |(id, (from, allowed, taken))| {
        let opened = change + from;
        version(id, (opened, allowed.map(|allowed| opened + allowed), taken.map(|taken| opened + taken)), 0, 0)
    });
    proptest::collection::vec(one, 1..30)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, rng_seed: RngSeed::Fixed(20_250_701), ..ProptestConfig::default() })]

    #[test]
    fn windows_of_days_are_counted_by_the_citys_clocks(forward in around(FORWARD), back in around(BACK)) {
        let day = 86_400_u32;
        let counted = |(id, measure, days)| Kpi { stale_s: 7200, ..kpi(id, "%", counted(measure, days * day), 1800, 600) };
        let kpis = [("opened", CaseMeasure::Opened, 1), ("closed", CaseMeasure::Closed, 2), ("on.time", CaseMeasure::OnTime, 1)];
        let definitions = definitions(kpis.map(counted).into());
        for (change, versions) in [(FORWARD, forward), (BACK, back)] {
            let (begin, end) = (at(change - i64::from(day) - 300), at(change + 2 * i64::from(day) + 7200));
            let mut shell = Shell::new(Arc::clone(&definitions), begin);
            shell.batch(begin, Vec::new(), versions, false);
            shell.sleep_until(end + jiff::SignedDuration::from_secs(10));
            let checked = shell.check(end).map_err(TestCaseError::fail)?;
            prop_assert!(checked > 200);
        }
    }
}

/// Plays versions that arrive one minute before each is first asked for, and gives the city's reading at a moment.
fn city(measure: CaseMeasure, window_s: u32, versions: &[CaseVersion], when: i64) -> Reading {
    let mut shell = Shell::new(kpis(&[("k", measure, window_s)]), at(-7200));
    shell.batch(at(-7200), Vec::new(), versions.to_vec(), false);
    shell.sleep_until(at(when));
    shell.tick(at(when));
    let live = shell.live.values().find(|reading| reading.scope == Scope::City).cloned().unwrap();
    if let Some(recorded) = shell.readings.get(&("k".parse().unwrap(), Scope::City, at(when))) {
        assert_eq!(recorded.value, live.value);
    }
    live
}

#[test]
fn each_measure_counts_what_its_definition_says() {
    use CaseMeasure::{Closed, OnTime, Open, Opened, Overdue};
    let check = |measure, life, when, expected: Option<f64>| {
        let reading = city(measure, 600, &[version(0, life, 0, 0)], when);
        assert_eq!(reading.value, expected, "{measure:?} {life:?} at {when}");
        assert_eq!(reading.quality == Quality::Missing, expected.is_none());
    };
    check(Open, (0, None, None), -1, None);
    check(Open, (0, None, None), 0, Some(1.0));
    check(Open, (0, None, Some(50)), 49, Some(1.0));
    check(Open, (0, None, Some(50)), 50, Some(0.0));
    check(Open, (0, None, Some(-5)), 3, Some(0.0));
    check(Overdue, (0, Some(20), None), 20, Some(0.0));
    check(Overdue, (0, Some(20), None), 21, Some(1.0));
    check(Overdue, (0, Some(20), Some(30)), 30, Some(0.0));
    check(Overdue, (0, None, None), 5000, Some(0.0));
    check(Opened, (0, None, None), 599, Some(1.0));
    check(Opened, (0, None, None), 600, Some(0.0));
    check(Closed, (0, None, Some(10)), 9, Some(0.0));
    check(Closed, (0, None, Some(10)), 10, Some(1.0));
    check(Closed, (0, None, Some(10)), 610, Some(0.0));
    check(OnTime, (0, Some(10), Some(10)), 10, Some(100.0));
    check(OnTime, (0, Some(9), Some(10)), 10, Some(0.0));
    check(OnTime, (0, None, Some(10)), 10, None);
    check(OnTime, (0, Some(10), Some(10)), 610, None);
}

#[test]
fn a_backlog_is_missing_until_the_source_has_told_of_a_case() {
    let mut shell = Shell::new(all_measures(), at(0));
    shell.tick(at(400));
    assert!(shell.live.values().all(|reading| reading.quality == Quality::Missing && reading.scope == Scope::City));
    shell.batch(at(700), Vec::new(), vec![version(1, (650, None, Some(660)), 650, 0)], false);
    shell.sleep_until(at(1000));
    let open = |scope: &str, time| &shell.readings[&("open".parse().unwrap(), scope.parse().unwrap(), at(time))];
    assert_eq!((open("city", 600).value, open("city", 900).value), (None, Some(0.0)));
    assert_eq!(open("department:d1", 900).value, Some(0.0));
    assert!(!shell.readings.keys().any(|(_, scope, time)| scope.to_string() == "department:d1" && *time < at(900)));
}

#[test]
fn a_deadline_falls_due_without_data() {
    let mut shell = Shell::new(kpis(&[("overdue", CaseMeasure::Overdue, 0)]), at(0));
    shell.batch(at(1), Vec::new(), vec![version(1, (1, Some(100), None), 0, 0)], false);
    shell.tick(at(1));
    let wake = shell.engine.next_wake().unwrap();
    assert_eq!(wake.as_microsecond(), at(100).as_microsecond() + 1);
    assert!(shell.tick(wake).live.iter().any(|reading| reading.value == Some(1.0)));
}

#[test]
fn cases_that_no_reading_needs_are_forgotten() {
    let mut shell = Shell::new(all_measures(), at(0));
    for id in 0..200 {
        shell.batch(at(i64::from(id)), Vec::new(), vec![version(id, (0, None, Some(i64::from(id))), 0, 0)], false);
    }
    let month = 31 * 86_400;
    shell.wake(at(month));
    let relevant = shell.engine.relevant_cases_from(at(month));
    assert!(at(200) < relevant, "{relevant}");
    assert!(!format!("{:?}", shell.engine).contains("c17"), "a case is still held");
}
