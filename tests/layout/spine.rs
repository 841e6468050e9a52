//! From an observation to a recorded reading, on each layout.

use crate::{LAYOUTS, database};
use harness::{Centre, MovedClock, Setup};
use serde_json::{Value, json};
use std::time::Duration;

#[tokio::test]
async fn a_centre_says_its_layout_and_records_what_it_is_sent() {
    for layout in LAYOUTS {
        let Some(database) = database(layout).await else { continue };
        let clock = MovedClock::at("2026-03-02T01:00:00Z");
        let setup = || Setup { city: "tests/cities/mini", clock: Some(&clock), database: Some(&database), ..Setup::default() };
        let mut centre = Centre::start(setup()).await;
        let ready = centre.get("/readyz").await.body;
        assert_eq!(ready["layout"], layout, "{ready}");
        println!("{layout}: {}", ready["database"]);
        for (minute, value) in [(0, 40.0), (1, 50.0)] {
            let time = format!("2026-03-02T01:0{minute}:10Z");
            let observation = json!([{ "metric": "road.speed", "labels": { "asset": "road-1" }, "time": time, "value": value }]);
            let answer = centre.post("/api/v1/observations?source=api", &observation).await;
            assert_eq!(answer.status, 200, "{answer:?}");
            for _ in 0..60 {
                clock.advance(jiff::SignedDuration::from_secs(1));
            }
        }
        let both = || async {
            clock.advance(jiff::SignedDuration::from_millis(100));
            recorded(&centre).await
        };
        let points = harness::eventually("readings are recorded", Duration::from_secs(20), both).await;
        centre.kill();
        let again = Centre::start(setup()).await;
        assert_eq!(recorded(&again).await, Some(points), "{layout}");
    }
}

/// Both readings, when they are there.
async fn recorded(centre: &Centre) -> Option<Vec<Value>> {
    let answer = centre.get("/api/v1/kpis/road.speed/readings?from=2026-03-02T01:01:00Z&to=2026-03-02T01:02:00Z").await;
    answer.body["points"].as_array().cloned().filter(|points| points.len() == 2)
}
