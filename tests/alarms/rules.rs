//! From readings to messages: when a rule pages, and when it doesn't.

use crate::town::{Town, phone};

#[tokio::test]
async fn a_rule_that_fires_pages_the_person_of_the_first_step_once() {
    let town = Town::with_steps(&["an", "binh"], 600).await;
    town.minute(&[("p1", 90.0), ("p2", 10.0), ("p3", 10.0)]).await;
    let message = town.message().await;
    assert_eq!(message.field("to"), phone("an"));
    let text = message.field("text");
    assert!(text.contains("Tram mot") && text.contains("90"), "{text}");
    let open = town.until_open(1).await;
    let id = open[0]["incident"]["id"].as_i64().unwrap();
    // It goes on firing: nobody is told again.
    town.minutes(3, &[("p1", 90.0), ("p2", 10.0), ("p3", 10.0)]).await;
    assert_eq!(town.log(id).await, ["opened", "escalated", "paged an"]);
    // It ends: whoever was paged learns of it at the next flush.
    town.minute(&[("p1", 10.0), ("p2", 10.0), ("p3", 10.0)]).await;
    town.until_open(0).await;
    town.minutes(1, &[("p1", 10.0), ("p2", 10.0), ("p3", 10.0)]).await;
    assert_eq!(town.message().await.field("to"), phone("an"));
}

#[tokio::test]
async fn for_counts_from_the_first_evaluation_and_one_dip_resets_it() {
    let town = Town::with_steps(&["an"], 3600).await;
    town.minutes(4, &[("p1", 10.0), ("p2", 10.0), ("p3", 90.0)]).await;
    town.minute(&[("p1", 10.0), ("p2", 10.0), ("p3", 10.0)]).await;
    town.minutes(5, &[("p1", 10.0), ("p2", 10.0), ("p3", 90.0)]).await;
    assert!(town.open().await.is_empty());
    // The sixth evaluation is five minutes after the first that holds.
    town.minute(&[("p1", 10.0), ("p2", 10.0), ("p3", 90.0)]).await;
    town.until_open(1).await;
    // High waits thirty seconds to be told with others.
    assert_eq!(town.sms.waiting(), 0);
    town.pass(30).await;
    assert_eq!(town.message().await.field("to"), phone("an"));
}

#[tokio::test]
async fn an_alert_fires_and_ends_at_exactly_its_evaluations() {
    let town = Town::with_steps(&["an"], 86_400).await;
    // One series each: `for`, with a dip; what goes on for three minutes; what ends only below seventy.
    let steady = [90.0; 11];
    let dipped = [90.0, 90.0, 90.0, 90.0, 10.0, 90.0, 90.0, 90.0, 90.0, 90.0, 90.0];
    let kept = [90.0, 90.0, 10.0, 10.0, 10.0, 10.0, 10.0, 90.0, 10.0, 10.0, 10.0];
    let band = [85.0, 85.0, 75.0, 75.0, 79.0, 69.0, 75.0, 75.0, 75.0, 75.0, 75.0];
    let mut told = Vec::new();
    let mut incidents = Vec::new();
    for (minute, values) in steady.iter().zip(dipped).zip(kept).zip(band).enumerate() {
        let (((steady, dipped), kept), band) = values;
        town.evaluation(&[("p3", *steady), ("p4", dipped), ("keep", kept), ("band", band)]).await;
        if minute == 1 {
            incidents.extend([town.incident_of("keep").await, town.incident_of("band").await]);
        }
        told.extend(town.told().await.into_iter().map(|one| format!("{minute}: {one}")));
    }
    incidents.extend([town.incident_of("p3").await, town.incident_of("p4").await]);
    town.until(691).await;
    told.extend(town.told().await);
    let mut lives = Vec::new();
    for incident in incidents {
        let about = |line: &String| line.contains("opened") || line.contains("resolved c");
        lives.push(town.timeline(incident).await.into_iter().filter(about).collect::<Vec<_>>().join(", "));
    }
    // Evaluations are at 61 s, 121 s and so on: firing at 1 m and over at 5 m; firing at 5 m; firing at 10 m.
    assert_eq!(lives, ["121 opened, 361 resolved condition", "121 opened, 361 resolved condition", "361 opened", "661 opened"]);
    assert_eq!(told, ["2: an firing 2", "6: an firing 3", "an firing 2"]);
    let opened: i64 = town.sql.query_one("SELECT count(*) FROM incident", &[]).await.unwrap().get(0);
    assert_eq!(opened, 4, "what was only pending is nobody's business");
}
