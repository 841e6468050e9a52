//! Leaders' ways: a board in one sentence, what is given to a unit and what became of the figure, targets changed with a
//! reason, frozen copies, and what the city publishes.

use super::*;

impl Small {
    /// Somebody whom the roster knows.
    async fn person(&self, id: &str) {
        let person =
            json!({ "id": id, "name": id, "zone": "Asia/Ho_Chi_Minh", "language": "vi", "quiet": null, "contacts": [], "rules": [] });
        assert_eq!(self.centre.put(&format!("/api/v1/persons/{id}"), &person).await.status, 204);
    }

    async fn overdue(&self, ids: std::ops::Range<u32>) {
        let dossiers: Vec<Value> = ids
            .map(|id| {
                json!({ "id": id.to_string(), "kind": "dossier", "department": "desk", "area": "north", "opened": "2026-03-01T02:00:00Z",
                    "due": "2026-03-02T00:30:00Z", "updated": "2026-03-02T00:59:00Z" })
            })
            .collect();
        let answer = self.centre.post("/api/v1/cases?source=desk", &json!(dossiers)).await;
        assert_eq!(answer.body["accepted"], dossiers.len(), "{answer:?}");
    }
}

#[tokio::test]
async fn a_board_is_told_in_one_sentence_that_never_claims_calm_for_what_is_missing() {
    let small = Small::start().await;
    let told = small.centre.get("/api/v1/boards/main/headline").await.body;
    assert_eq!(told["outlook"], "unknown", "{told}");
    assert!(!told["sentence"]["vi"].as_str().unwrap().contains("Mọi"), "{told}");
    let at = |value: f64| json!([observation("road.speed", "road-1", "2026-03-02T01:00:30Z", value)]);
    assert_eq!(small.centre.post("/api/v1/observations?source=api", &at(10.0)).await.body["accepted"], 1);
    small.pass(70);
    small.recorded("road.speed", "city", "2026-03-02T01:01:00Z", is(10.0)).await;
    let told = small.centre.get("/api/v1/boards/main/headline").await.body;
    assert_eq!((&told["outlook"], &told["exceptions"][0]["kpi"]), (&json!("attention"), &json!("road.speed")), "{told}");
    assert!(told["sentence"]["vi"].as_str().unwrap().contains("việc cần chú ý: "), "{told}");
    assert!(told["exceptions"].as_array().unwrap().iter().any(|one| one["kind"] == "unknown"), "what is missing is listed: {told}");
    assert_eq!(small.centre.get("/api/v1/boards/nowhere/headline").await.status, 404);
}

#[tokio::test]
async fn a_board_is_not_told_to_have_no_data_for_what_it_shows() {
    let small = Small::start().await;
    let now = json!([observation("road.speed", "road-1", START, 10.0)]);
    assert_eq!(small.centre.post("/api/v1/observations?source=api", &now).await.body["accepted"], 1);
    let asked = std::cell::Cell::new(0);
    eventually("the figure is told of as soon as it is live", Duration::from_secs(20), || async {
        // So few steps that no instant of the figure's own grid comes: nothing is recorded yet.
        asked.set(asked.get() + 1);
        if asked.get() < 50 {
            small.clock.advance(jiff::SignedDuration::from_millis(100));
        }
        let told = small.centre.get("/api/v1/boards/main/headline").await.body;
        let of_speed = told["exceptions"].as_array()?.iter().find(|one| one["kpi"] == "road.speed").cloned()?;
        (of_speed["kind"] == "beyond").then_some(())
    })
    .await;
    let recorded = small.centre.readings("road.speed", "city", START, "2026-03-02T02:00:00Z").await;
    assert!(recorded.iter().all(|point| point["value"].is_null()), "{recorded:?}");
}

#[tokio::test]
async fn a_task_is_given_answered_sent_back_and_closed_with_the_figure_since() {
    let small = Small::start().await;
    small.person("an").await;
    small.person("binh").await;
    small.overdue(1..5).await;
    small.pass(70);
    small.recorded("desk.overdue", "city", "2026-03-02T01:01:00Z", is(4.0)).await;
    let mut give = json!({ "person": "an", "kpi": "desk.overdue", "unit": "desk", "text": "Giải quyết hết hồ sơ quá hạn", "within": "3wd", "key": "once" });
    let given = small.centre.post("/api/v1/tasks", &give).await;
    assert_eq!((given.status, &given.body["task"]["standing"]), (201, &json!("open")), "{given:?}");
    assert_eq!(given.body["task"]["figure"]["value"], 4.0, "{given:?}");
    // Monday morning, and three working days: by the calendar, not by the clock.
    let due: jiff::Timestamp = given.body["task"]["due"].as_str().unwrap().parse().unwrap();
    assert!(due > "2026-03-05T01:00:00Z".parse().unwrap() && due < "2026-03-09T00:00:00Z".parse().unwrap(), "{due}");
    let id = given.body["task"]["id"].as_i64().unwrap();
    assert_eq!(small.centre.post("/api/v1/tasks", &give).await.body["task"]["id"], id, "the same sent again is given once");
    for (field, value) in [("unit", json!("nobody")), ("text", json!(" ")), ("person", json!("chi")), ("within", Value::Null)] {
        let mut wrong = give.clone();
        wrong[field] = value;
        assert_eq!(small.centre.post("/api/v1/tasks", &wrong).await.status, 400, "{field}");
    }
    give["kpi"] = json!("no.such");
    assert_eq!(small.centre.post("/api/v1/tasks", &give).await.status, 404);

    let act = async |act: Value| small.centre.post(&format!("/api/v1/tasks/{id}/acts"), &act).await;
    assert_eq!(act(json!({ "act": "send_back", "person": "an", "text": "?", "within": "1wd", "seen": 1 })).await.status, 409);
    let answered = act(json!({ "act": "answer", "person": "binh", "text": "Đã xong 2 hồ sơ" })).await;
    assert_eq!((answered.status, &answered.body["task"]["standing"]), (200, &json!("answered")), "{answered:?}");
    let foreign = act(json!({ "act": "close", "person": "binh", "seen": 2 })).await;
    assert_eq!((foreign.status, &foreign.body["code"]), (409, &json!("conflict")), "only the giver closes it");
    assert_eq!(act(json!({ "act": "close", "person": "an", "seen": 1 })).await.status, 409, "the answer was not seen");
    let back = act(json!({ "act": "send_back", "person": "an", "text": "Còn 2 hồ sơ", "within": "2wd", "seen": 2 })).await;
    assert_eq!(back.body["task"]["standing"], "open", "{back:?}");

    // Two are done: the backlog falls, and the task says so.
    let done: Vec<Value> = (1..3)
        .map(|id| {
            json!({ "id": id.to_string(), "kind": "dossier", "department": "desk", "area": "north", "opened": "2026-03-01T02:00:00Z",
                "due": "2026-03-02T00:30:00Z", "closed": "2026-03-02T01:01:05Z", "updated": "2026-03-02T01:01:10Z" })
        })
        .collect();
    assert_eq!(small.centre.post("/api/v1/cases?source=desk", &json!(done)).await.body["accepted"], 2);
    small.pass(60);
    small.recorded("desk.overdue", "city", "2026-03-02T01:02:00Z", is(2.0)).await;
    let page = small.centre.get(&format!("/api/v1/tasks/{id}")).await.body;
    assert_eq!((&page["effect"]["change"], &page["effect"]["verdict"]), (&json!(-2.0), &json!("better")), "{page}");
    let closed = act(json!({ "act": "close", "person": "an", "text": "Đạt", "seen": 3 })).await;
    assert_eq!((closed.status, &closed.body["task"]["standing"], &closed.body["is_intact"]), (200, &json!("closed"), &json!(true)));
    assert_eq!(closed.body["said"].as_array().unwrap().len(), 4, "{closed:?}");
    assert_eq!(act(json!({ "act": "answer", "person": "binh", "text": "?" })).await.status, 409);
    let list = small.centre.get("/api/v1/tasks?kpi=desk.overdue").await.body;
    assert_eq!((list["tasks"].as_array().unwrap().len(), &list["tasks"][0]["unit_name"]["en"]), (1, &page["task"]["unit_name"]["en"]));

    // Whoever changes a line afterwards is found out.
    let sql = "UPDATE task_line SET line = replace(line, 'xong 2', 'xong 4') WHERE number = 2";
    assert_eq!(small.database.client().await.execute(sql, &[]).await.unwrap(), 1);
    assert_eq!(small.centre.get(&format!("/api/v1/tasks/{id}")).await.body["is_intact"], false);
}

#[tokio::test]
async fn overdue_tasks_come_first_and_stand_out() {
    let small = Small::start().await;
    small.person("an").await;
    for (key, due) in [("later", "2026-03-03T01:00:00Z"), ("soon", "2026-03-02T01:00:30Z")] {
        let give = json!({ "person": "an", "kpi": "desk.overdue", "unit": "desk", "text": key, "due": due });
        assert_eq!(small.centre.post("/api/v1/tasks", &give).await.status, 201);
    }
    small.pass(31);
    let tasks = small.centre.get("/api/v1/tasks").await.body["tasks"].clone();
    let told: Vec<(&str, bool)> =
        tasks.as_array().unwrap().iter().map(|task| (task["text"].as_str().unwrap(), task["is_late"].as_bool().unwrap())).collect();
    assert_eq!(told, [("soon", true), ("later", false)]);
}

#[tokio::test]
async fn a_target_is_changed_with_a_reason_and_what_was_in_force_stays_known() {
    let small = Small::start().await;
    small.person("an").await;
    let change = async |value: Value| {
        let body = json!({ "person": "an", "which": "attention", "value": value, "reason": "QĐ 12/2026" });
        small.centre.post("/api/v1/kpis/road.speed/limits", &body).await
    };
    let before = small.centre.get("/api/v1/kpis/road.speed/limits").await.body;
    assert_eq!(before["changes"], json!([]), "{before}");
    let own = before["in_force"]["attention"].as_f64().unwrap();
    let critical = before["in_force"]["critical"].as_f64().unwrap();
    let wrong = change(json!(critical - 1.0)).await;
    assert_eq!((wrong.status, &wrong.body["code"]), (400, &json!("invalid")), "below the critical limit: {wrong:?}");
    assert_eq!(small.centre.get("/api/v1/kpis/road.speed/limits").await.body["changes"], json!([]), "nothing was noted");
    let taken = change(json!(own + 1.5)).await;
    assert_eq!((taken.status, &taken.body["is_pending"]), (202, &json!(true)), "{taken:?}");
    let in_force = async |wanted: f64| {
        let path = "/api/v1/kpis/road.speed/limits";
        eventually("the limit is in force", Duration::from_secs(30), || {
            small.clock.advance(jiff::SignedDuration::from_millis(500));
            async { (small.centre.get(path).await.body["in_force"]["attention"] == json!(wanted)).then_some(()) }
        })
        .await;
    };
    in_force(own + 1.5).await;
    let passport = small.centre.get("/api/v1/kpis/road.speed").await.body;
    assert_eq!(passport["kpi"]["attention"], json!(own + 1.5));
    let limits = small.centre.get("/api/v1/kpis/road.speed/limits").await.body;
    assert_eq!((&limits["changes"][0]["reason"], &limits["names"]["an"]), (&json!("QĐ 12/2026"), &json!("an")), "{limits}");
    // As it was: the set of that time has the file's limit.
    let then = small.centre.get("/api/v1/boards/main?at=2026-03-02T01:00:01Z").await.body;
    let speed = then["kpis"].as_array().unwrap().iter().find(|kpi| kpi["id"] == "road.speed").unwrap();
    assert_eq!(speed["attention"], json!(own), "{then}");
    // Without a value the file's holds again.
    assert_eq!(change(Value::Null).await.status, 202);
    in_force(own).await;
    assert_eq!(small.centre.get("/api/v1/kpis/road.speed/limits").await.body["changes"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn parts_are_ranked_the_worst_first() {
    let small = Small::start().await;
    let batch = json!([
        observation("road.speed", "road-1", "2026-03-02T01:00:30Z", 40.0),
        observation("road.speed", "road-2", "2026-03-02T01:00:30Z", 10.0),
        observation("road.speed", "road-3", "2026-03-02T01:00:30Z", 20.0),
    ]);
    assert_eq!(small.centre.post("/api/v1/observations?source=api", &batch).await.body["accepted"], 3);
    small.pass(70);
    small.recorded("road.speed", "asset:road-3", "2026-03-02T01:01:00Z", is(20.0)).await;
    let page = small.centre.get("/api/v1/kpis/road.speed/ranking?by=asset").await.body;
    let order: Vec<&str> = page["rows"].as_array().unwrap().iter().take(3).map(|row| row["of"]["id"].as_str().unwrap()).collect();
    assert_eq!(order, ["road-2", "road-3", "road-1"], "{page}");
    assert_eq!(small.centre.get("/api/v1/kpis/road.speed/ranking?by=department").await.status, 400);
}

#[tokio::test]
async fn a_frozen_page_is_for_whoever_has_its_link_until_it_ends() {
    let small = Small::start().await;
    small.person("an").await;
    let send = async |time: &str, value: f64| {
        let batch = json!([observation("road.speed", "road-1", time, value)]);
        assert_eq!(small.centre.post("/api/v1/observations?source=api", &batch).await.body["accepted"], 1);
    };
    send("2026-03-02T01:00:30Z", 41.5).await;
    small.pass(70);
    small.recorded("road.speed", "city", "2026-03-02T01:01:00Z", is(41.5)).await;
    let freeze = async |of: Value, days: u32| {
        small.centre.post("/api/v1/frozen", &json!({ "person": "an", "of": of, "days": days, "language": "vi" })).await
    };
    let kpi = json!({ "kpi": { "kpi": "road.speed", "scope": "city", "span_s": 3600 } });
    let made = freeze(kpi.clone(), 1).await;
    assert_eq!(made.status, 201, "{made:?}");
    let path = made.body["path"].as_str().unwrap().to_owned();
    let seen = async || small.centre.get(&path).await;
    let first = seen().await;
    let text = first.body.as_str().unwrap().to_owned();
    assert!(first.status == 200 && text.contains("41,5") && text.contains("<svg class=\"course\""), "{text}");
    assert!(!text.contains("<script") && !text.contains("style="), "nothing that the policy refuses");
    // What comes later changes nothing in it.
    send("2026-03-02T01:01:30Z", 12.0).await;
    small.pass(60);
    small.recorded("road.speed", "asset:road-1", "2026-03-02T01:02:00Z", |point| point["value"].as_f64() != Some(41.5)).await;
    assert_eq!(seen().await.body.as_str(), Some(text.as_str()));
    for wrong in ["/frozen/x".to_owned(), format!("{path}0"), path.replace(|c: char| c.is_ascii_digit(), "f")] {
        assert_eq!(small.centre.get(&wrong).await.status, 404, "{wrong}");
    }

    let board = freeze(json!({ "board": "main" }), 7).await;
    let told = small.centre.get(board.body["path"].as_str().unwrap()).await.body;
    assert!(told.as_str().unwrap().contains("<p class=\"sentence\">"), "{told}");
    let list = small.centre.get("/api/v1/frozen").await.body;
    assert_eq!(list["pages"].as_array().unwrap().len(), 2, "{list}");
    let secret = path.trim_start_matches("/frozen/");
    assert!(!list.to_string().contains(secret), "the link is told once: {list}");
    let id = made.body["id"].as_i64().unwrap();
    let revoked = small.centre.send(reqwest::Method::DELETE, &format!("/api/v1/frozen/{id}?person=an"), &[]).await;
    assert_eq!((revoked.status().as_u16(), seen().await.status), (204, 404));
    // The other ends by itself.
    small.clock.advance(jiff::SignedDuration::from_hours(7 * 24 + 1));
    assert_eq!(small.centre.get(board.body["path"].as_str().unwrap()).await.status, 404);
    for (of, days) in [(kpi.clone(), 0), (kpi, 91)] {
        assert_eq!(freeze(of, days).await.status, 400, "{days}");
    }
    assert_eq!(freeze(json!({ "board": "nowhere" }), 1).await.status, 404);
}

#[tokio::test]
async fn everybody_sees_what_the_city_publishes_and_no_sooner() {
    let small = Small::start().await;
    let batch = json!([observation("road.speed", "road-1", "2026-03-02T01:00:30Z", 41.5)]);
    assert_eq!(small.centre.post("/api/v1/observations?source=api", &batch).await.body["accepted"], 1);
    small.pass(70);
    small.recorded("road.speed", "city", "2026-03-02T01:01:00Z", is(41.5)).await;
    // An hour late, as `public.toml` says.
    let fresh = small.centre.get("/public/data.json").await.body;
    assert_eq!((&fresh["figures"][0]["points"], &fresh["licence"]), (&json!([]), &json!("CC BY 4.0")), "{fresh}");
    // A day is told when it is over, and not before: the city's midnight is 17:00 UTC.
    small.clock.advance(jiff::SignedDuration::from_mins(16 * 60 + 30));
    assert_eq!(
        small.centre.get("/public/data.json").await.body["figures"][0]["points"],
        json!([]),
        "half past midnight, with an hour's delay"
    );
    small.clock.advance(jiff::SignedDuration::from_mins(65));
    let later = eventually("the day is published", Duration::from_secs(30), || async {
        small.clock.advance(jiff::SignedDuration::from_secs(61));
        let page = small.centre.get("/public/data.json").await.body;
        page["figures"][0]["points"][0]["value"].is_number().then_some(page)
    })
    .await;
    assert_eq!(later["figures"].as_array().unwrap().len(), 1, "what is not named is not published");
    let csv = small.centre.send(reqwest::Method::GET, "/public/data.csv", &[]).await;
    let cache = csv.headers()["cache-control"].to_str().unwrap().to_owned();
    let etag = csv.headers()["etag"].to_str().unwrap().to_owned();
    let text = csv.text().await.unwrap();
    assert!(cache.starts_with("public, max-age=") && text.contains("road.speed,") && text.contains("CC BY 4.0"), "{cache}: {text}");
    let again = small.centre.send(reqwest::Method::GET, "/public/data.csv", &[("if-none-match", &etag)]).await;
    assert_eq!(again.status().as_u16(), 304);
    for (lang, word) in [("vi", "Giấy phép"), ("en", "Licence")] {
        let page = small.centre.get(&format!("/public?lang={lang}")).await.body;
        let page = page.as_str().unwrap();
        assert!(page.contains(word) && !page.contains("<script"), "{page}");
    }
    assert_eq!(small.centre.get("/public/data.xml").await.status, 404);
}
