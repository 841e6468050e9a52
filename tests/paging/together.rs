//! What is sent together, what is no longer sent, and in which order.

use super::*;
use harness::{Gateway, Reply};
use taydo_server::paging::Verdict;
use taydo_server::store::outbox::Withdrawal;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_same_decision_taken_twice_is_one_page() {
    let provider = Gateway::start("p1").await;
    let scene = Scene::with(&[provider.entry("sms", false)]).await;
    let page = scene.page(1, TestDesk::phone(1));
    let again = Page { due_at: scene.now() + SignedDuration::from_secs(1), ..page.clone() };
    assert_eq!(scene.decide(&[page.clone(), page]).await, 1);
    assert_eq!(scene.decide(&[again]).await, 0);
    let _worker = scene.worker().await;
    scene.until_pages(&["accepted"], 5).await;
    scene.clock.let_pass(SignedDuration::from_mins(1)).await;
    provider.take(1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn several_pages_for_one_phone_become_one_message() {
    let provider = Gateway::start("p1").await;
    let scene = Scene::with(&[provider.entry("sms", false)]).await;
    let pages: Vec<Page> = (1..=120).map(|number| scene.page(number, TestDesk::phone(1))).collect();
    scene.decide(&pages).await;
    let _worker = scene.worker().await;
    scene.until_pages(&["accepted"; 120], 5).await;
    let taken = provider.take(1).await;
    assert!(taken[0].field("text").contains("+119"), "{taken:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_is_no_longer_wanted_is_not_sent_nor_tried_again() {
    let provider = Gateway::start("p1").await;
    let scene = Scene::with(&[provider.entry("sms", false)]).await;
    scene.desk.set_verdict(1, Verdict::Suppressed);
    scene.desk.set_verdict(2, Verdict::Expired);
    provider.script([Reply::Refuse(500, Vec::new())]);
    let _worker = scene.worker().await;
    scene.decide(&[scene.page(1, TestDesk::phone(1)), scene.page(2, TestDesk::phone(2)), scene.page(3, TestDesk::phone(3))]).await;
    scene.clock.advance_until("the third has failed once", 2, || async { (scene.attempts().await == ["p1 retry"]).then_some(()) }).await;
    // Somebody answers before it is tried again.
    scene.desk.set_verdict(3, Verdict::Suppressed);
    scene.until_pages(&["suppressed", "expired", "suppressed"], 5).await;
    scene.clock.let_pass(SignedDuration::from_mins(5)).await;
    assert_eq!(scene.attempts().await, ["p1 retry"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_answer_withdraws_the_pages_of_its_escalation_that_still_wait() {
    let provider = Gateway::start("p1").await;
    let scene = Scene::with(&[provider.entry("sms", false)]).await;
    let first = scene.page(1, TestDesk::phone(1));
    let others = [
        scene.later(&first, TestDesk::phone(2), 5),
        Page { escalation: 2, ..scene.later(&first, TestDesk::phone(3), 5) },
        Page { kind: PageKind::Resolved, ..scene.later(&first, TestDesk::phone(4), 5) },
    ];
    scene.decide(&[first]).await;
    scene.decide(&others).await;
    let _worker = scene.worker().await;
    scene.until_pages(&["accepted", "waiting", "waiting", "waiting"], 2).await;
    let ended = Withdrawal { group: GroupId(1), escalation: 1, kinds: &[PageKind::Firing, PageKind::StillFiring], person: None };
    assert_eq!(scene.store.withdraw_pages(ended, scene.now()).await.unwrap(), 1);
    // At once: a clock that runs on would end sendings that are on their way.
    scene.clock.advance(SignedDuration::from_mins(6));
    scene.until_pages(&["accepted", "suppressed", "accepted", "accepted"], 2).await;
    provider.take(3).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn people_who_are_waited_for_come_before_digests() {
    let provider = Gateway::start("p1").await;
    let scene = Scene::with(&[provider.entry("sms", false)]).await;
    let digests =
        (1..=60).map(|number| Page { kind: PageKind::Digest, urgency: Urgency::Low, ..scene.page(number, TestDesk::phone(number)) });
    let pages = (61..=70).map(|number| scene.page(number, TestDesk::phone(number)));
    scene.decide(&digests.chain(pages).collect::<Vec<_>>()).await;
    let claim = scene.store.claim_messages(20, scene.now()).await.unwrap();
    let kinds: Vec<PageKind> = claim.messages.iter().map(|message| message.kind).collect();
    assert_eq!(kinds.iter().filter(|kind| **kind == PageKind::Firing).count(), 10, "{kinds:?}");
    let depth = scene.store.outbox_depth(scene.now()).await.unwrap();
    assert_eq!((depth.pages, depth.messages), (50, 20));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_exercise_is_marked_and_reaches_only_contacts_for_exercises() {
    let provider = Gateway::start("p1").await;
    let scene = Scene::with(&[provider.entry("sms", false)]).await;
    let page = scene.page(1, TestDesk::phone(1));
    scene.store.write_pages(&[NewPage { page: &page, team: None, exercise: true }], scene.now()).await.unwrap();
    let _worker = scene.worker().await;
    scene.until_pages(&["accepted"], 5).await;
    assert!(provider.take(1).await[0].field("text").starts_with("(DIEN TAP) Ninh Kieu"));
}
