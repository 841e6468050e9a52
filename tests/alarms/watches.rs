//! What watches the watchers: outside systems that say that they are there, and an evaluation that stands still.

use crate::moments::said;
use crate::town::{Town, phone};
use serde_json::{Value, json};

/// A town whose `an` is paged again after a quarter of an hour.
async fn town() -> Town {
    let town = Town::start().await;
    town.person_with("an", &[0, 15]).await;
    town.policy_of("desk", &[json!({ "targets": [{ "person": "an" }], "delay_s": 86_400 })], 0, "an").await;
    town.team("desk", "desk").await;
    town
}

fn hourly(muted: Value) -> Value {
    let title = json!({ "vi": "Máy chủ camera", "en": "Camera server" });
    json!({ "title": title, "every_s": 3600, "severity": "critical", "team": "desk", "muted": muted })
}

async fn beat(town: &Town, name: &str) {
    let answer = town.centre.post(&format!("/api/v1/heartbeats/{name}"), &json!({})).await;
    assert_eq!(answer.status, 204, "{answer:?}");
}

/// The log of the newest incident of a watch, also when it is over.
async fn newest(town: &Town) -> i64 {
    town.sql.query_one("SELECT max(id) FROM incident WHERE origin->>'by' = 'watch'", &[]).await.unwrap().get(0)
}

#[tokio::test]
async fn a_beat_that_stays_away_is_told_at_its_time_and_the_next_one_closes_it() {
    let town = town().await;
    town.put("heartbeats/cameras", &hourly(json!(null))).await;
    // One that never beat is not there yet.
    town.put("heartbeats/never", &hourly(json!(null))).await;
    beat(&town, "cameras").await;
    town.watched(3590).await;
    town.until(3599).await;
    assert!(town.open().await.is_empty() && town.told().await.is_empty());
    town.watched(3600).await;
    town.until_open(1).await;
    let id = newest(&town).await;
    assert_eq!(town.told().await, ["an firing 1"]);
    // Nine more that stay away say nothing new, and its next message is due at 75 minutes.
    town.until(3660).await;
    beat(&town, "cameras").await;
    town.until_open(0).await;
    town.until(3910).await;
    assert_eq!(town.told().await, ["an resolved 1"]);
    town.until(7250).await;
    assert!(town.told().await.is_empty(), "the person's rule of fifteen minutes doesn't fire");
    let lines = town.timeline(id).await;
    let (seconds, what): (Vec<f64>, Vec<&str>) =
        lines.iter().filter_map(|line| line.split_once(' ')).map(|(second, what)| (second.parse::<f64>().unwrap(), what)).unzip();
    assert_eq!(what, ["opened", "escalated 1.1", "paged an firing of 1", "resolved condition", "paged an resolved of 1", "closed"]);
    assert!((3600.0..=3601.0).contains(&seconds[0]) && seconds[3] == 3660.0, "{lines:?}");
    let rows = town.centre.get("/api/v1/heartbeats").await.body;
    let never = rows.as_array().unwrap().iter().find(|row| row["name"] == "never").unwrap();
    assert_eq!(never["last_at"], json!(null));
}

#[tokio::test]
async fn ten_beats_that_stay_away_are_one_incident() {
    let town = town().await;
    town.put("heartbeats/cameras", &hourly(json!(null))).await;
    beat(&town, "cameras").await;
    town.until(3590).await;
    town.watched(3600).await;
    let id = town.until_open(1).await[0]["incident"]["id"].as_i64().unwrap();
    // Who acknowledges before the message is out stops it.
    assert_eq!(town.told().await, ["an firing 1"]);
    assert_eq!(town.act(id, json!({ "act": "acknowledge", "person": "an" })).await.status, 200);
    for hour in 2..=11 {
        town.until(hour * 3600).await;
        town.watched(hour * 3600 + 10).await;
    }
    assert_eq!(town.open().await.len(), 1);
    let opened: i64 = town.sql.query_one("SELECT count(*) FROM incident", &[]).await.unwrap().get(0);
    assert_eq!(opened, 1);
    assert!(town.told().await.is_empty());
}

#[tokio::test]
async fn a_muted_one_needs_a_reason_and_pages_nobody() {
    let town = town().await;
    let without = town.centre.put("/api/v1/heartbeats/cameras", &hourly(json!(" "))).await;
    assert_eq!(without.status, 400, "{without:?}");
    town.put("heartbeats/cameras", &hourly(json!("Đang thay máy"))).await;
    beat(&town, "cameras").await;
    town.until(3600).await;
    town.watched(4000).await;
    assert!(town.open().await.is_empty() && town.told().await.is_empty());
}

#[tokio::test]
async fn an_evaluation_that_stands_still_resolves_nothing_and_is_told_within_three_intervals() {
    let town = Town::with_steps(&["binh", "chi"], 600).await;
    town.person("an").await;
    town.put("keeper", &json!({ "person": "an" })).await;
    town.evaluation(&[("p1", 90.0)]).await;
    let jam = town.incident_of("p1").await;
    assert_eq!(town.told().await, ["binh firing 1"]);
    // From here on no reading can be stored: what is evaluated can't be committed, so nothing is. The server lives.
    let stands = town.database.client().await;
    stands.batch_execute("BEGIN; LOCK TABLE reading IN EXCLUSIVE MODE").await.unwrap();
    town.watched(230).await;
    assert_eq!(town.open().await.len(), 1);
    // The last evaluation was that of 60 s.
    town.watched(250).await;
    town.until_open(2).await;
    let meta = newest(&town).await;
    assert_eq!(said(&town.sms.take(1).await[0]), "an exhausted 1");
    // The climb goes on, and nothing is over.
    town.watched(670).await;
    assert_eq!(town.told().await, ["chi firing 1"]);
    assert_eq!(town.open().await.len(), 2);
    assert!(town.timeline(jam).await.iter().all(|line| !line.contains("resolved")));
    // It evaluates again.
    stands.batch_execute("ROLLBACK").await.unwrap();
    drop(stands);
    town.evaluations(2, &[("p1", 90.0)]).await;
    town.watched(town.at().as_secs() + 20).await;
    let open = town.until_open(1).await;
    assert_eq!(open[0]["incident"]["id"].as_i64().unwrap(), jam);
    assert!(town.timeline(meta).await.iter().any(|line| line.contains("resolved condition")));
    let ended = town.at().as_secs() + 300;
    town.until(ended).await;
    let mine: Vec<String> = town.sms.take_all().iter().filter(|one| one.field("to") == phone("an")).map(said).collect();
    assert_eq!(mine, ["an resolved 1"]);
}
