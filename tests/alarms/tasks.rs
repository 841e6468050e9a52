//! Tasks: who is told of what was given, answered, soon due and overdue, and nobody twice.

use crate::town::{Town, phone};
use serde_json::json;

/// It is eight on a Monday morning. `an` is the steward of the roads; `chi` gives.
async fn town() -> Town {
    let town = Town::start_in("tests/cities/feeds").await;
    for person in ["an", "chi", "dung"] {
        town.person(person).await;
    }
    town.put("keeper", &json!({ "person": "dung" })).await;
    town
}

async fn give(town: &Town, unit: &str, within: &str) -> i64 {
    let kpis = town.centre.get("/api/v1/boards/main").await.body;
    let kpi = kpis["kpis"][0]["id"].clone();
    let task = json!({ "person": "chi", "kpi": kpi, "unit": unit, "text": "Xem lại", "within": within });
    let given = town.centre.post("/api/v1/tasks", &task).await;
    assert_eq!(given.status, 201, "{given:?}");
    given.body["task"]["id"].as_i64().unwrap()
}

/// What is told within a minute or so, sorted, and nothing else.
async fn told(town: &Town, count: usize) -> Vec<String> {
    town.clock.advance_until("it is told", 130, || async { (town.sms.waiting() >= count).then_some(()) }).await;
    let mut told: Vec<String> =
        town.sms.take(count).await.iter().map(|message| format!("{} {}", message.field("to"), message.field("text"))).collect();
    told.sort();
    told
}

fn is(told: &str, person: &str, text: &str) {
    assert!(told.starts_with(&phone(person)) && told.contains(text), "{told}");
}

#[tokio::test]
async fn a_task_is_told_to_the_units_steward_and_its_answer_to_the_giver_each_once() {
    let town = town().await;
    let id = give(&town, "roads", "1h").await;
    is(&told(&town, 1).await[0], "an", &format!("Don vi ban duoc giao viec so {id}"));
    told_late(&town, id).await;
    let answer = json!({ "act": "answer", "person": "an", "text": "Đã xong" });
    assert_eq!(town.centre.post(&format!("/api/v1/tasks/{id}/acts"), &answer).await.status, 200);
    is(&told(&town, 1).await[0], "chi", &format!("Don vi da tra loi viec so {id}"));
    // Nothing is told again at the rounds that follow.
    town.watched(town.at().as_secs() + 130).await;
    assert_eq!(town.sms.waiting(), 0);
}

/// When the deadline is past, its steward and whoever gave it are told.
async fn told_late(town: &Town, id: i64) {
    town.clock.advance(jiff::SignedDuration::from_mins(59));
    let late = told(town, 2).await;
    for one in &late {
        assert!(one.contains(&format!("Qua han viec so {id}")), "{late:?}");
    }
}

#[tokio::test]
async fn a_unit_without_a_steward_is_told_by_whoever_keeps_the_roster() {
    let town = town().await;
    let id = give(&town, "water", "3wd").await;
    // The drainage's steward is a team that the roster doesn't have.
    is(&told(&town, 1).await[0], "dung", &format!("giao viec so {id}"));
}
