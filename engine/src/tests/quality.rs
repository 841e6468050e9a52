//! Quality, age and the grid by time alone: one line for each promise.
//!
//! A script is a list of steps in seconds: `s1 30 =45 @31` is series 1, event time 30, 45 ticks, arriving at 31;
//! `wake 65`, `tick 70` and `sleep 600` are what they say. What follows names readings: `city 60 22.5 good`.

use super::city::{at, definitions, kpi, observed, sample};
use super::shell::Shell;
use crate::Effects;
use taydo_model::Scope;
use taydo_model::kpi::Aggregate;

fn play(aggregate: Aggregate, script: &str) -> (Shell, Effects) {
    let mut shell = Shell::new(definitions(vec![kpi("k", "km/h", observed(aggregate, 300, None), 60, 600)]), at(0));
    let mut all = Effects::default();
    for step in script.split(';').map(str::trim).filter(|step| !step.is_empty()) {
        let words: Vec<&str> = step.split_whitespace().collect();
        let number = |word: &str| word.trim_start_matches(['s', '=', '@']).parse::<i64>().unwrap();
        let effects = match words.as_slice() {
            ["wake", now] => shell.wake(at(number(now))),
            ["tick", now] => shell.tick(at(number(now))),
            ["sleep", until] => {
                shell.sleep_until(at(number(until)));
                Effects::default()
            }
            [series, time, ticks, arrival] => {
                let sample = sample(number(series) as i32, number(time), number(ticks), 0);
                shell.batch(at(number(arrival)), vec![sample], Vec::new(), false)
            }
            _ => panic!("no such step: {step}"),
        };
        all.live = effects.live;
        all.recorded.extend(effects.recorded);
        all.recompute.extend(effects.recompute);
    }
    (shell, all)
}

fn value(value: Option<f64>) -> String {
    value.map_or("-".into(), |value| value.to_string())
}

/// The city's recorded readings, corrections marked.
fn recorded(script: &str, expected: &str) {
    let (_, effects) = play(Aggregate::Mean, script);
    let city = effects.recorded.iter().filter(|recorded| recorded.reading.scope == Scope::City);
    let words = city.map(|recorded| {
        let reading = &recorded.reading;
        let mark = if recorded.correction { "!" } else { "" };
        let quality = format!("{:?}", reading.quality).to_lowercase();
        format!("{mark}{} {} {quality}", reading.time.as_second() - at(0).as_second(), value(reading.value))
    });
    assert_eq!(words.collect::<Vec<_>>().join("; "), expected, "{script}");
}

/// What the last step told live of one scope.
fn live(script: &str, scope: &str, expected: &str) {
    let (_, effects) = play(Aggregate::Mean, script);
    let of_scope = effects.live.iter().filter(|reading| reading.scope.to_string() == scope);
    let words = of_scope.map(|reading| format!("{} {:?}", value(reading.value), reading.quality).to_lowercase());
    assert_eq!(words.collect::<Vec<_>>().join("; "), expected, "{script}");
}

#[test]
fn a_recorded_reading_is_given_once_after_its_instant_and_the_delay() {
    recorded("s1 60 =100 @60; s2 61 =300 @61; wake 64", "");
    recorded("s1 60 =100 @60; s2 61 =300 @61; wake 65", "60 5 partial");
    recorded("s1 60 =100 @60; s2 61 =300 @61; wake 65; wake 66; wake 125", "60 5 partial; 120 10 good");
    recorded("wake 65", "60 - missing");
    recorded("s1 1 =100 @10; wake 65; wake 305", "60 5 partial; 120 5 partial; 180 5 stale; 240 5 stale; 300 5 stale");
}

#[test]
fn late_data_corrects_within_the_lateness_and_is_left_to_a_recompute_beyond_it() {
    recorded("s1 30 =100 @30; wake 65; s2 40 =300 @70; wake 84", "60 5 partial");
    recorded("s1 30 =100 @30; wake 65; s2 40 =300 @70; wake 85", "60 5 partial; !60 10 good");
    recorded("s1 30 =100 @30; wake 65; s2 40 =300 @70; s2 50 =500 @80; wake 85", "60 5 partial; !60 15 good");
    let late = |arrival: i64| {
        let (_, effects) = play(Aggregate::Mean, &format!("sleep {arrival}; s1 50 =100 @{arrival}; wake {}", arrival + 15));
        let corrections = effects.recorded.iter().filter(|recorded| recorded.correction && recorded.reading.scope == Scope::City).count();
        let ranges = effects.recompute.iter();
        let ranges = ranges.map(|touched| (touched.from.as_second() - at(0).as_second(), touched.to.as_second() - at(0).as_second()));
        (corrections, ranges.collect::<Vec<_>>())
    };
    assert_eq!(late(660), (11 - 1, vec![]));
    assert_eq!(late(665), (11, vec![]));
    assert_eq!(late(666), (10, vec![(60, 60)]));
    assert_eq!(late(9000), (0, vec![(60, 3900)]));
}

#[test]
fn a_live_reading_is_told_when_it_changes_and_ages_without_data() {
    live("s1 10 =100 @10; s2 11 =100 @11; tick 12", "city", "5 good");
    live("s1 10 =100 @10; s2 11 =100 @11; tick 12; tick 13", "city", "");
    live("s1 10 =100 @10; tick 12", "city", "5 partial");
    live("s1 10 =100 @10; s2 11 =100 @11; tick 12; tick 161", "city", "");
    live("s1 10 =100 @10; s2 11 =100 @11; tick 12; tick 162", "city", "5 stale");
    live("s1 10 =100 @10; s2 11 =100 @11; tick 12; tick 359", "city", "5 stale");
    live("s1 10 =100 @10; s2 11 =100 @11; tick 162; tick 360", "city", "- missing");
    live("s1 10 =100 @10; tick 12", "asset:a1", "5 good");
    live("s1 10 =100 @10; tick 12", "asset:b9", "");
    live("s4 10 =100 @10; tick 12", "asset:b9", "5 good");
    live("s4 10 =100 @10; tick 12; tick 4300", "asset:b9", "- missing");
    live("s4 10 =100 @10; tick 12; tick 4300; tick 4400", "asset:b9", "");
}

#[test]
fn the_engine_asks_to_be_woken_when_a_live_reading_changes_by_itself() {
    let (mut shell, _) = play(Aggregate::Mean, "s1 10 =100 @10; tick 12");
    let mut told = Vec::new();
    while let Some(wake) = shell.engine.next_wake().filter(|wake| *wake < at(400)) {
        let live = shell.tick(wake).live;
        told.extend(live.iter().filter(|reading| reading.scope == Scope::City).map(|_| wake.as_second() - at(0).as_second()));
    }
    assert_eq!(told, [160, 360]);
}

#[test]
fn a_sample_of_the_future_counts_when_its_time_comes() {
    live("s1 50 =100 @10; tick 49", "city", "- missing");
    live("s1 50 =100 @10; tick 49; tick 50", "city", "5 partial");
    recorded("s1 70 =100 @10; wake 65; wake 125", "60 - missing; 120 5 partial");
}

#[test]
fn of_two_values_for_one_time_the_higher_revision_and_then_the_larger_counts() {
    live("s1 10 =100 @10; s1 10 =300 @11; tick 12", "asset:a1", "15 good");
    live("s1 10 =300 @10; s1 10 =100 @11; tick 12", "asset:a1", "15 good");
}

#[test]
fn a_correction_of_an_extreme_finds_the_next_one() {
    let after = |aggregate, first: i64, corrected: i64| {
        let (mut shell, _) = play(aggregate, &format!("s1 10 =200 @10; s1 20 ={first} @20; s2 21 =300 @21"));
        shell.batch(at(22), vec![sample(1, 20, corrected, 1)], Vec::new(), false);
        shell.tick(at(22));
        shell.live[&("k".parse().unwrap(), "area:x".parse().unwrap())].value
    };
    assert_eq!(after(Aggregate::Max, 900, 100), Some(15.0));
    assert_eq!(after(Aggregate::Min, 100, 900), Some(10.0));
    assert_eq!(after(Aggregate::Sum, 100, 900), Some(70.0));
    assert_eq!(after(Aggregate::Last, 100, 900), Some(15.0));
}

#[test]
fn after_a_long_absence_the_recent_instants_are_recorded_and_the_older_left_to_a_recompute() {
    let (_, effects) = play(Aggregate::Mean, "s1 10 =100 @10; wake 90000");
    let touched = &effects.recompute;
    assert_eq!(touched.len(), 1);
    assert_eq!((touched[0].from, touched[0].to), (at(60), at(89_340)));
    let city = effects.recorded.iter().filter(|recorded| recorded.reading.scope == Scope::City).count();
    assert_eq!(city, 10);
}

#[test]
fn a_snapshot_holds_every_live_reading() {
    let (shell, _) = play(Aggregate::Mean, "s1 10 =100 @10; s4 11 =200 @11; tick 12");
    let scopes: Vec<String> = shell.engine.snapshot(at(12)).iter().map(|reading| reading.scope.to_string()).collect();
    for scope in ["city", "area:x", "asset:a1", "asset:a2", "area:z", "asset:b9", "department:d"] {
        assert!(scopes.iter().any(|have| have == scope), "{scope} is not in {scopes:?}");
    }
    assert_eq!(scopes.len(), 7);
}

#[test]
fn positions_wait_for_the_corrections_of_their_batches() {
    let (mut shell, _) = play(Aggregate::Mean, "s1 30 =100 @30; wake 65");
    let late = shell.batch(at(70), vec![sample(2, 40, 300, 0)], Vec::new(), false);
    assert!(late.positions.is_empty());
    assert_eq!(shell.engine.next_wake(), Some(at(85)));
    let (mut stopping, _) = play(Aggregate::Mean, "s1 30 =100 @30; wake 65; s2 40 =300 @70");
    let settled = stopping.engine.settle(at(71));
    assert_eq!((settled.positions.len(), settled.recorded.iter().filter(|one| one.correction).count()), (1, 3));
    assert_eq!(shell.wake(at(85)).positions.first().map(|position| position.seq), Some(1));
}
