//! E-mail over a real SMTP server.

use super::*;
use harness::MailServer;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_letter_has_a_text_and_a_page_and_our_reference() {
    let mail = MailServer::start().await;
    let scene = Scene::with(&[mail.entry()]).await;
    scene.decide(&[scene.page(1, TestDesk::mailbox(1))]).await;
    let _worker = scene.worker().await;
    scene.until_pages(&["accepted"], 5).await;
    let letter = &mail.take(1).await[0];
    let reference = &scene.texts("SELECT reference::text FROM message").await[0];
    assert_eq!(letter.header("message-id"), format!("<{reference}@cantho.example>"));
    assert_eq!(letter.header("auto-submitted"), "auto-generated");
    assert_eq!(letter.header("date"), "Mon, 02 Mar 2026 00:00:00 +0000");
    assert!(letter.header("subject").contains("=?utf-8?"), "{}", letter.header("subject"));
    for part in ["multipart/alternative", "text/plain; charset=utf-8", "multipart/related", "text/html; charset=utf-8"] {
        assert!(letter.0.contains(part), "{part} in {}", letter.0);
    }
    assert_eq!(scene.texts("SELECT provider_reference FROM message").await, ["T00000000"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_mailbox_that_does_not_exist_is_reported_and_one_that_is_put_off_is_tried_again() {
    let mail = MailServer::start().await;
    let scene = Scene::with(&[mail.entry()]).await;
    scene.desk.set_address(TestDesk::mailbox(1), "nobody@cantho.example");
    scene.desk.set_address(TestDesk::mailbox(2), "later@cantho.example");
    scene.decide(&[scene.page(1, TestDesk::mailbox(1)), scene.page(2, TestDesk::mailbox(2))]).await;
    let _worker = scene.worker().await;
    scene.until_pages(&["failed", "carried"], 5).await;
    scene.desk.set_address(TestDesk::mailbox(2), "there@cantho.example");
    scene.until_pages(&["failed", "accepted"], 40).await;
    mail.take(1).await;
    assert_eq!(scene.texts("SELECT what FROM outcome WHERE page = 1").await, ["contact_refused"]);
    assert_eq!(scene.texts("SELECT failures::text FROM provider_health").await, ["0"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_server_that_takes_a_letter_and_vanishes_gets_it_once_more_marked() {
    let mail = MailServer::start().await;
    let scene = Scene::with(&[mail.entry()]).await;
    scene.desk.set_address(TestDesk::mailbox(1), "vanish@cantho.example");
    scene.decide(&[scene.page(1, TestDesk::mailbox(1))]).await;
    let _worker = scene.worker().await;
    scene.until_pages(&["unconfirmed"], 30).await;
    scene.clock.let_pass(SignedDuration::from_mins(10)).await;
    let letters = mail.take(2).await;
    assert_eq!(letters[0].header("message-id"), letters[1].header("message-id"));
    assert_eq!(scene.attempts().await, ["mail unknown", "mail unknown"]);
}
