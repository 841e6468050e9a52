//! Restarts, other definitions, and an evaluator that is away.

use super::town::{Run, reading, rule, second, show, town};
use crate::alert::{NoBands, Watch};
use serde::{Serialize, de::DeserializeOwned};
use std::sync::Arc;
use taydo_model::Definitions;
use taydo_model::alert::{Alert, AlertState, Evaluation};

const OVER: &str = "when = \"value > critical\"";

/// What the store has.
#[derive(Default)]
struct Stored {
    alerts: Vec<Alert>,
    evaluations: Vec<Evaluation>,
}

/// Evaluations from `from_s` to before `to_s`, every second; what follows is stored.
fn live(watch: &mut Watch, stored: &mut Stored, (from_s, to_s): (i64, i64), word: &str) -> Vec<String> {
    let mut told = Vec::new();
    for at_s in from_s..to_s {
        let step = watch.step(second(at_s + 5), &[reading("city", at_s, word)], &NoBands);
        told.extend(step.transitions.iter().map(show));
        stored.take(step.alerts, step.evaluations);
    }
    told
}

impl Stored {
    fn take(&mut self, alerts: Vec<Alert>, evaluations: Vec<Evaluation>) {
        for alert in alerts {
            self.alerts.retain(|known| (&known.scope, known.no_data) != (&alert.scope, alert.no_data));
            self.alerts.push(alert);
        }
        if !evaluations.is_empty() {
            self.evaluations = evaluations;
        }
    }

    /// A new process that knows what is stored; nothing may follow from that alone.
    fn restart(&self, definitions: &Arc<Definitions>, at_s: i64) -> Watch {
        let mut watch = Watch::new(Arc::clone(definitions), second(at_s));
        let evaluated = watch.restore(kept(&self.alerts), kept(&self.evaluations), second(at_s));
        assert!(evaluated.is_empty(), "{evaluated:?}");
        watch
    }
}

/// The rows as they come back from the store.
fn kept<T: Serialize + DeserializeOwned>(rows: &[T]) -> Vec<T> {
    serde_json::from_str(&serde_json::to_string(rows).unwrap()).unwrap()
}

fn every_second(terms: &str) -> Arc<Definitions> {
    town("1s", &format!("[r]\n{{RULE}}\nkpi = \"t.kpi\"\n{OVER}\n{terms}\n"))
}

#[test]
fn r3_served_time_is_kept_and_down_time_is_not_counted() {
    let definitions = every_second("for = \"30s\"");
    let mut stored = Stored::default();
    let mut watch = Watch::new(Arc::clone(&definitions), second(0));
    assert!(live(&mut watch, &mut stored, (0, 16), "90").is_empty());
    // It is killed, and 20 s later another process goes on; then the same again.
    let mut watch = stored.restart(&definitions, 36);
    assert_eq!(live(&mut watch, &mut stored, (36, 60), "90"), ["50s fired"], "14 s after the restart");
}

#[test]
fn r3_two_restarts_keep_what_both_have_served() {
    let definitions = every_second("for = \"30s\"");
    let mut stored = Stored::default();
    let mut watch = Watch::new(Arc::clone(&definitions), second(0));
    live(&mut watch, &mut stored, (0, 16), "90");
    // One that is gone before it has evaluated anything leaves no trace.
    stored.restart(&definitions, 20);
    let mut watch = stored.restart(&definitions, 36);
    live(&mut watch, &mut stored, (36, 40), "90");
    let mut watch = stored.restart(&definitions, 100);
    assert_eq!(live(&mut watch, &mut stored, (100, 130), "90"), ["110s fired"], "16, 4 and 11 evaluations");
}

#[test]
fn what_one_process_missed_is_no_down_time() {
    let definitions = every_second("for = \"30s\"");
    let mut stored = Stored::default();
    let mut watch = Watch::new(Arc::clone(&definitions), second(0));
    live(&mut watch, &mut stored, (0, 2), "90");
    let mut watch = stored.restart(&definitions, 10);
    live(&mut watch, &mut stored, (10, 12), "90");
    assert_eq!(live(&mut watch, &mut stored, (60, 61), "90"), ["1m fired"], "the first evaluation that is long enough later");
}

#[test]
fn r3_what_fires_goes_on_without_a_word() {
    let definitions = every_second("for = \"5s\"");
    let mut stored = Stored::default();
    let mut watch = Watch::new(Arc::clone(&definitions), second(0));
    assert_eq!(live(&mut watch, &mut stored, (0, 10), "90"), ["5s fired"]);
    let mut watch = stored.restart(&definitions, 15);
    assert_eq!(watch.alerts().next().map(Alert::state), Some(AlertState::Firing));
    assert!(live(&mut watch, &mut stored, (15, 30), "90").is_empty());
    assert_eq!(live(&mut watch, &mut stored, (30, 31), "10"), ["30s resolved"]);
}

#[test]
fn r3_after_more_than_the_tolerance_for_begins_anew() {
    for (down_s, expected) in [(3600, "3630s fired"), (3602, "3648s fired")] {
        let definitions = every_second("for = \"30s\"");
        let mut stored = Stored::default();
        let mut watch = Watch::new(Arc::clone(&definitions), second(0));
        live(&mut watch, &mut stored, (0, 16), "90");
        let mut watch = stored.restart(&definitions, 16 + down_s);
        let told = live(&mut watch, &mut stored, (16 + down_s, 16 + down_s + 40), "90");
        assert_eq!(told, [expected], "{down_s} s");
    }
}

#[test]
fn r3_keep_firing_and_hysteresis_go_on_too() {
    let definitions = every_second("clear = \"value < attention\"\nkeep_firing = \"10s\"");
    let mut stored = Stored::default();
    let mut watch = Watch::new(Arc::clone(&definitions), second(0));
    assert_eq!(live(&mut watch, &mut stored, (0, 2), "90"), ["0m fired"]);
    let mut watch = stored.restart(&definitions, 50);
    assert!(live(&mut watch, &mut stored, (50, 60), "75").is_empty(), "between the two thresholds it goes on");
    live(&mut watch, &mut stored, (60, 64), "10");
    let mut watch = stored.restart(&definitions, 100);
    assert_eq!(live(&mut watch, &mut stored, (100, 120), "10"), ["106s resolved"]);
}

#[test]
fn r5_an_evaluator_that_is_away_resolves_nothing() {
    let definitions = rule(OVER);
    let mut run = Run::new(&definitions);
    run.feed("90");
    let alerts: Vec<Alert> = run.watch.alerts().cloned().collect();
    let evaluations: Vec<Evaluation> = run.watch.evaluations().cloned().collect();
    // Half an hour passes in the same process, and then in none.
    assert!(run.watch.step(second(1800), &[], &NoBands).is_empty());
    run.at_s = 1800;
    run.feed("90");
    assert_eq!(run.told, ["0m fired"]);
    let mut watch = Watch::new(definitions, second(1800));
    assert!(watch.restore(alerts, evaluations, second(1800)).is_empty());
    assert!(watch.step(second(1805), &[reading("city", 1800, "90")], &NoBands).transitions.is_empty());
}

#[test]
fn a_changed_rule_drops_what_is_pending_and_judges_what_fires_anew() {
    let before = town("1m", &format!("[r]\n{{RULE}}\nkpi = \"t.kpi\"\nby = \"area\"\n{OVER}\nfor = \"3m\"\n"));
    let after = town("1m", "[r]\n{RULE}\nkpi = \"t.kpi\"\nby = \"area\"\nwhen = \"value > 60\"\nfor = \"3m\"\n");
    let mut run = Run::new(&before);
    run.feed("area:x: 90 90 90 90 90; area:y: 1 1 1 90 90");
    let evaluated = run.watch.redefine(Arc::clone(&before), second(290));
    assert!(evaluated.is_empty(), "the same rule: {evaluated:?}");
    let evaluated = run.watch.redefine(after, second(290));
    assert_eq!((evaluated.transitions.len(), evaluated.alerts.len()), (0, 1), "the pending one is dropped");
    run.feed("area:x: 65 65 55; area:y: 90 90 90 90");
    assert_eq!(run.told, ["3m area:x fired", "7m area:x resolved", "8m area:y fired"]);
}

#[test]
fn what_a_rule_that_is_gone_had_firing_is_resolved() {
    let two = |first: &str| town("1m", &format!("{first}[s]\n{{RULE}}\nkpi = \"t.kpi\"\nwhen = \"value > 95\"\n"));
    let by_area = |only: &str| format!("[r]\n{{RULE}}\nkpi = \"t.kpi\"\nby = \"area\"\n{OVER}\n{only}");
    let mut run = Run::new(&two(&by_area("")));
    run.feed("area:x: 90; area:y: 90");
    let (alerts, evaluations): (Vec<_>, Vec<_>) = (run.watch.alerts().cloned().collect(), run.watch.evaluations().cloned().collect());
    let told = |evaluated: crate::alert::Evaluated| evaluated.transitions.iter().map(show).collect::<Vec<_>>();
    let narrowed = two(&by_area("only = [\"area:y\"]\n"));
    assert_eq!(told(run.watch.redefine(narrowed, second(30))), ["30s area:x resolved rule-gone"]);
    assert_eq!(told(run.watch.redefine(two(""), second(40))), ["40s area:y resolved rule-gone"]);
    // The same when the files were changed while the server was down.
    let mut watch = Watch::new(two(""), second(50));
    let evaluated = watch.restore(alerts, evaluations, second(50));
    assert!(evaluated.alerts.iter().all(|alert| alert.state() == AlertState::Inactive && alert.sequence == 2));
    assert_eq!(told(evaluated), ["50s area:x resolved rule-gone", "50s area:y resolved rule-gone"]);
}
