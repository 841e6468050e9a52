//! What fires and ends again and again: told once, and then when it has settled.

use crate::moments::said;
use crate::town::Town;

/// So many evaluations in which the probe is high and low by turns, and what was told in them.
async fn alternating(town: &Town, count: u32) -> Vec<String> {
    for turn in 0..count {
        town.evaluation(&[("p1", if turn % 2 == 0 { 90.0 } else { 10.0 })]).await;
    }
    town.sms.take_all().iter().map(said).collect()
}

#[tokio::test]
async fn what_flaps_is_told_once_marked_and_then_how_it_settled() {
    let town = Town::with_steps(&["an", "binh"], 600).await;
    // Ten changes start it: that is the tenth evaluation, at which it ends.
    let before = alternating(&town, 9).await;
    assert!(before.iter().all(|one| one.starts_with("an ")), "{before:?}");
    let open = town.open().await.len();
    town.evaluation(&[]).await;
    // Nothing of what the turns were is told from here on: that it flaps, at the next flush, and no more.
    let begun = town.at().as_secs();
    let flaps = town.until_open(1).await[0]["incident"]["id"].as_i64().unwrap();
    println!("open before: {open}; it flaps from {begun} s: {:?}", town.timeline(flaps).await);
    let during = alternating(&town, 30).await;
    let of_flapping: Vec<String> = town.timeline(flaps).await.into_iter().filter(|line| line.contains("paged")).collect();
    println!("{during:?} {:?}", town.timeline(flaps).await);
    assert!(during.len() <= 1, "{during:?}");
    assert!(during.iter().all(|one| one.starts_with("an ")), "nobody is escalated to: {during:?}");
    // It stays low: fewer than five changes of twenty are reached, and the settled state is told once.
    let mut after: Vec<String> = Vec::new();
    for _ in 0..30 {
        town.evaluation(&[]).await;
        after.extend(town.told().await);
    }
    assert_eq!(after, ["an resolved 1"], "{of_flapping:?}");
    assert!(town.open().await.is_empty());
}

#[tokio::test]
async fn what_settles_while_it_fires_is_told_so_and_climbs_on() {
    let town = Town::with_steps(&["an", "binh"], 600).await;
    alternating(&town, 20).await;
    drop(town.told().await);
    let mut after: Vec<String> = Vec::new();
    for _ in 0..40 {
        town.evaluation(&[("p1", 90.0)]).await;
        after.extend(town.told().await);
        if after.len() > 1 {
            break;
        }
    }
    assert_eq!(after, ["an still 1", "binh firing 1"]);
}
