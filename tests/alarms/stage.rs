//! The city's operating stage: proposed by its figures, confirmed by people, and unknown after an outage.

use crate::town::Town;
use harness::{Answer, eventually};
use serde_json::{Value, json};
use std::cell::RefCell;
use std::time::Duration;

impl Town {
    async fn stage(&self) -> Value {
        self.centre.get("/api/v1/stage").await.body
    }

    async fn confirm(&self, person: &str, stage: u8, reason: &str) -> Answer {
        self.centre.post("/api/v1/stage", &json!({ "person": person, "stage": stage, "reason": reason })).await
    }

    /// Minute after minute with this value, until the stage is as it must be: the centre looks at it every few seconds.
    async fn with_value_until(&self, value: f64, what: &str, is_so: impl Fn(&Value) -> bool) -> Value {
        let last = RefCell::new(Value::Null);
        eventually(
            || format!("{what}, the stage is {}", last.borrow()),
            Duration::from_secs(60),
            || async {
                self.minute(&[("p1", value), ("p2", value), ("p3", value)]).await;
                self.pass(6).await;
                last.replace(self.stage().await);
                Some(last.borrow().clone()).filter(&is_so)
            },
        )
        .await
    }

    /// What walls show of it, once that is so; seconds pass meanwhile.
    async fn until_on_walls(&self, what: &str, is_so: impl Fn(&Value) -> bool) {
        eventually(what, Duration::from_secs(20), || async {
            self.pass(1).await;
            let page = self.centre.get("/api/v1/walls").await.body;
            is_so(&page["walls"][0]["state"]["stage"]).then_some(())
        })
        .await;
    }
}

#[tokio::test]
async fn a_stage_is_proposed_by_figures_and_changed_by_people() {
    let town = Town::start().await;
    town.person("an").await;
    let first = town.stage().await;
    assert_eq!((&first["sign"]["stage"], first["log"].as_array().map(Vec::len)), (&Value::Null, Some(0)), "nobody has confirmed any");
    for (person, stage, reason) in [("an", 2, " "), ("an", 0, "mưa"), ("an", 6, "mưa"), ("nobody", 2, "mưa")] {
        assert_eq!(town.confirm(person, stage, reason).await.status, 400, "{person} {stage} {reason:?}");
    }

    let page = town.with_value_until(75.0, "stage 2 is proposed", |page| page["proposed"]["stage"] == 2).await;
    assert_eq!((&page["sign"]["stage"], &page["judged"]["stage"]), (&Value::Null, &json!(2)), "nothing changes by itself: {page}");
    assert_eq!(page["judged"]["met"][0][1], 75.0);
    town.until_on_walls("walls tell of it", |sign| sign["proposed"] == 2 && sign["stage"].is_null()).await;

    assert_eq!(town.confirm("an", 2, "ùn tắc kéo dài").await.status, 204);
    let page = town.stage().await;
    assert_eq!((&page["sign"]["stage"], &page["proposed"]), (&json!(2), &Value::Null));
    town.until_on_walls("walls show it", |sign| sign["stage"] == 2 && sign["title"]["vi"] == "Lưu ý").await;

    let page = town.with_value_until(95.0, "stage 4 is proposed", |page| page["proposed"]["stage"] == 4).await;
    assert_eq!(page["sign"]["stage"], 2);
    // The shift lead knows better; the same is not proposed again.
    assert_eq!(town.confirm("an", 3, "chỉ một tuyến").await.status, 204);
    let page = town.stage().await;
    assert_eq!((&page["sign"]["stage"], &page["proposed"], &page["judged"]["stage"]), (&json!(3), &Value::Null, &json!(4)));
    let said = |line: &Value| {
        (line["person"].clone(), line["stage"].clone(), line["reason"].clone(), line["proposed"].clone(), line["computed"].clone())
    };
    let log: Vec<_> = page["log"].as_array().unwrap().iter().map(said).collect();
    let line = |stage: u8, reason: &str, proposed: u8| (json!("an"), json!(stage), json!(reason), json!(proposed), json!(proposed));
    assert_eq!(log, [line(3, "chỉ một tuyến", 4), line(2, "ùn tắc kéo dài", 2)]);
    town.with_value_until(10.0, "stage 1 is proposed", |page| page["proposed"]["stage"] == 1).await;
}

#[tokio::test]
async fn after_an_outage_the_stage_is_unknown_until_feeds_are_back() {
    let mut town = Town::start().await;
    town.person("an").await;
    town.with_value_until(75.0, "stage 2 is proposed", |page| page["proposed"]["stage"] == 2).await;
    assert_eq!(town.confirm("an", 2, "ùn tắc").await.status, 204);
    town.killed_for(600).await;
    let page = town.stage().await;
    assert_eq!((&page["sign"]["stage"], &page["log"][0]["stage"]), (&Value::Null, &json!(2)), "{page}");
    assert!(page["unknown_since"].is_string() && page["judged"]["unknown"] == json!(["traffic.probe"]), "{page}");
    town.until_on_walls("walls say so", |sign| sign.is_object() && sign["stage"].is_null()).await;
    town.with_value_until(75.0, "the stage holds again", |page| page["sign"]["stage"] == 2).await;

    // While it is unknown somebody may say which it is.
    town.killed_for(600).await;
    assert_eq!(town.stage().await["sign"]["stage"], Value::Null);
    assert_eq!(town.confirm("an", 4, "theo camera").await.status, 204);
    assert_eq!(town.stage().await["sign"]["stage"], 4);
}

#[tokio::test]
async fn only_whoever_leads_the_shift_confirms_a_stage() {
    let town = Town::start().await;
    for person in ["an", "binh", "chi"] {
        town.person(person).await;
    }
    let by = async || town.stage().await["log"][0]["by"].clone();
    assert_eq!(town.stage().await["leads"], json!([]));
    assert_eq!(town.confirm("chi", 2, "mưa").await.status, 204);
    assert_eq!(by().await, "anybody", "nobody was known to lead, and the log says so");

    let log = json!({ "person": "an", "desk": "Bàn 1", "lead": "binh", "on_duty": ["chi"] });
    let opened = town.centre.post("/api/v1/shift-logs", &log).await;
    assert_eq!(opened.status, 201, "{opened:?}");
    assert_eq!(town.stage().await["leads"], json!([{ "person": "binh", "name": "BINH", "by": "shift_log" }]));
    let refused = town.confirm("chi", 3, "mưa").await;
    assert_eq!((refused.status, &refused.body["code"]), (403, &json!("forbidden")), "{refused:?}");
    assert!(refused.body["message"].as_str().unwrap().contains("BINH"), "it says who can: {refused:?}");
    assert_eq!((town.stage().await["sign"]["stage"].clone(), by().await), (json!(2), json!("anybody")), "nothing was changed");
    assert_eq!(town.confirm("binh", 3, "mưa").await.status, 204);
    assert_eq!(by().await, "shift_log");

    // Who has handed over leads until somebody has taken over.
    let id = opened.body["head"]["id"].clone();
    let sign = async |act: &str, person: &str| {
        let seen = town.centre.get(&format!("/api/v1/shift-logs/{id}")).await.body["head"]["lines"].clone();
        let signed = json!({ "act": act, "person": person, "seen": seen });
        assert_eq!(town.centre.post(&format!("/api/v1/shift-logs/{id}/signatures"), &signed).await.status, 200);
    };
    sign("hand_over", "binh").await;
    assert_eq!(town.confirm("binh", 2, "nước rút").await.status, 204);
    sign("take_over", "an").await;
    assert_eq!(town.stage().await["leads"], json!([]), "the next log is not open yet");
}
