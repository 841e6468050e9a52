//! Why a figure changed: parts that add up, flows that balance with what was told, and the cases behind the number.

use super::*;

fn dossier(id: u32, department: &str, due: &str, closed: Option<&str>) -> Value {
    json!({ "id": id.to_string(), "kind": "dossier", "department": department, "area": "north", "opened": "2026-03-01T02:00:00Z",
            "due": due, "closed": closed, "updated": "2026-03-02T00:59:00Z",
            "labels": { "procedure": if id.is_multiple_of(2) { "permit" } else { "licence" }, "applicant": "Nguyễn Văn A" } })
}

#[tokio::test]
async fn a_backlogs_change_is_told_by_what_came_and_went() {
    let small = Small::start().await;
    // At 01:01: 1 and 2 are overdue. By 01:05: 2 is done, 3 and 4 have fallen overdue.
    let before = json!([
        dossier(1, "desk", "2026-03-02T00:30:00Z", None),
        dossier(2, "desk", "2026-03-02T00:40:00Z", None),
        dossier(3, "desk", "2026-03-02T01:02:30Z", None),
        dossier(4, "roads", "2026-03-02T01:03:30Z", None),
        dossier(5, "roads", "2026-03-03T01:00:00Z", None),
    ]);
    assert_eq!(small.centre.post("/api/v1/cases?source=desk", &before).await.body["accepted"], 5);
    small.pass(70);
    small.recorded("desk.overdue", "city", "2026-03-02T01:01:00Z", is(2.0)).await;
    let mut done = dossier(2, "desk", "2026-03-02T00:40:00Z", Some("2026-03-02T01:01:30Z"));
    done["updated"] = json!("2026-03-02T01:01:30Z");
    small.pass(60);
    assert_eq!(small.centre.post("/api/v1/cases?source=desk", &json!([done])).await.body["accepted"], 1);
    small.pass(200);
    small.recorded("desk.overdue", "city", "2026-03-02T01:05:00Z", is(3.0)).await;

    let span = "from=2026-03-02T01:01:20Z&to=2026-03-02T01:05:00Z";
    let why = small.centre.get(&format!("/api/v1/kpis/desk.overdue/why?{span}")).await.body;
    assert_eq!((&why["from"], &why["change"]), (&json!("2026-03-02T01:01:00Z"), &json!(1.0)), "{why}");
    let flows = &why["flows"];
    assert_eq!((&flows["shown"], &flows["entered"], &flows["closed"]), (&json!(2.0), &json!(2), &json!(1)), "{why}");
    let departments = &why["splits"][0];
    assert_eq!((&departments["by"], &departments["rest"]), (&json!("department"), &json!(0.0)), "{why}");
    let parts: f64 = departments["parts"].as_array().unwrap().iter().map(|part| part["contribution"].as_f64().unwrap()).sum();
    assert_eq!(parts, 1.0);
    assert_eq!(
        why["sentence"]["vi"],
        "Hồ sơ quá hạn tăng 1 hồ sơ, từ 2 lên 3; mới quá hạn 2, đã giải quyết 1; nhiều nhất do Sở Giao thông (+1), thủ tục licence (+1)."
    );

    let list = small.centre.get("/api/v1/kpis/desk.overdue/cases?scope=department:desk&at=2026-03-02T01:05:00Z").await.body;
    let ids: Vec<&str> = list["cases"].as_array().unwrap().iter().map(|case| case["id"].as_str().unwrap()).collect();
    assert_eq!((ids, &list["total"]), (vec!["1", "3"], &json!(2)), "{list}");
    assert!(!list.to_string().contains("Nguyễn"), "a label that a source sends is not shown: {list}");
}

#[tokio::test]
async fn a_means_change_is_divided_among_the_wards() {
    let small = Small::start().await;
    let send = async |time: &str, values: &[(&str, f64)]| {
        let batch: Vec<Value> = values.iter().map(|(road, speed)| observation("road.speed", road, time, *speed)).collect();
        assert_eq!(small.centre.post("/api/v1/observations?source=api", &json!(batch)).await.body["accepted"], values.len());
    };
    send("2026-03-02T01:00:30Z", &[("road-1", 40.0), ("road-2", 40.0), ("road-3", 40.0)]).await;
    small.pass(70);
    small.recorded("road.speed", "city", "2026-03-02T01:01:00Z", is(40.0)).await;
    small.pass(360);
    send("2026-03-02T01:06:50Z", &[("road-1", 10.0), ("road-2", 40.0), ("road-3", 43.0)]).await;
    small.pass(30);
    small.recorded("road.speed", "city", "2026-03-02T01:07:00Z", is(31.0)).await;
    let why = small.centre.get("/api/v1/kpis/road.speed/why?from=2026-03-02T01:01:00Z&to=2026-03-02T01:07:00Z").await.body;
    let areas = why["splits"].as_array().unwrap().iter().find(|split| split["by"] == "area").unwrap();
    let first = &areas["parts"][0];
    assert_eq!((&first["id"], &first["name"]["vi"]), (&json!("north"), &json!("Phường Bắc")), "{why}");
    assert!((first["contribution"].as_f64().unwrap() + 10.0).abs() < 1e-9, "{why}");
    assert!(areas["rest"].as_f64().unwrap().abs() < 1e-9, "{why}");
    let asset = small.centre.get("/api/v1/kpis/road.speed/why?scope=area:north&from=2026-03-02T01:01:00Z&to=2026-03-02T01:07:00Z").await;
    assert_eq!(asset.body["splits"][0]["parts"][0]["id"], "road-1", "{asset:?}");

    let refused = small.centre.get("/api/v1/kpis/road.speed/why?from=2026-03-02T01:01:00Z&to=2026-03-02T01:01:30Z").await;
    assert_eq!((refused.status, &refused.body["code"]), (400, &json!("invalid")));
    assert_eq!(small.centre.get("/api/v1/kpis/road.speed/cases").await.status, 400);
}
