//! The courses of single alerts: `for`, hysteresis, `keep_firing`, missing, stale and thin data, operands.

use super::town::{Run, check_course, reading, rule, second, town};
use crate::alert::{Bands, NoBands, Watch};
use jiff::{SignedDuration, Timestamp};
use std::sync::Arc;
use taydo_model::alert::Severity;
use taydo_model::baseline::Band;
use taydo_model::{KpiId, Scope};

const OVER: &str = "when = \"value > critical\"";

#[test]
fn r1_it_fires_at_the_first_evaluation_that_is_for_later_and_one_dip_resets() {
    let terms = format!("{OVER}\nfor = \"5m\"");
    check_course(&terms, "90 90 90 90 90 90 90", &["5m fired"]);
    check_course(&terms, "90 90 90 90 90", &[]);
    check_course(&terms, "90 90 90 90 10 90 90 90 90 90", &[]);
    check_course(&terms, "90 90 90 90 10 90 90 90 90 90 90", &["10m fired"]);
    check_course(OVER, "10 90 90 10", &["1m fired", "3m resolved"]);
}

#[test]
fn r2_keep_firing_begins_with_the_first_evaluation_that_would_end_it() {
    let terms = format!("{OVER}\nfor = \"1m\"\nkeep_firing = \"3m\"");
    check_course(&terms, "90 90 10 10 10", &["1m fired"]);
    check_course(&terms, "90 90 10 10 10 10 10", &["1m fired", "5m resolved"]);
    check_course(&terms, "90 90 10 10 90 10 10 10 10", &["1m fired", "8m resolved"]);
    check_course(&format!("{OVER}\nfor = \"2m\"\nkeep_firing = \"9m\""), "90 90 10 90 90 10", &[]);
}

#[test]
fn r2_once_firing_only_clear_ends_it() {
    let terms = format!("{OVER}\nclear = \"value < attention\"\nfor = \"1m\"");
    check_course(&terms, "85 85 75 75 79 69 75 75", &["1m fired", "5m resolved"]);
    check_course(&terms, "75 75 75", &[]);
    check_course(&format!("{terms}\nkeep_firing = \"1m\""), "85 85 69 75 69 69", &["1m fired", "5m resolved"]);
}

#[test]
fn one_missing_scope_keeps_its_state_for_two_evaluations() {
    let terms = format!("{OVER}\nby = \"area\"");
    let firing = "0m area:x fired";
    check_course(&terms, "area:x: 90 _ _ 90; area:y: 1 1 1 1", &[firing]);
    check_course(&terms, "area:x: 90 _ _ _ _; area:y: 1 1 1 1 1", &[firing, "3m area:x resolved missing"]);
    check_course(&terms, "area:x: 90 - - - -; area:y: 1 1 1 1 1", &[firing, "3m area:x resolved missing"]);
    let terms = format!("{terms}\nfor = \"4m\"");
    check_course(&terms, "area:x: 90 _ _ 90 90; area:y: 1 1 1 1 1", &["4m area:x fired"]);
    check_course(&terms, "area:x: 90 90 90 90 _ 90; area:y: 1 1 1 1 1 1", &["5m area:x fired"]);
    check_course(&terms, "area:x: 90 _ _ _ 90 90 90 90 90; area:y: 1 1 1 1 1 1 1 1 1", &["8m area:x fired"]);
}

#[test]
fn when_all_readings_are_missing_an_alert_of_its_own_says_so_and_nothing_is_resolved() {
    let terms = format!("{OVER}\nby = \"area\"");
    let blind = "area:x: 90 _ _ _ _ 90; area:y: 1 _ _ _ _ _";
    check_course(&terms, blind, &["0m area:x fired", "1m area:x old", "3m no-data fired", "5m no-data resolved", "5m area:x fresh"]);
    check_course(&format!("{terms}\nfor = \"3m\""), "area:x: _ _ _ _ 1", &["3m no-data fired", "4m no-data resolved"]);
    check_course(&terms, "area:x: _ _ 1 _ _ 1", &[]);
    let gone = "area:x: 90 _ _ _ _ _ _; area:y: 1 _ _ _ 1 1 1";
    let told = &["0m area:x fired", "1m area:x old", "3m no-data fired", "4m no-data resolved", "6m area:x resolved missing"];
    check_course(&terms, gone, told);

    let policy = |policy: &str| format!("{terms}\nno_data = \"{policy}\"");
    check_course(&policy("keep"), blind, &["0m area:x fired", "1m area:x old", "5m area:x fresh"]);
    check_course(&policy("ok"), blind, &["0m area:x fired", "1m area:x resolved", "5m area:x fired"]);
    let waits = format!("{}\nfor = \"2m\"", policy("alert"));
    let told = &["3m area:x fired", "3m area:y fired", "4m area:x resolved", "4m area:y resolved"];
    check_course(&waits, "area:x: 1 _ _ _ 1; area:y: 1 _ _ _ 1", told);
}

#[test]
fn a_no_data_alert_wakes_nobody() {
    let mut run = Run::new(&rule(OVER));
    run.feed("_ _ _");
    assert_eq!(run.last.transitions.iter().map(|told| (told.no_data, told.severity)).collect::<Vec<_>>(), [(true, Severity::Medium)]);
}

#[test]
fn stale_and_thin_readings_begin_nothing_and_end_nothing() {
    let terms = format!("{OVER}\nmin_coverage = 0.5");
    check_course(&terms, "90~ 90~ 90@0.4 90@0.5", &["3m fired"]);
    check_course(OVER, "90@0.5 90@0.6", &["1m fired"]);
    check_course(&terms, "90 10~ 10~ 10~ 10@0.1 10", &["0m fired", "1m old", "5m resolved"]);
    check_course(&terms, "90 90~ 90 90~ 10", &["0m fired", "1m old", "2m fresh", "3m old", "4m resolved"]);
    let waits = format!("{terms}\nfor = \"3m\"");
    check_course(&waits, "90 90 90~ 90", &["3m fired"]);
    check_course(&waits, "90 90 90 90~ 90", &["4m fired"]);
    check_course(&waits, "90 90~ 90~ 90~ 90 90 90 90", &["7m fired"]);
}

#[test]
fn a_rule_that_asks_for_age_or_coverage_judges_old_and_thin_data_itself() {
    check_course("when = \"age > 600\"", "1 1~ 1", &["1m fired", "2m resolved"]);
    check_course("when = \"coverage < 0.3\"", "1 1@0.2 _ 1", &["1m fired", "3m resolved"]);
    check_course("when = \"value > 80 && coverage < 2\"", "90~ 90@0.1", &["1m fired"]);
}

#[test]
fn previous_is_the_value_of_the_instant_before() {
    let rises = "when = \"value - previous > 10\"";
    check_course(rises, "50 50 65 65", &["2m fired", "3m resolved"]);
    check_course(rises, "50 _ 65 66", &[]);
    let definitions = rule(rises);
    let mut watch = Watch::new(Arc::clone(&definitions), second(60));
    watch.remember(&[reading("city", 0, "20").reading]);
    let step = watch.step(second(65), &[reading("city", 60, "40")], &NoBands);
    assert_eq!(step.transitions.len(), 1, "a restart goes on from the store's readings");
    // After an absence the instants that were missed are recorded with the one that is due, and judged by nobody.
    let mut watch = Watch::new(definitions, second(0));
    let recorded = [reading("city", 120, "20"), reading("city", 180, "40"), reading("city", 240, "45")];
    assert!(watch.step(second(245), &recorded, &NoBands).transitions.is_empty());
    let recorded = [reading("city", 300, "50"), reading("city", 360, "70")];
    assert_eq!(watch.step(second(365), &recorded, &NoBands).transitions.len(), 1, "the one before was missed, and is known");
}

struct Nights;

impl Bands for Nights {
    fn band(&self, _: &KpiId, _: &Scope, at: Timestamp) -> Option<Band> {
        (at < second(240)).then_some(Band { low: 10.0, middle: 20.0, high: 30.0 })
    }
}

#[test]
fn a_baseline_that_is_not_known_begins_nothing_and_ends_nothing_soon() {
    let mut run = Run::new(&rule("when = \"value > baseline.high || value < baseline.low\""));
    run.feed_with("20 31 5 20 99 99", &Nights);
    assert_eq!(run.told, ["1m fired", "3m resolved"]);
    let mut run = Run::new(&rule("when = \"value > 2 * baseline.middle\""));
    run.feed_with("20 20 20 41 20 20 20", &Nights);
    assert_eq!(run.told, ["3m fired", "6m resolved missing"]);
}

#[test]
fn corrections_catch_up_and_repeats_evaluate_nothing() {
    let mut run = Run::new(&rule(OVER));
    let late = |seconds| second(seconds) + SignedDuration::from_secs(5);
    let corrected = |seconds, word| crate::Recorded { correction: true, ..reading("city", seconds, word) };
    let mut told = |now, recorded: &[crate::Recorded]| run.watch.step(now, recorded, &NoBands).transitions.len();
    assert_eq!(told(late(600), &[corrected(600, "90"), reading("city", 540, "90"), reading("city", 0, "90")]), 0);
    assert_eq!(told(late(660), &[reading("city", 600, "90"), reading("city", 720, "90")]), 0, "not the newest that is due");
    assert_eq!(told(late(660), &[corrected(660, "10"), reading("city", 660, "90")]), 1);
    assert_eq!(told(late(660), &[reading("city", 660, "10")]), 0, "an instant is evaluated once");
    assert_eq!(told(late(710), &[corrected(660, "10")]), 0);
}

#[test]
fn only_says_which_scopes_a_rule_is_for() {
    check_course(&format!("{OVER}\nby = \"area\"\nonly = [\"area:x\"]"), "area:x: 90; area:y: 90; city: 90", &["0m area:x fired"]);
    let terms = format!("{OVER}\nby = \"asset\"\nonly = [\"area:y\"]");
    let mut run = Run::new(&rule(&terms));
    run.feed("asset:a1: 90; asset:a2: 90");
    assert_eq!(run.told, ["0m asset:a2 fired"]);
    assert_eq!(run.last.transitions[0].area, Some("y".parse().unwrap()), "where the register has it");
    assert_eq!(run.last.transitions[0].domain, "t");
}

#[test]
fn only_what_changed_is_given_to_be_stored() {
    let mut run = Run::new(&rule(&format!("{OVER}\nby = \"area\"\nfor = \"2m\"")));
    let mut written = Vec::new();
    for word in ["1", "90", "90", "90", "90", "1", "1"] {
        run.feed(&format!("area:x: {word}; area:y: 1"));
        written.push((run.last.alerts.len(), run.last.evaluations.len()));
    }
    assert_eq!(written, [(0, 1), (1, 1), (0, 1), (1, 1), (0, 1), (1, 1), (0, 1)]);
}

#[test]
fn an_evaluator_is_stale_within_three_intervals() {
    let mut run = Run::new(&town("1m", &format!("[r]\n{{RULE}}\nkpi = \"t.kpi\"\n{OVER}\n[s]\n{{RULE}}\nkpi = \"t.slow\"\n{OVER}\n")));
    run.feed("90 90");
    assert_eq!(run.watch.next_wake(second(70)), Some(second(60 + 5 + 150)));
    assert_eq!(run.watch.overdue(second(214)).count(), 0);
    let overdue: Vec<&str> = run.watch.overdue(second(215)).map(|rule| rule.as_str()).collect();
    assert_eq!((overdue.as_slice(), run.watch.next_wake(second(215))), (["r"].as_slice(), Some(second(755))));
}
