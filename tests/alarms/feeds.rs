//! Feeds that fall silent: whose steward is told, when, and what one message explains.

use crate::town::Town;
use serde_json::{Value, json};

const FEEDS: &str = "tests/cities/feeds";
const DAY_S: i64 = 86_400;

/// It is eight on a Monday morning. `an` is the steward of the roads, `binh` of the water, `chi` leads the shift.
async fn town() -> Town {
    let town = Town::start_in(FEEDS).await;
    for person in ["an", "binh", "chi", "dung"] {
        town.person(person).await;
    }
    let layer = json!({ "name": "Trưởng ca", "rotation": "weekly", "shift_length": 1, "start": "2026-02-02T08:00:00", "slots": [["chi"]] });
    town.put("rotas/lead", &json!({ "id": "lead", "team": "pumps", "name": "Trưởng ca", "zone": "Asia/Ho_Chi_Minh", "layers": [layer] }))
        .await;
    town.policy_of("pumps", &[json!({ "targets": [{ "person": "binh" }], "delay_s": 600 })], 0, "dung").await;
    town.put("teams/pumps", &json!({ "id": "pumps", "name": "Trạm bơm", "policy": "pumps", "members": ["binh"] })).await;
    town.put("keeper", &json!({ "person": "dung" })).await;
    town
}

/// A source sends something.
async fn send(town: &Town, source: &str) {
    let observation = json!([{ "metric": "probe.value", "labels": { "asset": "p1" }, "value": 10.0, "time": town.clock.now() }]);
    let answer = town.centre.post(&format!("/api/v1/observations?source={source}"), &observation).await;
    assert_eq!(answer.status, 200, "{answer:?}");
}

/// What is open: its name, its severity and whose it is.
async fn open(town: &Town, count: usize) -> Vec<String> {
    let say = |one: &Value| {
        let incident = &one["incident"];
        let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        format!("{} {} {}", word(&incident["origin"]["name"]), word(&incident["severity"]), word(&incident["team"]))
    };
    let mut open: Vec<String> = town.until_open(count).await.iter().map(say).collect();
    open.sort();
    open
}

#[tokio::test]
async fn a_silent_feed_is_its_stewards_in_office_hours_and_then_the_shift_leads() {
    let town = town().await;
    send(&town, "cameras").await;
    town.watched(590).await;
    assert!(town.open().await.is_empty());
    town.watched(600).await;
    assert_eq!(open(&town, 1).await, ["feed cameras medium steward.roads"]);
    town.until(640).await;
    assert_eq!(town.told().await, ["an firing 1"]);
    town.until(600 + 7199).await;
    assert!(town.told().await.is_empty());
    town.until(640 + 7200).await;
    assert_eq!(town.told().await, ["chi firing 1"]);
    send(&town, "cameras").await;
    let heard = town.at().as_secs();
    town.watched(heard + 20).await;
    open(&town, 0).await;
    town.until(heard + 310).await;
    assert_eq!(town.told().await, ["an resolved 1", "chi resolved 1"]);
}

#[tokio::test]
async fn at_night_and_on_a_day_off_only_an_urgent_feed_is_told() {
    let town = town().await;
    // Tuesday, a minute after the offices have closed; Wednesday is a day off.
    let closed = DAY_S + 9 * 3600 + 60;
    town.awake_at(closed).await;
    send(&town, "cameras").await;
    town.watched(closed + 600).await;
    open(&town, 1).await;
    let opens = 2 * DAY_S + 23 * 3600;
    town.until(opens - 1).await;
    assert!(town.told().await.is_empty());
    town.until(opens).await;
    assert_eq!(town.told().await, ["an digest 1"]);
    // The steward has the whole time from then on.
    town.until(opens + 7199).await;
    assert!(town.told().await.is_empty());
    town.until(opens + 7210).await;
    assert_eq!(town.told().await, ["chi firing 1"]);
}

#[tokio::test]
async fn an_urgent_feed_is_told_at_any_hour_and_what_is_over_by_the_morning_to_nobody() {
    let town = town().await;
    let closed = 9 * 3600 + 60;
    town.awake_at(closed).await;
    send(&town, "cameras").await;
    town.watched(closed + 600).await;
    open(&town, 1).await;
    let back = town.at().as_secs();
    send(&town, "cameras").await;
    send(&town, "sirens").await;
    town.watched(back + 20).await;
    open(&town, 0).await;
    town.watched(back + 330).await;
    for _ in 0..2 {
        send(&town, "cameras").await;
        town.watched(town.at().as_secs() + 200).await;
    }
    assert_eq!(open(&town, 1).await, ["feed sirens high steward.roads"]);
    town.until(town.at().as_secs() + 40).await;
    assert_eq!(town.told().await, ["an firing 1"]);
    send(&town, "sirens").await;
    let heard = town.at().as_secs();
    town.watched(heard + 20).await;
    open(&town, 0).await;
    town.until(DAY_S - 1).await;
    assert_eq!(town.told().await, ["an resolved 1"]);
}

#[tokio::test]
async fn what_a_dead_gateway_has_behind_it_is_one_message() {
    let town = town().await;
    for source in ["pump-1", "pump-2", "pump-3"] {
        send(&town, source).await;
    }
    town.watched(600).await;
    assert_eq!(open(&town, 1).await, ["feed gateway medium steward.water"]);
    // Who looks is awake all the time: after a jump, what was not listened to would not be silent.
    town.watched(640).await;
    assert_eq!(town.told().await, ["binh firing 1"]);
    town.watched(1240).await;
    assert_eq!(open(&town, 1).await, ["feed gateway medium steward.water"]);
    // Something comes through: it is not the gateway, but two pumps.
    send(&town, "pump-2").await;
    town.watched(1270).await;
    assert_eq!(open(&town, 2).await, ["feed pump-1 medium steward.water", "feed pump-3 medium steward.water"]);
    // The incidents are told together with the end of the other.
    town.until(1540).await;
    let told = town.told().await;
    assert!(told.iter().all(|one| one.starts_with("binh")) && told.len() <= 2, "{told:?}");
}

#[tokio::test]
async fn a_centre_that_was_away_knows_what_was_silent_and_takes_nothing_else_for_silent() {
    let mut town = town().await;
    send(&town, "cameras").await;
    town.watched(600).await;
    town.until(640).await;
    assert_eq!(town.told().await, ["an firing 1"]);
    send(&town, "sirens").await;
    town.watched(660).await;
    town.killed_for(1200).await;
    // The cameras are still silent; the sirens could not be heard.
    town.watched(1900).await;
    assert_eq!(open(&town, 1).await, ["feed cameras medium steward.roads"]);
    town.watched(1860 + 620).await;
    assert_eq!(open(&town, 2).await, ["feed cameras medium steward.roads", "feed sirens high steward.roads"]);
}
