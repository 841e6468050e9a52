//! An alert's letter, as a mail server got it, in a window as wide as a mail program's and on a telephone.

use super::*;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use harness::{Database, Letter, MailServer, MovedClock, Setup};
use jiff::{SignedDuration, Timestamp};

const START: &str = "2026-03-02T01:00:00Z";

/// Somebody who is told by e-mail, on call for the team of the probes.
async fn on_call(centre: &Centre, mail: &MailServer) {
    let put = async |path: &str, body: &Value| assert_eq!(centre.put(&format!("/api/v1/{path}"), body).await.status, 204, "{path}");
    let mut person = json!({ "id": "an", "name": "Nguyễn Thị An", "zone": "Asia/Ho_Chi_Minh", "language": "vi", "quiet": null,
        "contacts": [], "rules": [] });
    put("persons/an", &person).await;
    let address = json!({ "channel": "email", "address": "an@cantho.example" });
    let contact = centre.post("/api/v1/persons/an/contacts", &address).await.body["id"].as_i64().unwrap();
    assert_eq!(centre.post(&format!("/api/v1/contacts/{contact}/code"), &json!({})).await.status, 202);
    let text = String::from_utf8(mail.take(1).await[0].part("text/plain")).unwrap();
    let code: String = text.split("Tây Đô: ").nth(1).unwrap().chars().take(6).collect();
    assert_eq!(centre.post(&format!("/api/v1/contacts/{contact}/verify"), &json!({ "code": code })).await.status, 204, "{text}");
    person["rules"] = json!([{ "urgency": "high", "contact": contact, "after_min": 0 }]);
    put("persons/an", &person).await;
    let steps = json!([{ "targets": [{ "person": "an" }], "delay_s": 86_400 }]);
    put("policies/roads", &json!({ "id": "roads", "steps": steps, "repeats": 0, "fallback": "an" })).await;
    put("teams/roads", &json!({ "id": "roads", "name": "Phòng Giao thông", "policy": "roads", "members": ["an"] })).await;
}

/// Half an hour in which a probe rises until its alert fires; the letter that tells of it.
async fn letter(centre: &Centre, clock: &MovedClock, database: &Database, mail: &MailServer) -> Letter {
    let sql = database.client().await;
    for minute in 1..=30_i64 {
        let instant = START.parse::<Timestamp>().unwrap() + SignedDuration::from_mins(minute);
        clock.advance((instant - SignedDuration::from_secs(20)).duration_since(clock.now()));
        let value = if minute == 30 { 90.0 } else { 30.0 + minute as f64 + f64::from(u8::from(minute % 3 == 0)) * 6.0 };
        let observation = json!([{ "metric": "probe.value", "labels": { "asset": "p1" }, "value": value, "time": clock.now() }]);
        assert_eq!(centre.post("/api/v1/observations?source=api", &observation).await.status, 200);
        clock.advance((instant + SignedDuration::from_secs(2)).duration_since(clock.now()));
        let recorded = "SELECT count(*) FROM reading JOIN scope ON scope.id = scope_id WHERE scope.name = 'asset:p1' AND value IS NOT NULL";
        let what = || format!("the reading of minute {minute}");
        eventually(what, Duration::from_secs(20), || async {
            (sql.query_one(recorded, &[]).await.unwrap().get::<_, i64>(0) >= minute).then_some(())
        })
        .await;
    }
    let sent = || async {
        clock.advance(SignedDuration::from_millis(200));
        (mail.waiting() > 0).then_some(())
    };
    eventually("the letter is there", Duration::from_secs(20), sent).await;
    mail.take(1).await.remove(0)
}

#[tokio::test]
async fn a_letter_says_at_one_glance_what_is_wrong_and_how_to_take_it() {
    let _alone = alone().await;
    let (clock, database, mail) = (MovedClock::at(START), Database::fresh().await, MailServer::start().await);
    let folder = tempfile::tempdir().unwrap();
    let paging = folder.path().join("paging.toml");
    std::fs::write(&paging, mail.entry()).unwrap();
    let port = harness::free_port().to_string();
    let more = ["--paging", paging.to_str().unwrap(), "--answer-port", &port, "--answer-url", "https://truc.cantho.example"];
    let setup = Setup { city: "tests/cities/alarms", clock: Some(&clock), database: Some(&database), more: &more, ..Setup::default() };
    let centre = Centre::start(setup).await;
    on_call(&centre, &mail).await;
    let letter = letter(&centre, &clock, &database, &mail).await;

    let picture = format!("data:image/png;base64,{}", STANDARD.encode(letter.part("image/png")));
    let html = String::from_utf8(letter.part("text/html")).unwrap();
    assert_eq!(html.matches("cid:chart").count(), 1, "{html}");
    let page = folder.path().join("letter.html");
    std::fs::write(&page, html.replace("cid:chart", &picture)).unwrap();
    let browser = Chromium::start().await;
    browser.open(&format!("file://{}", page.display())).await;
    for (width, height) in [(600, 900), (390, 844)] {
        browser.size(width, height).await;
        until(&browser, "the chart is shown", "const i = document.images[0]; return i.complete && i.naturalWidth === 1120;").await;
        let seen = browser
            .ask(
                "const box = selector => document.querySelector(selector).getBoundingClientRect();
                const [image, button] = [box('img'), box('a')];
                return { wide: document.documentElement.scrollWidth, image: image.right, button: button.height, end: button.bottom,
                    text: document.body.innerText };",
            )
            .await;
        browser.screenshot(&format!("letter-{width}")).await;
        assert!(seen["wide"].as_f64().unwrap() <= f64::from(width), "it must not be wider than {width}: {seen}");
        assert!(seen["image"].as_f64().unwrap() <= f64::from(width) && seen["button"].as_f64().unwrap() >= 44.0, "{seen}");
        assert!(seen["end"].as_f64().unwrap() <= f64::from(height), "the button is on the first screen: {seen}");
        let text = seen["text"].as_str().unwrap();
        for part in ["nghiêm trọng", "Trạm một", "90", "Phòng Giao thông", "08:30 02/03/2026"] {
            assert!(text.contains(part), "{part} in {text}");
        }
    }
    browser.close().await;
    let plain = String::from_utf8(letter.part("text/plain")).unwrap();
    assert!(plain.contains("https://truc.cantho.example/i/") && plain.contains("Trạm một"), "{plain}");
}
