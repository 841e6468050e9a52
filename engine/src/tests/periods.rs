//! Long windows and the calendar's periods to date, around the days on which clocks are changed, the year ends or February is
//! longer: recorded readings end as the plain ones, whatever the order, the lateness and the restarts.

use super::city::{at, definitions, kpi, observed, sample};
use super::shell::Shell;
use crate::Sample;
use proptest::prelude::*;
use std::sync::Arc;
use taydo_model::kpi::{Across, Aggregate, From, Period, Suspect, Window};
use taydo_model::observation::Jump;
use taydo_model::{City, Definitions, Kpi, Metric, SampleState};

const HOUR: i64 = 3600;
const DAY: i64 = 24 * HOUR;

/// (zone, the moment around which samples fall)
const AROUND: [(&str, &str); 8] = [
    ("America/New_York", "2015-03-08T07:00:00Z"),
    ("America/New_York", "2015-11-01T06:00:00Z"),
    ("Asia/Ho_Chi_Minh", "2025-12-31T17:00:00Z"),
    ("Asia/Ho_Chi_Minh", "2024-02-28T17:00:00Z"),
    ("Asia/Ho_Chi_Minh", "2024-02-29T17:00:00Z"),
    ("Asia/Kathmandu", "2025-12-31T18:15:00Z"),
    ("America/Havana", "2015-11-01T05:00:00Z"),
    ("Australia/Lord_Howe", "2026-04-04T15:00:00Z"),
];

fn over(id: &str, aggregate: Aggregate, over: Window, every_s: u32, lateness_s: u32) -> Kpi {
    let mut kpi = Kpi { stale_s: 7200, ..kpi(id, "km/h", observed(aggregate, 1, None), every_s, lateness_s) };
    if let From::Observations { window, .. } = &mut kpi.from {
        *window = over;
    }
    kpi
}

fn in_zone(zone: &str, kpis: Vec<Kpi>) -> Definitions {
    Definitions { city: City { zone: zone.into(), ..City::default() }, ..Arc::unwrap_or_clone(definitions(kpis)) }
}

fn to_date(zone: &str) -> Arc<Definitions> {
    use Aggregate::{Count, Last, Max, Mean, Min, Sum};
    let kpi = |id, aggregate, period, every_s, lateness_s| over(id, aggregate, Window::Calendar(period), every_s, lateness_s);
    Arc::new(in_zone(
        zone,
        vec![
            kpi("hour", Sum, Period::Hour, 900, 600),
            kpi("day", Mean, Period::Day, 1800, 900),
            kpi("day.count", Count, Period::Day, 3600, 0),
            kpi("week", Max, Period::Week, 3600, 900),
            kpi("month", Min, Period::Month, 3600, 1200),
            kpi("year", Last, Period::Year, 3600, 900),
        ],
    ))
}

/// Aggregates whose samples depend on their neighbours, and others, over windows whose panes are closed; of a metric with
/// rules for suspect values.
fn judged(zone: &str) -> Arc<Definitions> {
    let label = "asset".parse().unwrap();
    let year = Window::Calendar(Period::Year);
    let mut kpis = vec![
        over("increase.day", Aggregate::Increase, Window::Calendar(Period::Day), 1800, 900),
        over("increase.year", Aggregate::Increase, year, 3600, 300),
        over("rate.days", Aggregate::Rate, Window::Sliding(2 * 86_400), 7200, 600),
        over("held.week", Aggregate::TimeWeightedMean { hold_s: Some(5000) }, Window::Calendar(Period::Week), 3600, 900),
        over("held.hours", Aggregate::TimeWeightedMean { hold_s: Some(900) }, Window::Sliding(3 * 3600), 3600, 300),
        over("median.month", Aggregate::Median, Window::Calendar(Period::Month), 3600, 900),
        over("distinct.days", Aggregate::Distinct { label }, Window::Sliding(86_400), 3600, 900),
        over("share.year", Aggregate::ShareAbove { limit: 12.0 }, year, 3600, 900),
        over("mean.days", Aggregate::Mean, Window::Sliding(3 * 86_400), 10_800, 900),
    ];
    for kpi in &mut kpis {
        if let From::Observations { suspect, across, .. } = &mut kpi.from {
            *suspect = Suspect::Exclude;
            *across = (kpi.id.as_str() == "mean.days").then_some(Across::Sum);
        }
        kpi.by.truncate(2);
    }
    let mut definitions = in_zone(zone, kpis);
    let jump = Some(Jump { more_than: 10.0, within_s: 1200 });
    let metric = Metric { range: Some((-3.0, 38.0)), jump, frozen_s: Some(3000), ..(*definitions.metrics[0]).clone() };
    definitions.metrics = vec![Arc::new(metric)];
    Arc::new(definitions)
}

/// (arrival, sample), in seconds around the moment.
fn arrivals() -> impl Strategy<Value = Vec<(i64, Sample)>> {
    let edge = (-60i64..30).prop_map(|step| step * 900);
    let time = prop_oneof![2 => edge, 2 => -30 * HOUR..20 * HOUR, 1 => -1800i64..1800];
    let delay = prop_oneof![6 => 0i64..8, 2 => 0i64..1500, 1 => 0i64..40 * HOUR, 1 => 48 * HOUR..90 * HOUR];
    let ticks = prop_oneof![2 => -50i64..400, 1 => Just(100i64), 1 => 90i64..150];
    let state = prop_oneof![12 => Just(SampleState::Normal), 1 => Just(SampleState::Fault), 1 => Just(SampleState::Calibrating)];
    let one = (time, delay, 1i32..=5, ticks, 0i32..3, state);
    let arrival = one.prop_map(|(time, delay, series, ticks, revision, state)| {
        (time + delay, Sample { state, ..sample(series, time, ticks, revision) })
    });
    proptest::collection::vec(arrival, 1..80).prop_map(|mut arrivals| {
        arrivals.sort_by_key(|(arrival, _)| *arrival);
        arrivals
    })
}

/// Plays arrivals around a moment, with restarts, until everything is closed that can be.
fn play(definitions: Arc<Definitions>, moment: i64, arrivals: Vec<(i64, Sample)>, restarts: &[bool], sleepy: bool) -> Shell {
    let mut shell = Shell::new(definitions, at(moment - 31 * HOUR));
    for ((arrival, mut sample), restarts) in arrivals.into_iter().zip(restarts) {
        sample.time += jiff::SignedDuration::from_secs(moment);
        let now = at(moment + arrival);
        if !sleepy {
            shell.sleep_until(now);
        }
        shell.batch(now, vec![sample], Vec::new(), false);
        if *restarts {
            shell.restart(now);
        }
    }
    shell.sleep_until(at(moment + 5 * DAY));
    shell
}

fn seconds(moment: &str) -> i64 {
    moment.parse::<jiff::Timestamp>().unwrap().as_second() - at(0).as_second()
}

#[test]
fn what_is_live_of_a_period_to_date_is_what_it_has_so_far() {
    let count = |id: &str, period| over(id, Aggregate::Count, Window::Calendar(period), 3600, 0);
    let definitions = in_zone("Asia/Ho_Chi_Minh", vec![count("day", Period::Day), count("week", Period::Week)]);
    // A Tuesday begins.
    let midnight = seconds("2026-03-02T17:00:00Z");
    let mut shell = Shell::new(Arc::new(definitions), at(midnight - DAY));
    for after_s in [-600, 600, 9 * HOUR + 1800] {
        shell.sleep_until(at(midnight + after_s));
        shell.batch(at(midnight + after_s), vec![sample(1, midnight + after_s, 10, 0)], Vec::new(), false);
    }
    let now = at(midnight + 9 * HOUR + 1860);
    shell.tick(now);
    let live = |id: &str| shell.live[&(id.parse().unwrap(), taydo_model::Scope::City)].value;
    // These KPIs tell half of what they count.
    assert_eq!((live("day"), live("week")), (Some(1.0), Some(1.5)));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn readings_to_date_end_as_the_plain_ones(
        around in 0..AROUND.len(),
        arrivals in arrivals(),
        restarts in proptest::collection::vec(proptest::bool::weighted(0.15), 80),
        sleepy in any::<bool>(),
    ) {
        let (zone, moment) = AROUND[around];
        let shell = play(to_date(zone), seconds(moment), arrivals, &restarts, sleepy);
        let checked = shell.check(at(seconds(moment) + 4 * DAY)).map_err(TestCaseError::fail)?;
        prop_assert!(checked > 200);
    }

    #[test]
    fn readings_over_long_windows_end_as_the_plain_ones(
        around in 0..AROUND.len(),
        arrivals in arrivals(),
        restarts in proptest::collection::vec(proptest::bool::weighted(0.15), 80),
        sleepy in any::<bool>(),
    ) {
        let (zone, moment) = AROUND[around];
        let shell = play(judged(zone), seconds(moment), arrivals, &restarts, sleepy);
        let checked = shell.check(at(seconds(moment) + 4 * DAY)).map_err(TestCaseError::fail)?;
        prop_assert!(checked > 200);
    }
}
