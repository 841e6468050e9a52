//! What is told about the duty itself: shifts that begin, and hours in which nobody is on call.

use crate::moments::said;
use crate::town::{Town, phone};
use serde_json::{Value, json};

async fn rota(town: &Town, layers: Value) {
    town.put("rotas/day", &json!({ "id": "day", "team": "desk", "name": "Ca ngày", "zone": "Asia/Ho_Chi_Minh", "layers": layers })).await;
}

async fn town(people: &[&str]) -> Town {
    let town = Town::start().await;
    for person in people {
        town.person(person).await;
    }
    town
}

#[tokio::test]
async fn whoever_comes_on_is_told_what_is_open_and_whoever_goes_off_has_nothing_to_do() {
    let town = town(&["an", "binh", "chi"]).await;
    // An hour each, by turns; it is eight.
    rota(
        &town,
        json!([{ "name": "Ca", "rotation": "hourly", "shift_length": 1, "start": "2026-03-02T08:00:00", "slots": [["an"], ["binh"]] }]),
    )
    .await;
    let steps = [json!({ "targets": [{ "rota": "day" }], "delay_s": 5400 }), json!({ "targets": [{ "rota": "day" }], "delay_s": 5400 })];
    town.policy_of("desk", &steps, 0, "chi").await;
    town.team("desk", "desk").await;
    let id = town.report("desk", "Cháy", "critical").await;
    assert_eq!(town.told().await, ["an firing 1"]);
    town.until(60).await;
    town.report("desk", "Cây đổ", "critical").await;
    town.until(300).await;
    assert_eq!(town.told().await, ["an firing 2"]);
    town.watched(3600).await;
    let message = town.message().await;
    assert_eq!(said(&message), "binh shift 2");
    // It can be answered from there.
    let text = message.field("text");
    let link = text.split_whitespace().find(|word| word.starts_with(&town.answers())).unwrap_or_else(|| panic!("no link: {text}"));
    // The next step asks who is on call then: half past nine.
    town.until(5400).await;
    assert_eq!(town.told().await, ["binh firing 2"]);
    let page = reqwest::Client::new().post(link).body("act=acknowledge").header("content-type", "application/x-www-form-urlencoded");
    assert_eq!(page.send().await.unwrap().status(), 200);
    assert!(town.timeline(id).await.contains(&"5400 acknowledged binh".to_owned()), "{:?}", town.timeline(id).await);
    assert_eq!(town.open().await[0]["incident"]["assignee"], "binh");
    // Nothing waits for an answer at the next hand-over, and it is said all the same.
    town.watched(7200).await;
    assert_eq!(said(&town.message().await), "an shift 2");
}

#[tokio::test]
async fn a_shift_that_begins_while_the_centre_is_away_is_told_when_it_is_back_and_once() {
    let mut town = town(&["an", "binh"]).await;
    rota(
        &town,
        json!([{ "name": "Ca", "rotation": "hourly", "shift_length": 1, "start": "2026-03-02T08:00:00", "slots": [["an"], ["binh"]] }]),
    )
    .await;
    town.watched(3580).await;
    town.killed_for(120).await;
    town.watched(3720).await;
    assert_eq!(said(&town.message().await), "binh shift 1");
    town.killed_for(10).await;
    town.watched(3760).await;
    assert!(town.told().await.is_empty());
}

#[tokio::test]
async fn a_gap_is_warned_of_a_day_before_and_once() {
    let town = town(&["an", "chi"]).await;
    town.policy_of("desk", &[json!({ "targets": [{ "rota": "day" }], "delay_s": 600 })], 0, "chi").await;
    town.team("desk", "desk").await;
    let layer = json!({ "name": "Ca", "rotation": "daily", "shift_length": 1, "start": "2026-03-01T08:00:00", "slots": [["an"]] });
    rota(&town, json!([layer])).await;
    // Nobody on Tuesday from noon to two: 28 hours from now.
    let off = json!({ "id": 0, "change": "remove", "person": "an", "from": "2026-03-03T05:00:00Z", "to": "2026-03-03T07:00:00Z" });
    let added = town.centre.post("/api/v1/rotas/day/overrides", &off).await;
    assert_eq!(added.status, 201, "{added:?}");
    let warned = 4 * 3600;
    town.until(warned - 120).await;
    town.watched(warned - 60).await;
    assert!(town.told().await.is_empty());
    town.watched(warned + 60).await;
    assert_eq!(said(&town.message().await), "chi notice 1");
    town.watched(warned + 300).await;
    assert!(town.told().await.is_empty());
}

#[tokio::test]
async fn a_window_without_length_leaves_a_gap() {
    let town = town(&["an", "chi"]).await;
    town.policy_of("desk", &[json!({ "targets": [{ "rota": "day" }], "delay_s": 600 })], 0, "chi").await;
    town.team("desk", "desk").await;
    let layer = json!({ "name": "Ca", "rotation": "daily", "shift_length": 1, "start": "2026-03-01T08:00:00", "slots": [["an"]],
        "windows": [{ "hours": { "from": "09:00:00", "to": "09:00:00" } }] });
    rota(&town, json!([layer])).await;
    town.watched(70).await;
    assert_eq!(said(&town.message().await), "chi notice 1");
    assert_eq!(town.centre.get("/api/v1/on-call").await.body["rotas"][0]["persons"], json!([]));
    // Whoever is wanted there: the fall-back, at once.
    let id = town.report("desk", "Cháy", "critical").await;
    assert_eq!(town.message().await.field("to"), phone("chi"));
    assert!(town.timeline(id).await[1].ends_with(" no_target 1.1"));
}
