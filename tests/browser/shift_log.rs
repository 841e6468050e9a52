//! The shift log: a shift from its opening to both signatures, by keyboard; its sheet on A4; and what people do about an
//! incident beside answering.

use super::*;
use room::Room;

const FILLED: &str = "return document.fonts.status === 'loaded' && document.querySelector('#actor option:nth-child(2)') !== null;";
/// A page of A4 at 96 pixels an inch.
const A4: (u32, u32) = (794, 1123);

#[tokio::test]
async fn a_shift_is_opened_written_and_signed_by_both() {
    let _alone = alone().await;
    let room = Room::start("2026-03-02T01:00:00Z").await;
    let browser = &room.browser;
    browser.size(1440, 900).await;
    let fire = room.incident("Cháy tại chợ Xuân Khánh, khói lan sang trường học bên cạnh", "critical").await;
    let _other = room.incident("Đèn tín hiệu tắt", "medium").await;
    room.open("/log", "the page", FILLED).await;
    room.says("main", "Chưa có sổ nào đang mở").await;
    room.fill("#actor", "an").await;
    room.press("main > .buttons button").await;
    until(browser, "the form", "return document.querySelector('.opening form') !== null;").await;
    room.fill("input[name=desk]", "Bàn chính").await;
    room.fill("select[name=lead]", "an").await;
    room.press("input[name=on_duty][value=binh]").await;
    room.look("shift-log-opening").await;
    room.press(".opening button[type=submit]").await;
    // The field has the focus, and Enter writes.
    until(browser, "the log", "return document.activeElement?.id === 'entry';").await;
    browser.type_keys(&format!("Bao chay #{fire}\u{e007}")).await;
    room.says(".shift-log .log", "2. Nguyễn Văn An: Bao chay").await;
    until(
        browser,
        "the field is ready for the next",
        "return document.activeElement?.id === 'entry' && document.activeElement.value === '';",
    )
    .await;
    browser.type_keys("Camera 4 hong\u{e007}").await;
    room.says(".shift-log .log", "3. Nguyễn Văn An: Camera 4 hong").await;
    assert_eq!(browser.ask(&format!("return document.querySelector('.log a[href=\"/incidents/{fire}\"]') !== null;")).await, true);
    room.fill("input[name=corrects]", "3").await;
    room.fill("#entry", "Camera số 5, không phải 4").await;
    room.press(".entry button").await;
    room.says(".shift-log .log", "Đính chính mục 3: Camera số 5, không phải 4").await;
    room.look("shift-log").await;

    room.press("[data-act=ask-sign]").await;
    until(browser, "it is asked", "return document.querySelector('[data-act=sign]') !== null;").await;
    room.press("[data-act=sign]").await;
    until(browser, "it is handed over", "return document.querySelector('.shift-log')?.dataset.standing === 'handed_over';").await;
    room.look("shift-log-handed-over").await;
    // Whoever handed over doesn't take over; Chi does.
    room.press("[data-act=ask-sign]").await;
    until(browser, "it is asked", "return document.querySelector('[data-act=sign]') !== null;").await;
    room.press("[data-act=sign]").await;
    room.says(".signing .said", "phải là người khác ký").await;
    room.fill("#actor", "chi").await;
    room.press("[data-act=ask-sign]").await;
    until(browser, "it is asked", "return document.querySelector('[data-act=sign]') !== null;").await;
    room.press("[data-act=sign]").await;
    room.says("main .list", "Phiếu giao ca 1").await;
    let log = room.centre.get("/api/v1/shift-logs/1").await.body;
    assert_eq!((&log["head"]["standing"], &log["head"]["taken_over"]["person"]), (&json!("closed"), &json!("chi")), "{log}");

    // The sheet at the size of the paper that it is printed on.
    room.open("/shift-logs/1/sheet", "the sheet", "return document.querySelector('.signatures') !== null;").await;
    browser.size(A4.0, A4.1).await;
    room.says(".state", "Đã ký giao và nhận").await;
    room.says(".signatures", "Lê Hoàng Chi").await;
    assert_eq!(browser.ask("return document.documentElement.scrollWidth <= innerWidth;").await, true);
    browser.screenshot("hand-over-sheet-a4").await;
    let complaints = browser.complaints().await;
    assert!(complaints.iter().all(|one| one.contains("409")), "{complaints:?}");
    room.browser.close().await;
}

#[tokio::test]
async fn an_incident_by_hand_is_ticked_off_given_away_and_merged() {
    let _alone = alone().await;
    let room = Room::start("2026-03-02T01:00:00Z").await;
    let browser = &room.browser;
    browser.size(1440, 900).await;
    let first = room.incident("Khói ở chợ", "high").await;
    room.open("/console", "the console", FILLED).await;
    room.fill("#actor", "an").await;
    room.press(".tools .main").await;
    until(browser, "the kinds are there", "return document.querySelector('select[name=kind] option[value=fire]') !== null;").await;
    room.fill("select[name=kind]", "fire").await;
    assert_eq!(
        browser
            .ask("return [document.querySelector('input[name=title]').value, document.querySelector('select[name=severity]').value];")
            .await,
        json!(["Cháy", "critical"])
    );
    room.fill("input[name=place]", "12 Lý Tự Trọng").await;
    room.press(".opening button[type=submit]").await;
    room.says(".opening", "Đã mở sự cố số").await;
    let id = first + 1;
    room.open(&format!("/incidents/{id}"), "its page", "return document.querySelectorAll('.sop li').length === 3;").await;
    assert!(room.text(".facts").await.contains("12 Lý Tự Trọng"), "{}", room.text(".facts").await);
    room.press(".sop li:nth-child(1) button").await;
    room.says(".sop li.done", "Nguyễn Văn An").await;
    room.press(".sop li:nth-child(2) button").await;
    until(browser, "two are done", "return document.querySelectorAll('.sop li.done').length === 2;").await;
    room.press(".sop li:nth-child(2) button").await;
    until(browser, "one is not done after all", "return document.querySelectorAll('.sop li.done').length === 1;").await;
    room.says(".log", "bỏ đánh dấu, chưa làm: Xem camera").await;

    browser.ask("for (const one of document.querySelectorAll('.given details')) one.open = true;").await;
    room.press("[data-act=assign]").await;
    room.says(".acts .answer", "Hãy chọn một đội").await;
    room.fill("input[name=agency]", "Cảnh sát PCCC").await;
    room.fill("input[name=phone]", "114").await;
    room.press("[data-act=assign]").await;
    room.says(".given li", "Cảnh sát PCCC (114)").await;
    room.look("incident-given").await;

    room.fill("input[name=into]", &format!("#{first}")).await;
    room.press("[data-act=merge]").await;
    room.says(".given", &format!("Đã nhập vào sự cố #{first}")).await;
    until(browser, "it is closed", "return document.querySelector('.case')?.dataset.standing === 'resolved';").await;
    room.look("incident-merged").await;
    room.press(".given .said a").await;
    until(
        browser,
        "the other's page",
        &format!("return location.pathname === '/incidents/{first}' && document.querySelector('.given') !== null;"),
    )
    .await;
    room.says(".given", &format!("Gồm cả sự cố #{id}")).await;
    assert_eq!(room.standing(first).await, "triggered");
    assert_eq!(browser.complaints().await, Vec::<String>::new());
    room.browser.close().await;
}
