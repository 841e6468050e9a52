//! Many messages, two workers, and one of them killed again and again.

use super::*;
use harness::{Gateway, MailServer, eventually};
use std::collections::HashMap;
use std::time::{Duration, Instant};

const MESSAGES: i64 = 10_000;

async fn decide_many(scene: &Scene, contact: impl Fn(i64) -> ContactId, count: i64) {
    for from in (1..=count).step_by(1_000) {
        let pages: Vec<Page> = (from..(from + 1_000).min(count + 1)).map(|number| scene.page(number, contact(number))).collect();
        scene.decide(&pages).await;
    }
}

async fn count(scene: &Scene, state: &str) -> i64 {
    scene.sql.query_one("SELECT count(*) FROM page WHERE state = $1", &[&state]).await.unwrap().get(0)
}

/// Ten thousand messages, each to a phone of its own, by two processes of which one is killed after every thousand.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn none_is_lost_and_none_is_sent_twice_whatever_is_killed() {
    let provider = Gateway::start("p1").await;
    let scene = Scene::with(&[provider.entry("sms", true)]).await;
    decide_many(&scene, TestDesk::phone, MESSAGES).await;
    let _steady = scene.process(Some(&scene.clock)).await;
    let mut victim = scene.process(Some(&scene.clock)).await;
    let mut kills = 0;
    for thousand in 1..MESSAGES / 1_000 {
        let reached = || async { (provider.waiting() as i64 >= thousand * 1_000).then_some(()) };
        eventually("some more is sent", Duration::from_secs(30), reached).await;
        victim.kill();
        kills += 1;
        victim = scene.process(Some(&scene.clock)).await;
    }
    let ask = || async { (count(&scene, "accepted").await == MESSAGES).then_some(()) };
    scene.clock.advance_until("all are accepted", 120, ask).await;
    let mut times: HashMap<String, u32> = HashMap::new();
    provider.take_all().iter().for_each(|one| *times.entry(one.field("to")).or_default() += 1);
    let twice = times.values().filter(|times| **times > 1).count();
    let in_doubt: i64 = scene.sql.query_one("SELECT count(*) FROM attempt WHERE outcome = 'unknown'", &[]).await.unwrap().get(0);
    println!("{MESSAGES} messages, {kills} kills: {} reached, {twice} twice, {in_doubt} attempts were in doubt", times.len());
    assert_eq!(times.len() as i64, MESSAGES);
    assert!(twice <= 1, "{twice} were sent twice");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_outbox_sends_hundreds_a_second() {
    let (provider, mail) = (Gateway::start("p1").await, MailServer::start().await);
    let scene = Scene::with(&[provider.entry("sms", true), mail.entry()]).await;
    let measure = async |contact: fn(i64) -> ContactId, messages: i64, from: i64| {
        decide_many(&scene, contact, messages).await;
        let begun = Instant::now();
        let worker = scene.worker().await;
        let ask = || async { (count(&scene, "accepted").await == from + messages).then_some(()) };
        eventually("all are accepted", Duration::from_secs(60), ask).await;
        worker.stop().await;
        messages as f64 / begun.elapsed().as_secs_f64()
    };
    let sms = measure(TestDesk::phone, 3_000, 0).await;
    provider.take(3_000).await;
    let letters = measure(TestDesk::mailbox, 1_000, 3_000).await;
    mail.take(1_000).await;
    println!("{sms:.0} messages/s over HTTP, {letters:.0} letters/s over SMTP");
    assert!(sms > 100.0 && letters > 20.0, "{sms} and {letters}");
}
