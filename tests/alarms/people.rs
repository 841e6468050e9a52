//! People: contacts are proved, overrides don't overlap, nobody is nobody.

use crate::town::{Town, phone};
use serde_json::json;

#[tokio::test]
async fn whoever_has_no_proved_contact_is_nobody_and_the_next_step_is_paged_at_once() {
    let town = Town::start().await;
    town.somebody("an").await;
    let contact = town.contact("an", &phone("an")).await;
    town.person("binh").await;
    let steps = [json!({ "targets": [{ "person": "an" }], "delay_s": 600 }), json!({ "targets": [{ "person": "binh" }], "delay_s": 600 })];
    town.policy(&steps, 0, "binh").await;
    town.put("teams/roads", &json!({ "id": "roads", "name": "Giao thông", "policy": "roads", "members": ["an", "binh"] })).await;
    let wrong = town.centre.post(&format!("/api/v1/contacts/{contact}/verify"), &json!({ "code": "000000" })).await;
    assert_eq!(wrong.status, 400, "no code was sent: {wrong:?}");
    town.minute(&[("p1", 90.0), ("p2", 10.0), ("p3", 10.0)]).await;
    assert_eq!(town.message().await.field("to"), phone("binh"));
    let id = town.until_open(1).await[0]["incident"]["id"].as_i64().unwrap();
    assert_eq!(town.log(id).await, ["opened", "no_target", "escalated", "paged binh"]);
}

#[tokio::test]
async fn a_code_is_sent_at_most_once_a_minute_and_counts_for_a_quarter_of_an_hour() {
    let town = Town::start().await;
    town.somebody("an").await;
    let contact = town.contact("an", &phone("an")).await;
    let send = || async { town.centre.post(&format!("/api/v1/contacts/{contact}/code"), &json!({})).await.status };
    let code = || async {
        let text = town.message().await.field("text");
        text.chars().filter(char::is_ascii_digit).collect::<String>()
    };
    assert_eq!((send().await, send().await), (202, 409));
    let first = code().await;
    town.pass(901).await;
    let centre = &town.centre;
    let verify =
        |code: String| async move { centre.post(&format!("/api/v1/contacts/{contact}/verify"), &json!({ "code": code })).await.status };
    assert_eq!(verify(first.clone()).await, 400, "too old");
    assert_eq!(send().await, 202);
    let second = code().await;
    assert_eq!(verify(first).await, 400, "another one");
    assert_eq!(verify(second).await, 204);
}

#[tokio::test]
async fn who_is_on_call_follows_the_rota_and_overrides_that_overlap_are_refused() {
    let town = Town::start().await;
    for person in ["an", "binh", "chi"] {
        town.person(person).await;
    }
    let layer =
        json!({ "name": "Ca", "rotation": "weekly", "shift_length": 1, "start": "2026-03-02T08:00:00", "slots": [["an"], ["binh"]] });
    let rota = json!({ "id": "roads", "team": "roads", "name": "Ca trực", "zone": "Asia/Ho_Chi_Minh", "layers": [layer] });
    town.put("rotas/roads", &rota).await;
    let who = || async { town.centre.get("/api/v1/on-call").await.body["rotas"][0]["persons"].clone() };
    assert_eq!(who().await, json!(["an"]));
    let replace = |from: &str, to: &str| json!({ "id": 0, "change": "replace", "person": "an", "by": "chi", "from": from, "to": to });
    let path = "/api/v1/rotas/roads/overrides";
    let first = town.centre.post(path, &replace("2026-03-02T00:00:00Z", "2026-03-02T06:00:00Z")).await;
    assert_eq!(first.status, 201, "{first:?}");
    assert_eq!(who().await, json!(["chi"]));
    let overlapping = town.centre.post(path, &replace("2026-03-02T05:00:00Z", "2026-03-02T07:00:00Z")).await;
    assert_eq!(overlapping.status, 409);
    assert!(overlapping.body["message"].as_str().unwrap().contains(&format!("override {}", first.body["id"])), "{overlapping:?}");
    assert_eq!(
        town.centre.post(path, &replace("2026-03-02T06:00:00Z", "2026-03-02T07:00:00Z")).await.status,
        201,
        "touching ones are fine"
    );
    let past = town.centre.post(path, &replace("2026-03-01T00:00:00Z", "2026-03-01T07:00:00Z")).await;
    assert_eq!(past.status, 400, "{past:?}");
    let feed = town.centre.get("/api/v1/persons/chi/shifts.ics").await.body;
    assert!(feed.as_str().unwrap().contains("DTSTART:20260302T010000Z"), "{feed}");
}

#[tokio::test]
async fn who_was_told_learns_after_their_quiet_hours_what_ended_in_them() {
    let town = Town::start().await;
    town.person("an").await;
    let roster = town.centre.get("/api/v1/roster").await.body;
    let mut person = roster["persons"][0].clone();
    // It is eight now.
    (person["quiet"], person["contacts"]) = (json!({ "from": "09:00:00", "to": "12:00:00" }), json!([]));
    town.put("persons/an", &person).await;
    town.policy_of("desk", &[json!({ "targets": [{ "person": "an" }], "delay_s": 86_400 })], 0, "an").await;
    town.team("desk", "desk").await;
    let id = town.report("desk", "Đèn hỏng", "medium").await;
    town.until(30).await;
    assert_eq!(town.told().await, ["an firing 1"]);
    town.until(5400).await;
    assert_eq!(town.act(id, json!({ "act": "resolve", "person": "an" })).await.status, 200);
    town.until(4 * 3600 - 1).await;
    assert!(town.told().await.is_empty());
    town.until(4 * 3600).await;
    assert_eq!(town.told().await, ["an digest 1"]);
}
