//! A centre that goes away and comes back: what was served counts, what was told is not told again, nothing is over.

use crate::town::Town;

/// How the centre goes.
#[derive(Clone, Copy, PartialEq)]
enum End {
    Asked,
    Killed,
}

async fn away(town: &mut Town, end: End, seconds: i64) {
    match end {
        End::Asked => town.stopped_for(seconds).await,
        End::Killed => town.killed_for(seconds).await,
    }
}

const SLOW: (&str, f64) = ("p3", 90.0);

async fn served_time_counts_and_down_time_does_not(end: End) {
    let mut town = Town::with_steps(&["an"], 86_400).await;
    // Pending since the first evaluation, at 60 s: two of its five minutes are served.
    town.evaluations(3, &[SLOW]).await;
    away(&mut town, end, 1200).await;
    // The evaluation at 1380 s takes place as soon as it is back, and counts as the one at 240 s would have.
    town.evaluation(&[SLOW]).await;
    assert!(town.open().await.is_empty(), "at {:#}", town.at());
    town.evaluation(&[SLOW]).await;
    let id = town.incident_of("p3").await;
    assert_eq!(town.timeline(id).await, ["1501 opened"]);
    town.until(1531).await;
    assert_eq!(town.told().await, ["an firing 1"]);
    // It fires: another absence ends nothing and tells nobody.
    away(&mut town, end, 5).await;
    town.evaluations(2, &[SLOW]).await;
    assert!(town.told().await.is_empty());
    assert_eq!(town.timeline(id).await.len(), 3);
}

#[tokio::test]
async fn a_centre_that_was_asked_to_stop_goes_on_where_it_was() {
    served_time_counts_and_down_time_does_not(End::Asked).await;
}

#[tokio::test]
async fn a_centre_that_was_killed_goes_on_where_it_was() {
    served_time_counts_and_down_time_does_not(End::Killed).await;
}

#[tokio::test]
async fn after_more_than_an_hour_away_what_is_pending_begins_anew() {
    let mut town = Town::with_steps(&["an"], 86_400).await;
    town.evaluations(5, &[SLOW]).await;
    away(&mut town, End::Killed, 3_720).await;
    let back = town.at().as_secs();
    town.evaluations(5, &[SLOW]).await;
    assert!(town.open().await.is_empty());
    town.evaluation(&[SLOW]).await;
    let id = town.incident_of("p3").await;
    let opened = (back / 60 + 6) * 60 + 1;
    assert_eq!(town.timeline(id).await, [format!("{opened} opened")]);
    town.until(opened + 30).await;
    assert_eq!(town.told().await, ["an firing 1"]);
}

#[tokio::test]
async fn a_centre_that_is_dead_for_half_an_hour_resolves_nothing_and_climbs_on_afterwards() {
    let mut town = Town::with_steps(&["an", "binh", "chi"], 600).await;
    town.evaluation(&[("p1", 90.0)]).await;
    let id = town.incident_of("p1").await;
    assert_eq!(town.told().await, ["an firing 1"]);
    town.killed_for(1800).await;
    // What it slept through is one message and not three.
    assert_eq!(town.told().await, ["binh firing 1"]);
    town.evaluations(9, &[("p1", 90.0)]).await;
    assert!(town.told().await.is_empty());
    assert_eq!(town.open().await.len(), 1);
    // Whoever was paged late has their whole time.
    town.until(61 + 1800 + 600).await;
    assert_eq!(town.told().await, ["chi firing 1"]);
    let lines = town.timeline(id).await;
    assert_eq!(lines[3..], ["1861 escalated 1.2", "1861 paged binh firing of 1", "2461 escalated 1.3", "2461 paged chi firing of 1"]);
}

#[tokio::test]
async fn a_centre_that_comes_back_keeps_what_holds_an_alert_open() {
    let mut town = Town::with_steps(&["an"], 86_400).await;
    town.evaluations(2, &[("keep", 90.0), ("band", 85.0)]).await;
    // The one should end and is kept, the other is within its band.
    town.evaluation(&[("band", 75.0)]).await;
    town.until(190).await;
    assert_eq!(town.told().await, ["an firing 2"]);
    town.killed_for(120).await;
    // 300 s, evaluated as soon as it is back, counts as 240 s would have: one of three minutes is left at 360 s.
    town.evaluation(&[("band", 75.0)]).await;
    assert_eq!(town.open().await.len(), 2);
    let (keep, band) = (town.incident_of("keep").await, town.incident_of("band").await);
    town.evaluation(&[("band", 69.0)]).await;
    assert!(town.open().await.is_empty());
    assert!(town.timeline(keep).await.contains(&format!("{} resolved condition", town.at().as_secs())));
    assert!(town.timeline(band).await.contains(&format!("{} resolved condition", town.at().as_secs())));
    town.until(751).await;
    assert_eq!(town.told().await, ["an resolved 2"]);
}

#[tokio::test]
async fn a_centre_that_comes_back_knows_the_value_before() {
    let mut town = Town::with_steps(&["an"], 86_400).await;
    town.evaluations(2, &[("rise", 50.0)]).await;
    // Gone between two evaluations: none is missed.
    town.killed_for(10).await;
    town.evaluation(&[("rise", 75.0)]).await;
    let id = town.incident_of("rise").await;
    assert_eq!(town.told().await, ["an firing 1"]);
    town.evaluation(&[("rise", 75.0)]).await;
    assert!(town.timeline(id).await.contains(&format!("{} resolved condition", town.at().as_secs())));
}
