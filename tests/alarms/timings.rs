//! How long messages wait for each other, as the city's files and the teams say it.

use crate::town::Town;
use serde_json::{Value, json};

const FEEDS: &str = "tests/cities/feeds";

/// A town of which the files say how long the team's messages wait.
async fn town(team: &str) -> Town {
    let town = Town::start_in(FEEDS).await;
    town.person("an").await;
    town.policy_of("desk", &[json!({ "targets": [{ "person": "an" }], "delay_s": 86_400 })], 0, "an").await;
    town.team(team, "desk").await;
    town
}

/// Two within the wait, one after it, and nothing else for a while.
async fn two_then_one(town: &Town, team: &str) {
    let x = town.report(team, "Cây đổ", "high").await;
    town.until(1).await;
    town.report(team, "Cây đổ", "high").await;
    town.until(2).await;
    assert_eq!(town.told().await, ["an firing 2"]);
    town.until(3).await;
    town.report(team, "Cây đổ", "high").await;
    for (until, told) in [(5, vec![]), (6, vec!["an firing 3"]), (13, vec![]), (14, vec!["an still 3"]), (20, vec![])] {
        town.until(until).await;
        assert_eq!(town.told().await, told, "until {until} s");
    }
    let expected = ["0 opened", "2 escalated 1.1", "2 paged an firing of 2", "6 paged an firing of 3", "14 paged an still_firing of 3"];
    assert_eq!(town.timeline(x).await, expected);
}

#[tokio::test]
async fn the_citys_files_say_how_long_a_teams_messages_wait() {
    two_then_one(&town("quick").await, "quick").await;
}

#[tokio::test]
async fn a_team_says_itself_how_long_its_messages_wait() {
    let town = town("desk").await;
    let team = |timings: Value| json!({ "id": "desk", "name": "Bàn trực", "policy": "desk", "members": [], "timings": timings });
    let wrong = town.centre.put("/api/v1/teams/desk", &team(json!({ "group_interval_s": 0 }))).await;
    assert_eq!(wrong.status, 400, "{wrong:?}");
    town.put("teams/desk", &team(json!({ "group_wait_s": 2, "group_interval_s": 4, "repeat_interval_s": 8 }))).await;
    assert_eq!(town.centre.get("/api/v1/roster").await.body["teams"][0]["timings"]["group_wait_s"], 2);
    two_then_one(&town, "desk").await;
}

#[tokio::test]
async fn repeats_are_rounded_up_to_a_flush() {
    let town = town("late").await;
    town.report("late", "Cây đổ", "high").await;
    town.until(30).await;
    assert_eq!(town.told().await, ["an firing 1"]);
    // Twelve minutes are come to at the third flush after it.
    town.until(30 + 15 * 60 - 1).await;
    assert!(town.told().await.is_empty());
    town.until(30 + 15 * 60).await;
    assert_eq!(town.told().await, ["an still 1"]);
}

#[tokio::test]
async fn who_acknowledges_is_reminded_half_way_and_then_it_begins_anew() {
    let town = town("timed").await;
    town.person("binh").await;
    let step = |person: &str| json!({ "targets": [{ "person": person }], "delay_s": 3600 });
    town.policy_of("desk", &[step("an"), step("binh")], 0, "an").await;
    let id = town.report("timed", "Cháy", "critical").await;
    assert_eq!(town.told().await, ["an firing 1"]);
    town.until(60).await;
    assert_eq!(town.act(id, json!({ "act": "acknowledge", "person": "an" })).await.status, 200);
    town.until(60 + 599).await;
    assert!(town.told().await.is_empty());
    town.until(60 + 600).await;
    assert_eq!(town.told().await, ["an reminder 1"]);
    town.until(60 + 1199).await;
    assert!(town.told().await.is_empty());
    town.until(60 + 1200).await;
    assert_eq!(town.told().await, ["an firing 1"]);
    let page = town.centre.get(&format!("/api/v1/incidents/{id}")).await.body;
    assert_eq!((&page["view"]["incident"]["standing"], &page["escalation"][0]), (&json!("triggered"), &json!(2)), "{page}");
    let expected = [
        "0 opened",
        "0 escalated 1.1",
        "0 paged an firing of 1",
        "60 acknowledged an",
        "660 paged an reminder of 1",
        "1260 triggered acknowledgement_timed_out",
        "1260 escalated 1.1",
        "1260 paged an firing of 1",
    ];
    assert_eq!(town.timeline(id).await, expected);
}

#[tokio::test]
async fn a_snooze_ends_at_its_time_and_begins_at_the_first_step() {
    let town = town("desk").await;
    town.person("binh").await;
    let step = |person: &str| json!({ "targets": [{ "person": person }], "delay_s": 600 });
    town.policy_of("desk", &[step("an"), step("binh")], 0, "an").await;
    let id = town.report("desk", "Cháy", "critical").await;
    town.until(600).await;
    assert_eq!(town.told().await, ["an firing 1", "binh firing 1"]);
    let past = town.act(id, json!({ "act": "snooze", "person": "binh", "until": town.moment(600) })).await;
    assert_eq!(past.status, 409, "{past:?}");
    assert_eq!(town.act(id, json!({ "act": "snooze", "person": "binh", "until": town.moment(7200) })).await.status, 200);
    town.until(7199).await;
    assert!(town.told().await.is_empty());
    town.until(7200).await;
    assert_eq!(town.told().await, ["an firing 1"]);
    town.until(7800).await;
    assert_eq!(town.told().await, ["binh firing 1"]);
    assert_eq!(town.timeline(id).await[5..8], ["600 snoozed binh", "7200 triggered snooze_ended", "7200 escalated 1.1"]);
}

#[tokio::test]
async fn a_storm_of_reports_of_one_thing_is_noted_once_in_five_seconds() {
    let town = town("desk").await;
    let report = json!({ "person": "an", "title": "Mất điện", "severity": "critical", "team": "desk", "key": "feeder-7" });
    let id = town.centre.post("/api/v1/incidents", &report).await.body["incident"].as_i64().unwrap();
    let suppressed = async || town.timeline(id).await.iter().filter(|line| line.contains("duplicate_suppressed")).count();
    let storm = async || {
        let client = reqwest::Client::new();
        let posts = (0..100).map(|_| client.post(format!("{}/api/v1/incidents", town.centre.url)).body(report.to_string()).send());
        for answer in futures_util::future::join_all(posts).await {
            assert_eq!(answer.unwrap().status(), 200);
        }
    };
    assert_eq!(suppressed().await, 0);
    for (until, noted) in [(0, 1), (4, 1), (5, 2), (9, 2), (10, 3)] {
        town.until(until).await;
        storm().await;
        assert_eq!(suppressed().await, noted, "at {until} s");
    }
    assert_eq!(town.told().await, ["an firing 1"]);
    assert_eq!(town.open().await.len(), 1);
}
