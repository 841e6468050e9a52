//! Exercises: marked, sent to contacts for exercises only, and never told together with what is real.

use crate::town::{Town, phone};
use serde_json::json;

const MOBILE: &str = "+84909999999";

#[tokio::test]
async fn an_exercise_reaches_contacts_for_exercises_and_what_is_real_reaches_the_others() {
    let town = Town::start().await;
    town.person("an").await;
    town.person("binh").await;
    let answer = town.centre.post("/api/v1/persons/binh/contacts", &json!({ "channel": "sms", "address": MOBILE, "exercise": true })).await;
    let contact = answer.body["id"].as_i64().unwrap();
    town.prove(contact, MOBILE).await;
    let steps = [json!({ "targets": [{ "person": "an" }], "delay_s": 600 }), json!({ "targets": [{ "person": "binh" }], "delay_s": 600 })];
    town.policy_of("desk", &steps, 0, "binh").await;
    town.team("desk", "desk").await;
    let body = json!({ "person": "an", "title": "Vỡ đê", "severity": "critical", "team": "desk", "exercise": true });
    let exercise = town.centre.post("/api/v1/incidents", &body).await.body["incident"].as_i64().unwrap();
    let real = town.report("desk", "Cháy", "critical").await;
    town.settled().await;
    let mut messages: Vec<(String, String)> = town.sms.take(2).await.iter().map(|one| (one.field("to"), one.field("text"))).collect();
    messages.sort();
    // Who has no contact for exercises is nobody in one.
    let [(of_real, real_text), (of_exercise, exercise_text)] = messages.as_slice() else { panic!("{messages:?}") };
    let an = phone("an");
    assert_eq!((of_real.as_str(), of_exercise.as_str()), (an.as_str(), MOBILE), "{messages:?}");
    assert!(exercise_text.starts_with("(DIEN TAP) "), "{exercise_text}");
    assert!(!real_text.contains("DIEN TAP"), "{real_text}");
    assert_eq!(town.timeline(exercise).await, ["0 opened", "0 no_target 1.1", "0 escalated 1.2", "0 paged binh firing of 1"]);
    assert_eq!(town.timeline(real).await, ["0 opened", "0 escalated 1.1", "0 paged an firing of 1"]);
    // The message's page says it before anything else.
    let link = exercise_text.split_whitespace().find(|word| word.starts_with(&town.answers())).unwrap();
    let page = reqwest::get(link).await.unwrap().text().await.unwrap();
    assert!(page.contains("DIỄN TẬP"), "{page}");
}

#[tokio::test]
async fn whoever_has_only_a_contact_for_exercises_is_on_call_in_exercises_alone() {
    let town = Town::start().await;
    town.person("an").await;
    let content =
        json!({ "id": "binh", "name": "B", "zone": "Asia/Ho_Chi_Minh", "language": "vi", "quiet": null, "contacts": [], "rules": [] });
    town.put("persons/binh", &content).await;
    let answer = town.centre.post("/api/v1/persons/binh/contacts", &json!({ "channel": "sms", "address": MOBILE, "exercise": true })).await;
    town.prove(answer.body["id"].as_i64().unwrap(), MOBILE).await;
    let layer = |person: &str| json!({ "name": person, "rotation": "daily", "shift_length": 1, "start": "2026-03-01T00:00:00", "slots": [[person]] });
    // The second layer is the stronger.
    let rota = json!({ "id": "day", "team": "desk", "name": "Ca", "zone": "Asia/Ho_Chi_Minh", "layers": [layer("an"), layer("binh")] });
    town.put("rotas/day", &rota).await;
    town.policy_of("desk", &[json!({ "targets": [{ "rota": "day" }], "delay_s": 600 })], 0, "an").await;
    town.team("desk", "desk").await;
    assert_eq!(town.centre.get("/api/v1/on-call").await.body["rotas"][0]["persons"], json!(["an"]));
    let real = town.report("desk", "Cháy", "critical").await;
    assert_eq!(town.timeline(real).await, ["0 opened", "0 escalated 1.1", "0 paged an firing of 1"]);
    let body = json!({ "person": "an", "title": "Vỡ đê", "severity": "critical", "team": "desk", "exercise": true });
    let exercise = town.centre.post("/api/v1/incidents", &body).await.body["incident"].as_i64().unwrap();
    town.settled().await;
    assert_eq!(town.timeline(exercise).await, ["0 opened", "0 escalated 1.1", "0 paged binh firing of 1"]);
    assert_eq!(town.told().await, [format!("{MOBILE} exercise firing 1"), "an firing 1".to_owned()]);
}
