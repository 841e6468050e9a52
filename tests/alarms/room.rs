//! The room: a shift from its opening to both signatures, and incidents that people open, work off and merge.

use crate::town::Town;
use harness::Answer;
use serde_json::{Value, json};

impl Town {
    /// Three people, of whom An is paged, a team `desk`, and nothing that is open.
    async fn room() -> Self {
        let town = Self::start().await;
        for person in ["an", "binh", "chi"] {
            town.person(person).await;
        }
        let steps =
            [json!({ "targets": [{ "person": "an" }], "delay_s": 600 }), json!({ "targets": [{ "person": "binh" }], "delay_s": 600 })];
        town.policy_of("desk", &steps, 0, "chi").await;
        town.team("desk", "desk").await;
        town
    }

    async fn log_is_opened(&self, desk: &str) -> Answer {
        self.centre.post("/api/v1/shift-logs", &json!({ "person": "an", "desk": desk, "lead": "an", "on_duty": ["binh", "an"] })).await
    }

    async fn write(&self, log: i64, entry: Value) -> Answer {
        self.centre.post(&format!("/api/v1/shift-logs/{log}/entries"), &entry).await
    }

    async fn sign(&self, log: i64, act: &str, person: &str, seen: i64) -> Answer {
        self.centre.post(&format!("/api/v1/shift-logs/{log}/signatures"), &json!({ "act": act, "person": person, "seen": seen })).await
    }

    async fn page_of(&self, incident: i64) -> Value {
        self.centre.get(&format!("/api/v1/incidents/{incident}")).await.body
    }

    /// A fire that An takes a call about.
    async fn fire(&self, title: &str) -> i64 {
        let body = json!({ "person": "an", "title": title, "severity": "critical", "team": "desk", "kind": "fire", "area": "north",
            "place": "12 Lý Tự Trọng", "caller": "chị Lan" });
        let answer = self.centre.post("/api/v1/incidents", &body).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        self.settled().await;
        answer.body["incident"].as_i64().unwrap()
    }
}

fn said(answer: &Answer) -> &str {
    answer.body["message"].as_str().unwrap_or_default()
}

#[tokio::test]
async fn a_shift_goes_from_its_opening_to_both_signatures() {
    let town = Town::room().await;
    let opened = town.log_is_opened("Bàn chính").await;
    assert_eq!((opened.status, &opened.body["head"]["on_duty"]), (201, &json!(["binh"])), "{opened:?}");
    let log = opened.body["head"]["id"].as_i64().unwrap();
    // A desk has one log that is open, however its name is written; another desk has its own.
    assert_eq!(town.log_is_opened("  BÀN CHÍNH").await.status, 409);
    assert_eq!(town.log_is_opened("Bàn giao thông").await.status, 201);

    let fire = town.fire("Cháy chợ").await;
    let entry = json!({ "person": "binh", "text": format!("Báo cháy #{fire}, đã gọi 114. Xem thêm #999"), "key": "k1" });
    for _ in 0..2 {
        let answer = town.write(log, entry.clone()).await;
        assert_eq!((answer.status, &answer.body["head"]["lines"]), (200, &json!(2)), "sent twice, written once: {answer:?}");
        assert_eq!(answer.body["lines"][1]["incidents"], json!([fire]), "what there isn't isn't linked");
    }
    let wrong = town.write(log, json!({ "person": "binh", "text": "x", "incidents": [999] })).await;
    assert_eq!((wrong.status, said(&wrong)), (400, "there is no incident 999; take it out of `incidents`"));
    assert_eq!(town.write(log, json!({ "person": "binh", "text": " " })).await.status, 400);
    assert_eq!(town.write(log, json!({ "person": "nobody", "text": "x" })).await.status, 400);
    let corrected = town.write(log, json!({ "person": "an", "text": "Là chợ An Hoà", "corrects": 2 })).await;
    assert_eq!(corrected.body["said"][2]["text"]["vi"], "Đính chính mục 2: Là chợ An Hoà");
    assert_eq!(town.write(log, json!({ "person": "an", "text": "x", "corrects": 1 })).await.status, 400);

    let draft = town.centre.get(&format!("/shift-logs/{log}/sheet")).await.body;
    assert!(draft.as_str().unwrap().contains("BẢN NHÁP"), "{draft}");
    // Nobody signs what they haven't seen; only somebody of the shift hands over, and somebody else takes over.
    assert!(said(&town.sign(log, "hand_over", "an", 2).await).contains("3 lines"));
    assert!(said(&town.sign(log, "hand_over", "chi", 3).await).contains("on duty"));
    assert!(said(&town.sign(log, "take_over", "chi", 3).await).contains("nobody has handed over"));
    assert_eq!(town.sign(log, "hand_over", "an", 3).await.status, 200);
    assert!(said(&town.write(log, json!({ "person": "binh", "text": "x" })).await).contains("AN has signed"));
    assert!(said(&town.sign(log, "take_over", "an", 4).await).contains("somebody else"));
    let back = json!({ "act": "send_back", "person": "chi", "why": "Thiếu camera số 4" });
    assert_eq!(town.centre.post(&format!("/api/v1/shift-logs/{log}/signatures"), &back).await.status, 200);
    assert_eq!(town.write(log, json!({ "person": "an", "text": "Camera số 4 hỏng từ 9 giờ" })).await.status, 200);
    assert_eq!(town.sign(log, "hand_over", "an", 6).await.status, 200);

    // The sheet is as it was when it was signed, whatever happens afterwards.
    let signed = town.centre.get(&format!("/api/v1/shift-logs/{log}/sheet")).await.body;
    assert_eq!((&signed["incidents"][0]["id"], &signed["incidents"][0]["steps"]), (&json!(fire), &json!([0, 3])));
    assert_eq!(town.act(fire, json!({ "act": "resolve", "person": "an" })).await.status, 200);
    town.put(
        "persons/an",
        &json!({ "id": "an", "name": "Tên mới", "zone": "Asia/Ho_Chi_Minh", "language": "vi", "quiet": null, "contacts": [], "rules": [] }),
    )
    .await;
    let taken = town.sign(log, "take_over", "chi", 7).await;
    assert_eq!(
        (taken.status, &taken.body["head"]["standing"], &taken.body["is_intact"]),
        (200, &json!("closed"), &json!(true)),
        "{taken:?}"
    );
    assert_eq!(town.centre.get(&format!("/api/v1/shift-logs/{log}/sheet")).await.body, signed);
    assert_eq!(signed["lead"], "AN");
    assert_eq!(town.write(log, json!({ "person": "an", "text": "x" })).await.status, 409);

    // The desk is free for the next shift, whose log knows the one before.
    let next = town.log_is_opened("Bàn chính").await;
    assert_eq!((next.status, &next.body["lines"][0]["follows"]), (201, &json!(log)), "{next:?}");

    // Whatever is changed in the store afterwards shows, in the log and on the sheet.
    for (sql, undo) in [
        (
            "UPDATE shift_log_line SET line = replace(line, '114', '115') WHERE shift_log = $1",
            "UPDATE shift_log_line SET line = replace(line, '115', '114') WHERE shift_log = $1",
        ),
        (
            r#"UPDATE shift_log_sheet SET sheet = replace(sheet, '"AN"', '"XX"') WHERE shift_log = $1"#,
            r#"UPDATE shift_log_sheet SET sheet = replace(sheet, '"XX"', '"AN"') WHERE shift_log = $1"#,
        ),
    ] {
        town.sql.execute(sql, &[&log]).await.unwrap();
        assert_eq!(town.centre.get(&format!("/api/v1/shift-logs/{log}")).await.body["is_intact"], false, "{sql}");
        let printed = town.centre.get(&format!("/shift-logs/{log}/sheet")).await.body;
        assert!(printed.as_str().unwrap().contains("đã bị sửa"), "{printed}");
        town.sql.execute(undo, &[&log]).await.unwrap();
    }
    assert_eq!(town.centre.get(&format!("/api/v1/shift-logs/{log}")).await.body["is_intact"], true);
    town.settled().await;
    town.told().await;
}

#[tokio::test]
async fn the_sheet_names_what_the_next_shift_has_to_know() {
    let town = Town::room().await;
    let layer =
        json!({ "name": "Ca", "rotation": "daily", "shift_length": 1, "start": "2026-03-01T08:00:00", "slots": [["an"], ["binh"]] });
    town.put("rotas/day", &json!({ "id": "day", "team": "desk", "name": "Ca ngày", "zone": "Asia/Ho_Chi_Minh", "layers": [layer] })).await;
    let log = town.log_is_opened("Bàn chính").await.body["head"]["id"].as_i64().unwrap();
    let (fire, other) = (town.fire("Cháy <chợ>").await, town.report("desk", "Đèn hỏng", "medium").await);
    let exercise = json!({ "person": "an", "title": "Vỡ đê", "severity": "critical", "team": "desk", "exercise": true });
    let exercise = town.centre.post("/api/v1/incidents", &exercise).await.body["incident"].as_i64().unwrap();
    let step = json!({ "vi": "Gọi 114", "en": "Call 114" });
    assert_eq!(town.act(fire, json!({ "act": "tick", "person": "binh", "step": step, "done": true })).await.status, 200);
    let agency = json!({ "agency": { "name": "Cảnh sát PCCC", "phone": "114" } });
    assert_eq!(town.act(fire, json!({ "act": "assign", "person": "binh", "party": agency })).await.status, 200);
    assert_eq!(town.act(other, json!({ "act": "snooze", "person": "an", "until": town.moment(7200) })).await.status, 200);
    let id = town.silence("roads", 3600, "chi").await;
    assert!(id > 0);
    let sheet = town.centre.get(&format!("/api/v1/shift-logs/{log}/sheet")).await.body;
    let incidents: Vec<(i64, &str, bool)> = sheet["incidents"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["id"].as_i64().unwrap(), one["standing"].as_str().unwrap(), one["exercise"].as_bool().unwrap()))
        .collect();
    assert_eq!(
        incidents,
        [(fire, "triggered", false), (other, "snoozed", false), (exercise, "triggered", true)],
        "what is real comes first"
    );
    let of_fire = &sheet["incidents"][0];
    assert_eq!(
        (&of_fire["steps"], &of_fire["assignments"], &of_fire["place"]["vi"]),
        (&json!([1, 3]), &json!(["Cảnh sát PCCC (114)"]), &json!("12 Lý Tự Trọng, Phường Bắc"))
    );
    assert_eq!(sheet["incidents"][1]["until"], json!(town.moment(7200)));
    assert_eq!(sheet["silences"][0]["what"]["vi"], "đội: roads");
    assert_eq!((&sheet["silences"][0]["author"], &sheet["silences"][0]["until"]), (&json!("CHI"), &json!(town.moment(3600))));
    assert!(!sheet["feeds"].as_array().unwrap().is_empty(), "nothing has come yet: {sheet}");
    assert_eq!((&sheet["rotas"][0]["now"], &sheet["rotas"][0]["next"]), (&json!(["BINH"]), &json!(["AN"])));
    let printed = town.centre.get(&format!("/shift-logs/{log}/sheet?lang=en")).await.body;
    let printed = printed.as_str().unwrap();
    for part in ["Cháy &lt;chợ&gt;", "EXERCISE", "Check-list: 1/3", "DRAFT"] {
        assert!(printed.contains(part), "{part}: {printed}");
    }
    town.settled().await;
    town.told().await;
}

#[tokio::test]
async fn an_incident_by_hand_is_worked_off_and_merged() {
    let town = Town::room().await;
    let fire = town.fire("Cháy chợ").await;
    assert_eq!(town.told().await, ["an firing 1"]);
    let step = |vi: &str, en: &str| json!({ "vi": vi, "en": en });
    let tick = |person: &str, step: Value, done: bool| json!({ "act": "tick", "person": person, "step": step, "done": done });
    assert_eq!(
        town.page_of(fire).await["sop"],
        json!([step("Gọi 114", "Call 114"), step("Xem camera", "Look at the camera"), step("Mở đường", "Clear the way")])
    );
    assert_eq!(town.act(fire, tick("binh", step("Gọi 114", "Call 114"), true)).await.status, 200);
    let again = town.act(fire, tick("chi", step("Gọi 114", "Call 114"), true)).await;
    assert_eq!((again.status, said(&again)), (409, "the step stands so already"));
    assert_eq!(town.act(fire, tick("chi", step("Gọi 115", "Call 115"), true)).await.status, 400);
    assert_eq!(town.act(fire, tick("chi", step("Xem camera", "Look at the camera"), true)).await.status, 200);
    assert_eq!(town.act(fire, tick("binh", step("Xem camera", "Look at the camera"), false)).await.status, 200);
    let agency = |told_at: Value| json!({ "act": "assign", "person": "binh", "party": { "agency": { "name": "Cảnh sát PCCC", "phone": "114" } }, "told_at": told_at });
    assert_eq!(town.act(fire, agency(json!(town.moment(3600)))).await.status, 400, "nobody was told in the future");
    assert_eq!(town.act(fire, agency(json!(town.start))).await.status, 200);
    assert_eq!(town.act(fire, json!({ "act": "assign", "person": "binh", "party": { "team": "nobodys" } })).await.status, 400);
    assert_eq!(town.act(fire, json!({ "act": "assign", "person": "binh", "party": { "team": "desk" } })).await.status, 200);
    let page = town.page_of(fire).await;
    assert_eq!(page["ticks"], json!({ "Gọi 114": { "person": "binh", "at": page["ticks"]["Gọi 114"]["at"] } }));
    assert_eq!(page["assignments"].as_array().unwrap().len(), 2);
    let said_of: Vec<&str> = page["said"].as_array().unwrap().iter().map(|line| line["text"]["vi"].as_str().unwrap()).collect();
    for line in ["BINH đã làm: Gọi 114", "BINH bỏ đánh dấu, chưa làm: Xem camera"] {
        assert!(said_of.contains(&line), "{said_of:?}");
    }

    // The same fire is called in again, to another team: its people go on with the first.
    town.policy_of(
        "water",
        &[json!({ "targets": [{ "person": "chi" }], "delay_s": 600 }), json!({ "targets": [{ "person": "an" }], "delay_s": 600 })],
        0,
        "chi",
    )
    .await;
    town.team("water", "water").await;
    let second = town.report("water", "Khói ở chợ", "critical").await;
    assert_eq!(town.told().await, ["chi firing 1"]);
    let merge = |into: i64| json!({ "act": "merge", "person": "binh", "into": into });
    assert_eq!(town.act(second, merge(second)).await.status, 400);
    assert_eq!(town.act(second, merge(999)).await.status, 400);
    let exercise = json!({ "person": "an", "title": "Vỡ đê", "severity": "critical", "team": "desk", "exercise": true });
    let exercise = town.centre.post("/api/v1/incidents", &exercise).await.body["incident"].as_i64().unwrap();
    assert_eq!(town.act(second, merge(exercise)).await.status, 400);
    let merged = town.act(second, merge(fire)).await;
    assert_eq!((merged.status, &merged.body["view"]["incident"]["merged_into"]), (200, &json!(fire)), "{merged:?}");
    assert_eq!(merged.body["view"]["incident"]["standing"], "resolved");
    let page = town.page_of(fire).await;
    assert_eq!((&page["absorbed"], &page["view"]["incident"]["standing"]), (&json!([second]), &json!("triggered")));
    assert_eq!(town.act(second, merge(fire)).await.status, 409, "merged is merged");

    // Its second step is not paged; the first goes on climbing. Chi, who knows only of the merged one, learns of the end.
    town.until(620).await;
    assert_eq!(town.told().await, ["binh firing 1"]);
    assert_eq!(town.act(fire, json!({ "act": "resolve", "person": "binh" })).await.status, 200);
    town.until(1500).await;
    assert_eq!(town.told().await, ["an resolved 1", "binh resolved 1", "chi resolved 1"]);
    assert_eq!(town.act(fire, tick("binh", step("Mở đường", "Clear the way"), true)).await.status, 409);

    // Each group's log is whole, and its replay is what the incidents' rows say.
    crate::storms::look(&town).await;
}

#[tokio::test]
async fn an_incident_by_hand_is_merged_with_an_alerts_and_an_exercise_hides_nothing_that_is_real() {
    let town = Town::room().await;
    town.policy_of("roads", &[json!({ "targets": [{ "person": "an" }], "delay_s": 7200 })], 0, "chi").await;
    town.team("roads", "roads").await;
    let call = town.report("desk", "Kẹt xe", "high").await;
    town.until(30).await;
    assert_eq!(town.told().await, ["an firing 1"]);
    town.evaluations(2, &[("p1", 90.0)]).await;
    let open = town.until_open(2).await;
    let alert = open.iter().find(|one| one["incident"]["origin"]["by"] == "alert").unwrap()["incident"]["id"].as_i64().unwrap();
    assert_eq!(town.act(call, json!({ "act": "merge", "person": "binh", "into": alert })).await.status, 200);
    town.told().await;
    town.evaluations(6, &[]).await;
    town.until_open(0).await;
    let alert_page = town.page_of(alert).await;
    assert_eq!(alert_page["absorbed"], json!([call]));
    town.until(town.at().as_secs() + 600).await;
    assert_eq!(town.told().await, ["an resolved 1"], "once, of the alert's");

    // An exercise with a key doesn't keep a real incident of the same key from being opened.
    let keyed = |exercise: bool| json!({ "person": "an", "title": "Vỡ đê", "severity": "critical", "team": "desk", "exercise": exercise, "key": "de-1" });
    for exercise in [true, false] {
        let answer = town.centre.post("/api/v1/incidents", &keyed(exercise)).await;
        assert_eq!(answer.body["is_new"], true, "{answer:?}");
        assert_eq!(town.centre.post("/api/v1/incidents", &keyed(exercise)).await.body["is_new"], false);
    }
    town.settled().await;
    assert_eq!(town.told().await, ["an firing 1"]);
}
