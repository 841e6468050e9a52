//! What is refused is said in the language of whoever asks.

use crate::town::Town;
use serde_json::{Value, json};

#[tokio::test]
async fn what_is_refused_is_said_in_vietnamese_or_in_english() {
    let town = Town::with_steps(&["an"], 600).await;
    let id = town.report("roads", "Cháy", "critical").await;
    assert_eq!(town.told().await, ["an firing 1"]);
    let act = json!({ "act": "acknowledge", "person": "an" });
    assert_eq!(town.act(id, act.clone()).await.status, 200);
    let post = async |path: &str, body: &Value, language: &str| {
        let answer = town.centre.post_bytes(path, body.to_string().into(), &[("accept-language", language)]).await;
        (answer.status, answer.body["code"].as_str().unwrap().to_owned(), answer.body["message"].as_str().unwrap().to_owned())
    };
    let path = format!("/api/v1/incidents/{id}/acts");
    let said = |status: u16, code: &str, message: &str| (status, code.to_owned(), message.to_owned());
    assert_eq!(post(&path, &act, "vi-VN,vi;q=0.9,en;q=0.8").await, said(409, "conflict", "đã có người trả lời"));
    assert_eq!(post(&path, &act, "en-US,en;q=0.9").await, said(409, "conflict", "it has been answered already"));
    assert_eq!(post(&format!("{path}?lang=vi"), &act, "en").await, said(409, "conflict", "đã có người trả lời"));
    let silence = json!({ "matchers": [], "until": town.moment(600), "author": "an", "reason": "Thử" });
    let vietnamese = post("/api/v1/silences", &silence, "vi").await;
    assert_eq!(vietnamese, said(400, "invalid", "`matchers` trống nên không tắt gì; hãy nêu điều cần lặng"));
    // Where something is asked for, the language is no unknown part of the question.
    assert_eq!(town.centre.get("/api/v1/incidents?lang=vi").await.status, 200);
}
