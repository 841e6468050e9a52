//! Backtests: the incidents and messages that readings would have made.
//!
//! Nothing here may reach into the machines: readings in, a report out.

use super::{Assumptions, Backtest, Report};
use crate::alert::NoBands;
use crate::alert::tests::town::{START, reading, rule, second, town};
use std::sync::Arc;
use taydo_model::Definitions;
use taydo_model::alert::Cause;
use taydo_model::page::PageKind;

/// Runs minutes of words, a line each scope, from `from_s` on; readings come in the wrong order, as a store may give them.
fn run(definitions: &Arc<Definitions>, from_s: i64, lines: &[(&str, &str)], until_s: i64) -> Report {
    let mut backtest = Backtest::new(Arc::clone(definitions), second(from_s), &Assumptions::default());
    for (scope, words) in lines {
        let words: Vec<&str> = words.split(' ').collect();
        let readings = words.iter().enumerate().rev();
        backtest.take(readings.map(|(minute, word)| reading(scope, from_s + 60 * i64::try_from(minute).unwrap(), word).reading));
    }
    backtest.run(second(until_s), &NoBands);
    backtest.finish(second(until_s))
}

/// The messages: seconds since the start, what kind, about how many incidents.
fn told(report: &Report) -> Vec<(i64, PageKind, usize)> {
    report.messages.iter().map(|message| (message.at.as_second() - START, message.kind, message.incidents)).collect()
}

#[test]
fn a_backtest_tells_each_incident_and_what_the_rule_did() {
    let definitions = rule("when = \"value > critical\"\nby = \"area\"\nfor = \"1m\"");
    let report = run(&definitions, 0, &[("area:x", "1 90 90 90 1 1 1 90 90 90"), ("area:y", "_ _ 95 95 _ _ _ 1 1 1")], 600);
    let shown: Vec<_> = report
        .episodes
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
    let [one] = report.rules.as_slice() else { panic!("{report:?}") };
    // The day begins at 07:00 in the town.
    assert_eq!((one.episodes.total(), one.episodes.night, one.total_s, one.longest_s, one.evaluations), (3, 0, 420, 180, 10));
    assert_eq!((report.load.alarms, report.load.most, report.load.most_a_day), (3, 3, 3));
    assert_eq!(report.episodes[0].value, Some(90.0));
}

#[test]
fn messages_are_those_that_routing_sends() {
    let definitions = rule("when = \"value > critical\"\nby = \"area\"");
    let report = run(&definitions, 0, &[("area:x", "90 90 90 90 90 90 90 1"), ("area:y", "1 90 90 90 90 90 90 1")], 900);
    // Critical at once; the second one, which nobody has answered for, with the next flush; the end with the one after.
    let pages: Vec<_> = told(&report).into_iter().map(|(at, kind, _)| (at / 60, kind)).collect();
    assert_eq!(pages, [(0, PageKind::Firing), (5, PageKind::Update), (10, PageKind::Resolved)], "{:?}", told(&report));
    let [team] = report.teams.as_slice() else { panic!("{report:?}") };
    assert_eq!((team.pages.total(), team.messages.total(), team.woken.nights), (1, 3, 0));
}

#[test]
fn what_wakes_is_counted_by_the_night_and_what_does_not_waits_for_the_morning() {
    // 16:00 in the town is 23:00 by its clocks.
    let night = 16 * 3600;
    let loud = rule("when = \"value > critical\"");
    let report = run(&loud, night, &[("city", "90 1 1 1 1 1 1 1 1 1 1 1 1 1 1 90 1")], night + 12 * 3600);
    let [team] = report.teams.as_slice() else { panic!("{report:?}") };
    assert_eq!((team.woken.nights, team.woken.most, team.pages.night), (1, 2, 2), "{:?}", told(&report));
    let needs = "title = { vi = \"R\", en = \"R\" }\nsummary = { vi = \"{value}\", en = \"{value}\" }\nseverity = \"medium\"\nteam = \"t\"";
    let quiet = town("1m", &format!("[r]\n{needs}\nkpi = \"t.kpi\"\nwhen = \"value > critical\"\n"));
    // One that is over by the morning isn't told of at all, one that isn't is told at six.
    let report = run(&quiet, night, &[("city", "90 1 1")], night + 12 * 3600);
    assert_eq!(told(&report), []);
    let report = run(&quiet, night, &[("city", "90 90 90")], night + 12 * 3600);
    assert_eq!(told(&report), [(night + 7 * 3600, PageKind::Digest, 1)]);
    assert_eq!(report.teams[0].woken.nights, 0);
}
