//! Every aggregate on streams with faults, calibrations, resets, gaps, frozen and jumping values: recorded readings end as
//! the plain ones, whatever the order and the batches.

use super::city::{at, definitions, kpi, observed, sample};
use super::shell::Shell;
use super::windows::{Between, between, run_from};
use crate::Sample;
use proptest::prelude::*;
use std::sync::Arc;
use taydo_model::kpi::{Across, Aggregate, From, Suspect};
use taydo_model::observation::Jump;
use taydo_model::{Definitions, Kpi, Metric, SampleState};

/// Moments that tests of whole days begin at, in seconds as [`at`] counts: New York's clocks are put forward and back, a
/// leap day, and the end of a year.
const DAYS: [i64; 5] = [
    0,
    1_425_798_000 - 1_750_032_000 - 1800,
    1_446_357_600 - 1_750_032_000 - 1800,
    1_709_179_200 - 1_750_032_000 - 1800,
    1_767_225_600 - 1_750_032_000 - 1800,
];

fn with(id: &str, aggregate: Aggregate, window_s: u32, change: impl FnOnce(&mut Kpi)) -> Kpi {
    let mut kpi = kpi(id, "km/h", observed(aggregate, window_s, None), 60, 600);
    change(&mut kpi);
    kpi
}

fn from(kpi: &mut Kpi, suspect: Suspect, across: Option<Across>, at_least: u32) {
    if let From::Observations { suspect: slot, across: way, at_least: least, .. } = &mut kpi.from {
        (*slot, *way, *least) = (suspect, across, at_least);
    }
}

fn kpis() -> Vec<Kpi> {
    let label = |name: &str| name.parse().unwrap();
    let exclude = |kpi: &mut Kpi| from(kpi, Suspect::Exclude, None, 0);
    let each = |across| move |kpi: &mut Kpi| from(kpi, Suspect::Exclude, Some(across), 0);
    let held = |hold_s| Aggregate::TimeWeightedMean { hold_s };
    let late = |kpi: &mut Kpi| (kpi.lateness_s, kpi.every_s) = (60, 120);
    let mut all = vec![
        with("mean", Aggregate::Mean, 300, |_| {}),
        with("mean.trusted", Aggregate::Mean, 300, exclude),
        with("min.trusted", Aggregate::Min, 120, exclude),
        with("max", Aggregate::Max, 240, |kpi| from(kpi, Suspect::Flag, None, 4)),
        with("last.trusted", Aggregate::Last, 120, exclude),
        with("count.trusted", Aggregate::Count, 1800, exclude),
        with("increase", Aggregate::Increase, 600, |_| {}),
        with("increase.trusted", Aggregate::Increase, 300, exclude),
        with("increase.late", Aggregate::Increase, 120, late),
        with("rate", Aggregate::Rate, 600, |_| {}),
        with("rate.mean", Aggregate::Rate, 900, each(Across::Mean)),
        with("median", Aggregate::Median, 300, |kpi| from(kpi, Suspect::Flag, None, 3)),
        with("p90.trusted", Aggregate::P90, 600, exclude),
        with("p95", Aggregate::P95, 900, |_| {}),
        with("p99.max", Aggregate::P99, 600, each(Across::Max)),
        with("held", held(Some(90)), 300, |_| {}),
        with("held.stale", held(None), 180, exclude),
        with("held.sum", held(Some(600)), 120, each(Across::Sum)),
        with("held.late", held(Some(200)), 120, late),
        with("distinct", Aggregate::Distinct { label: label("asset") }, 300, |_| {}),
        with("distinct.area", Aggregate::Distinct { label: label("area") }, 120, exclude),
        with("share.above", Aggregate::ShareAbove { limit: 20.0 }, 300, |kpi| from(kpi, Suspect::Flag, None, 2)),
        with("share.below", Aggregate::ShareBelow { limit: 0.0 }, 600, exclude),
        with("share.min", Aggregate::ShareAbove { limit: 3.3 }, 600, each(Across::Min)),
    ];
    all.iter_mut().for_each(|kpi| kpi.by.truncate(2));
    all
}

fn judging() -> Arc<Definitions> {
    let mut definitions = Arc::unwrap_or_clone(definitions(kpis()));
    let metric = Metric {
        range: Some((-3.0, 38.0)),
        jump: Some(Jump { more_than: 10.0, within_s: 120 }),
        frozen_s: Some(240),
        ..(*definitions.metrics[0]).clone()
    };
    definitions.metrics = vec![Arc::new(metric)];
    Arc::new(definitions)
}

/// (arrival, sample) in order of arrival: near and far values, runs of the same, counters that are reset.
fn arrivals() -> impl Strategy<Value = Vec<(i64, Sample)>> {
    let time =
        prop_oneof![2 => (0i64..60).prop_map(|minute| minute * 60), 1 => 0i64..3600, 1 => (0i64..6).prop_map(|step| 1200 + step * 20)];
    let delay = prop_oneof![6 => 0i64..8, 2 => 0i64..900, 1 => 0i64..4000, 1 => -120i64..0];
    let ticks = prop_oneof![3 => Just(100i64), 2 => 90i64..130, 2 => (0i64..6).prop_map(|step| step * 60), 1 => -50i64..420];
    let state = prop_oneof![
        12 => Just(SampleState::Normal),
        1 => Just(SampleState::Calibrating),
        1 => Just(SampleState::Fault),
        1 => Just(SampleState::Provisional)
    ];
    let series = prop_oneof![3 => Just(1i32), 1 => 2i32..=5];
    let one = (time, delay, series, ticks, prop_oneof![4 => Just(0i32), 1 => 0i32..3], state);
    let arrival = one.prop_map(|(time, delay, series, ticks, revision, state)| {
        (time + delay, Sample { state, ..sample(series, time, ticks, revision) })
    });
    proptest::collection::vec(arrival, 1..150).prop_map(|mut arrivals| {
        arrivals.sort_by_key(|(arrival, _)| *arrival);
        arrivals
    })
}

fn moved(arrivals: Vec<(i64, Sample)>, by: i64) -> Vec<(i64, Sample)> {
    let moved =
        |(arrival, sample): (i64, Sample)| (arrival + by, Sample { time: sample.time + jiff::SignedDuration::from_secs(by), ..sample });
    arrivals.into_iter().map(moved).collect()
}

fn checked(shell: &Shell, begin: i64) -> Result<usize, TestCaseError> {
    shell.check(at(begin + 7200)).map_err(TestCaseError::fail)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_aggregate_ends_as_the_plain_one(
        arrivals in arrivals(),
        day in 0usize..5,
        sizes in proptest::collection::vec(1usize..30, 1..8),
        between in proptest::collection::vec(between(), 1..12),
    ) {
        let shell = run_from(judging(), DAYS[day], &moved(arrivals, DAYS[day]), &sizes, &between, false);
        prop_assert!(checked(&shell, DAYS[day])? > 1000);
    }

    #[test]
    fn order_and_repeats_change_no_aggregate(arrivals in arrivals(), seed in any::<u64>(), sizes in proptest::collection::vec(1usize..40, 1..5)) {
        let last = arrivals.iter().map(|(arrival, _)| *arrival).max().unwrap_or(0);
        let mut other: Vec<(i64, Sample)> = arrivals.iter().chain(&arrivals).map(|(_, sample)| (0, *sample)).collect();
        other.sort_by_key(|(_, sample)| (sample.ticks as u64 ^ seed).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ sample.time.as_second() as u64);
        let count = other.len() as i64;
        for (place, (arrival, _)) in (0i64..).zip(&mut other) {
            *arrival = last * (place + 1) / count;
        }
        let shell = run_from(judging(), 0, &other, &sizes, &[Between::WakeInTime], true);
        checked(&shell, 0)?;
    }
}
