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
async fn a_restart_in_the_middle_of_for_keeps_the_served_time_and_tells_nobody_twice() {
    let mut town = Town::with_steps(&["an"], 3600).await;
    town.minute(&[("p1", 90.0), ("p2", 10.0), ("p3", 90.0)]).await;
    town.message().await;
    town.minutes(2, &[("p1", 90.0), ("p2", 10.0), ("p3", 90.0)]).await;
    // Ten minutes down: that time is not served.
    town.killed_for(600).await;
    town.minute(&[("p1", 90.0), ("p2", 10.0), ("p3", 90.0)]).await;
    town.until_open(1).await;
    town.minute(&[("p1", 90.0), ("p2", 10.0), ("p3", 90.0)]).await;
    town.until_open(2).await;
    town.pass(30).await;
    // Only what is new is told.
    let text = town.message().await.field("text");
    assert!(text.contains("Tram ba"), "{text}");
}
