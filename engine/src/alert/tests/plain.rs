//! The machine against a plain second opinion, and against itself in other batches.

use super::town::{Run, reading, rule, second, show, town};
use crate::Recorded;
use crate::alert::{NoBands, Watch};
use jiff::SignedDuration;
use proptest::prelude::*;
use std::sync::Arc;
use taydo_model::KpiId;

/// Rules of one scope, without flapping, straight from their words: every minute the whole past is looked at again.
struct Plain {
    hold: usize,
    keep: usize,
    hysteresis: bool,
}

impl Plain {
    /// Whether it fires after each of the readings.
    fn fires(&self, values: &[f64]) -> Vec<bool> {
        let mut fires: Vec<bool> = Vec::new();
        for now in 0..values.len() {
            let before = now.checked_sub(1).is_some_and(|before| fires[before]);
            let past = &values[..=now];
            let run = |holds: &dyn Fn(f64) -> bool| past.iter().rev().take_while(|value| holds(**value)).count();
            let over = |value: f64| value > 80.0;
            let ends = |value: f64| if self.hysteresis { value < 70.0 } else { !over(value) };
            // What ended or began at an earlier reading does not count for what came after it.
            let since_change = 1 + fires.iter().rev().take_while(|fired| **fired == before).count();
            fires.push(match before {
                false => run(&over).min(since_change) > self.hold,
                true => run(&ends).min(since_change - 1) <= self.keep,
            });
        }
        fires
    }
}

fn values() -> impl Strategy<Value = Vec<f64>> {
    let run = (prop_oneof![Just(60.0), Just(75.0), Just(80.0), Just(90.0)], 1_usize..9);
    prop::collection::vec(run, 1..30).prop_map(|runs| runs.into_iter().flat_map(|(value, times)| vec![value; times]).collect())
}

/// What happens at each instant: readings of two KPIs on grids of one and five minutes, for three areas.
fn instants() -> impl Strategy<Value = Vec<Vec<Recorded>>> {
    let word = prop_oneof![4 => Just("90"), 4 => Just("10"), 1 => Just("_"), 1 => Just("90~"), 1 => Just("10@0.2"), 1 => Just("-")];
    prop::collection::vec(prop::collection::vec(word, 6), 1..80).prop_map(|minutes| {
        let at = |(minute, words): (usize, Vec<&str>)| {
            let seconds = minute as i64 * 60;
            let of = |kpi: &str, words: &[&str]| -> Vec<Recorded> {
                let scoped = ["area:x", "area:y", "area:z"].into_iter().zip(words).filter(|(_, word)| **word != "-");
                let mut all: Vec<Recorded> = scoped.map(|(scope, word)| reading(scope, seconds, word)).collect();
                all.iter_mut().for_each(|one| one.reading.kpi = kpi.parse::<KpiId>().unwrap());
                all
            };
            let slow = if minute.is_multiple_of(5) { of("t.slow", &words[3..]) } else { vec![] };
            [of("t.kpi", &words[..3]), slow].concat()
        };
        minutes.into_iter().enumerate().map(at).collect()
    })
}

/// The batches in which an instant's readings come.
type Split<'a> = dyn Fn(usize, &[Recorded]) -> Vec<Vec<Recorded>> + 'a;

const TWO: &str = "[r]\n{RULE}\nkpi = \"t.kpi\"\nby = \"area\"\nwhen = \"value > critical\"\nfor = \"2m\"\nkeep_firing = \"1m\"\n\
                   [s]\n{RULE}\nkpi = \"t.slow\"\nby = \"area\"\nwhen = \"value > critical\"\nclear = \"value < attention\"\nfor = \"5m\"\n\
                   [q]\n{RULE}\nkpi = \"t.kpi\"\nby = \"area\"\nwhen = \"value > critical\"\nno_data = \"alert\"\n";

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn it_fires_when_a_plain_reading_of_the_rule_says_so(
        values in values(), hold in 0_usize..5, keep in 0_usize..5, hysteresis: bool,
    ) {
        let clear = if hysteresis { "clear = \"value < 70\"" } else { "" };
        let definitions = rule(&format!("when = \"value > 80\"\n{clear}\nfor = \"{hold}m\"\nkeep_firing = \"{keep}m\""));
        let plain = Plain { hold, keep, hysteresis }.fires(&values);
        let mut run = Run::new(&definitions);
        let found: Vec<bool> = values.iter().map(|value| {
            run.feed(&value.to_string());
            run.watch.alerts().any(|alert| alert.fired_at.is_some())
        }).collect();
        prop_assert_eq!(found, plain, "{:?}", values);
    }

    /// Each KPI's readings by themselves, all of an instant together, or in any order with what must not count.
    #[test]
    fn the_same_readings_give_the_same_transitions_in_whichever_batches(instants in instants(), seed: u64) {
        let definitions = town("1m", TWO);
        let told = |split: &Split<'_>| {
            let mut watch = Watch::new(Arc::clone(&definitions), second(0));
            let mut told = Vec::new();
            for (minute, recorded) in instants.iter().enumerate() {
                let now = second(minute as i64 * 60) + SignedDuration::from_secs(5);
                for batch in split(minute, recorded) {
                    told.extend(watch.step(now, &batch, &NoBands).transitions);
                }
            }
            told.sort_by(|a, b| (a.at, &a.rule, &a.scope, a.no_data).cmp(&(b.at, &b.rule, &b.scope, b.no_data)));
            told
        };
        let together = told(&|_, recorded| vec![recorded.to_vec()]);
        let apart = told(&|_, recorded| {
            let of = |kpi: &str| recorded.iter().filter(|one| one.reading.kpi.as_str() == kpi).cloned().collect::<Vec<_>>();
            vec![of("t.slow"), vec![], of("t.kpi")]
        });
        prop_assert_eq!(&together, &apart);
        let noisy = told(&|minute, recorded| {
            let mut batch = recorded.to_vec();
            let turn = (seed as usize).wrapping_add(minute) % batch.len().max(1);
            batch.rotate_left(turn);
            let before = minute.checked_sub(1).map(|before| instants[before].clone()).unwrap_or_default();
            let corrected = recorded.iter().cloned().map(|mut one| {
                one.correction = true;
                one.reading.value = Some(99.0);
                one
            });
            vec![corrected.chain(before).chain(batch.clone()).collect(), batch]
        });
        prop_assert_eq!(&together, &noisy);
        for (number, pair) in together.windows(2).enumerate() {
            prop_assert!(pair[0].at <= pair[1].at, "{number}: {}", show(&pair[0]));
        }
    }
}
