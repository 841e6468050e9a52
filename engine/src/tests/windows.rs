//! Windows: whatever the order, the batches, the lateness and the corrections, recorded readings end as the plain ones.

use super::city::{at, definitions, kpi, labels, observed, sample};
use super::shell::Shell;
use crate::Sample;
use proptest::prelude::*;
use std::sync::Arc;
use taydo_model::kpi::{Across, Aggregate, From};
use taydo_model::{Definitions, Kpi};

fn kpis() -> Arc<Definitions> {
    let kpi = |id, from, every_s, lateness_s| kpi(id, "km/h", from, every_s, lateness_s);
    let sum = Some(Across::Sum);
    let narrowed = Kpi { by: Vec::new(), ..kpi("city", observed(Aggregate::Mean, 120, None), 120, 600) };
    let only = |id, label| {
        let mut from = observed(Aggregate::Sum, 120, None);
        if let From::Observations { only, .. } = &mut from {
            *only = labels(&[label]);
        }
        kpi(id, from, 120, 300)
    };
    definitions(vec![
        only("ward", ("area", "x")),
        only("lane", ("lane", "2")),
        kpi("mean", observed(Aggregate::Mean, 300, None), 60, 600),
        kpi("sum", observed(Aggregate::Sum, 180, None), 120, 0),
        kpi("min", observed(Aggregate::Min, 120, None), 60, 120),
        kpi("max", observed(Aggregate::Max, 240, None), 60, 900),
        kpi("last", observed(Aggregate::Last, 60, None), 60, 300),
        kpi("count", observed(Aggregate::Count, 1800, None), 300, 300),
        kpi("mean.across", observed(Aggregate::Mean, 300, sum), 60, 600),
        kpi("max.across", observed(Aggregate::Max, 300, sum), 60, 60),
        narrowed,
    ])
}

/// (event time, delay until it arrives, series, ticks, revision): on edges of panes as often as not.
pub(super) fn arrivals() -> impl Strategy<Value = Vec<(i64, Sample)>> {
    // The few crowded moments make for corrections, of extremes too.
    let crowded = (0i64..4).prop_map(|step| 1200 + step * 20);
    let time = prop_oneof![1 => (0i64..90).prop_map(|minute| minute * 60), 1 => 0i64..5400, 1 => crowded];
    let delay = prop_oneof![4 => 0i64..8, 2 => 0i64..900, 1 => 0i64..5000, 1 => -120i64..0];
    let one = (time, delay, 1i32..=5, -50i64..400, 0i32..3);
    let arrival = one.prop_map(|(time, delay, series, ticks, revision)| (time + delay, sample(series, time, ticks, revision)));
    proptest::collection::vec(arrival, 1..150).prop_map(|mut arrivals| {
        arrivals.sort_by_key(|(arrival, _)| *arrival);
        arrivals
    })
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Between {
    WakeInTime,
    SleepOver,
    Restart,
}

pub(super) fn between() -> impl Strategy<Value = Between> {
    prop_oneof![6 => Just(Between::WakeInTime), 2 => Just(Between::SleepOver), 1 => Just(Between::Restart)]
}

fn run(arrivals: &[(i64, Sample)], sizes: &[usize], between: &[Between], with_repeats: bool) -> Shell {
    run_from(kpis(), 0, arrivals, sizes, between, with_repeats)
}

/// Plays arrivals to a shell that begins at `begin`, and lets three hours and a third go by.
pub(super) fn run_from(
    definitions: Arc<Definitions>,
    begin: i64,
    arrivals: &[(i64, Sample)],
    sizes: &[usize],
    between: &[Between],
    with_repeats: bool,
) -> Shell {
    let mut shell = Shell::new(definitions, at(begin));
    let mut rest = arrivals;
    for (size, between) in sizes.iter().cycle().zip(between.iter().cycle()) {
        let (batch, after) = rest.split_at((*size).min(rest.len()));
        let Some((arrival, _)) = batch.last() else { break };
        let now = at((*arrival).max(begin + 1));
        if !matches!(between, Between::SleepOver) {
            shell.sleep_until(now);
        }
        shell.batch(now, batch.iter().map(|(_, sample)| *sample).collect(), Vec::new(), with_repeats);
        if matches!(between, Between::Restart) {
            shell.restart(now);
        }
        rest = after;
    }
    shell.sleep_until(at(begin + 12_000));
    shell
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn recorded_readings_end_as_the_plain_ones(
        arrivals in arrivals(),
        sizes in proptest::collection::vec(1usize..30, 1..8),
        between in proptest::collection::vec(between(), 1..12),
    ) {
        let shell = run(&arrivals, &sizes, &between, false);
        let checked = shell.check(at(10_000)).map_err(TestCaseError::fail)?;
        prop_assert!(checked > 1000);
    }

    #[test]
    fn order_and_repeats_change_nothing(arrivals in arrivals(), shuffled in Just(()).prop_perturb(|(), rng| rng), sizes in proptest::collection::vec(1usize..40, 1..5)) {
        let mut rng = shuffled;
        let last = arrivals.iter().map(|(arrival, _)| *arrival).max().unwrap_or(0);
        let mut other: Vec<(i64, Sample)> = arrivals.iter().chain(&arrivals).map(|(_, sample)| (0, *sample)).collect();
        for at in (1..other.len()).rev() {
            other.swap(at, (rng.next_u64() % (at as u64 + 1)) as usize);
        }
        let count = other.len() as i64;
        for (place, (arrival, _)) in (0i64..).zip(&mut other) {
            *arrival = last * (place + 1) / count;
        }
        let shell = run(&other, &sizes, &[Between::WakeInTime], true);
        shell.check(at(10_000)).map_err(TestCaseError::fail)?;
    }
}
