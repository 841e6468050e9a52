//! Figures: the recorded readings equal SQL over the same rows, late data corrects them, and absence is never zero.

use super::*;

#[tokio::test]
async fn a_reading_is_recorded_on_its_grid_and_equals_sql() {
    let small = Small::start().await;
    let mut batch = Vec::new();
    for (road, area) in [("road-1", "north"), ("road-2", "north"), ("road-3", "south")] {
        for minute in 0..5 {
            let speed = 20.0 + f64::from(minute) + if area == "north" { 0.3 } else { 7.7 };
            batch.push(observation("road.speed", road, &format!("2026-03-02T00:5{}:30Z", minute + 4), speed));
        }
    }
    let answer = small.centre.post("/api/v1/observations?source=api", &json!(batch)).await;
    assert_eq!(answer.body["accepted"], 15, "{answer:?}");
    small.pass(70);
    let sql = small.database.client().await;
    let statement =
        "SELECT sum(value)/count(*), min(value), max(value), count(*)::float8 FROM observation o JOIN series s ON s.id = o.series_id
         WHERE time > $1::text::timestamptz - interval '5 min' AND time <= $1::text::timestamptz AND s.metric = 'road.speed'
         AND ($2 = 'city' OR 'area:' || (s.labels->>'area') = $2)";
    let at = "2026-03-02T01:01:00Z";
    for scope in ["city", "area:north", "area:south"] {
        let row = sql.query_one(statement, &[&at, &scope]).await.unwrap();
        for (column, kpi) in ["road.speed", "road.slowest", "road.fastest", "road.reports"].iter().enumerate() {
            small.recorded(kpi, scope, at, is(row.get::<_, f64>(column))).await;
        }
    }
}

#[tokio::test]
async fn a_sum_across_series_adds_what_each_carries() {
    let small = Small::start().await;
    let lines: String = [("meter-1", 1000.0), ("meter-2", 500.0), ("meter-3", 250.5)]
        .iter()
        .flat_map(|(meter, load)| {
            (0..10).map(move |minute| {
                format!("meter,asset={meter} load={} {}\n", load + f64::from(minute), 1_772_413_200_000_i64 - i64::from(minute) * 60_000)
            })
        })
        .collect();
    assert_eq!(small.centre.write_lines("lines", &lines).await.status, 204);
    small.pass(70);
    // Nine samples each lie within the ten minutes before 01:01, and their means are 4 above their base.
    small.recorded("load.total", "city", "2026-03-02T01:01:00Z", is((1750.5 + 3.0 * 4.0) / 1000.0)).await;
    small.recorded("load.total", "area:south", "2026-03-02T01:01:00Z", is((250.5 + 4.0) / 1000.0)).await;
}

#[tokio::test]
async fn late_data_makes_a_new_revision_and_very_late_data_a_recompute() {
    let small = Small::start().await;
    let at = "2026-03-02T01:01:00Z";
    small.centre.post("/api/v1/observations?source=api", &json!([observation("road.speed", "road-1", "2026-03-02T01:00:00Z", 30.0)])).await;
    small.pass(70);
    small.recorded("road.speed", "city", at, is(30.0)).await;
    small.centre.post("/api/v1/observations?source=api", &json!([observation("road.speed", "road-2", "2026-03-02T01:00:30Z", 50.0)])).await;
    small.pass(60);
    small.recorded("road.speed", "city", at, is(40.0)).await;
    // Two hours later, far beyond the quarter of an hour that is allowed.
    small.clock.advance(jiff::SignedDuration::from_hours(2));
    small.pass(10);
    small.centre.post("/api/v1/observations?source=api", &json!([observation("road.speed", "road-3", "2026-03-02T01:00:40Z", 70.0)])).await;
    small.pass(40);
    small.recorded("road.speed", "city", at, is(50.0)).await;
    let sql = small.database.client().await;
    let revisions = sql.query("SELECT r.value FROM reading r JOIN kpi k ON k.id = r.kpi_id JOIN scope s ON s.id = r.scope_id WHERE k.name = 'road.speed' AND s.name = 'city' AND time = $1::text::timestamptz ORDER BY revision", &[&at]).await.unwrap();
    let revisions: Vec<f64> = revisions.iter().filter_map(|row| row.get(0)).collect();
    assert_eq!(revisions, [30.0, 40.0, 50.0]);
}

#[tokio::test]
async fn missing_is_recorded_as_missing() {
    let small = Small::start().await;
    small.centre.post("/api/v1/observations?source=api", &json!([observation("road.speed", "road-1", START, 30.0)])).await;
    small.pass(70);
    small.recorded("road.speed", "asset:road-1", "2026-03-02T01:01:00Z", is(30.0)).await;
    small.pass(360);
    let missing = small.recorded("road.speed", "asset:road-1", "2026-03-02T01:06:00Z", |point| point["quality"] == "missing").await;
    assert!(missing["value"].is_null());
}

#[tokio::test]
async fn a_restart_gives_the_readings_of_an_uninterrupted_run() {
    let mut small = Small::start().await;
    let send = |small: &Small, second: u32, value: f64| {
        let batch = json!([observation("road.speed", "road-1", &format!("2026-03-02T01:0{}:{:02}Z", second / 60, second % 60), value)]);
        let request = small.centre.url.clone();
        async move {
            let answer = reqwest::Client::new()
                .post(format!("{request}/api/v1/observations?source=api"))
                .body(batch.to_string())
                .send()
                .await
                .unwrap();
            assert_eq!(answer.status(), 200);
        }
    };
    send(&small, 0, 30.0).await;
    small.pass(50);
    send(&small, 45, 40.0).await;
    small.centre.kill();
    small.pass(75);
    small.centre =
        Centre::start(Setup { city: "tests/cities/mini", clock: Some(&small.clock), database: Some(&small.database), ..Setup::default() })
            .await;
    send(&small, 110, 50.0).await;
    small.pass(60);
    small.recorded("road.speed", "city", "2026-03-02T01:01:00Z", is(35.0)).await;
    small.recorded("road.speed", "city", "2026-03-02T01:02:00Z", is(40.0)).await;
    small.recorded("road.speed", "city", "2026-03-02T01:03:00Z", is(40.0)).await;
}
