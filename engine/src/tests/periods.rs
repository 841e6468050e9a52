//! The calendar's periods to date, around the days on which clocks are changed, the year ends or February is longer: recorded
//! readings end as the plain ones, whatever the order and the lateness.

use super::city::{at, definitions, kpi, observed, sample};
use super::shell::Shell;
use crate::Sample;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use std::sync::Arc;
use taydo_model::kpi::{Aggregate, From, Period, Window};
use taydo_model::{City, Definitions, Kpi};

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

fn to_date(aggregate: Aggregate, period: Period) -> From {
    let mut from = observed(aggregate, 1, None);
    if let From::Observations { window, .. } = &mut from {
        *window = Window::Calendar(period);
    }
    from
}

fn kpis(zone: &str) -> Arc<Definitions> {
    use Aggregate::{Count, Last, Max, Mean, Min, Sum};
    let kpi = |id, aggregate, period, every_s, lateness_s| Kpi {
        stale_s: 7200,
        ..kpi(id, "km/h", to_date(aggregate, period), every_s, lateness_s)
    };
    let mut all = Arc::unwrap_or_clone(definitions(vec![
        kpi("hour", Sum, Period::Hour, 900, 600),
        kpi("day", Mean, Period::Day, 1800, 900),
        kpi("day.count", Count, Period::Day, 3600, 0),
        kpi("week", Max, Period::Week, 3600, 900),
        kpi("month", Min, Period::Month, 3600, 1200),
        kpi("year", Last, Period::Year, 3600, 900),
    ]));
    all.city = City { zone: zone.into(), ..City::default() };
    Arc::new(all)
}

/// (arrival, sample), in seconds around the moment.
fn arrivals() -> impl Strategy<Value = Vec<(i64, Sample)>> {
    let edge = (-60i64..30).prop_map(|step| step * 900);
    let time = prop_oneof![2 => edge, 2 => -30 * HOUR..20 * HOUR, 1 => -1800i64..1800];
    let delay = prop_oneof![5 => 0i64..8, 2 => 0i64..1500, 1 => 0i64..40 * HOUR];
    let one = (time, delay, 1i32..=5, -50i64..400, 0i32..3);
    let arrival = one.prop_map(|(time, delay, series, ticks, revision)| (time + delay, sample(series, time, ticks, revision)));
    proptest::collection::vec(arrival, 1..80).prop_map(|mut arrivals| {
        arrivals.sort_by_key(|(arrival, _)| *arrival);
        arrivals
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, rng_seed: RngSeed::Fixed(20_250_701), ..ProptestConfig::default() })]

    #[test]
    fn readings_to_date_end_as_the_plain_ones(
        around in 0..AROUND.len(),
        arrivals in arrivals(),
        restarts in proptest::collection::vec(proptest::bool::weighted(0.15), 80),
        sleepy in any::<bool>(),
    ) {
        let (zone, moment) = AROUND[around];
        let moment = moment.parse::<jiff::Timestamp>().unwrap().as_second() - at(0).as_second();
        let mut shell = Shell::new(kpis(zone), at(moment - 31 * HOUR));
        for ((arrival, mut sample), restarts) in arrivals.into_iter().zip(restarts) {
            sample.time += jiff::SignedDuration::from_secs(moment);
            let now = at(moment + arrival);
            if !sleepy {
                shell.sleep_until(now);
            }
            shell.batch(now, vec![sample], Vec::new(), false);
            if restarts {
                shell.restart(now);
            }
        }
        shell.sleep_until(at(moment + 3 * DAY));
        let checked = shell.check(at(moment + 2 * DAY)).map_err(TestCaseError::fail)?;
        prop_assert!(checked > 200);
    }
}
