//! The WebSocket: snapshots, updates, resuming, refusals.

use super::*;
use harness::Viewer;

fn topic(board: &str) -> Value {
    json!({ "board": board, "view": "all" })
}

#[tokio::test]
async fn a_viewer_sees_a_value_that_was_just_sent() {
    let small = Small::start().await;
    let mut viewer = small.centre.viewer().await;
    assert_eq!(viewer.next().await.unwrap()["type"], "hello");
    viewer.send(json!({ "type": "subscribe", "topic": topic("probes") })).await;
    viewer.until("a snapshot", |message| message["type"] == "snapshot").await;
    small.centre.post("/api/v1/observations?source=api", &json!([observation("probe.value", "probe-07", START, 12.345)])).await;
    small.pass(1);
    let update = viewer.until("the value", |message| message["live"].to_string().contains("12.345")).await;
    let reading = &update["live"][0];
    assert_eq!((&reading["scope"], &reading["quality"], &reading["data_time"]), (&json!("asset:probe-07"), &json!("good"), &json!(START)));
}

#[tokio::test]
async fn a_viewer_resumes_after_the_last_frame_it_saw() {
    let small = Small::start().await;
    let mut first = small.centre.viewer().await;
    first.send(json!({ "type": "subscribe", "topic": topic("probes") })).await;
    let mut seen = first.until("a snapshot", |message| message["type"] == "snapshot").await;
    for value in 1..=3 {
        small
            .centre
            .post("/api/v1/observations?source=api", &json!([observation("probe.value", "probe-01", START, f64::from(value))]))
            .await;
        small.pass(1);
        let update =
            first.until("an update", |message| message["type"] == "update" && message["live"].to_string().contains("probe-01")).await;
        if value == 1 {
            seen = update;
        }
    }
    drop(first);
    let mut second = small.centre.viewer().await;
    second.send(json!({ "type": "resume", "topic": topic("probes"), "epoch": seen["epoch"], "sequence": seen["sequence"] })).await;
    let next = second.until("a frame", |message| message["type"] != "hello").await;
    assert_eq!(next["type"], "update");
    assert_eq!(next["sequence"].as_u64().unwrap(), seen["sequence"].as_u64().unwrap() + 1);
    let mut third = small.centre.viewer().await;
    third.send(json!({ "type": "resume", "topic": topic("probes"), "epoch": 0, "sequence": 0 })).await;
    assert_eq!(third.until("a frame", |message| message["type"] != "hello").await["type"], "snapshot");
}

#[tokio::test]
async fn every_epoch_is_higher_than_the_last() {
    let mut small = Small::start().await;
    let mut epochs = Vec::new();
    for _ in 0..2 {
        let mut viewer = small.centre.viewer().await;
        viewer.send(json!({ "type": "subscribe", "topic": topic("main") })).await;
        epochs.push(viewer.until("a snapshot", |message| message["type"] == "snapshot").await["epoch"].as_i64().unwrap());
        small.centre.kill();
        small.centre = Centre::start(Setup {
            city: "tests/cities/mini",
            clock: Some(&small.clock),
            database: Some(&small.database),
            ..Setup::default()
        })
        .await;
    }
    assert!(epochs[0] < epochs[1], "{epochs:?}");
}

#[tokio::test]
async fn foreign_pages_and_bad_messages_are_refused() {
    let small = Small::start().await;
    for origin in ["https://evil.example", "null", "http://127.0.0.1:1"] {
        assert!(Viewer::connect_as(&small.centre.url, origin).await.is_err(), "{origin}");
    }
    let mut viewer = small.centre.viewer().await;
    viewer.next().await;
    for text in ["{", "{\"type\":\"launch\"}", "{\"type\":\"subscribe\",\"topic\":{\"board\":\"nowhere\"}}"] {
        viewer.send_text(text).await;
        assert_eq!(viewer.next().await.unwrap()["type"], "error", "{text}");
    }
    viewer.send_text(&"x".repeat(100_000)).await;
    assert_eq!(viewer.close_code().await, Some(1009));
    let mut chatty = small.centre.viewer().await;
    for _ in 0..40 {
        chatty.send_text("{}").await;
    }
    assert_eq!(chatty.close_code().await, Some(1008));
    assert_eq!(small.centre.get("/healthz").await.status, 200);
}
