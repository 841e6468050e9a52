//! Cases: open, overdue, opened, closed and on time, in any order of versions, with deadlines that fall due by themselves.

use super::city::{at, definitions, kpi, labels};
use super::shell::Shell;
use crate::CaseVersion;
use jiff::Timestamp;
use jiff::civil::Weekday;
use proptest::prelude::*;
use std::sync::Arc;
use taydo_model::calendar::{CalendarParts, Hours};
use taydo_model::kpi::{Answer, CaseMeasure, CaseTerms, From, Period, Window};
use taydo_model::{Case, CaseKey, Definitions, Kpi, LabelName, Quality, Reading, Scope, WorkingCalendar};

/// When New York's clocks were put forward on 8 March 2015, and back on 1 November, in seconds as [`at`] counts.
const FORWARD: i64 = 1_425_798_000 - 1_750_032_000;
const BACK: i64 = 1_446_357_600 - 1_750_032_000;

/// A KPI from dossiers, in the unit that its measure has.
fn counting(id: &str, measure: CaseMeasure, window_s: u32, terms: CaseTerms) -> Kpi {
    let unit = match measure {
        _ if measure.is_share() => "%",
        _ if terms.working => "d",
        _ if measure.is_time() => "h",
        _ => "cases",
    };
    let from = From::Cases { kind: "dossier".into(), measure, window: Window::Sliding(window_s), terms };
    Kpi { stale_s: 7200, ..kpi(id, unit, from, 300, 600) }
}

/// The same over a period to date.
fn to_date(id: &str, measure: CaseMeasure, period: Period) -> Kpi {
    let mut kpi = counting(id, measure, 0, CaseTerms::default());
    kpi.from = From::Cases { kind: "dossier".into(), measure, window: Window::Calendar(period), terms: CaseTerms::default() };
    kpi
}

fn kpis(measures: &[(&str, CaseMeasure, u32)]) -> Arc<Definitions> {
    definitions(measures.iter().map(|(id, measure, window_s)| counting(id, *measure, *window_s, CaseTerms::default())).collect())
}

/// Offices that are open in some of the hours that the tests play in, in New York: from 20:10 to 21:00 and from 21:30 on.
fn evening_offices() -> WorkingCalendar {
    WorkingCalendar::new(CalendarParts {
        version: "1".into(),
        zone: "America/New_York".into(),
        weekdays: vec![Weekday::Sunday, Weekday::Monday],
        hours: vec![Hours { open_s: 72_600, close_s: 75_600 }, Hours { open_s: 77_400, close_s: 86_400 }],
        years: (2025, 2025),
        holidays: Vec::new(),
        swaps: Vec::new(),
        lunar_new_years: Vec::new(),
        allowances: Vec::new(),
    })
    .unwrap()
}

fn all_measures() -> Arc<Definitions> {
    use CaseMeasure::*;
    let plain = CaseTerms::default;
    let label = |name: &str| Some(name.parse::<LabelName>().unwrap());
    let within = |text: &str| CaseTerms { within: Some(text.parse().unwrap()), ..plain() };
    let weighed = || CaseTerms { weigh: label("customers"), ..plain() };
    let working = || CaseTerms { working: true, ..plain() };
    let answer = Answer { label: "answer".parse().unwrap(), satisfied: vec!["good".into(), "fine".into()] };
    let business = labels(&[("applicant", "business")]);
    let kpis = vec![
        counting("open", Open, 0, plain()),
        counting("open.weighed", Open, 0, weighed()),
        counting("open.business", Open, 0, CaseTerms { only: business.clone(), ..plain() }),
        counting("open.citizens", Open, 0, CaseTerms { without: business, ..plain() }),
        counting("overdue", Overdue, 0, plain()),
        counting("due.soon", DueSoon, 0, within("1h")),
        counting("due.soon.office", DueSoon, 0, within("1wh")),
        counting("opened", Opened, 1800, plain()),
        counting("opened.weighed", Opened, 1800, weighed()),
        counting("closed", Closed, 1000, plain()),
        counting("reopened", Reopened, 3600, plain()),
        counting("withdrawn", Withdrawn, 3600, plain()),
        counting("on.time", OnTime, 3600, plain()),
        counting("on.time.weighed", OnTime, 3600, CaseTerms { minimum: Some(2), ..weighed() }),
        counting("satisfied", Satisfied, 3600, CaseTerms { answer: Some(answer), minimum: Some(2), ..plain() }),
        counting("age", MedianAge, 0, plain()),
        counting("age.p90", P90Age, 0, CaseTerms { minimum: Some(3), ..plain() }),
        counting("age.working", MedianAge, 0, working()),
        counting("took", MedianDuration, 3600, plain()),
        counting("took.p90", P90Duration, 3600, working()),
        counting("lost", Duration, 3600, weighed()),
        counting("lost.working", Duration, 1800, working()),
        to_date("opened.day", Opened, Period::Day),
        to_date("closed.week", Closed, Period::Week),
        to_date("on.time.year", OnTime, Period::Year),
    ];
    let mut definitions = (*definitions(kpis)).clone();
    definitions.calendar = Some(Arc::new(evening_offices()));
    Arc::new(definitions)
}

/// A version of case `id`: (opened, due, closed) in seconds, written by the source at `updated`.
fn version(id: u8, life: (i64, Option<i64>, Option<i64>), updated: i64, place: u8) -> CaseVersion {
    let (opened, due, closed) = life;
    let kind = if place == 3 { "other" } else { "dossier" };
    let case = Case {
        department: [Some("d1"), Some("d2"), None, Some("d1")][usize::from(place)].map(|id| id.parse().unwrap()),
        area: id.is_multiple_of(2).then(|| "x".parse().unwrap()),
        due: due.map(at),
        closed: closed.map(at),
        ..Case::new(format!("c{id}").try_into().unwrap(), kind, at(opened))
    };
    let hash = i64::from(place) + 10 * closed.unwrap_or(0) + due.unwrap_or(0);
    CaseVersion { key: CaseKey { source: "s".parse().unwrap(), id: case.id.clone() }, updated: at(updated), hash, case }
}

/// What is generated of a version: id, life, updated, arrival, place, and the rest.
type Told = (u8, (i64, Option<i64>, Option<i64>), i64, i64, u8, (&'static str, &'static str, &'static str, bool, Option<i64>));

pub(super) fn versions() -> impl Strategy<Value = Vec<(i64, CaseVersion)>> {
    let grid = || prop_oneof![(-20i64..40).prop_map(|step| step * 300), -4000i64..12_000];
    // A case that is closed before it is opened is refused where cases are taken in.
    let life = (grid(), proptest::option::of(grid()), proptest::option::of(grid()))
        .prop_map(|(opened, due, closed)| (opened, due, closed.map(|closed| closed.max(opened))));
    let word = |words: &'static [&'static str]| proptest::sample::select(words);
    let rest = (
        word(&["", "business", "citizen"]),
        word(&["", "good", "fine", "bad"]),
        word(&["", "1", "7", "many"]),
        prop::bool::weighted(0.2),
        proptest::option::weighted(0.3, grid()),
    );
    let one = (0u8..12, life, 0i64..9000, 0i64..12_000, prop_oneof![12 => 0u8..3, 1 => Just(3u8)], rest);
    let told = |(id, life, updated, arrival, place, (applicant, answer, customers, withdrawn, again)): Told| {
        let mut version = version(id, life, updated, place);
        let given = [("applicant", applicant), ("answer", answer), ("customers", customers)];
        version.case.labels = labels(&given.into_iter().filter(|(_, value)| !value.is_empty()).collect::<Vec<_>>());
        version.case.withdrawn = version.case.closed.filter(|_| withdrawn);
        let end = version.case.closed.unwrap_or(Timestamp::MAX);
        version.case.reopened = again.map(|again| at(again).max(version.case.opened).min(end));
        (arrival, version)
    };
    proptest::collection::vec(one.prop_map(told), 1..40).prop_map(|mut all| {
        all.sort_by_key(|(arrival, _)| *arrival);
        all
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

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
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn windows_of_days_are_counted_by_the_citys_clocks(forward in around(FORWARD), back in around(BACK)) {
        let day = 86_400_u32;
        let counted = |(id, measure, days)| Kpi { every_s: 1800, ..counting(id, measure, days * day, CaseTerms::default()) };
        let kpis = [("opened", CaseMeasure::Opened, 1), ("closed", CaseMeasure::Closed, 2), ("on.time", CaseMeasure::OnTime, 1)];
        let dated = |(id, measure, period)| Kpi { every_s: 1800, ..to_date(id, measure, period) };
        let periods = [("day", CaseMeasure::Opened, Period::Day), ("month", CaseMeasure::Closed, Period::Month)];
        let definitions = definitions(kpis.map(counted).into_iter().chain(periods.map(dated)).collect());
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
    let measures = [("open", CaseMeasure::Open, 0), ("age", CaseMeasure::MedianAge, 0), ("on.time", CaseMeasure::OnTime, 3600)];
    let mut shell = Shell::new(kpis(&measures), at(0));
    for id in 0..200 {
        shell.batch(at(i64::from(id)), Vec::new(), vec![version(id, (0, None, Some(i64::from(id))), 0, 0)], false);
    }
    let month = 31 * 86_400;
    shell.wake(at(month));
    let relevant = shell.engine.relevant_cases_from(at(month));
    assert!(at(200) < relevant, "{relevant}");
    assert!(!format!("{:?}", shell.engine).contains("c17"), "a case is still held");
}
