//! What alerts make of data that is thin, old or missing.

use crate::town::Town;
use harness::eventually;
use serde_json::{Value, json};
use std::time::Duration;

const NORTH: [&str; 5] = ["n1", "n2", "n3", "n4", "n5"];
const CALM: f64 = 10.0;
const DEEP: f64 = 85.0;

async fn town() -> Town {
    let town = Town::start_in("tests/cities/thin").await;
    town.person("an").await;
    town.policy_of("roads", &[json!({ "targets": [{ "person": "an" }], "delay_s": 86_400 })], 0, "an").await;
    town.team("roads", "roads").await;
    town
}

/// The next minute of the grid, up to its evaluation: these probes show this, the others nothing.
async fn minute(town: &Town, values: &[(&str, f64)]) {
    let instant = (town.at().as_secs() + 20 + 59) / 60 * 60;
    town.until(instant - 20).await;
    if !values.is_empty() {
        let observation = |(asset, value): &(&str, f64)| json!({ "metric": "probe.value", "labels": { "asset": asset }, "value": value, "time": town.clock.now() });
        let observations: Vec<Value> = values.iter().map(observation).collect();
        let answer = town.centre.post("/api/v1/observations?source=api", &json!(observations)).await;
        assert_eq!(answer.status, 200, "{answer:?}");
    }
    town.until(instant + 1).await;
    let sql = "SELECT count(*) FROM reading JOIN scope ON scope.id = scope_id WHERE extract(epoch FROM time) = $1::bigint AND scope.name LIKE 'area:%'";
    let second = town.moment(instant).as_second();
    eventually(
        || format!("the readings of {instant} s"),
        Duration::from_secs(20),
        || async {
            let recorded: i64 = town.sql.query_one(sql, &[&second]).await.unwrap().get(0);
            (recorded == 2).then_some(())
        },
    )
    .await;
    town.settled().await;
}

fn all(north: f64, south: Option<f64>) -> Vec<(&'static str, f64)> {
    NORTH.iter().map(|probe| (*probe, north)).chain(south.map(|value| ("s1", value))).collect()
}

/// What is open: which rule's, where, whether for want of data, and since when its data is old.
async fn open(town: &Town) -> Vec<String> {
    town.settled().await;
    let say = |one: &Value| {
        let (incident, origin) = (&one["incident"], &one["incident"]["origin"]);
        let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let old = incident["data_old_since"].as_str().map(|since| {
            let since: jiff::Timestamp = since.parse().unwrap();
            format!(" old since {}", since.duration_since(town.start).as_secs())
        });
        let no_data = if origin["no_data"] == true { " no data" } else { "" };
        format!("{} {}{no_data}{}", word(&origin["rule"]), word(&origin["scope"]), old.unwrap_or_default())
    };
    let mut open: Vec<String> = town.open().await.iter().map(say).collect();
    open.sort();
    open
}

#[tokio::test]
async fn thin_data_begins_nothing_unless_the_rule_is_content_with_it() {
    let town = town().await;
    for _ in 0..3 {
        minute(&town, &[("n1", DEEP), ("s1", CALM)]).await;
    }
    assert!(open(&town).await.is_empty() && town.told().await.is_empty(), "one probe of five is no flood");
    for _ in 0..2 {
        minute(&town, &[("n1", 200.0), ("s1", CALM)]).await;
    }
    assert_eq!(open(&town).await, ["any area:north"]);
    // Three of five are enough for everybody; the mean of five minutes is still high.
    minute(&town, &[("n1", DEEP), ("n2", DEEP), ("n3", DEEP), ("s1", CALM)]).await;
    assert_eq!(open(&town).await, ["any area:north", "deep area:north"]);
    town.until(town.at().as_secs() + 30).await;
    assert_eq!(town.told().await, ["an firing 1", "an firing 2"]);
}

#[tokio::test]
async fn old_data_begins_nothing_and_what_fires_is_marked_until_fresh_data_comes() {
    let town = town().await;
    minute(&town, &all(CALM, Some(CALM))).await;
    minute(&town, &all(100.0, Some(CALM))).await;
    // The calm minute leaves the window at 340 s; by then the newest sample is more than two minutes old.
    for _ in 0..4 {
        minute(&town, &[("s1", CALM)]).await;
    }
    assert!(open(&town).await.is_empty(), "{:?}", open(&town).await);
    minute(&town, &all(100.0, Some(CALM))).await;
    assert_eq!(open(&town).await, ["any area:north", "deep area:north"]);
    town.until(town.at().as_secs() + 30).await;
    assert_eq!(town.told().await, ["an firing 2"]);
    // The newest is of 400 s: at 540 s it is old.
    minute(&town, &[("s1", CALM)]).await;
    assert!(open(&town).await.iter().all(|one| !one.contains("old")), "{:?}", open(&town).await);
    minute(&town, &[("s1", CALM)]).await;
    let old = town.at().as_secs();
    assert_eq!(open(&town).await, [format!("any area:north old since {old}"), format!("deep area:north old since {old}")]);
    let id = town.open().await[0]["incident"]["id"].as_i64().unwrap();
    assert!(town.told().await.is_empty(), "nobody is paged for it, and nothing is over");
    minute(&town, &all(100.0, Some(CALM))).await;
    assert_eq!(open(&town).await, ["any area:north", "deep area:north"]);
    let lines = town.whole_timeline(id).await;
    let about: Vec<&str> =
        lines.iter().filter_map(|line| line.split_once(' ')).map(|(_, what)| what).filter(|what| what.contains("data")).collect();
    assert_eq!(about, ["data_old", "data_fresh"], "{lines:?}");
    assert!(town.told().await.is_empty());
}

#[tokio::test]
async fn one_scope_that_goes_missing_is_resolved_after_two_evaluations_and_all_of_them_are_an_alert_of_their_own() {
    let town = town().await;
    minute(&town, &all(DEEP, Some(DEEP))).await;
    assert_eq!(open(&town).await, ["deep area:north", "deep area:south"]);
    assert_eq!(town.told().await, ["an firing 2"]);
    // The north falls silent while the south goes on: its window is empty from 360 s on.
    for _ in 0..5 {
        minute(&town, &[("s1", DEEP)]).await;
    }
    let missing = town.at().as_secs();
    assert!(open(&town).await[0].starts_with("deep area:north"), "{:?}", open(&town).await);
    minute(&town, &[("s1", DEEP)]).await;
    assert!(open(&town).await[0].starts_with("deep area:north"), "it stays for two evaluations: {:?}", open(&town).await);
    minute(&town, &[("s1", DEEP)]).await;
    assert_eq!(open(&town).await, ["deep area:south"], "at {missing} s its first reading was missing");
    // Now the south falls silent too.
    for _ in 0..4 {
        minute(&town, &[]).await;
    }
    let before = open(&town).await;
    assert!(before.len() == 1 && before[0].starts_with("deep area:south old since"), "{before:?}");
    let mut after = Vec::new();
    for _ in 0..4 {
        minute(&town, &[]).await;
        after.push(open(&town).await.into_iter().map(|one| one.split(" since").next().unwrap().to_owned()).collect::<Vec<_>>());
    }
    assert_eq!(after[3], ["deep area:south old", "deep city no data"], "what fires stays, and one more says why: {after:?}");
    // Data again: the one for want of it is over, the flood is not.
    minute(&town, &all(CALM, Some(DEEP))).await;
    assert_eq!(open(&town).await, ["deep area:south"]);
    assert_eq!(town.told().await, ["an firing 2", "an resolved 2"], "that the north is over, and that the data stayed away");
}
