//! D1: a process is killed between the provider's acceptance and its record.

use super::*;
use harness::{Gateway, Reply, eventually};
use std::time::Duration;

/// Kills a worker's process once the provider has the message, and starts another when the lease is over.
async fn killed_after_acceptance(provider: &Gateway, scene: &Scene) -> WorkerProcess {
    provider.script([Reply::AcceptAndHang]);
    let mut process = scene.process(Some(&scene.clock)).await;
    scene.decide(&[scene.page(1, TestDesk::phone(1))]).await;
    eventually("the provider has the message", Duration::from_secs(20), || async { (provider.waiting() == 1).then_some(()) }).await;
    process.kill();
    assert_eq!(scene.attempts().await, ["p1 open"]);
    scene.clock.advance(SignedDuration::from_secs(31));
    scene.process(Some(&scene.clock)).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_provider_that_can_tell_is_asked_and_nothing_is_sent_twice() {
    let provider = Gateway::start("p1").await;
    let scene = Scene::with(&[provider.entry("sms", true)]).await;
    let _process = killed_after_acceptance(&provider, &scene).await;
    scene.until_pages(&["accepted"], 10).await;
    scene.clock.let_pass(SignedDuration::from_mins(5)).await;
    provider.take(1).await;
    assert_eq!(scene.attempts().await, ["p1 unknown"]);
    assert_eq!(scene.outcomes().await, ["accepted"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn where_nobody_can_tell_it_is_sent_once_more_and_marked() {
    let provider = Gateway::start("p1").await;
    let scene = Scene::with(&[provider.entry("sms", false)]).await;
    let _process = killed_after_acceptance(&provider, &scene).await;
    scene.until_pages(&["accepted"], 10).await;
    scene.clock.let_pass(SignedDuration::from_mins(5)).await;
    let taken = provider.take(2).await;
    assert_eq!(taken[0].field("reference"), taken[1].field("reference"));
    assert_eq!(taken[0].field("text"), "Ninh Kieu 11,5 km/h. Canh bao nghiem trong. Toc do trung binh qua thap Tra loi: ack1");
    assert_eq!(taken[1].field("text"), format!("(nhac lai) {}", taken[0].field("text")));
    assert_eq!(scene.attempts().await, ["p1 unknown", "p1 accepted"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_provider_that_never_answers_gets_it_twice_and_the_next_contact_is_pulled_forward() {
    let (silent, chat) = (Gateway::start("p1").await, Gateway::start("mailer").await);
    let scene = Scene::with(&[silent.entry("sms", false)]).await;
    drop(chat);
    silent.always(Reply::AcceptAndDrop);
    let page = scene.page(1, TestDesk::phone(1));
    let next = scene.later(&page, TestDesk::phone(2), 10);
    silent.for_address(&scene.desk.address(TestDesk::phone(2)), Reply::Accept);
    scene.decide(&[page, next]).await;
    let _worker = scene.worker().await;
    let passed_s = scene.until_pages(&["unconfirmed", "accepted"], 60).await;
    assert!(passed_s < 60, "{passed_s}");
    scene.clock.let_pass(SignedDuration::from_mins(30)).await;
    let texts: Vec<bool> = silent.take(3).await.iter().map(|one| one.field("text").starts_with("(nhac lai)")).collect();
    assert_eq!(texts, [false, true, false]);
    assert_eq!(scene.outcomes().await, ["unknown", "unconfirmed", "pulled_forward", "accepted"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_digest_is_never_repeated() {
    let provider = Gateway::start("p1").await;
    let scene = Scene::with(&[provider.entry("sms", false)]).await;
    provider.always(Reply::AcceptAndDrop);
    scene.decide(&[Page { kind: PageKind::Digest, ..scene.page(1, TestDesk::phone(1)) }]).await;
    let _worker = scene.worker().await;
    scene.until_pages(&["unconfirmed"], 30).await;
    scene.clock.let_pass(SignedDuration::from_mins(5)).await;
    provider.take(1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_worker_that_lost_its_lease_changes_nothing() {
    let provider = Gateway::start("p1").await;
    let scene = Scene::with(&[provider.entry("sms", true)]).await;
    provider.script([Reply::AcceptAndHold]);
    // The first worker's time stands still, as a stopped machine's does.
    let still = MovedClock::at(START);
    let zombie = scene.worker_of(&still).await;
    scene.decide(&[scene.page(1, TestDesk::phone(1))]).await;
    eventually("the provider has the message", Duration::from_secs(20), || async { (provider.waiting() == 1).then_some(()) }).await;
    scene.clock.advance(SignedDuration::from_secs(31));
    let _worker = scene.worker().await;
    scene.until_pages(&["accepted"], 10).await;
    let before = scene.texts("SELECT state || finished_at FROM message").await;
    provider.release();
    eventually("the late end is recorded", Duration::from_secs(20), || async {
        (scene.attempts().await == ["p1 late:accepted"]).then_some(())
    })
    .await;
    assert_eq!(scene.texts("SELECT state || finished_at FROM message").await, before);
    assert_eq!(zombie.counters().late.load(std::sync::atomic::Ordering::Relaxed), 1);
    provider.take(1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_late_end_does_not_touch_what_another_worker_is_sending() {
    let provider = Gateway::start("p1").await;
    let scene = Scene::with(&[provider.entry("sms", false)]).await;
    provider.script([Reply::AcceptAndHold, Reply::AcceptAndHang]);
    let still = MovedClock::at(START);
    let _zombie = scene.worker_of(&still).await;
    scene.decide(&[scene.page(1, TestDesk::phone(1))]).await;
    eventually("the provider has the message", Duration::from_secs(20), || async { (provider.waiting() == 1).then_some(()) }).await;
    scene.clock.advance(SignedDuration::from_secs(31));
    let _worker = scene.worker().await;
    eventually("it is sent once more", Duration::from_secs(20), || async { (provider.waiting() == 2).then_some(()) }).await;
    provider.release();
    eventually("the late end is recorded", Duration::from_secs(20), || async {
        (scene.attempts().await == ["p1 late:accepted", "p1 open"]).then_some(())
    })
    .await;
    assert_eq!(scene.texts("SELECT state FROM message").await, ["sending"]);
    scene.until_pages(&["unconfirmed"], 15).await;
    provider.take(2).await;
}
