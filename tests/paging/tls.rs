//! Encrypted mail: STARTTLS and from the first byte, with an authority of one's own; and never in the open instead.

use super::*;
use harness::{Certificate, MailServer};

/// A mailbox's page, and what the mail server's entry says besides.
async fn scene(mail: &MailServer, authority: Option<&str>) -> Scene {
    let ca_file = authority.map_or("", |_| "ca_file = \"ca.pem\"\n");
    let scene = Scene::with(&[mail.entry(), ca_file.to_owned()]).await;
    if let Some(authority) = authority {
        std::fs::write(scene.file.with_file_name("ca.pem"), authority).unwrap();
    }
    scene.decide(&[scene.page(1, TestDesk::mailbox(1))]).await;
    scene
}

/// How the only attempts that were made have failed; the letter is still wanted.
async fn failure(mail: &MailServer, authority: Option<&str>) -> String {
    let scene = scene(mail, authority).await;
    let _worker = scene.worker().await;
    let failed = || async { (!scene.outcomes().await.is_empty()).then_some(()) };
    scene.clock.advance_until("an attempt fails", 15, failed).await;
    assert!(scene.outcomes().await.iter().all(|what| what == "retry"), "{:?}", scene.outcomes().await);
    assert_eq!(mail.waiting(), 0);
    scene.texts("SELECT detail FROM outcome ORDER BY id LIMIT 1").await.remove(0)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_letter_goes_encrypted_both_ways_under_an_authority_of_ones_own() {
    for encryption in ["starttls", "implicit"] {
        let certificate = Certificate::of("127.0.0.1", 30);
        let mail = MailServer::start_with(encryption, Some(&certificate)).await;
        let scene = scene(&mail, Some(&certificate.authority)).await;
        let _worker = scene.worker().await;
        scene.until_pages(&["accepted"], 5).await;
        assert!(mail.take(1).await[0].header("subject").contains("utf-8"), "{encryption}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_certificate_that_can_not_be_trusted_is_told_plainly_and_nothing_is_sent() {
    let right = Certificate::of("127.0.0.1", 30);
    for encryption in ["starttls", "implicit"] {
        let mail = MailServer::start_with(encryption, Some(&right)).await;
        let said = failure(&mail, None).await;
        assert!(said.contains("an authority that this machine doesn't trust; name its certificate with ca_file"), "{said}");
    }
    let others = Certificate::of("mail.example", 30);
    let mail = MailServer::start_with("starttls", Some(&others)).await;
    let said = failure(&mail, Some(&others.authority)).await;
    assert!(said.contains("is for another name than host"), "{said}");
    let old = Certificate::of("127.0.0.1", -2);
    let mail = MailServer::start_with("implicit", Some(&old)).await;
    let said = failure(&mail, Some(&old.authority)).await;
    assert!(said.contains("has expired"), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_server_that_does_not_encrypt_gets_nothing_where_the_file_wants_it() {
    for wanted in ["starttls", "implicit"] {
        let mail = MailServer::start_with(wanted, None).await;
        let said = failure(&mail, None).await;
        assert!(said.contains("the mail server") || said.contains("can't be encrypted"), "{said}");
    }
}
