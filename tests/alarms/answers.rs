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

/// The link in a person's last message.
fn link(messages: &[harness::Received], person: &str, town: &Town) -> String {
    let message = messages.iter().rfind(|message| message.field("to") == phone(person)).unwrap();
    let text = message.field("text");
    text.split_whitespace().find(|word| word.starts_with(&town.answers())).unwrap_or_else(|| panic!("no link: {text}")).to_owned()
}

/// A link's button is pressed; redirections are not followed.
async fn press(link: &str, act: &str) -> (u16, String, Option<String>) {
    let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let request = client.post(link).body(format!("act={act}")).header("content-type", "application/x-www-form-urlencoded");
    let answer = request.send().await.unwrap();
    let status = answer.status().as_u16();
    let to = answer.headers().get("location").map(|to| to.to_str().unwrap().to_owned());
    (status, answer.text().await.unwrap(), to)
}

#[tokio::test]
async fn a_link_of_an_earlier_escalation_is_refused_with_a_fresh_one_and_a_closed_one_stays_closed() {
    let town = Town::start().await;
    for person in ["an", "binh"] {
        town.person(person).await;
    }
    let steps = [json!({ "targets": [{ "person": "an" }], "delay_s": 600 }), json!({ "targets": [{ "person": "binh" }], "delay_s": 600 })];
    town.policy_of("desk", &steps, 0, "an").await;
    town.team("desk", "desk").await;
    let id = town.report("desk", "Cháy", "critical").await;
    let first = link(&town.sms.take(1).await, "an", &town);
    assert_eq!(town.act(id, json!({ "act": "acknowledge", "person": "binh" })).await.status, 200);
    // Whoever has it wants it to climb on: that is another escalation.
    let seen = town.centre.get(&format!("/api/v1/incidents/{id}")).await.body["escalation"].clone();
    let press_on = json!({ "act": "escalate", "person": "binh", "escalation": seen[0], "taken": seen[1] });
    assert_eq!(town.act(id, press_on).await.status, 200);
    town.settled().await;
    let others = link(&town.sms.take(1).await, "binh", &town);
    let before = town.timeline(id).await;
    for act in ["acknowledge", "snooze", "resolve"] {
        let (status, page, _) = press(&first, act).await;
        assert!(status == 200 && page.contains("Mở liên kết mới"), "{act}: {page}");
    }
    assert_eq!(town.timeline(id).await, before, "an old link changes nothing");
    let (status, _, to) = press(&first, "fresh").await;
    assert_eq!(status, 303);
    let fresh = format!("{}{}", town.answers(), to.unwrap());
    assert_eq!(press(&fresh, "acknowledge").await.0, 200);
    assert_eq!(town.timeline(id).await.last().unwrap(), "0 acknowledged an");
    // Another person's link answers for that person, whoever presses it.
    assert_eq!(press(&others, "acknowledge").await.0, 200);
    assert_eq!(town.timeline(id).await.last().unwrap(), "0 acknowledged binh");
    assert_eq!(town.open().await[0]["incident"]["assignee"], "an", "who answers second doesn't take it from the first");
    assert_eq!(press(&fresh, "resolve").await.0, 200);
    let over = town.timeline(id).await;
    assert_eq!(over.last().unwrap(), "0 resolved_by_hand an");
    for (link, act) in [(&fresh, "acknowledge"), (&others, "snooze"), (&first, "acknowledge"), (&others, "resolve")] {
        let (status, page, _) = press(link, act).await;
        assert!(status == 200 && page.contains("Đã kết thúc"), "{act}: {page}");
    }
    assert_eq!(town.timeline(id).await, over, "what is over stays over");
    assert!(town.open().await.is_empty());
    town.until(300).await;
    assert_eq!(town.told().await, ["an resolved 1", "binh resolved 1"]);
    // Three days later it says so instead of showing anything.
    town.until(72 * 3600 + 1).await;
    assert_eq!(press(&fresh, "acknowledge").await.0, 410);
}
