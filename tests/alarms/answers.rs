//! What people do about what they were told.

use crate::town::{Town, phone};
use serde_json::json;

#[tokio::test]
async fn nobody_is_paged_after_somebody_has_answered() {
    let town = Town::start().await;
    town.person_with("an", &[0, 30]).await;
    town.person("binh").await;
    let steps =
        [json!({ "targets": [{ "person": "an" }], "delay_s": 1800 }), json!({ "targets": [{ "person": "binh" }], "delay_s": 3600 })];
    town.policy(&steps, 0, "binh").await;
    town.put("teams/roads", &json!({ "id": "roads", "name": "Giao thông", "policy": "roads", "members": ["an", "binh"] })).await;
    town.minute(&[("p1", 90.0), ("p2", 10.0), ("p3", 10.0)]).await;
    assert_eq!(town.message().await.field("to"), phone("an"));
    let id = town.until_open(1).await[0]["incident"]["id"].as_i64().unwrap();
    town.minutes(9, &[("p1", 90.0), ("p2", 10.0), ("p3", 10.0)]).await;
    assert_eq!(town.act(id, json!({ "act": "acknowledge", "person": "an" })).await.status, 200);
    let again = town.act(id, json!({ "act": "acknowledge", "person": "an" })).await;
    assert_eq!((again.status, again.body["code"].as_str()), (409, Some("conflict")));
    town.minutes(25, &[("p1", 90.0), ("p2", 10.0), ("p3", 10.0)]).await;
    assert_eq!(town.log(id).await, ["opened", "escalated", "paged an", "acknowledged an"]);
}

#[tokio::test]
async fn without_an_answer_the_next_step_is_paged_when_its_time_comes() {
    let town = Town::with_steps(&["an", "binh"], 600).await;
    town.minute(&[("p1", 90.0), ("p2", 10.0), ("p3", 10.0)]).await;
    assert_eq!(town.message().await.field("to"), phone("an"));
    town.minutes(9, &[("p1", 90.0), ("p2", 10.0), ("p3", 10.0)]).await;
    assert_eq!(town.sms.waiting(), 0, "too soon");
    town.minutes(1, &[("p1", 90.0), ("p2", 10.0), ("p3", 10.0)]).await;
    assert_eq!(town.message().await.field("to"), phone("binh"));
    // Nobody answers: the fall-back is told.
    town.minutes(10, &[("p1", 90.0), ("p2", 10.0), ("p3", 10.0)]).await;
    assert_eq!(town.message().await.field("to"), phone("an"));
}

#[tokio::test]
async fn a_link_answers_when_it_is_posted_and_not_when_it_is_opened() {
    let town = Town::with_steps(&["an", "binh"], 600).await;
    town.minute(&[("p1", 90.0), ("p2", 10.0), ("p3", 10.0)]).await;
    let text = town.message().await.field("text");
    let link =
        text.split_whitespace().find(|word| word.starts_with(&town.answers())).unwrap_or_else(|| panic!("no link: {text}")).to_owned();
    let id = town.until_open(1).await[0]["incident"]["id"].as_i64().unwrap();
    let client = reqwest::Client::new();
    for _ in 0..3 {
        let page = client.get(&link).send().await.unwrap();
        assert_eq!(page.status(), 200);
        assert!(page.text().await.unwrap().contains("Chưa ai nhận xử lý"));
    }
    assert_eq!(town.log(id).await, ["opened", "escalated", "paged an"]);
    for _ in 0..5 {
        let page =
            client.post(&link).body("act=acknowledge").header("content-type", "application/x-www-form-urlencoded").send().await.unwrap();
        assert_eq!(page.status(), 200);
    }
    assert_eq!(town.log(id).await, ["opened", "escalated", "paged an", "acknowledged an"]);
    let broken = format!("{link}x");
    assert_eq!(client.get(&broken).send().await.unwrap().status(), 404);
    // Nothing else is served there.
    for path in ["/", "/api/v1/incidents", "/healthz", "/i/"] {
        assert_eq!(client.get(format!("{}{path}", town.answers())).send().await.unwrap().status(), 404, "{path}");
    }
}
