//! What is done with leaves the outbox after 90 days, and nothing else does.

use super::*;
use harness::Gateway;
use taydo_server::store::outbox::Withdrawal;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_is_done_with_goes_after_ninety_days_and_what_is_not_stays() {
    let provider = Gateway::start("p1").await;
    let scene = Scene::with(&[provider.entry("sms", true)]).await;
    let sent: Vec<Page> = (1..=3).map(|number| scene.page(number, TestDesk::phone(number))).collect();
    let far = scene.later(&scene.page(4, TestDesk::phone(4)), TestDesk::phone(4), 200 * 24 * 60);
    let withdrawn = scene.later(&scene.page(5, TestDesk::phone(5)), TestDesk::phone(5), 5);
    scene.decide(&sent).await;
    scene.decide(&[far, withdrawn]).await;
    let what = Withdrawal { group: GroupId(5), escalation: 1, kinds: &[PageKind::Firing], person: None };
    assert_eq!(scene.store.withdraw_pages(what, scene.now()).await.unwrap(), 1);
    let _worker = scene.worker().await;
    scene.until_pages(&["accepted", "accepted", "accepted", "waiting", "suppressed"], 10).await;
    provider.take(3).await;
    let after = |hours: i64| scene.now() + SignedDuration::from_hours(hours);
    assert_eq!(scene.store.purge_outbox(after(-1)).await.unwrap(), 0);
    assert_eq!(scene.pages().await.len(), 5);
    assert_eq!(scene.store.purge_outbox(after(1)).await.unwrap(), 4);
    assert_eq!(scene.pages().await, ["waiting"]);
    assert!(scene.attempts().await.is_empty() && scene.outcomes().await.is_empty());
    assert_eq!(scene.texts("SELECT id::text FROM message").await, [] as [&str; 0]);
    assert_eq!(scene.store.purge_outbox(after(1)).await.unwrap(), 0);
}
