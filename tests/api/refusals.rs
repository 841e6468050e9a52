//! Refusals of what people do by the pages' buttons: each is said in Vietnamese to who reads Vietnamese.

use super::*;

/// A letter that Vietnamese has and English has not.
fn is_vietnamese(text: &str) -> bool {
    text.chars().any(|letter| letter.is_alphabetic() && !letter.is_ascii())
}

#[tokio::test]
async fn what_people_are_refused_is_said_in_their_language() {
    let small = Small::start().await;
    let person =
        json!({ "id": "an", "name": "An", "zone": "Asia/Ho_Chi_Minh", "language": "vi", "quiet": null, "contacts": [], "rules": [] });
    assert_eq!(small.centre.put("/api/v1/persons/an", &person).await.status, 204);
    let log = json!({ "person": "an", "desk": "Desk", "lead": "an", "on_duty": [] });
    assert_eq!(small.centre.post("/api/v1/shift-logs", &log).await.status, 201);
    let acts = [
        ("/shift-logs", log),
        ("/shift-logs", json!({ "person": "an", "desk": "?", "lead": "an", "on_duty": [] })),
        ("/shift-logs", json!({ "person": "nobody", "desk": "Other", "lead": "an", "on_duty": [] })),
        ("/shift-logs/1/signatures", json!({ "act": "take_over", "person": "an", "seen": 1 })),
        ("/shift-logs/1/signatures", json!({ "act": "hand_over", "person": "an", "seen": 9 })),
        ("/shift-logs/1/entries", json!({ "person": "an", "text": " " })),
        ("/shift-logs/1/entries", json!({ "person": "an", "text": "x", "corrects": 99 })),
        ("/shift-logs/99/entries", json!({ "person": "an", "text": "x" })),
        ("/tasks", json!({ "person": "an", "kpi": "desk.overdue", "unit": "nobody", "text": "x", "within": "3wd" })),
        ("/tasks", json!({ "person": "an", "kpi": "desk.overdue", "unit": "desk", "text": " ", "within": "3wd" })),
        ("/tasks", json!({ "person": "nobody", "kpi": "desk.overdue", "unit": "desk", "text": "x", "within": "3wd" })),
        ("/tasks/9/acts", json!({ "act": "answer", "person": "an", "text": "x" })),
        ("/incidents/9/acts", json!({ "act": "acknowledge", "person": "an" })),
        ("/incidents", json!({ "person": "nobody", "title": "x", "severity": "critical", "team": "nobody" })),
        ("/kpis/road.speed/limits", json!({ "person": "an", "which": "target", "value": 1.0, "reason": " " })),
        ("/kpis/nothing.at-all/limits", json!({ "person": "an", "which": "target", "value": 1.0, "reason": "x" })),
        ("/frozen", json!({ "person": "an", "of": { "board": "main" }, "days": 0 })),
        ("/screens", json!({ "person": "an", "code": "000000", "wall": "main", "display": "1" })),
        ("/walls/nowhere/acts", json!({ "person": "an", "act": "next" })),
        ("/stage", json!({ "person": "an", "stage": 9, "reason": "x" })),
        ("/stage", json!("no confirmation")),
        ("/events", json!("no event")),
        ("/forms/entries", json!("no entry")),
    ];
    let mut english = Vec::new();
    for (path, body) in acts {
        let said = async |language: &str| small.centre.post(&format!("/api/v1{path}?lang={language}"), &body).await;
        let (vi, en) = (said("vi").await, said("en").await);
        assert!((400..500).contains(&vi.status) && vi.status == en.status && vi.body["code"] == en.body["code"], "{path} {body}: {vi:?}");
        let message = vi.body["message"].as_str().unwrap_or_default();
        if !is_vietnamese(message) || vi.body["message"] == en.body["message"] {
            english.push(format!("{path} {body}: {message}"));
        }
    }
    assert!(english.is_empty(), "said in English only:\n  {}", english.join("\n  "));
}
