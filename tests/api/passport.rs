//! A KPI's passport: how it is computed, what it rests on now, which feeds it comes from.

use super::*;

#[tokio::test]
async fn a_passport_says_how_a_figure_comes_about_and_what_it_rests_on() {
    let small = Small::start().await;
    let speeds = [("road-1", 30.0), ("road-2", 40.0)].map(|(road, speed)| observation("road.speed", road, START, speed));
    small.centre.post("/api/v1/observations?source=api", &json!(speeds)).await;
    small.pass(70);
    small.recorded("road.speed", "city", "2026-03-02T01:01:00Z", is(35.0)).await;
    let passport = small.centre.get("/api/v1/kpis/road.speed?scope=city").await.body;
    assert_eq!(passport["computed"]["vi"], "Trung bình “Tốc độ” (road.speed) trong 5 phút gần nhất");
    assert_eq!(passport["computed"]["en"], "Mean of “Speed” (road.speed) over the last 5 min");
    let reading = &passport["reading"];
    assert_eq!((&reading["numerator"], &reading["denominator"], &reading["samples"]), (&json!(70.0), &json!(2.0), &json!(2)));
    assert_eq!(passport["expected"], 4, "four roads are registered: {passport}");
    assert_eq!((&passport["feeds"][0]["id"], &passport["feeds"][0]["state"]), (&json!("api"), &json!("live")));
    assert!(passport["version_since"].as_str().is_some_and(|since| since >= START), "{passport}");
    assert_eq!(passport["earlier"], json!([]));

    let cases = small.centre.get("/api/v1/kpis/desk.on_time").await.body;
    assert_eq!(cases["computed"]["vi"], "Tỷ lệ giải quyết đúng hạn trong số hồ sơ có hạn đã giải quyết (dossier) trong 24 giờ gần nhất");
    assert_eq!(small.centre.get("/api/v1/kpis/road.speed?scope=department:desk").await.status, 400);
    assert_eq!(small.centre.get("/api/v1/kpis/road.sped").await.status, 404);
}
