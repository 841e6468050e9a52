//! Which moment is compared with, by a table; and what is said of it.

use super::*;
use crate::kpi::{CaseMeasure, Period, Window};
use crate::{Text, Unit};
use jiff::civil::{Date, date};
use jiff::tz::TimeZone;

/// The first days of the lunar years 2025 to 2027.
const NEW_YEARS: [Date; 3] = [date(2025, 1, 29), date(2026, 2, 17), date(2027, 2, 6)];

fn kpi(window: Window, every_s: u32) -> Kpi {
    let metric = "traffic.speed".parse().unwrap();
    let from = From::Observations {
        metric,
        aggregate: Aggregate::Mean,
        window,
        across: None,
        only: Default::default(),
        suspect: Default::default(),
        at_least: 0,
        factor: 1.0,
    };
    Kpi {
        id: "traffic.speed".parse().unwrap(),
        version: String::new(),
        title: Text::default(),
        unit: Unit::parse("km/h").unwrap(),
        decimals: 1,
        better: Better::Higher,
        standard: None,
        owner: None,
        from,
        by: Vec::new(),
        every_s,
        delay_s: 0,
        lateness_s: 0,
        coverage: None,
        stale_s: 300,
        target: Some(30.0),
        attention: None,
        critical: None,
        thresholds_for: Vec::new(),
    }
}

pub(crate) fn speed() -> Kpi {
    kpi(Window::Sliding(300), 60)
}

fn cases(measure: CaseMeasure, unit: &str) -> Kpi {
    let from = From::Cases { kind: String::new(), measure, window: Window::Sliding(0), terms: Default::default() };
    Kpi { from, unit: Unit::parse(unit).unwrap(), better: Better::Lower, ..kpi(Window::Sliding(0), 60) }
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn side(value: Option<f64>, samples: u64) -> Side {
    Side { value, samples, quality: Quality::Good, ..Side::missing(at("2026-03-02T00:00:00Z")) }
}

const ALIKE: Aligned = Aligned { time: Timestamp::UNIX_EPOCH, by: Alignment::Clock, is_unlike: false };

#[test]
fn the_moment_to_compare_with() {
    use Against::{LastWeek, LastYear, Previous, Yesterday};
    use Alignment as By;
    const DAY: u32 = 86_400;
    let sliding = Window::Sliding;
    let to_date = Window::Calendar;
    // Window, grid, against, the moment in the city, what it is compared with, by what, whether that is fair.
    let table = [
        (sliding(300), 60, Previous, "2026-06-10T08:00", "2026-06-10T07:55", By::Period, false),
        (sliding(300), 3600, Previous, "2026-06-10T08:00", "2026-06-10T07:00", By::Period, false),
        (sliding(0), 60, Previous, "2026-06-10T08:00", "2026-06-10T07:00", By::Period, false),
        (sliding(30 * DAY), 3600, Previous, "2026-06-10T08:00", "2026-05-11T08:00", By::Period, false),
        (to_date(Period::Hour), 60, Previous, "2026-06-10T08:20", "2026-06-10T07:20", By::Period, false),
        (to_date(Period::Day), 60, Previous, "2026-06-10T08:20", "2026-06-09T08:20", By::Period, false),
        (to_date(Period::Week), 60, Previous, "2026-06-10T08:20", "2026-06-03T08:20", By::Period, false),
        (to_date(Period::Month), 60, Previous, "2026-06-10T08:20", "2026-05-10T08:20", By::Period, false),
        // The whole of March against the whole of February, and a day that February lacks against its last one.
        (to_date(Period::Month), 60, Previous, "2026-04-01T00:00", "2026-03-01T00:00", By::Period, false),
        (to_date(Period::Month), 60, Previous, "2026-03-31T12:00", "2026-02-28T12:00", By::Period, false),
        (to_date(Period::Year), 60, Previous, "2024-02-29T12:00", "2023-02-28T12:00", By::Period, false),
        (sliding(300), 60, Yesterday, "2026-06-10T08:00", "2026-06-09T08:00", By::Clock, false),
        (sliding(300), 60, LastWeek, "2026-06-10T08:00", "2026-06-03T08:00", By::Weekday, false),
        // Hours and days by the weekday, months and years by the date.
        (sliding(300), 60, LastYear, "2026-06-10T08:00", "2025-06-11T08:00", By::Weekday, false),
        (to_date(Period::Week), 60, LastYear, "2026-06-10T08:00", "2025-06-11T08:00", By::Weekday, false),
        (to_date(Period::Month), 60, LastYear, "2026-06-10T08:00", "2025-06-10T08:00", By::Date, false),
        (sliding(30 * DAY), 3600, LastYear, "2024-02-29T08:00", "2023-02-28T08:00", By::Date, false),
        // New year's day against new year's day, its eve against its eve, and the edges of the days around it.
        (sliding(300), 60, LastYear, "2026-02-17T08:00", "2025-01-29T08:00", By::NewYear, false),
        (sliding(300), 60, LastYear, "2026-02-16T23:00", "2025-01-28T23:00", By::NewYear, false),
        (to_date(Period::Day), 60, LastYear, "2026-02-18T00:00", "2025-01-30T00:00", By::NewYear, false),
        (sliding(300), 60, LastYear, "2026-02-03T08:00", "2025-01-15T08:00", By::NewYear, false),
        (sliding(300), 60, LastYear, "2026-03-04T08:00", "2025-02-13T08:00", By::NewYear, false),
        (sliding(300), 60, LastYear, "2026-03-05T08:00", "2025-03-06T08:00", By::Weekday, false),
        (sliding(300), 60, LastYear, "2027-02-06T08:00", "2026-02-17T08:00", By::NewYear, false),
        // An ordinary day whose weekday of last year lay in the holiday is no fair comparison.
        (sliding(300), 60, LastYear, "2026-01-28T08:00", "2025-01-29T08:00", By::Weekday, true),
        (sliding(300), 60, LastWeek, "2026-03-06T08:00", "2026-02-27T08:00", By::Weekday, true),
        // The year before the first that is known: no new year to go by.
        (sliding(300), 60, LastYear, "2025-01-29T08:00", "2024-01-31T08:00", By::Weekday, true),
        (to_date(Period::Month), 60, LastYear, "2026-02-17T08:00", "2025-02-17T08:00", By::Date, false),
    ];
    let zone = TimeZone::get("Asia/Ho_Chi_Minh").unwrap();
    let dates = Dates { zone: &zone, new_years: &NEW_YEARS };
    for (window, every_s, against, from, to, by, is_unlike) in table {
        let found = aligned(&kpi(window, every_s), against, at(&format!("{from}+07")), &dates).unwrap();
        assert_eq!(found, Aligned { time: at(&format!("{to}+07")), by, is_unlike }, "{window:?} every {every_s} {against:?} {from}");
    }
}

#[test]
fn the_same_time_of_day_is_by_the_clocks_on_the_wall() {
    let zone = TimeZone::get("America/New_York").unwrap();
    let dates = Dates { zone: &zone, new_years: &[] };
    let check = |against, from: &str, to: &str| {
        assert_eq!(aligned(&kpi(Window::Sliding(300), 60), against, at(from), &dates).unwrap().time, at(to), "{from}");
    };
    // Clocks were put forward at 02:00 on 8 March 2026.
    check(Against::Yesterday, "2026-03-08T08:00-04", "2026-03-07T08:00-05");
    check(Against::LastWeek, "2026-03-10T08:00-04", "2026-03-03T08:00-05");
    check(Against::Yesterday, "2026-03-09T02:30-04", "2026-03-08T03:30-04");
    check(Against::LastYear, "2026-03-10T08:00-04", "2025-03-11T08:00-04");
}

#[test]
fn a_change_is_told_by_the_direction_of_the_kpi() {
    let speed = speed();
    let told = |now, then| {
        let one = compare(&speed, Against::Yesterday, &side(now, 1), side(then, 1), &ALIKE);
        (one.difference, one.percent, one.without_percent, one.verdict)
    };
    assert_eq!(told(Some(33.0), Some(30.0)), (Some(3.0), Some(10.0), None, Some(Verdict::Better)));
    assert_eq!(told(Some(27.0), Some(30.0)), (Some(-3.0), Some(-10.0), None, Some(Verdict::Worse)));
    assert_eq!(told(Some(30.04), Some(30.0)).3, Some(Verdict::Same), "it reads the same");
    assert_eq!(told(None, Some(30.0)), (None, None, Some(Withheld::Missing), None));
    assert_eq!(told(Some(3.0), Some(0.0)), (Some(3.0), None, Some(Withheld::Zero), Some(Verdict::Better)));
    let gap = to_target(&speed, &Scope::City, &side(Some(27.0), 1)).unwrap();
    assert_eq!((gap.difference, gap.percent, gap.is_met), (Some(-3.0), Some(-10.0), Some(false)));
}

#[test]
fn too_few_cases_give_no_percentage() {
    let open = cases(CaseMeasure::Open, "cases");
    let told = |now: u64, then: u64| {
        #[allow(clippy::cast_precision_loss)]
        let count = |count: u64| side(Some(count as f64), count);
        let one = compare(&open, Against::LastWeek, &count(now), count(then), &ALIKE);
        (one.percent, one.without_percent, one.verdict)
    };
    assert_eq!(told(3, 2), (None, Some(Withheld::TooFew), None));
    assert_eq!(told(30, 9), (None, Some(Withheld::TooFew), None));
    assert_eq!(told(15, 10), (Some(50.0), None, Some(Verdict::Worse)));
    let mut few = side(None, 4);
    few.flags = Flags::TOO_FEW;
    let one = compare(&cases(CaseMeasure::OnTime, "%"), Against::LastWeek, &side(Some(90.0), 40), few, &ALIKE);
    assert_eq!((one.without_percent, one.verdict), (Some(Withheld::TooFew), None), "too few, not missing");
    let one = compare(&cases(CaseMeasure::OnTime, "%"), Against::LastWeek, &side(Some(90.0), 40), side(Some(80.0), 40), &ALIKE);
    assert_eq!((one.difference, one.percent, one.without_percent), (Some(10.0), None, Some(Withheld::Share)));
}

#[test]
fn a_trend_is_not_turned_by_wild_values_and_not_seen_in_noise() {
    let zone = TimeZone::get("Asia/Ho_Chi_Minh").unwrap();
    let speed = speed();
    let course = course(&speed, at("2026-06-10T08:00+07"), &zone);
    assert_eq!((course.moments.len(), course.from), (61, at("2026-06-10T07:00+07")));
    let told = |value: &dyn Fn(usize) -> f64, count: usize| {
        let values: Vec<_> = course.moments.iter().enumerate().take(count).map(|(n, time)| (*time, value(n))).collect();
        let trend = trend(&speed, &course, &values);
        (trend.way, trend.verdict, trend.change.map(f64::round))
    };
    #[allow(clippy::cast_precision_loss)]
    let rising = |n: usize| if n.is_multiple_of(5) { -1e6 } else { 20.0 + n as f64 * 0.1 };
    assert_eq!(told(&rising, 61), (Some(TrendWay::Rising), Some(Verdict::Better), Some(6.0)));
    assert_eq!(told(&|n| -rising(n), 61).0, Some(TrendWay::Falling));
    let noise = |n: usize| if n.is_multiple_of(2) { 10.0 } else { 50.0 };
    assert_eq!(told(&noise, 61).0, Some(TrendWay::Level));
    assert_eq!(told(&|_| 30.0, 61), (Some(TrendWay::Level), Some(Verdict::Same), Some(0.0)));
    assert_eq!(told(&rising, 4), (None, None, None), "too few points");
}

#[test]
fn the_trend_of_a_figure_to_date_is_told_by_the_ends_of_its_periods() {
    let zone = TimeZone::get("Asia/Ho_Chi_Minh").unwrap();
    let moments = |period, when: &str| course(&kpi(Window::Calendar(period), 60), at(when), &zone).moments;
    let months = moments(Period::Month, "2026-06-10T08:00+07");
    assert_eq!((months.len(), months[0], months[11]), (12, at("2025-07-01T00:00+07"), at("2026-06-01T00:00+07")));
    let weeks = moments(Period::Week, "2026-06-08T00:00+07");
    assert_eq!((weeks.len(), weeks[11]), (12, at("2026-06-08T00:00+07")), "a Monday's midnight ends a week");
    let hours = moments(Period::Hour, "2026-06-08T00:20+07");
    assert_eq!((hours.len(), hours[23]), (24, at("2026-06-08T00:00+07")));
}
