//! The broker and the server away from each other.

use super::*;
use harness::{Broker, Device};
use serde_json::json;

async fn problem(server: &Centre, source: &str) -> Option<String> {
    let sources = server.get("/api/v1/sources").await.body;
    let source = sources["sources"].as_array()?.iter().find(|one| one["id"] == source)?.clone();
    source["problem"].as_str().map(str::to_owned)
}

async fn is_well(server: &Centre) {
    eventually("the feed is well", Duration::from_secs(30), || async { problem(server, "road-mqtt").await.is_none().then_some(()) }).await;
}

#[tokio::test]
async fn an_hour_of_messages_waits_for_a_server_that_is_down() {
    let folder = tempfile::Builder::new().prefix("taydo-faults").tempdir().unwrap();
    let broker = Broker::start().await;
    let mut server = centre(folder.path(), 0, Some(broker.address())).await;
    is_well(&server).await;
    assert_eq!(server.stop().await, Some(0));
    // An hour of the simulated city: 120 sensors, one message a minute, then some.
    let mut device = Device::connect(broker.address(), "an-hour").await;
    let base = 1_772_413_200_000_i64;
    for n in 0..10_000_i64 {
        let body = json!({ "ts": base + n / 120 * 60_000, "values": { "speed": 30 } });
        device.publish(&format!("mini/road/sensor-{}/telemetry", n % 120), &body.to_string()).await;
    }
    device.acknowledged().await;
    let mut server = centre(folder.path(), 0, Some(broker.address())).await;
    let rows = sql(folder.path()).await;
    eventually("every message is stored", Duration::from_secs(40), || async {
        (count(&rows, "observation").await == 10_000).then_some(())
    })
    .await;
    assert_eq!(problem(&server, "road-mqtt").await, None);
    assert_eq!(server.stop().await, Some(0));
}

#[tokio::test]
async fn a_lost_broker_is_told_and_what_it_lost_is_bounded() {
    let folder = tempfile::Builder::new().prefix("taydo-faults").tempdir().unwrap();
    let mut broker = Broker::start().await;
    let mut server = centre(folder.path(), 0, Some(broker.address())).await;
    is_well(&server).await;
    broker.kill();
    eventually("the lost link is told", Duration::from_secs(30), || async { problem(&server, "road-mqtt").await }).await;
    assert_eq!(server.get("/readyz").await.status, 200, "a lost broker is a warning: the screens go on");
    broker.restart().await;
    let mut device = Device::connect(broker.address(), "after").await;
    is_connected(&server).await;
    device.publish("mini/road/road-1/telemetry", "{\"ts\":1772413200000,\"values\":{\"speed\":30}}").await;
    device.acknowledged().await;
    let rows = sql(folder.path()).await;
    eventually("data flows again", Duration::from_secs(30), || async { (count(&rows, "observation").await == 1).then_some(()) }).await;
    assert_eq!(server.stop().await, Some(0));
}

/// Connected again, whatever is still told of the past.
async fn is_connected(server: &Centre) {
    eventually("the server connects again", Duration::from_secs(40), || async {
        let problem = problem(server, "road-mqtt").await;
        problem.is_none_or(|problem| problem.contains("session")).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_server_starts_without_its_broker_and_finds_it_later() {
    let folder = tempfile::Builder::new().prefix("taydo-faults").tempdir().unwrap();
    let mut broker = Broker::start().await;
    broker.kill();
    let mut server = centre(folder.path(), 0, Some(broker.address())).await;
    eventually("the absent broker is told", Duration::from_secs(20), || async { problem(&server, "road-mqtt").await }).await;
    broker.restart().await;
    is_well(&server).await;
    assert_eq!(server.stop().await, Some(0));
}
