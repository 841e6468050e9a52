//! A disk that fills up: data is refused while people are still told, and it is taken again once there is room.

use crate::{centre, lines};
use harness::{Centre, Gateway, SmallDisk, count, eventually, sql};
use serde_json::{Value, json};
use std::time::Duration;

const MB: u64 = 1 << 20;

/// Sends a code to a contact, and proves it by that: a message of the kind that tests a way.
async fn prove(server: &Centre, sms: &Gateway, contact: i64) {
    assert_eq!(server.post(&format!("/api/v1/contacts/{contact}/code"), &json!({})).await.status, 202);
    let message = sms.take(1).await.remove(0);
    let text = message.field("text");
    let code: Vec<char> = text.chars().rev().filter(char::is_ascii_digit).take(6).collect();
    let code: String = code.into_iter().rev().collect();
    let answer = server.post(&format!("/api/v1/contacts/{contact}/verify"), &json!({ "code": code })).await;
    assert_eq!(answer.status, 204, "{answer:?} {message:?}");
}

async fn put(server: &Centre, path: &str, body: &Value) {
    let answer = server.put(&format!("/api/v1/{path}"), body).await;
    assert_eq!(answer.status, 204, "{path}: {answer:?}");
}

/// Somebody who keeps the roster and is reached by a telephone; the contact's number.
async fn keeper(server: &Centre, sms: &Gateway) -> i64 {
    let mut content =
        json!({ "id": "an", "name": "An", "zone": "Asia/Ho_Chi_Minh", "language": "en", "quiet": null, "contacts": [], "rules": [] });
    put(server, "persons/an", &content).await;
    let contact = add_contact(server, "+84900000001").await;
    prove(server, sms, contact).await;
    content["rules"] = json!([{ "urgency": "high", "contact": contact, "after_min": 0 }]);
    put(server, "persons/an", &content).await;
    put(server, "keeper", &json!({ "person": "an" })).await;
    contact
}

async fn add_contact(server: &Centre, address: &str) -> i64 {
    let answer = server.post("/api/v1/persons/an/contacts", &json!({ "channel": "sms", "address": address })).await;
    assert_eq!(answer.status, 201, "{answer:?}");
    answer.body["id"].as_i64().unwrap()
}

#[tokio::test]
async fn a_full_disk_refuses_data_while_people_are_told_and_takes_it_again_with_room() {
    let Some(disk) = SmallDisk::mount("480m") else { return };
    let data = disk.path();
    let (sms, folder) = (Gateway::start("sms").await, tempfile::tempdir().unwrap());
    let paging = folder.path().join("paging.toml");
    std::fs::write(&paging, format!("[outgoing]\nprivate = [\"127.0.0.0/8\"]\n{}", sms.entry("sms", false))).unwrap();
    let mut server = centre(data, &["--paging", paging.to_str().unwrap()]).await;
    keeper(&server, &sms).await;
    for second in 0..5 {
        assert_eq!(server.write_lines("lines", &lines(second)).await.status, 204);
    }
    eventually("room is kept back", Duration::from_secs(10), || async { data.join("reserve").exists().then_some(()) }).await;

    // At a seventh free somebody is told, and data is still taken.
    let ballast = disk.fill(60 * MB);
    let open = async |key: &str| {
        let question = "SELECT count(*) FROM incident WHERE key = $1 AND resolved_at IS NULL";
        sql(data).await.query_one(question, &[&key]).await.unwrap().get::<_, i64>(0)
    };
    // What is high waits half a minute to be told with others.
    eventually("somebody is told", Duration::from_secs(60), || async { (sms.waiting() > 0).then_some(()) }).await;
    let told = sms.take(1).await.remove(0);
    assert!(told.field("text").contains("disk"), "{told:?}");
    assert_eq!(open("disk low").await, 1);
    assert_eq!(server.write_lines("lines", &lines(5)).await.status, 204);

    // At a twentieth nothing is taken in …
    std::fs::remove_file(&ballast).unwrap();
    let ballast = disk.fill(26 * MB);
    let mut acknowledged = 6 * 200_i64;
    let refused = eventually("data is refused", Duration::from_secs(20), || async {
        let answer = server.write_lines("lines", "meter,asset=late load=1 1772413100000\n").await;
        (answer.status != 204).then_some(answer)
    })
    .await;
    assert_eq!(refused.status, 503, "{refused:?}");
    let stored = count(&sql(data).await, "observation").await;
    assert!(stored == acknowledged || stored == acknowledged + 1, "{stored}");
    acknowledged = stored;
    // … while what people must be told, and the record of what they did, is written.
    eventually("the incident is opened", Duration::from_secs(20), || async { (open("disk full").await == 1).then_some(()) }).await;
    let told = sms.take(1).await.remove(0);
    assert!(told.field("text").contains("disk"), "{told:?}");
    let versions = count(&sql(data).await, "contact").await;
    let second = add_contact(&server, "+84900000002").await;
    prove(&server, &sms, second).await;
    assert_eq!(count(&sql(data).await, "contact").await, versions + 1);
    let ready = server.get("/readyz").await;
    assert!(ready.body["warnings"].to_string().contains("nothing is taken in"), "{ready:?}");

    // With room again all goes on, and nothing that was acknowledged is lost.
    std::fs::remove_file(&ballast).unwrap();
    eventually("data is taken again", Duration::from_secs(20), || async {
        (server.write_lines("lines", &lines(6)).await.status == 204).then_some(())
    })
    .await;
    eventually("the incident is closed", Duration::from_secs(40), || async { (open("disk full").await == 0).then_some(()) }).await;
    assert_eq!(count(&sql(data).await, "observation").await, acknowledged + 200);
    assert_eq!(server.stop().await, Some(0));
    // That both are over is told too, where there was time for it.
    let _ = sms.take_all();
}
