//! Webhooks: signed, repeated when they fail, and never sent to private addresses that aren't named.

use super::*;
use harness::{Gateway, Reply};

const ENTRY: &str = "[webhook]\nsecret_file = \"webhook.secret\"\n";

fn openssl(text: &str) -> String {
    let mut command = Command::new("openssl");
    command.args(["dgst", "-sha256", "-hmac", "a secret of some length", "-r"]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut process = command.spawn().expect("openssl");
    std::io::Write::write_all(&mut process.stdin.take().unwrap(), text.as_bytes()).unwrap();
    let output = process.wait_with_output().unwrap().stdout;
    String::from_utf8(output).unwrap().split(' ').next().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_webhook_is_signed_so_that_others_can_check_it() {
    let receiver = Gateway::start("receiver").await;
    let scene = Scene::with(&[ENTRY.to_owned()]).await;
    let port = receiver.url().rsplit(':').next().unwrap().to_owned();
    let text = std::fs::read_to_string(&scene.file).unwrap().replace("[outgoing]", &format!("[outgoing]\nports = [{port}]"));
    std::fs::write(&scene.file, text).unwrap();
    scene.desk.set_address(TestDesk::webhook(1), &format!("{}/hook", receiver.url()));
    receiver.script([Reply::Refuse(503, Vec::new())]);
    scene.decide(&[scene.page(1, TestDesk::webhook(1))]).await;
    let _worker = scene.worker().await;
    scene.until_pages(&["accepted"], 30).await;
    let taken = receiver.take(1).await;
    let headers = &taken[0].headers;
    assert_eq!(headers["taydo-signature"], format!("v1={}", openssl(&format!("{}.{}", headers["taydo-timestamp"], taken[0].body))));
    assert_eq!(headers["taydo-reference"], taken[0].field("reference"));
    assert!(taken[0].body.contains("\"kind\":\"firing\"") && taken[0].body.contains("Ninh Kiều"), "{}", taken[0].body);
    assert_eq!(scene.attempts().await, ["webhook retry", "webhook accepted"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_webhook_to_a_private_address_is_refused() {
    let canary = Gateway::start("canary").await;
    let scene = Scene::with(&[ENTRY.to_owned()]).await;
    let text = std::fs::read_to_string(&scene.file).unwrap().replace("[\"127.0.0.0/8\"]", "[]");
    let port: u16 = canary.url().rsplit(':').next().unwrap().parse().unwrap();
    std::fs::write(&scene.file, text.replace("[outgoing]", &format!("[outgoing]\nports = [{port}]"))).unwrap();
    let hosts = ["127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0", "2130706433", "0x7f.1"];
    let pages: Vec<Page> = (1_i64..)
        .zip(hosts)
        .map(|(number, host)| {
            scene.desk.set_address(TestDesk::webhook(number), &format!("http://{host}:{port}/"));
            scene.page(number, TestDesk::webhook(number))
        })
        .collect();
    scene.decide(&pages).await;
    let _worker = scene.worker().await;
    let settled = || async {
        let states = scene.attempts().await;
        (states.len() == hosts.len() && states.iter().all(|one| one == "webhook permanent" || one == "webhook retry")).then_some(())
    };
    scene.clock.advance_until("all are refused", 3, settled).await;
    assert!(canary.received().is_empty());
}
