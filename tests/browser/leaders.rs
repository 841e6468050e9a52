//! Leaders' pages in a browser: the sentence, a KPI's page, giving a task and answering it, changing a target, a frozen copy,
//! what everybody may see, and what a page says that was kept by a browser without a server.

use super::*;
use room::Room;

const FILLED: &str = "return document.fonts.status === 'loaded' && document.querySelector('#actor option:nth-child(2)') !== null;";
const KPI: &str = "/kpi/traffic.probe";

/// Half an hour of readings of three roads.
async fn observed(room: &Room) {
    let start = room.clock.now();
    for minute in 0..30_i64 {
        let at = start + jiff::SignedDuration::from_mins(minute);
        let value = |n: i64| 40.0 + f64::from(i32::try_from((minute * n) % 23).unwrap()) + 12.0 * f64::from(i32::try_from(n).unwrap());
        let batch: Vec<Value> = (1..=3)
            .map(|n| json!({ "metric": "probe.value", "labels": { "asset": format!("p{n}") }, "time": at, "value": value(n) }))
            .collect();
        let answer = room.centre.post("/api/v1/observations?source=api", &json!(batch)).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        for _ in 0..12 {
            room.clock.advance(jiff::SignedDuration::from_secs(5));
        }
    }
    eventually("the last minute is recorded", Duration::from_secs(30), || async {
        room.clock.advance(jiff::SignedDuration::from_millis(200));
        let told = room.centre.get("/api/v1/kpis/traffic.probe").await.body;
        (told["reading"]["value"].is_number()).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_leader_sees_what_needs_attention_gives_it_away_and_sees_what_became_of_it() {
    let _alone = alone().await;
    let room = Room::start("2026-03-02T01:00:00Z").await;
    let browser = &room.browser;
    browser.size(1440, 900).await;
    observed(&room).await;
    let fire = room.incident("Cháy tại chợ Xuân Khánh", "critical").await;
    room.open(
        "/board/main",
        "the sentence",
        "return document.querySelector('.headline .sentence')?.innerText.includes('cần chú ý') ?? false;",
    )
    .await;
    assert_eq!(browser.ask(&format!("return document.querySelector('.headline a[href=\"/incidents/{fire}\"]') !== null;")).await, true);
    room.look("leaders-board").await;

    room.open(KPI, "the KPI's page", FILLED).await;
    until(browser, "the parts are there", "return document.querySelectorAll('.ranked tbody tr').length >= 3;").await;
    until(browser, "the course is drawn", "return document.querySelector('.course .empty')?.innerText === '';").await;
    room.look("leaders-kpi").await;
    browser.ask("document.querySelector('.spans button:nth-of-type(1)').click();").await;
    until(browser, "the span stands in the address", "return location.search.includes('span=3600');").await;
    browser.ask("for (const one of document.querySelectorAll('.right details')) one.open = true;").await;
    room.fill("#actor", "an").await;
    room.fill("select[name=unit]", "roads").await;
    room.fill("select[name=within]", "3wd").await;
    room.fill("textarea[name=text]", "Giảm ùn tắc ở nút Mậu Thân").await;
    room.look("leaders-kpi-open").await;
    room.press(".give button[type=submit]").await;
    room.says(".given-tasks", "Đã giao").await;
    room.says(".task-list", "Giảm ùn tắc").await;

    room.fill("select[name=which]", "target").await;
    room.fill(".limits input[name=value]", "45,5").await;
    room.fill(".limits input[name=reason]", "QĐ 12/2026").await;
    room.press(".change-limits button[type=submit]").await;
    room.says(".limits", "QĐ 12/2026").await;
    room.press("[data-act=freeze]").await;
    until(browser, "the link is there", "return document.querySelector('.freezing .link a') !== null;").await;
    let link = browser.ask("return document.querySelector('.freezing .link a').getAttribute('href');").await;
    let frozen = link.as_str().unwrap().replace(&room.centre.url, "");

    room.open("/tasks", "the list", "return document.querySelector('.task-list li') !== null;").await;
    room.look("leaders-tasks").await;
    room.open("/tasks/1", "the task", FILLED).await;
    room.fill("#actor", "binh").await;
    room.fill("textarea[name=answer]", "Đã điều chỉnh đèn tín hiệu").await;
    room.press(".answer button[type=submit]").await;
    room.says(".task .log", "Đã điều chỉnh đèn tín hiệu").await;
    room.look("leaders-task").await;
    // Only whoever gave it judges.
    room.press("[data-act=close]").await;
    room.says(".task-acts .said", "mới kết thúc hoặc trả lại việc này").await;
    room.fill("#actor", "an").await;
    room.press("[data-act=close]").await;
    until(browser, "it is closed", "return document.querySelector('.task')?.dataset.standing === 'closed';").await;

    for (path, name) in [(frozen.as_str(), "leaders-frozen"), ("/public", "leaders-public")] {
        room.open(path, "the paper", "return document.querySelector('main h1') !== null;").await;
        room.look(name).await;
    }
    let complaints = browser.complaints().await;
    assert!(complaints.iter().all(|one| one.contains("409")), "{complaints:?}");
    room.browser.close().await;
}

#[tokio::test]
async fn what_a_browser_keeps_holds_no_figure() {
    let _alone = alone().await;
    let mut room = Room::start("2026-03-02T01:00:00Z").await;
    observed(&room).await;
    let shown = "return document.querySelector('.tile .value') !== null && navigator.serviceWorker.controller !== null;";
    // The first visit installs the worker, the second goes through it.
    room.open("/board/main", "the worker", "return navigator.serviceWorker.controller !== null;").await;
    room.open("/board/main", "the board", shown).await;
    let kept = "const done = arguments[arguments.length - 1]; (async () => { const all = []; for (const name of await caches.keys()) \
        for (const one of await (await caches.open(name)).keys()) all.push(new URL(one.url).pathname); done(all); })();";
    let kept = room.browser.ask_later(kept).await;
    let kept: Vec<&str> = kept.as_array().unwrap().iter().filter_map(Value::as_str).collect();
    assert!(kept.contains(&"/index.html"), "{kept:?}");
    assert!(kept.iter().all(|path| !path.starts_with("/api") && !path.starts_with("/public")), "{kept:?}");
    let manifest = room.centre.get("/app.webmanifest").await;
    assert_eq!((manifest.status, &manifest.body["display"]), (200, &json!("standalone")), "{manifest:?}");
    assert_eq!(room.centre.stop().await, Some(0));
    let _ = room.browser.ask("location.reload();").await;
    let text = "const text = document.body?.innerText ?? ''; return text.includes('máy chủ') && document.querySelector('.tile .value') === null || text;";
    until(&room.browser, "the page says that there is no server", text).await;
    room.browser.screenshot("leaders-no-server").await;
    room.browser.close().await;
}
