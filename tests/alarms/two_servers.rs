//! Two servers on one database: one leads, the other stands by, and whatever happens to the leader people get one page.

use crate::town::Town;
use harness::{Centre, eventually};
use serde_json::json;
use std::time::{Duration, Instant};

/// The other server has to work by then.
const TAKEOVER: Duration = Duration::from_secs(5);

async fn stands_by(centre: &Centre) {
    assert_eq!(centre.get("/healthz").await.status, 200);
    let ready = centre.get("/readyz").await;
    assert_eq!(ready.status, 503);
    assert!(ready.body["lacking"]["lead"].is_string(), "{ready:?}");
    let refused = centre.post("/api/v1/observations?source=api", &json!([])).await;
    assert_eq!((refused.status, refused.body["code"].as_str()), (503, Some("unavailable")));
}

/// Waits until it leads; returns how long that took.
async fn leads(centre: &Centre) -> Duration {
    let begun = Instant::now();
    eventually("the other server leads", Duration::from_secs(20), || async { (centre.get("/readyz").await.status == 200).then_some(()) })
        .await;
    begun.elapsed()
}

#[tokio::test]
async fn the_other_takes_over_from_a_killed_leader_and_there_is_one_page() {
    let mut town = Town::with_steps(&["an"], 3600).await;
    let second = town.another("second").await;
    stands_by(&second).await;
    town.evaluation(&[("p1", 90.0)]).await;
    assert_eq!(town.told().await, ["an firing 1"]);
    // What the leader has acknowledged and not yet evaluated when it is killed is the other's.
    let instant = town.at().as_secs() / 60 * 60 + 60;
    town.until(instant - 20).await;
    let observation =
        |asset: &str| json!({ "metric": "probe.value", "labels": { "asset": asset }, "value": 90.0, "time": town.clock.now() });
    let answer = town.centre.post("/api/v1/observations?source=api", &json!([observation("p1"), observation("p2")])).await;
    assert_eq!(answer.status, 200);
    stands_by(&second).await;
    town.centre.kill();
    let took = leads(&second).await;
    println!("the other server led {} ms after the kill", took.as_millis());
    assert!(took < TAKEOVER, "{took:?}");
    town.centre = second;
    town.pass(instant + 2 - town.at().as_secs()).await;
    town.until_open(2).await;
    // Both of one team: told at the group's next flush, once.
    town.pass(61 + 300 - town.at().as_secs()).await;
    assert_eq!(town.messages(1).await.len(), 1);
    // The first comes back as the one that stands by, and is needed again when the second is stopped.
    let first = town.another("first").await;
    stands_by(&first).await;
    assert_eq!(town.centre.stop().await, Some(0));
    let took = leads(&first).await;
    println!("after a stop it led {} ms later", took.as_millis());
    assert!(took < TAKEOVER, "{took:?}");
    town.centre = first;
    assert_eq!(town.open().await.len(), 2);
    town.pass(5).await;
    assert_eq!(town.sms.waiting(), 0);
}

#[tokio::test]
async fn a_leader_that_was_frozen_ends_when_it_wakes_and_pages_nobody() {
    let mut town = Town::with_steps(&["an"], 3600).await;
    let second = town.another("second").await;
    town.centre.signal("STOP");
    let took = leads(&second).await;
    assert!(took < TAKEOVER, "{took:?}");
    let mut frozen = std::mem::replace(&mut town.centre, second);
    frozen.signal("CONT");
    assert_eq!(frozen.ended().await, Some(1), "it has lost the lead, and somebody has to start it again");
    town.evaluation(&[("p1", 90.0)]).await;
    assert_eq!(town.told().await, ["an firing 1"]);
}
