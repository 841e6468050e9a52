//! Backtests: the incidents that stored readings would have made.

use super::town::{START, reading, rule, second};
use crate::alert::NoBands;
use crate::alert::backtest::Backtest;
use taydo_model::alert::Cause;

#[test]
fn a_backtest_tells_each_incident_and_what_the_rule_did() {
    let definitions = rule("when = \"value > critical\"\nby = \"area\"\nfor = \"1m\"");
    let mut backtest = Backtest::new(definitions, second(0));
    let words = ["1 90 90 90 1 1 1 90 90 90", "_ _ 95 95 _ _ _ 1 1 1"].map(|line| line.split(' ').collect::<Vec<_>>());
    for minute in 0..10 {
        let at = |scope, word| reading(scope, minute * 60, word).reading;
        let column = usize::try_from(minute).unwrap();
        backtest.take(vec![at("area:x", words[0][column]), at("area:y", words[1][column])], &NoBands);
    }
    let (episodes, reports) = backtest.finish(second(600), &|at| at.as_second() < START + 300);
    let shown: Vec<_> = episodes
        .iter()
        .map(|one| (one.scope.to_string(), one.from.as_second() - START, one.to.map(|to| to.as_second() - START), one.ended_by))
        .collect();
    assert_eq!(
        shown,
        [
            ("area:x".to_owned(), 120, Some(240), Some(Cause::Condition)),
            ("area:y".to_owned(), 180, Some(360), Some(Cause::Missing)),
            ("area:x".to_owned(), 480, None, None),
        ]
    );
    let [report] = reports.as_slice() else { panic!("{reports:?}") };
    assert_eq!((report.episodes, report.at_night, report.total_s, report.longest_s, report.evaluations), (3, 2, 420, 180, 10));
    assert_eq!(episodes[0].value, Some(90.0));
}
