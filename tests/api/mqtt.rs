//! MQTT through a real Mosquitto: what devices send arrives, bad messages are kept with their reason, and the state of the
//! broker's link is told.

use super::*;
use harness::{Broker, Device};

async fn with_broker() -> (Broker, Small) {
    let broker = Broker::start().await;
    let clock = MovedClock::at(START);
    let database = Database::fresh().await;
    let centre = Centre::start(Setup {
        city: "tests/cities/mini",
        clock: Some(&clock),
        database: Some(&database),
        broker: Some(broker.address()),
        ..Setup::default()
    })
    .await;
    let small = Small { clock, database, centre };
    subscribed(&small).await;
    (broker, small)
}

/// Waits until the server has subscribed, so that nothing is published into the void.
async fn subscribed(small: &Small) {
    eventually("the server subscribes", Duration::from_secs(20), || async {
        let ready = small.centre.get("/readyz").await;
        (ready.status == 200 && ready.body["warnings"].as_array().is_some_and(Vec::is_empty)).then_some(())
    })
    .await;
}

async fn stored(small: &Small, rows: i64) {
    let sql = small.database.client().await;
    eventually("the rows are stored", Duration::from_secs(20), || async {
        let found: i64 = sql.query_one("SELECT count(*) FROM observation", &[]).await.unwrap().get(0);
        (found == rows).then_some(())
    })
    .await;
}

#[tokio::test]
async fn devices_messages_of_every_shape_arrive() {
    let (broker, small) = with_broker().await;
    let mut device = Device::connect(broker.address(), "device").await;
    let millis = 1_772_413_200_000_i64;
    device.publish("mini/road/road-1/telemetry", &json!({ "ts": millis, "values": { "speed": 31.5, "other": 1 } }).to_string()).await;
    let array = json!([{ "ts": millis, "values": { "speed": 20 } }, { "ts": millis - 60_000, "values": { "speed": "21.5" } }]);
    device.publish("mini/road/road-2/telemetry", &array.to_string()).await;
    device.publish("mini/road/road-3/telemetry", "{\"speed\": 33}").await;
    device.publish("mini/value/probe-01/probe.value", "12.5").await;
    device.acknowledged().await;
    stored(&small, 5).await;
    let sql = small.database.client().await;
    let rows = sql
        .query("SELECT s.labels->>'area', value FROM observation o JOIN series s ON s.id = o.series_id ORDER BY value", &[])
        .await
        .unwrap();
    let rows: Vec<(String, f64)> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
    let expected =
        [("north", 12.5), ("north", 20.0), ("north", 21.5), ("north", 31.5), ("south", 33.0)].map(|(area, value)| (area.to_owned(), value));
    // The odd probes are in the south ward.
    assert_eq!(rows[1..], expected[1..]);
}

#[tokio::test]
async fn bad_messages_are_kept_with_their_reason_and_hold_up_nothing() {
    let (broker, small) = with_broker().await;
    let mut device = Device::connect(broker.address(), "device").await;
    device.publish("mini/road/road-1/telemetry", "{\"ts\": 1, \"values\"").await;
    device.publish("mini/value/probe-01/no.such.metric", "1").await;
    device.publish("mini/value/probe-01/probe.value", "twelve").await;
    device.publish("mini/value/probe-01/probe.value", "12").await;
    device.acknowledged().await;
    stored(&small, 1).await;
    let sources = small.centre.get("/api/v1/sources").await.body;
    let reasons: Vec<&str> = sources["rejects"].as_array().unwrap().iter().map(|reject| reject["source"].as_str().unwrap()).collect();
    assert_eq!(reasons.len(), 3, "{sources:?}");
}
