//! Planned work: known beforehand, and what was opened before it is the current person's to finish.

use crate::moments::said;
use crate::town::Town;
use serde_json::{Value, json};

async fn town() -> Town {
    let town = Town::start().await;
    town.person_with("an", &[0, 20]).await;
    town.person("binh").await;
    let step = |person: &str| json!({ "targets": [{ "person": person }], "delay_s": 1800 });
    town.policy_of("desk", &[step("an"), step("binh")], 0, "binh").await;
    town.team("desk", "desk").await;
    town
}

async fn plan(town: &Town, from: i64, until: i64, matchers: Value) -> harness::Answer {
    let body = json!({ "matchers": matchers, "from": town.moment(from), "until": town.moment(until), "author": "binh", "reason": "Thay tủ",
        "maintenance": true });
    town.centre.post("/api/v1/silences", &body).await
}

#[tokio::test]
async fn what_fires_in_planned_work_and_still_fires_at_its_end_pages_then() {
    let town = town().await;
    let planned = plan(&town, 600, 4200, json!([{ "label": "team", "values": ["desk"] }])).await;
    assert_eq!(planned.status, 201, "{planned:?}");
    town.until(900).await;
    let id = town.report("desk", "Mất điện", "critical").await;
    let gone = town.report("desk", "Mất nước", "critical").await;
    town.until(1800).await;
    assert_eq!(town.act(gone, json!({ "act": "resolve", "person": "binh" })).await.status, 200);
    // Who planned it is warned a quarter of an hour before its end.
    town.until(3290).await;
    assert!(town.told().await.is_empty());
    town.watched(3300).await;
    assert_eq!(said(&town.message().await), "binh notice 1");
    town.until(4199).await;
    assert!(town.told().await.is_empty());
    // The group's messages lie on a grid from its first on: 900 s, 1200 s and so on.
    town.until(4210).await;
    assert_eq!(town.told().await, ["an firing 1"]);
    assert!(town.timeline(id).await.contains(&"900 muted maintenance".to_owned()), "{:?}", town.timeline(id).await);
}

#[tokio::test]
async fn what_was_opened_before_planned_work_finishes_the_persons_rules_and_does_not_escalate() {
    let town = town().await;
    let id = town.report("desk", "Mất điện", "critical").await;
    assert_eq!(town.told().await, ["an firing 1"]);
    assert_eq!(plan(&town, 600, 4200, json!([{ "label": "team", "values": ["desk"] }])).await.status, 201);
    town.until(1210).await;
    assert_eq!(town.told().await, ["an firing 1"], "the rule of twenty minutes");
    town.until(3290).await;
    assert!(town.told().await.is_empty(), "the second step is not taken");
    town.watched(3300).await;
    assert_eq!(said(&town.message().await), "binh notice 1");
    town.until(4210).await;
    assert_eq!(town.told().await, ["an still 1"]);
    // The climb goes on when `an` had the time of the step.
    town.until(4200 + 1800 + 10).await;
    let told = town.told().await;
    assert!(told.contains(&"binh firing 1".to_owned()), "{told:?} {:?}", town.timeline(id).await);
}

#[tokio::test]
async fn a_silence_has_an_end_an_author_a_reason_and_something_to_be_silent() {
    let town = town().await;
    let sound =
        json!({ "matchers": [{ "label": "team", "values": ["desk"] }], "until": town.moment(600), "author": "an", "reason": "Thử" });
    for (name, wrong) in [("matchers", json!([])), ("until", json!(town.moment(-1))), ("author", json!("nobody")), ("reason", json!("  "))]
    {
        let mut body = sound.clone();
        body[name] = wrong;
        assert_eq!(town.centre.post("/api/v1/silences", &body).await.status, 400, "{name}");
        body.as_object_mut().unwrap().remove(name);
        assert_eq!(town.centre.post("/api/v1/silences", &body).await.status, 400, "no {name}");
    }
    assert_eq!(town.centre.post("/api/v1/silences", &sound).await.status, 201);
}

#[tokio::test]
async fn messages_of_one_team_for_one_telephone_are_one_and_its_link_answers_for_all() {
    let town = town().await;
    let roster = town.centre.get("/api/v1/roster").await.body;
    let mut person = roster["persons"].as_array().unwrap().iter().find(|one| one["id"] == "an").unwrap().clone();
    // What is low waits from now until ten.
    (person["quiet"], person["contacts"]) = (json!({ "from": "08:00:00", "to": "10:00:00" }), json!([]));
    town.put("persons/an", &person).await;
    // One team, two groups: a report is of the domain `hand`, an outside system's silence is the platform's.
    let hand = town.report("desk", "Đèn hỏng", "medium").await;
    let title = json!({ "vi": "Máy chủ camera", "en": "Camera server" });
    town.put("heartbeats/cameras", &json!({ "title": title, "every_s": 60, "severity": "medium", "team": "desk" })).await;
    assert_eq!(town.centre.post("/api/v1/heartbeats/cameras", &json!({})).await.status, 204);
    town.watched(60).await;
    let open = town.until_open(2).await;
    town.until(7199).await;
    assert!(town.told().await.is_empty());
    town.until(7200).await;
    let message = town.message().await;
    assert_eq!(said(&message), "an digest 2");
    let text = message.field("text");
    let link = text.split_whitespace().find(|word| word.starts_with(&town.answers())).unwrap_or_else(|| panic!("no link: {text}"));
    let press = reqwest::Client::new().post(link).body("act=acknowledge").header("content-type", "application/x-www-form-urlencoded");
    assert_eq!(press.send().await.unwrap().status(), 200);
    for one in open {
        let id = one["incident"]["id"].as_i64().unwrap();
        let lines = town.timeline(id).await;
        assert!(lines.iter().any(|line| line.ends_with("acknowledged an")), "{id} of {hand}: {lines:?}");
    }
}
