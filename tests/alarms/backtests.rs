//! What `taydo rules backtest` says of what happened: the same as what happened, while the centre goes on.

use crate::town::Town;
use harness::{program, repository};
use serde_json::Value;
use std::process::{Command, Output};

/// Over the town's database, as it is now.
async fn backtest(town: &Town, more: &[&str]) -> Output {
    let until = (town.clock.now()).to_string();
    let mut command = Command::new(program());
    command.current_dir(repository()).args(["rules", "backtest", "--city", "tests/cities/alarms", "--days", "1", "--until", &until]);
    command.args(["--database", &town.database.url().await]).args(more);
    command.output().unwrap()
}

fn json(output: &Output) -> Value {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Rule, scope, when it fired and ended in seconds since the start.
fn episodes(town: &Town, report: &Value) -> Vec<(String, String, i64, Option<i64>)> {
    let since = |time: &Value| Some(time.as_str()?.parse::<jiff::Timestamp>().unwrap().duration_since(town.start).as_secs());
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let episode = |one: &Value| (text(&one["rule"]), text(&one["scope"]), since(&one["from"]).unwrap(), since(&one["to"]));
    report["episodes"].as_array().unwrap().iter().map(episode).collect()
}

#[tokio::test]
async fn a_backtest_says_what_the_rules_did_and_whom_that_would_have_paged() {
    let mut town = Town::with_steps(&["an"], 86_400).await;
    town.evaluation(&[("p1", 90.0)]).await;
    town.evaluations(6, &[("p1", 90.0), ("p3", 90.0)]).await;
    town.evaluation(&[]).await;
    let told = town.told().await;
    assert_eq!(told.first().map(String::as_str), Some("an firing 1"));
    // The centre is there, and goes on.
    let report = json(&backtest(&town, &["--json"]).await);
    let of = |rule: &str, scope: &str, from: i64, to: i64| (rule.to_owned(), scope.to_owned(), from, Some(to));
    assert_eq!(episodes(&town, &report), [of("jam", "asset:p1", 60, 480), of("slow", "asset:p3", 420, 480)]);
    let rules = report["rules"].as_array().unwrap();
    let jam = rules.iter().find(|rule| rule["rule"] == "jam").unwrap();
    // The town's clocks show a Monday, 08:01.
    assert_eq!(
        (&jam["episodes"]["work"], &jam["pages"]["work"], &jam["total_s"], &jam["flapped"]),
        (&1.into(), &1.into(), &420.into(), &0.into())
    );
    assert_eq!(report["messages"][0]["at"], "2026-03-02T01:01:01Z");
    assert_eq!(report["late_readings"], 0);
    // One rule alone, as a table in Vietnamese.
    let output = backtest(&town, &["--rule", "jam", "--lang", "vi"]).await;
    let table = String::from_utf8(output.stdout).unwrap();
    assert!(table.contains("quy tắc") && table.contains("jam ") && !table.contains("slow"), "{table}");
    // What is recorded after an absence was judged by nobody, and is not judged now.
    town.killed_for(600).await;
    town.evaluation(&[("p1", 90.0)]).await;
    let report = json(&backtest(&town, &["--json"]).await);
    assert!(report["late_readings"].as_i64().unwrap() > 0);
    assert_eq!(episodes(&town, &report).len(), 3);
    let second = backtest(&town, &["--rule", "nowhere"]).await;
    let error = String::from_utf8(second.stderr).unwrap();
    assert_eq!(second.status.code(), Some(1));
    assert!(error.starts_with("taydo: --rule \"nowhere\": there is no such rule; there are "), "{error}");
    // All the while the centre told people what it had to.
    town.evaluation(&[("p1", 90.0)]).await;
    assert!(!town.told().await.is_empty());
}

#[tokio::test]
async fn a_backtest_over_nothing_says_so_and_changes_nothing() {
    let town = Town::start().await;
    let output = backtest(&town, &["--json"]).await;
    assert_eq!((output.status.code(), output.stdout.len()), (Some(1), 0));
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(error.starts_with("taydo: there is nothing to judge"), "{error}");
}
