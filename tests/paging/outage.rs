//! D2: providers that fail, refuse or ask for patience, and what they report afterwards.

use super::*;
use harness::{Gateway, MailServer, Reply};
use taydo_server::store::outbox::{Receipt, ReceiptMessage, ReceiptState, ReceiptTaken};

fn failure() -> Reply {
    Reply::Refuse(500, Vec::new())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn after_three_failures_the_next_provider_sends_it_once_with_two_workers() {
    let (first, second) = (Gateway::start("p1").await, Gateway::start("p2").await);
    let scene = Scene::with(&[first.entry("sms", true), second.entry("sms", true)]).await;
    first.always(failure());
    let _workers = (scene.worker().await, scene.worker().await);
    scene.decide(&[scene.page(1, TestDesk::phone(1))]).await;
    let passed_s = scene.until_pages(&["accepted"], 30).await;
    assert!(passed_s <= 30, "{passed_s} s");
    scene.clock.let_pass(SignedDuration::from_mins(10)).await;
    assert_eq!(scene.attempts().await, ["p1 retry", "p1 retry", "p1 retry", "p2 accepted"]);
    second.take(1).await;

    // While the breaker is open the first one is left alone; then one message finds out that it is well again.
    scene.clock.let_pass(SignedDuration::from_secs(20)).await;
    first.always(Reply::Accept);
    scene.decide(&[scene.page(2, TestDesk::phone(2))]).await;
    scene.until_pages(&["accepted", "accepted"], 10).await;
    first.take(1).await;
    assert_eq!(scene.texts("SELECT failures::text FROM provider_health ORDER BY provider").await, ["0", "0"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_a_provider_leaves_unanswered_goes_by_the_next_one_marked() {
    let (first, second) = (Gateway::start("p1").await, Gateway::start("p2").await);
    let scene = Scene::with(&[first.entry("sms", false), second.entry("sms", false)]).await;
    first.always(Reply::Hang);
    let _worker = scene.worker().await;
    scene.decide(&[scene.page(1, TestDesk::phone(1))]).await;
    let passed_s = scene.until_pages(&["accepted"], 30).await;
    assert!((10..=13).contains(&passed_s), "{passed_s} s");
    assert!(second.take(1).await[0].field("text").starts_with("(nhac lai) "));
    assert_eq!(scene.attempts().await, ["p1 unknown", "p2 accepted"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn when_all_providers_are_down_the_next_contact_is_pulled_forward() {
    let (first, second, mail) = (Gateway::start("p1").await, Gateway::start("p2").await, MailServer::start().await);
    let scene = Scene::with(&[first.entry("sms", false), second.entry("sms", false), mail.entry()]).await;
    first.always(failure());
    second.always(failure());
    let page = scene.page(1, TestDesk::phone(1));
    let by_mail = scene.later(&page, TestDesk::mailbox(1), 30);
    scene.decide(&[page, by_mail]).await;
    let _worker = scene.worker().await;
    let passed_s = scene.until_pages(&["carried", "accepted"], 30).await;
    assert!(passed_s <= 30, "{passed_s} s");
    mail.take(1).await;
    let outcomes = scene.outcomes().await;
    assert_eq!(outcomes.iter().filter(|what| *what == "pulled_forward").count(), 1, "{outcomes:?}");
    assert_eq!(outcomes.iter().filter(|what| *what == "retry").count(), 6, "{outcomes:?}");
    // The message is still wanted, so it goes on when a provider is back.
    second.always(Reply::Accept);
    scene.until_pages(&["accepted", "accepted"], 120).await;
    second.take(1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn patience_is_kept_for_one_recipient_and_costs_the_others_nothing() {
    let provider = Gateway::start("p1").await;
    let scene = Scene::with(&[provider.entry("sms", false)]).await;
    provider.script([Reply::Refuse(429, vec![("retry-after", "7".to_owned())])]);
    let _worker = scene.worker().await;
    scene.decide(&[scene.page(1, TestDesk::phone(1))]).await;
    scene.clock.advance_until("the first is put off", 1, || async { (scene.attempts().await == ["p1 retry"]).then_some(()) }).await;
    scene.decide(&[scene.page(2, TestDesk::phone(2))]).await;
    assert_eq!(scene.until_pages(&["carried", "accepted"], 1).await, 0);
    let passed_s = scene.until_pages(&["accepted", "accepted"], 15).await;
    assert!((6..=9).contains(&passed_s), "{passed_s} s");
    let waited = "SELECT (extract(epoch FROM max(begun_at) - min(begun_at)) >= 7)::text FROM attempt WHERE message = 1";
    assert_eq!(scene.texts(waited).await, ["true"]);
    provider.take(2).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_number_that_is_refused_is_not_tried_again_but_reported_and_the_next_contact_is_used() {
    let provider = Gateway::start("p1").await;
    let scene = Scene::with(&[provider.entry("sms", false)]).await;
    provider.for_address(&scene.desk.address(TestDesk::phone(1)), Reply::Refuse(400, Vec::new()));
    let page = scene.page(1, TestDesk::phone(1));
    let next = scene.later(&page, TestDesk::phone(2), 30);
    scene.decide(&[page, next]).await;
    let _worker = scene.worker().await;
    scene.until_pages(&["failed", "accepted"], 5).await;
    scene.clock.let_pass(SignedDuration::from_mins(40)).await;
    provider.take(1).await;
    assert_eq!(scene.attempts().await, ["p1 permanent", "p1 accepted"]);
    let noted = scene.store.take_outcomes(10, scene.now()).await.unwrap();
    assert_eq!(noted[0].what, taydo_server::store::outbox::What::ContactRefused);
    assert_eq!(noted[0].contact, TestDesk::phone(1));
    assert_eq!(noted.len(), 3);
    assert!(scene.store.take_outcomes(10, scene.now()).await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn receipts_count_once_and_never_lower_a_state() {
    let provider = Gateway::start("p1").await;
    let scene = Scene::with(&[provider.entry("sms", false)]).await;
    let _worker = scene.worker().await;
    let first = scene.page(1, TestDesk::phone(1));
    let next = scene.later(&first, TestDesk::phone(3), 60);
    scene.decide(&[first, next, scene.page(2, TestDesk::phone(2))]).await;
    scene.until_pages(&["accepted", "waiting", "accepted"], 5).await;
    let taken = provider.take(2).await;
    let reference = |number: &str| taken.iter().find(|one| one.field("text").ends_with(number)).unwrap().field("reference");
    let (one, two) = (reference("ack1"), format!("p-{}", reference("ack2")));
    let report = async |event, message, state| {
        scene.store.take_receipt(Receipt { provider: "p1", event, message, state }, scene.now()).await.unwrap()
    };
    let theirs = ReceiptMessage::Theirs(&two);
    assert_eq!(report("e1", theirs, ReceiptState::Read).await, ReceiptTaken::Raised);
    assert_eq!(report("e1", theirs, ReceiptState::Read).await, ReceiptTaken::Repeated);
    assert_eq!(report("e2", theirs, ReceiptState::Delivered).await, ReceiptTaken::Kept);
    assert_eq!(report("e3", theirs, ReceiptState::Failed).await, ReceiptTaken::Kept);
    assert_eq!(report("e4", ReceiptMessage::Ours("x' OR 1=1"), ReceiptState::Failed).await, ReceiptTaken::Unmatched);
    // A minute after it was accepted the provider says that it didn't arrive.
    scene.clock.let_pass(SignedDuration::from_secs(60)).await;
    assert_eq!(report("e5", ReceiptMessage::Ours(&one), ReceiptState::Failed).await, ReceiptTaken::Raised);
    scene.until_pages(&["failed", "accepted", "read"], 5).await;
    provider.take(1).await;
}
