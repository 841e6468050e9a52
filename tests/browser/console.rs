//! The console: what is open is seen, and answered by click and by keyboard; an incident from the call to its closing.

use super::*;
use room::Room;

const LISTED: &str = "return document.querySelectorAll('.incidents .incident').length > 0 && document.fonts.status === 'loaded';";

#[tokio::test]
async fn an_incident_is_seen_and_acknowledged_by_click_and_by_keyboard() {
    let _alone = alone().await;
    let room = Room::start("2026-03-02T01:00:00Z").await;
    let browser = &room.browser;
    browser.size(1440, 900).await;
    room.open("/console", "nothing is open", "return document.querySelector('.calm') !== null && document.fonts.status === 'loaded';")
        .await;
    assert!(room.text(".calm").await.contains("Không có sự cố nào đang mở"));
    room.look("console-calm").await;

    let high = room.incident("Cây đổ chắn ngang đường Nguyễn Trãi", "high").await;
    let critical = room.incident("Cháy tại chợ Xuân Khánh, khói lan sang trường học bên cạnh", "critical").await;
    let medium = room.incident("Đèn tín hiệu tắt", "medium").await;
    until(browser, "all are listed, the worst first", &order(&[critical, high, medium])).await;
    assert!(room.text(".incident .how-bad").await.contains("Nghiêm trọng"));

    // Nobody acts without having said who they are.
    room.press(&row(critical, "button")).await;
    room.says(".answer", "Hãy chọn người thao tác").await;
    assert_eq!(browser.ask("return document.activeElement.id;").await, "actor");
    room.fill("#actor", "binh").await;
    room.press(&row(critical, "button")).await;
    until(browser, "it is in hand", &stands(critical, "acknowledged")).await;
    assert_eq!(room.standing(critical).await, "acknowledged");
    assert!(room.text(&row(critical, ".owner")).await.contains("Trần Thị Bình"));

    // By keyboard alone: to the second of the list, and acknowledged.
    browser.ask("document.activeElement.blur();").await;
    browser.type_keys("jj").await;
    until(browser, "the second is chosen", &format!("return document.querySelector('.chosen')?.dataset.incident === '{high}';")).await;
    browser.type_keys("a").await;
    until(browser, "it is in hand", &stands(high, "acknowledged")).await;
    assert_eq!(room.standing(high).await, "acknowledged");
    // Whoever comes second is told so, in the server's words.
    browser.type_keys("a").await;
    room.says(".answer", "đã có người trả lời").await;
    browser.type_keys("?").await;
    until(browser, "the keys are shown", "return document.querySelector('.keys') !== null;").await;
    room.clock.advance(jiff::SignedDuration::from_mins(17));
    let answer = room.centre.post(&format!("/api/v1/incidents/{medium}/acts"), &json!({ "act": "resolve", "person": "an" })).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    until(browser, "what is over is below", &format!("return document.querySelector('.closed [data-incident=\"{medium}\"]') !== null;"))
        .await;
    room.look("console").await;

    browser.ask(&format!("document.querySelector('{}').focus();", row(high, "a"))).await;
    browser.type_keys("\u{e007}").await;
    until(browser, "its page is open", &format!("return location.pathname === '/incidents/{high}';")).await;
    // A 409 is noted by the browser as a failed request; the page's own complaints would be others.
    let complaints = browser.complaints().await;
    assert!(complaints.iter().all(|one| one.contains("409")), "{complaints:?}");
    room.browser.close().await;
}

#[tokio::test]
async fn an_incident_goes_from_the_call_to_its_closing() {
    let _alone = alone().await;
    let room = Room::start("2026-03-02T01:00:00Z").await;
    let browser = &room.browser;
    browser.size(1440, 900).await;
    room.open("/console", "nothing is open", "return document.querySelector('.calm') !== null && document.fonts.status === 'loaded';")
        .await;
    room.fill("#actor", "an").await;
    room.press(".tools .main").await;
    until(browser, "the form is open", "return document.activeElement?.name === 'title';").await;
    browser.type_keys("Ngập sâu 40 cm trước bệnh viện").await;
    room.fill("select[name=area]", "south").await;
    room.fill("input[name=caller]", "chị Lan, 12 Lý Tự Trọng").await;
    room.press("input[name=exercise]").await;
    room.look("console-opening").await;
    room.press(".opening button[type=submit]").await;
    room.says(".opening", "Đã mở sự cố số").await;
    until(browser, "it is listed", LISTED).await;
    let id = room.centre.get("/api/v1/incidents").await.body["incidents"][0]["incident"]["id"].as_i64().expect("it is open");
    assert!(room.text(&row(id, ".how-bad")).await.contains("DIỄN TẬP"));

    room.press(&row(id, "a")).await;
    until(browser, "its page", "return document.querySelector('.case') !== null;").await;
    assert!(room.text(".facts").await.contains("Phường Nam"), "{}", room.text(".facts").await);
    for (act, standing) in [("acknowledge", "acknowledged"), ("snooze", "snoozed"), ("take", "acknowledged")] {
        room.press(&format!("[data-act={act}]")).await;
        until(browser, act, &format!("return document.querySelector('.case')?.dataset.standing === '{standing}';")).await;
        assert_eq!(room.standing(id).await, standing);
    }
    room.press("[data-act=wall]").await;
    eventually("it is on the wall, because somebody wants it there", Duration::from_secs(10), || async {
        let takeover = room.centre.get("/api/v1/walls").await.body["walls"][0]["state"]["plan"]["takeover"].clone();
        (takeover["incident"] == id && takeover["by_hand"] == true).then_some(())
    })
    .await;
    room.fill("textarea", "Đã gọi đội thoát nước").await;
    room.press("[data-act=note]").await;
    room.says(".log", "Nguyễn Văn An: Đã gọi đội thoát nước").await;
    room.press("[data-act=ask-resolve]").await;
    until(browser, "it is asked", "return document.querySelector('[data-act=resolve]') !== null;").await;
    assert_eq!(room.standing(id).await, "acknowledged");
    room.press("[data-act=resolve]").await;
    until(browser, "it is over", "return document.querySelector('.case')?.dataset.standing === 'resolved';").await;
    assert_eq!(room.standing(id).await, "resolved");
    room.look("incident-by-hand").await;
    assert_eq!(browser.complaints().await, Vec::<String>::new());
    room.browser.close().await;
}

#[tokio::test]
async fn the_shift_lead_says_which_stage_the_city_is_in() {
    let _alone = alone().await;
    let room = Room::start("2026-03-02T01:00:00Z").await;
    let browser = &room.browser;
    let log = json!({ "person": "an", "desk": "Bàn 1", "lead": "an", "on_duty": ["chi"] });
    assert_eq!(room.centre.post("/api/v1/shift-logs", &log).await.status, 201);
    browser.size(1440, 900).await;
    let is_in = |stage: &str| {
        format!("return document.querySelector('.stage-desk')?.dataset.stage === '{stage}' && document.fonts.status === 'loaded';")
    };
    room.open("/console", "the stage is not known", &is_in("unknown")).await;
    assert!(room.text(".stage-desk").await.contains("Cấp vận hành: chưa rõ"));
    room.fill("#actor", "chi").await;
    room.press(".stage-desk summary").await;
    room.fill("select[name=stage]", "3").await;
    room.fill("input[name=reason]", "Mưa lớn, ngập nhiều tuyến").await;
    room.press(".stage-desk button[type=submit]").await;
    // Chi is told in her language who leads; nothing is confirmed.
    room.says(".stage-desk .answer", "cấp vận hành do trưởng ca xác nhận, lúc này là Nguyễn Văn An").await;
    assert!(browser.complaints().await.iter().all(|complaint| complaint.contains("403")));
    room.fill("#actor", "an").await;
    room.press(".stage-desk button[type=submit]").await;
    until(browser, "the stage holds", &is_in("3")).await;
    browser.ask("document.querySelector('.stage-desk > details:last-of-type').open = true;").await;
    room.says(".stage-desk ol", "Nguyễn Văn An: Mưa lớn, ngập nhiều tuyến").await;
    room.look("console-stage").await;
    assert_eq!(browser.complaints().await, Vec::<String>::new());
    room.browser.close().await;
}

#[tokio::test]
async fn an_alerts_incident_shows_its_course_and_its_check_list() {
    let _alone = alone().await;
    let room = Room::start("2026-03-02T01:00:00Z").await;
    let browser = &room.browser;
    browser.size(1440, 900).await;
    for minute in 0..12_u32 {
        jam(&room, if minute < 8 { 40.0 + f64::from(minute) } else { 92.0 }).await;
    }
    let id = eventually("an incident", Duration::from_secs(20), || async {
        room.centre.get("/api/v1/incidents").await.body["incidents"][0]["incident"]["id"].as_i64()
    })
    .await;
    room.open(
        &format!("/incidents/{id}"),
        "its course",
        "return document.querySelector('.course canvas') !== null && document.fonts.status === 'loaded';",
    )
    .await;
    room.fill("#actor", "chi").await;
    room.says(".newest", "92").await;
    assert!(room.text(".sop").await.contains("Xem camera"));
    // The register knows the camera of the place whose figure it is.
    assert_eq!(browser.ask("return document.querySelector('a.camera')?.href;").await, "https://camera.example.vn/p1");
    room.press(".sop button").await;
    room.says(".sop li.done", "đã làm").await;
    room.says(".log", "Lê Hoàng Chi đã làm: Xem camera").await;
    assert!(room.text(".log").await.contains("Báo cho Nguyễn Văn An"), "{}", room.text(".log").await);
    until(
        browser,
        "the course is drawn",
        "
        const canvas = document.querySelectorAll('.course canvas')[1];
        return canvas.width > 50 && canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.some((one) => one > 0);",
    )
    .await;
    room.look("incident").await;
    assert_eq!(browser.complaints().await, Vec::<String>::new());
    room.browser.close().await;
}

#[tokio::test]
async fn a_server_that_cannot_be_asked_is_told_and_nothing_looks_calm() {
    let _alone = alone().await;
    let mut room = Room::start("2026-03-02T01:00:00Z").await;
    room.browser.size(1440, 900).await;
    room.open("/console", "nothing is open", "return document.querySelector('.calm') !== null;").await;
    room.centre.kill();
    until(&room.browser, "it is told", "return document.querySelector('.broken b') !== null && document.querySelector('.calm') === null;")
        .await;
    room.says(".broken", "Không hỏi được máy chủ từ 08:0").await;
    room.browser.screenshot("console-broken-1440").await;
    room.browser.close().await;
}

/// One minute in which the first probe says a value.
async fn jam(room: &Room, value: f64) {
    let at = room.clock.now();
    let observation = json!([{ "metric": "probe.value", "labels": { "asset": "p1" }, "value": value, "time": at }]);
    let answer = room.centre.post("/api/v1/observations?source=api", &observation).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    for _ in 0..12 {
        room.clock.advance(jiff::SignedDuration::from_secs(5));
        // A round trip, so that what is due is done before time goes on.
        assert_eq!(room.centre.get("/healthz").await.status, 200);
    }
}

/// A part of an incident's row.
fn row(incident: i64, part: &str) -> String {
    format!("[data-incident=\"{incident}\"] {part}")
}

fn order(incidents: &[i64]) -> String {
    let wanted = incidents.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
    format!(
        "const all = [...document.querySelectorAll('.incident')].map((one) => one.dataset.incident).join(' '); return all === '{wanted}' || all;"
    )
}

fn stands(incident: i64, standing: &str) -> String {
    format!("return document.querySelector('[data-incident=\"{incident}\"]')?.dataset.standing === '{standing}';")
}
