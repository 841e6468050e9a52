//! What is told together, and what is not told: groups, their repeats, silences, and alerts that explain others.

use crate::moments::said;
use crate::town::Town;
use serde_json::{Value, json};
use tokio::task::JoinSet;

/// A town whose team `desk` has one person, who is not escalated over.
async fn desk() -> Town {
    let town = Town::start().await;
    town.person("an").await;
    town.policy_of("desk", &[json!({ "targets": [{ "person": "an" }], "delay_s": 86_400 })], 0, "an").await;
    town.team("desk", "desk").await;
    town
}

#[tokio::test]
async fn what_comes_within_the_wait_is_told_together_and_repeats_come_at_a_flush() {
    let town = desk().await;
    let x = town.report("desk", "Cây đổ", "high").await;
    town.until(15).await;
    let y = town.report("desk", "Cây đổ", "high").await;
    town.until(29).await;
    assert!(town.told().await.is_empty());
    town.until(30).await;
    assert_eq!(town.told().await, ["an firing 2"]);
    town.until(60).await;
    let z = town.report("desk", "Cây đổ", "high").await;
    town.until(329).await;
    assert!(town.told().await.is_empty());
    town.until(330).await;
    assert_eq!(town.told().await, ["an firing 3"]);
    // Four hours later, on a flush.
    town.until(14_729).await;
    assert!(town.told().await.is_empty());
    town.until(14_730).await;
    assert_eq!(town.told().await, ["an still 3"]);
    let expected =
        ["0 opened", "30 escalated 1.1", "30 paged an firing of 2", "330 paged an firing of 3", "14730 paged an still_firing of 3"];
    assert_eq!(town.timeline(x).await, expected);
    assert_eq!(town.timeline(y).await[0], "15 opened");
    assert_eq!(town.timeline(z).await, ["60 opened", "330 paged an firing of 3", "14730 paged an still_firing of 3"]);
}

#[tokio::test]
async fn a_hundred_reports_with_one_key_are_one_incident() {
    let town = desk().await;
    let report = |key: Value| json!({ "person": "an", "title": "Mất điện", "severity": "critical", "team": "desk", "key": key });
    let client = reqwest::Client::new();
    let mut posts = JoinSet::new();
    for _ in 0..100 {
        let request = client.post(format!("{}/api/v1/incidents", town.centre.url)).body(report(json!("feeder-7")).to_string());
        posts.spawn(async move {
            let answer = request.send().await.unwrap();
            assert_eq!(answer.status(), 200);
            serde_json::from_str::<Value>(&answer.text().await.unwrap()).unwrap()
        });
    }
    let answers = posts.join_all().await;
    let id = answers[0]["incident"].clone();
    assert!(answers.iter().all(|answer| answer["incident"] == id), "{answers:?}");
    assert_eq!(answers.iter().filter(|answer| answer["is_new"] == true).count(), 1);
    assert_eq!(town.told().await, ["an firing 1"]);
    let post = async |key: Value| town.centre.post("/api/v1/incidents", &report(key)).await.body["is_new"].clone();
    // Without a key, or with a blank one, each is another.
    for key in [json!(null), json!(""), json!(" ")] {
        assert_eq!((post(key.clone()).await, post(key).await), (json!(true), json!(true)));
    }
    assert_eq!(town.open().await.len(), 7);
    // Once it is over the key is free again.
    assert_eq!(town.act(id.as_i64().unwrap(), json!({ "act": "resolve", "person": "an" })).await.status, 200);
    assert_eq!((post(json!("feeder-7")).await, post(json!("feeder-7")).await), (json!(true), json!(false)));
    town.until(300).await;
    assert_eq!(town.told().await, ["an firing 8"]);
}

#[tokio::test]
async fn what_begins_in_a_silence_is_told_at_the_first_flush_after_it() {
    let town = desk().await;
    town.silence("desk", 420, "an").await;
    town.until(60).await;
    let id = town.report("desk", "Cây đổ", "critical").await;
    // Its author is warned that it ends within a quarter of an hour.
    town.until(61).await;
    assert_eq!(said(&town.message().await), "an notice 1");
    town.until(659).await;
    assert!(town.told().await.is_empty());
    town.until(660).await;
    assert_eq!(town.told().await, ["an firing 1"]);
    let expected = ["60 opened", "60 muted silence", "660 unmuted", "660 escalated 1.1", "660 paged an firing of 1"];
    assert_eq!(town.timeline(id).await, expected);
}

#[tokio::test]
async fn a_silence_that_ends_before_the_fire_does_is_told_once_and_then_repeats_are_as_always() {
    let town = desk().await;
    let id = town.report("desk", "Cây đổ", "critical").await;
    assert_eq!(town.told().await, ["an firing 1"]);
    town.until(120).await;
    town.silence("desk", 360, "an").await;
    town.until(121).await;
    assert_eq!(said(&town.message().await), "an notice 1");
    town.until(599).await;
    assert!(town.told().await.is_empty());
    town.until(600).await;
    assert_eq!(town.told().await, ["an still 1"]);
    town.until(14_999).await;
    assert!(town.told().await.is_empty());
    town.until(15_000).await;
    assert_eq!(town.told().await, ["an still 1"]);
    assert_eq!(town.timeline(id).await[3..5], ["300 muted silence", "600 unmuted"]);
}

#[tokio::test]
async fn what_ends_in_a_silence_is_told_to_those_who_know_of_it_and_to_nobody_else() {
    let town = desk().await;
    town.person("binh").await;
    let known = town.report("desk", "Cây đổ", "critical").await;
    assert_eq!(town.told().await, ["an firing 1"]);
    town.until(120).await;
    town.silence("desk", 600, "an").await;
    town.until(180).await;
    assert_eq!(said(&town.message().await), "an notice 1");
    let unknown = town.report("desk", "Cây đổ", "critical").await;
    town.until(240).await;
    for id in [known, unknown] {
        assert_eq!(town.act(id, json!({ "act": "resolve", "person": "binh" })).await.status, 200);
    }
    town.until(300).await;
    // One message, of the one that somebody had been told of.
    assert_eq!(town.told().await, ["an resolved 1"]);
    town.until(3600).await;
    assert!(town.told().await.is_empty());
    assert!(town.timeline(known).await.contains(&"240 resolved_by_hand binh".to_owned()));
    assert!(!town.timeline(unknown).await.iter().any(|line| line.contains("paged")));
}

#[tokio::test]
async fn an_alert_that_explains_others_mutes_them_until_the_first_flush_after_it() {
    let town = Town::with_steps(&["an"], 86_400).await;
    // Both in the same area, and one elsewhere.
    town.evaluation(&[("flood", 90.0), ("wet", 90.0), ("dry", 90.0)]).await;
    let (flood, wet, dry) = (town.incident_of("flood").await, town.incident_of("wet").await, town.incident_of("dry").await);
    assert!(town.told().await.is_empty());
    town.until(91).await;
    assert_eq!(town.told().await, ["an firing 2"]);
    // The water falls; the road stays wet.
    town.evaluations(3, &[("wet", 90.0), ("dry", 90.0)]).await;
    assert!(town.told().await.is_empty());
    town.until(391).await;
    assert_eq!(town.told().await, ["an firing 3"]);
    let expected = ["61 opened", "91 escalated 1.1", "91 paged an firing of 2", "121 resolved condition", "391 paged an firing of 3"];
    assert_eq!(town.timeline(flood).await, expected);
    assert_eq!(town.timeline(wet).await, ["61 opened", "91 muted inhibition", "391 unmuted", "391 paged an firing of 3"]);
    assert_eq!(town.timeline(dry).await, ["61 opened", "91 escalated 1.1", "91 paged an firing of 2", "391 paged an firing of 3"]);
}
