//! Who is on call: now, in a rota's calendar with its gap, after a change for once, and in a person's own shifts.

use super::*;
use room::Room;

#[tokio::test]
async fn a_rota_shows_its_gap_and_somebody_stands_in_for_another() {
    let _alone = alone().await;
    // Tuesday, 10:00 in the city.
    let room = Room::start("2026-03-03T03:00:00Z").await;
    let browser = &room.browser;
    browser.size(1440, 900).await;
    let window = |from: &str, to: &str| json!([{ "hours": { "from": from, "to": to } }]);
    let layers = json!([
        { "name": "Ngày", "rotation": "weekly", "shift_length": 1, "start": "2026-02-23T08:00:00", "slots": [["an"], ["binh"]], "windows": window("08:00:00", "20:00:00") },
        { "name": "Đêm", "rotation": "daily", "shift_length": 1, "start": "2026-02-23T20:00:00", "slots": [["chi"], ["an"]], "windows": window("20:00:00", "06:00:00") },
    ]);
    let rota = json!({ "id": "room", "team": "roads", "name": "Trực phòng điều hành", "zone": "Asia/Ho_Chi_Minh", "layers": layers });
    room.put("rotas/room", &rota).await;

    room.open("/on-call", "the rota", "return document.querySelector('.rota-card') !== null && document.fonts.status === 'loaded';").await;
    assert!(room.text(".rota-card .who").await.contains("Trần Thị Bình"), "{}", room.text(".rota-card").await);
    assert!(room.text(".rota-card .gaps-ahead").await.contains("Trống ca 04/03 06:00 – 04/03 08:00"), "{}", room.text(".rota-card").await);
    room.look("on-call").await;

    room.press(".rota-card h2 a").await;
    until(browser, "four weeks", "return document.querySelectorAll('.day').length === 28;").await;
    let today = room.text(".day.today").await;
    assert!(today.contains("06:00–08:00") && today.contains("Trống ca") && today.contains("Trần Thị Bình"), "{today}");
    room.look("rota").await;

    stand_in(&room, "binh", "chi", ("2026-03-03T12:00", "2026-03-03T18:00")).await;
    room.says(".stand-in", "Đã đổi ca").await;
    room.says(".changes li", "Lê Hoàng Chi trực thay Trần Thị Bình").await;
    room.says(".day.today", "12:00–18:00").await;
    let stored = room.centre.get("/api/v1/rotas/room").await.body["rota"]["overrides"].clone();
    assert_eq!((&stored[0]["from"], &stored[0]["to"]), (&json!("2026-03-03T05:00:00Z"), &json!("2026-03-03T11:00:00Z")));
    stand_in(&room, "binh", "an", ("2026-03-03T17:00", "2026-03-03T19:00")).await;
    room.says(".stand-in", "đã ghi cùng người").await;
    room.look("rota-changed").await;
    for _ in 0..2 {
        room.press(".changes li button").await;
    }
    room.says(".changes", "Không có đổi ca nào").await;

    room.open("/persons/chi", "the shifts", "return document.querySelectorAll('.shifts tbody tr').length > 10;").await;
    let feed = browser.ask("return document.querySelector('.copying input').value;").await;
    assert_eq!(feed, json!(format!("{}/api/v1/persons/chi/shifts.ics", room.centre.url)));
    room.look("shifts").await;
    let complaints = browser.complaints().await;
    assert!(complaints.iter().all(|one| one.contains("409")), "{complaints:?}");
    room.browser.close().await;
}

async fn stand_in(room: &Room, person: &str, by: &str, (from, to): (&str, &str)) {
    for (name, value) in [("person", person), ("by", by), ("from", from), ("to", to)] {
        room.fill(&format!(".stand-in [name={name}]"), value).await;
    }
    room.press(".stand-in button[type=submit]").await;
}
