//! What people answer to messages, and what providers report about them, over the providers' own requests.

use crate::town::{HOOK_SECRET, Town, phone};
use harness::{Answer, Gateway, Received};
use serde_json::{Value, json};
use std::io::Write;
use std::process::{Command, Stdio};

/// The HMAC-SHA256 of a text, by another program than ours.
fn signed(text: &str) -> String {
    let mut command = Command::new("openssl");
    command.args(["dgst", "-sha256", "-hmac", HOOK_SECRET, "-r"]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut process = command.spawn().expect("openssl");
    process.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let output = String::from_utf8(process.wait_with_output().unwrap().stdout).unwrap();
    format!("sha256={}", output.split(' ').next().unwrap())
}

impl Town {
    /// A provider passes on what somebody answered.
    async fn reply_over(&self, provider: &str, body: &Value) -> Answer {
        let (path, body) = (format!("/api/v1/providers/{provider}/replies"), body.to_string());
        let headers = [("content-type", "application/json"), ("x-sign", &*signed(&body))];
        self.centre.post_bytes(&path, body.clone().into_bytes(), &headers).await
    }

    /// Somebody answers by SMS; returns what was made of it.
    async fn texts(&self, person: &str, text: &str, event: &str) -> String {
        let answer = self.reply_over("sms", &json!({ "event": event, "from": phone(person), "text": text })).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.body["did"].as_str().unwrap().to_owned()
    }

    /// The provider reports what became of a message.
    async fn reports(&self, message: &Received, state: &str, event: &str) -> u16 {
        let body = json!({ "event": event, "reference": message.field("reference"), "state": state }).to_string();
        let headers = [("authorization", &*format!("Bearer {HOOK_SECRET}"))];
        self.centre.post_bytes("/api/v1/providers/sms/reports", body.into_bytes(), &headers).await.status
    }
}

/// A town in which `an` and then `binh` are paged for the team `desk`.
async fn desk() -> Town {
    let town = Town::start().await;
    for person in ["an", "binh"] {
        town.person(person).await;
    }
    let steps = [json!({ "targets": [{ "person": "an" }], "delay_s": 600 }), json!({ "targets": [{ "person": "binh" }], "delay_s": 600 })];
    town.policy_of("desk", &steps, 0, "binh").await;
    town.team("desk", "desk").await;
    town
}

fn text_to(messages: &[Received], person: &str) -> String {
    messages.iter().filter(|one| one.field("to") == phone(person)).map(|one| one.field("text")).collect()
}

#[tokio::test]
async fn a_reply_acknowledges_however_it_is_typed_and_each_event_counts_once() {
    let town = desk().await;
    let id = town.report("desk", "Cháy", "critical").await;
    assert_eq!(town.told().await, ["an firing 1"]);
    assert_eq!(town.texts("an", &format!("Ack{id}  "), "e1").await, "acknowledged");
    assert!(town.sms.take(1).await[0].field("text").contains("Ban da nhan xu ly"));
    for _ in 0..3 {
        assert_eq!(town.texts("an", &format!("Ack{id}  "), "e1").await, "repeated");
    }
    assert_eq!(town.texts("an", "nhận", "e2").await, "refused");
    assert!(town.sms.take(1).await[0].field("text").contains("da co nguoi tra loi"));
    town.until(3600).await;
    assert!(town.told().await.is_empty(), "nobody else is paged");
    assert_eq!(town.timeline(id).await.last().unwrap(), "0 acknowledged an");
    assert_eq!(town.act(id, json!({ "act": "resolve", "person": "an" })).await.status, 200);
    town.until(4000).await;
    assert_eq!(town.told().await, ["an resolved 1"]);
    assert_eq!(town.texts("an", &format!("ok {id}"), "e3").await, "refused");
    assert!(town.sms.take(1).await[0].field("text").contains("da ket thuc"));
}

#[tokio::test]
async fn only_who_was_told_counts_and_only_with_the_providers_proof() {
    let town = desk().await;
    town.person("chi").await;
    town.somebody("dung").await;
    town.contact("dung", &phone("dung")).await;
    let id = town.report("desk", "Cháy", "critical").await;
    assert_eq!(town.told().await, ["an firing 1"]);
    let before = town.timeline(id).await;
    let body = json!({ "event": "x", "from": phone("an"), "text": format!("ack{id}") });
    for sign in ["", "sha256=00", &*signed("{}")] {
        let headers = [("x-sign", sign), ("authorization", HOOK_SECRET)];
        let answer = town.centre.post_bytes("/api/v1/providers/sms/replies", body.to_string().into_bytes(), &headers).await;
        assert_eq!(answer.status, 403, "{answer:?}");
    }
    assert_eq!(town.reply_over("nobody", &body).await.status, 403);
    assert_eq!(town.texts("chi", &format!("ack{id}"), "e1").await, "not_told");
    assert!(town.sms.take(1).await[0].field("text").contains("chua duoc bao"));
    assert_eq!(town.texts("dung", &format!("ack{id}"), "e2").await, "stranger", "nobody has proved this one");
    let unknown = town.reply_over("sms", &json!({ "event": "e3", "from": "0999999999", "text": format!("ack{id}") })).await;
    assert_eq!(unknown.body["did"], "stranger");
    assert_eq!(town.timeline(id).await, before);
    assert!(town.told().await.is_empty());
    // The provider may write a number as it is written at home.
    let national = phone("an").replacen("+84", "0", 1);
    let own = town.reply_over("sms", &json!({ "event": "e4", "from": national, "text": format!("ack{id}") })).await;
    assert_eq!(own.body["did"], "acknowledged");
    assert!(text_to(&town.sms.take(1).await, "an").contains("nhan xu ly"));
}

#[tokio::test]
async fn what_is_not_understood_is_helped_a_few_times_and_never_without_end() {
    let town = desk().await;
    for number in 0..6 {
        assert_eq!(town.texts("an", "Tôi đang lái xe, sẽ gọi lại sau", &format!("e{number}")).await, "unclear");
        town.settled().await;
    }
    let helped = town.sms.take(3).await;
    assert!(helped.iter().all(|one| one.field("text").contains("Tra loi ack198")), "{helped:?}");
    // A day later somebody may have forgotten.
    town.until(86_401).await;
    assert_eq!(town.texts("an", "?", "later").await, "unclear");
    town.sms.take(1).await;
}

#[tokio::test]
async fn stop_stops_a_contact_and_warns_the_keeper_and_start_begins_again() {
    let town = desk().await;
    town.person("chi").await;
    town.put("keeper", &json!({ "person": "chi" })).await;
    assert_eq!(town.texts("an", " STOP.", "e1").await, "stopped");
    assert_eq!(town.texts("an", " STOP.", "e1").await, "repeated");
    town.settled().await;
    let told = town.sms.take(1).await;
    assert!(text_to(&told, "chi").contains("Mot lien lac cua AN khong dung duoc nua"), "{told:?}");
    let first = town.report("desk", "Cháy", "critical").await;
    assert_eq!(town.told().await, ["binh firing 1"], "an can't be reached, so the next step is taken at once");
    assert_eq!(town.timeline(first).await[1], "0 no_target 1.1");
    assert_eq!(town.texts("binh", &format!("ack{first}"), "e2").await, "acknowledged");
    assert_eq!(town.texts("an", "Start", "e3").await, "started");
    town.settled().await;
    let told = town.sms.take(2).await;
    assert!(text_to(&told, "an").contains("nhan tin tro lai"), "{told:?}");
    town.until(60).await;
    town.put("teams/other", &json!({ "id": "other", "name": "other", "policy": "desk", "members": [] })).await;
    town.report("other", "Ngập", "critical").await;
    assert_eq!(town.told().await, ["an firing 1"]);
}

#[tokio::test]
async fn an_answer_to_one_message_is_an_answer_to_everything_that_it_told() {
    let town = Town::start().await;
    town.person_with("an", &[1]).await;
    town.person("binh").await;
    let steps = [json!({ "targets": [{ "person": "an" }], "delay_s": 600 }), json!({ "targets": [{ "person": "binh" }], "delay_s": 600 })];
    town.policy(&steps, 0, "binh").await;
    town.team("roads", "roads").await;
    // An alert and an incident by hand are groups of their own; their pages for one telephone are due at one moment.
    town.evaluation(&[("p1", 90.0)]).await;
    let alert = town.incident_of("p1").await;
    let by_hand = town.report("roads", "Cháy", "critical").await;
    let due = town.at().as_secs() + 60;
    town.until(due).await;
    assert_eq!(town.told().await, ["an firing 2"]);
    assert_eq!(town.texts("an", &format!("ack{by_hand}"), "e1").await, "acknowledged");
    for id in [alert, by_hand] {
        assert!(town.timeline(id).await.last().unwrap().ends_with("acknowledged an"), "{:?}", town.timeline(id).await);
    }
    town.sms.take(1).await;
    town.until(due + 3600).await;
    assert!(town.told().await.is_empty());
}

#[tokio::test]
async fn a_links_answer_is_an_answer_to_everything_that_the_message_told() {
    let town = Town::start().await;
    town.person_with("an", &[1]).await;
    let step = json!({ "targets": [{ "person": "an" }], "delay_s": 86_400 });
    town.policy(&[step.clone(), step], 0, "an").await;
    town.team("roads", "roads").await;
    let by_hand = town.report("roads", "Cháy", "critical").await;
    town.until(60).await;
    assert_eq!(town.told().await, ["an firing 1"]);
    // Another escalation of this group, so that the two have other numbers.
    assert_eq!(town.act(by_hand, json!({ "act": "acknowledge", "person": "an" })).await.status, 200);
    town.evaluation(&[("p1", 90.0)]).await;
    let alert = town.incident_of("p1").await;
    let seen = town.centre.get(&format!("/api/v1/incidents/{by_hand}")).await.body["escalation"].clone();
    let again = json!({ "act": "escalate", "person": "an", "escalation": seen[0], "taken": seen[1] });
    assert_eq!(town.act(by_hand, again).await.status, 200);
    town.until(town.at().as_secs() + 60).await;
    let message = town.sms.take(1).await.remove(0);
    let text = message.field("text");
    assert!(text.contains("+1"), "{text}");
    let link = text.split_whitespace().find(|word| word.starts_with(&town.answers())).unwrap().to_owned();
    let form = reqwest::Client::new().post(&link).header("content-type", "application/x-www-form-urlencoded");
    assert_eq!(form.body("act=acknowledge").send().await.unwrap().status(), 200);
    for id in [alert, by_hand] {
        assert!(town.timeline(id).await.last().unwrap().ends_with("acknowledged an"), "{:?}", town.timeline(id).await);
    }
}

#[tokio::test]
async fn a_key_answers_a_call_escalates_it_or_has_it_said_again() {
    let calls = Gateway::start("calls").await;
    let town = Town::start_with(&format!("{}{}", calls.entry("voice", false), Gateway::hooks("voice"))).await;
    town.person("binh").await;
    let mut an = town.somebody("an").await;
    let body = json!({ "channel": "voice", "address": phone("an") });
    let contact = town.centre.post("/api/v1/persons/an/contacts", &body).await.body["id"].as_i64().unwrap();
    assert_eq!(town.centre.post(&format!("/api/v1/contacts/{contact}/code"), &json!({})).await.status, 202);
    let said = calls.take(1).await[0].field("text");
    let code: String = said.chars().filter(char::is_ascii_digit).collect();
    assert_eq!(town.centre.post(&format!("/api/v1/contacts/{contact}/verify"), &json!({ "code": code })).await.status, 204);
    an["rules"] = json!([{ "urgency": "high", "contact": contact, "after_min": 0 }]);
    town.put("persons/an", &an).await;
    let step = |person: &str| json!({ "targets": [{ "person": person }], "delay_s": 600 });
    town.policy_of("desk", &[step("an"), step("binh")], 0, "binh").await;
    town.team("desk", "desk").await;
    let id = town.report("desk", "Cháy", "critical").await;
    let call = calls.take(1).await.remove(0);
    assert!(call.field("text").contains("Bấm phím 1"), "{call:?}");
    let press = async |key: &str, event: &str| {
        let body = json!({ "event": event, "reference": call.field("reference"), "text": key });
        town.reply_over("calls", &body).await.body["did"].as_str().unwrap().to_owned()
    };
    for (event, key) in ["", "9", "11"].iter().enumerate() {
        assert_eq!(press(key, &format!("other {event}")).await, "unclear");
    }
    assert_eq!(press("2", "two").await, "escalated");
    assert_eq!(press("2", "two").await, "repeated");
    assert_eq!(press("2", "once more").await, "refused", "the step was taken");
    town.settled().await;
    assert_eq!(town.told().await, ["binh firing 1"]);
    assert_eq!(press("1", "one").await, "acknowledged");
    assert_eq!(town.timeline(id).await.last().unwrap(), "0 acknowledged an");
    town.until(3600).await;
    assert!(town.told().await.is_empty() && calls.waiting() == 0);
}

#[tokio::test]
async fn a_report_of_failure_a_minute_later_brings_the_next_contact_forward_and_nothing_lowers_a_state() {
    let town = Town::start().await;
    let mut an = town.somebody("an").await;
    let mut rules = Vec::new();
    for (person, after_min) in [("an", 0), ("binh", 30)] {
        let contact = town.contact("an", &phone(person)).await;
        town.prove(contact, &phone(person)).await;
        rules.push(json!({ "urgency": "high", "contact": contact, "after_min": after_min }));
    }
    an["rules"] = json!(rules);
    town.put("persons/an", &an).await;
    town.policy_of("desk", &[json!({ "targets": [{ "person": "an" }], "delay_s": 86_400 })], 0, "an").await;
    town.team("desk", "desk").await;
    town.report("desk", "Cháy", "critical").await;
    let first = town.sms.take(1).await.remove(0);
    assert_eq!(town.reports(&first, "ENROUTE", "e0").await, 204, "says nothing new");
    town.until(60).await;
    assert_eq!(town.reports(&first, "UNDELIV", "e1").await, 204);
    assert_eq!(town.reports(&first, "UNDELIV", "e1").await, 204);
    town.settled().await;
    let second = town.sms.take(1).await.remove(0);
    assert_eq!((first.field("to"), second.field("to")), (phone("an"), phone("binh")));
    assert_eq!(town.reports(&second, "READ", "e2").await, 204);
    assert_eq!(town.reports(&second, "DELIVRD", "e3").await, 204);
    assert_eq!(town.reports(&second, "UNDELIV", "e4").await, 204);
    let states = town.sql.query("SELECT state FROM page WHERE kind = 'firing' ORDER BY id", &[]).await.unwrap();
    assert_eq!(states.iter().map(|row| row.get::<_, String>(0)).collect::<Vec<_>>(), ["failed", "read"]);
    let unknown = json!({ "event": "e5", "reference": "nothing", "state": "DELIVRD" }).to_string().into_bytes();
    let wrong = town.centre.post_bytes("/api/v1/providers/sms/reports", unknown.clone(), &[("authorization", "Bearer x")]).await;
    assert_eq!(wrong.status, 403);
    let right = format!("Bearer {HOOK_SECRET}");
    assert_eq!(town.centre.post_bytes("/api/v1/providers/sms/reports", unknown, &[("authorization", &right)]).await.status, 404);
    town.until(7200).await;
    assert!(town.told().await.is_empty());
}
