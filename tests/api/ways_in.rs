//! The ways in: what is taken, what is refused, and that good items survive bad neighbours.

use super::*;
use flate2::{Compression, write::GzEncoder};
use std::io::Write as _;

fn gzip(text: &str) -> Vec<u8> {
    let mut packer = GzEncoder::new(Vec::new(), Compression::default());
    packer.write_all(text.as_bytes()).unwrap();
    packer.finish().unwrap()
}

#[tokio::test]
async fn good_items_of_a_batch_are_stored_and_bad_ones_are_kept_with_their_reason() {
    let small = Small::start().await;
    let batch = json!([
        observation("road.speed", "road-1", START, 31.5),
        observation("road.sped", "road-1", START, 31.5),
        { "metric": "road.speed", "labels": { "asset": "road-2" }, "time": START, "value": 5.0, "unit": "kWh" },
        { "metric": "road.speed", "labels": { "asset": "road-2" }, "time": "2026-03-02T02:00:00Z", "value": 5.0 },
        { "metric": "road.speed", "labels": { "asset": "road-2" }, "time": START, "value": 1e300 },
        { "metric": "road.speed", "labels": { "asset": "x".repeat(300) }, "time": START, "value": 5 },
        { "metric": "road.speed", "labels": { "asset": "road-3" }, "time": START, "value": "NaN" },
        { "metric": "road.speed", "labels": { "asset": "road-4" }, "time": START, "value": 20, "unit": "mph" },
    ]);
    let answer = small.centre.post("/api/v1/observations?source=api", &batch).await;
    assert_eq!((answer.status, &answer.body["accepted"], &answer.body["rejected"]), (200, &json!(2), &json!(6)), "{:?}", answer.body);
    let errors: Vec<(u64, &str)> = answer.body["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| (error["item"].as_u64().unwrap(), error["code"].as_str().unwrap()))
        .collect();
    assert_eq!(errors[..5], [(1, "unknown_metric"), (2, "wrong_unit"), (3, "invalid_time"), (4, "invalid_value"), (5, "invalid_label")]);
    assert_eq!(errors[5].0, 6);

    let sql = small.database.client().await;
    let rows = sql
        .query("SELECT s.labels->>'asset', o.value FROM observation o JOIN series s ON s.id = o.series_id ORDER BY 1", &[])
        .await
        .unwrap();
    let rows: Vec<(String, f64)> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
    assert_eq!(rows, [("road-1".to_owned(), 31.5), ("road-4".to_owned(), 32.2)]);
    let rejects: i64 = sql.query_one("SELECT count(*) FROM reject WHERE reason <> '' AND payload <> ''", &[]).await.unwrap().get(0);
    assert_eq!(rejects, 6);
    let sources = small.centre.get("/api/v1/sources").await.body;
    assert_eq!(sources["rejects"].as_array().unwrap().len(), 6);
}

#[tokio::test]
async fn telegraf_writes_lines_packed_and_in_any_precision() {
    let small = Small::start().await;
    let second = 1_772_413_200_i64;
    let lines = format!("road,asset=road-1 mph=20 {second}\nroad,asset=road-2 mph=x {second}\nmeter,asset=meter-1 load=1500.25 {second}\n");
    let answer =
        small.centre.post_bytes("/api/v2/write?org=city&bucket=lines&precision=s", gzip(&lines), &[("content-encoding", "gzip")]).await;
    assert_eq!(answer.body["accepted"], 2, "{answer:?}");
    assert_eq!(answer.body["rejected"], 1);
    let plain =
        small.centre.post_bytes("/api/v2/write?bucket=lines", format!("meter,asset=meter-2 load=10 {second}000000000").into(), &[]).await;
    assert_eq!(plain.status, 204, "{plain:?}");
    let sql = small.database.client().await;
    let values: Vec<f64> =
        sql.query("SELECT value FROM observation ORDER BY value", &[]).await.unwrap().iter().map(|row| row.get(0)).collect();
    assert_eq!(values, [10.0, 32.2, 1500.3]);
}

#[tokio::test]
async fn a_source_may_not_create_more_series_than_it_is_allowed() {
    let small = Small::start().await;
    let batch: Vec<Value> = (1..=4).map(|road| observation("road.speed", &format!("road-{road}"), START, 30.0)).collect();
    let answer = small.centre.post("/api/v1/observations?source=small", &json!(batch)).await;
    assert_eq!((&answer.body["accepted"], &answer.body["rejected"]), (&json!(2), &json!(2)), "{answer:?}");
    assert_eq!(answer.body["errors"][0]["code"], "too_many_series");
    // What exists goes on being taken.
    let again = small
        .centre
        .post("/api/v1/observations?source=small", &json!([observation("road.speed", "road-1", "2026-03-02T00:59:00Z", 30.0)]))
        .await;
    assert_eq!(again.body["accepted"], 1);
}

#[tokio::test]
async fn unknown_assets_are_counted_and_their_data_is_kept() {
    let small = Small::start().await;
    small.centre.post("/api/v1/observations?source=api", &json!([observation("road.speed", "road-99", START, 30.0)])).await;
    let unknown = small.centre.get("/api/v1/sources").await.body["unknown_assets"].clone();
    assert_eq!((&unknown[0]["asset"], &unknown[0]["observations"]), (&json!("road-99"), &json!(1)));
    let stored: i64 = small.database.client().await.query_one("SELECT count(*) FROM observation", &[]).await.unwrap().get(0);
    assert_eq!(stored, 1);
}

#[tokio::test]
async fn sending_again_changes_nothing_and_the_larger_of_two_values_stays() {
    let small = Small::start().await;
    let sql = small.database.client().await;
    for value in [30.0, 42.0, 30.0, 41.0] {
        small.centre.post("/api/v1/observations?source=api", &json!([observation("road.speed", "road-1", START, value)])).await;
    }
    let values: Vec<f64> = sql.query("SELECT value FROM observation", &[]).await.unwrap().iter().map(|row| row.get(0)).collect();
    assert_eq!(values, [42.0]);
    let corrected = json!([{ "metric": "road.speed", "labels": { "asset": "road-1" }, "time": START, "value": 12.0, "revision": 1 }]);
    small.centre.post("/api/v1/observations?source=api", &corrected).await;
    let values: Vec<f64> = sql.query("SELECT value FROM observation", &[]).await.unwrap().iter().map(|row| row.get(0)).collect();
    assert_eq!(values, [12.0]);
}
