//! The morning letter: once a day, at seven by the city's clocks, in each reader's language, from a real mail server.

use crate::town::{START, Town};
use harness::{Database, Letter, MailServer, MovedClock, eventually};
use jiff::SignedDuration;
use serde_json::json;
use std::time::Duration;
use taydo_model::PersonId;
use taydo_model::oncall::ContactId;
use taydo_model::page::{Page, PageKind};
use taydo_server::clock::Clock;
use taydo_server::store::outbox::NewPage;
use taydo_server::store::{DatabaseAddress, Store};

/// Seconds from the tests' beginning, which is eight in the morning, to seven of the next.
const SEVEN: i64 = 23 * 3_600;
const DAY: i64 = 24 * 3_600;

/// A town with two readers of the letter, an in Vietnamese and binh in English.
async fn town(mail: &MailServer) -> Town {
    let town = Town::start_with(&mail.entry()).await;
    for (person, language) in [("an", "vi"), ("binh", "en")] {
        let mut content = town.somebody(person).await;
        content["language"] = json!(language);
        town.put(&format!("persons/{person}"), &content).await;
        let address = json!({ "channel": "email", "address": format!("{person}@cantho.example") });
        let answer = town.centre.post(&format!("/api/v1/persons/{person}/contacts"), &address).await;
        let contact = answer.body["id"].as_i64().unwrap();
        let refused = town.centre.put("/api/v1/letter", &json!({ "recipients": [person] })).await;
        assert_eq!(refused.status, 400, "an address that nobody has proved: {refused:?}");
        assert_eq!(town.centre.post(&format!("/api/v1/contacts/{contact}/code"), &json!({})).await.status, 202);
        let letter = mail.take(1).await.remove(0).text("text/plain");
        let code: String = letter.chars().filter(char::is_ascii_digit).take(6).collect();
        assert_eq!(town.centre.post(&format!("/api/v1/contacts/{contact}/verify"), &json!({ "code": code })).await.status, 204, "{letter}");
    }
    town.policy(&[json!({ "targets": [{ "person": "an" }], "delay_s": 86_400 })], 0, "an").await;
    town.team("roads", "roads").await;
    town.put("letter", &json!({ "recipients": ["an", "binh"], "url": "https://ioc.cantho.example/" })).await;
    town
}

/// Lets time come to so many seconds after the beginning, and then stand still until the letters of that morning are there.
async fn letters(town: &Town, mail: &MailServer, seconds: i64) -> Vec<Letter> {
    town.clock.advance(town.moment(seconds).duration_since(town.clock.now()));
    let what = || format!("the letters of {seconds} s, of which {} are there", mail.waiting());
    eventually(what, Duration::from_secs(20), || async {
        town.clock.advance(SignedDuration::from_millis(50));
        (mail.waiting() >= 2).then_some(())
    })
    .await;
    mail.take(2).await
}

/// The dates whose letter is settled, and whether it was written.
async fn settled(town: &Town) -> Vec<(String, bool)> {
    let rows = town.sql.query("SELECT date::text, content IS NOT NULL FROM letter ORDER BY date", &[]).await.unwrap();
    rows.iter().map(|row| (row.get(0), row.get(1))).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn at_seven_each_reader_gets_one_letter_in_their_language() {
    let mail = MailServer::start().await;
    let town = town(&mail).await;
    town.evaluation(&[("p3", 60.0)]).await;
    let id = town.open_by_hand("roads", "Cây đổ <b>chắn</b> đường", "high").await;
    town.until(600).await;
    assert_eq!(town.act(id, json!({ "act": "acknowledge", "person": "an" })).await.status, 200);
    town.until(2_400).await;
    assert_eq!(town.act(id, json!({ "act": "resolve", "person": "an" })).await.status, 200);
    // What was paged by e-mail in between is not of interest here.
    town.until(2_760).await;
    mail.take(mail.waiting()).await;
    let open = town.open_by_hand("roads", "Ngập đường 30/4", "medium").await;
    assert_eq!(town.act(open, json!({ "act": "acknowledge", "person": "an" })).await.status, 200);
    town.until(3_600).await;
    mail.take(mail.waiting()).await;
    town.clock.advance(town.moment(SEVEN - 1).duration_since(town.clock.now()));
    town.settled().await;
    mail.take(mail.waiting()).await;
    let letters = letters(&town, &mail, SEVEN).await;
    let of = |person: &str| letters.iter().find(|letter| letter.header("to").contains(person)).unwrap();
    let (vi, en) = (of("an@"), of("binh@"));
    let plain = vi.text("text/plain");
    assert!(plain.starts_with("KHÔNG CÓ VIỆC NÀO CẦN CHÚ Ý"), "{plain}");
    assert!(plain.contains("Thứ Ba, 03/03/2026 · tình hình lúc 07:00"), "{plain}");
    for said in [
        "1 trong 1 chỉ số không có số liệu mới",
        "mục tiêu 50,0",
        "2 sự cố",
        "nhận sau 8 phút · xong sau 38 phút",
        "Ngập đường 30/4",
        "còn mở",
    ] {
        assert!(plain.contains(said), "{said} in {plain}");
    }
    let html = vi.text("text/html");
    assert!(html.contains("Cây đổ &lt;b&gt;chắn&lt;/b&gt; đường"), "{html}");
    assert!(html.contains(&format!("https://ioc.cantho.example/incidents/{id}")), "{html}");
    let english = en.text("text/plain");
    assert!(english.starts_with("NOTHING NEEDS ATTENTION") && english.contains("Tuesday, 03/03/2026 · as of 07:00"), "{english}");
    if let Some(folder) = std::env::var_os("TAYDO_PICTURES") {
        std::fs::write(std::path::Path::new(&folder).join("letter.html"), html).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restart_at_seven_brings_no_second_letter_and_one_that_is_late_says_so() {
    let mail = MailServer::start().await;
    let mut town = town(&mail).await;
    town.clock.advance(town.moment(SEVEN - 5).duration_since(town.clock.now()));
    town.killed_for(10).await;
    letters(&town, &mail, SEVEN + 6).await;
    town.killed_for(1).await;
    town.pass(120).await;
    town.settled().await;
    // The next morning it is back at half past eleven, the one after that in the afternoon.
    town.clock.advance(town.moment(DAY + SEVEN - 60).duration_since(town.clock.now()));
    town.killed_for(60 + 4 * 3_600 + 1_800).await;
    let late = letters(&town, &mail, town.at().as_secs() + 1).await;
    let plain = late.iter().find(|letter| letter.header("to").contains("an@")).unwrap().text("text/plain");
    assert!(plain.contains("Thư này đến muộn 4 giờ: lúc 07:00 không có máy chủ nào hoạt động."), "{plain}");
    town.clock.advance(town.moment(2 * DAY + SEVEN - 60).duration_since(town.clock.now()));
    town.killed_for(60 + 6 * 3_600).await;
    let what = || "the third morning to be given up".to_owned();
    eventually(what, Duration::from_secs(20), || async {
        town.clock.advance(SignedDuration::from_secs(1));
        (settled(&town).await.len() == 3).then_some(())
    })
    .await;
    town.settled().await;
    let expected = [("2026-03-03", true), ("2026-03-04", true), ("2026-03-05", false)];
    assert_eq!(settled(&town).await, expected.map(|(date, written)| (date.to_owned(), written)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_servers_one_writes_the_letter_of_a_date() {
    let (clock, database) = (MovedClock::at(START), Database::fresh().await);
    let address = DatabaseAddress::parse(&database.url().await, None).unwrap();
    let date = "2026-03-03".parse().unwrap();
    let mut servers = tokio::task::JoinSet::new();
    for number in 0..8 {
        let store = Store::open(address.config().clone(), Clock::from_socket(clock.socket()).await.unwrap()).await.unwrap();
        let now = clock.now();
        servers.spawn(async move {
            // As if the order had been changed for each of them: to another person, and another time.
            let person = PersonId::new(format!("p{number}")).unwrap();
            let page = Page::to_contact(PageKind::Letter, person, ContactId(number), now + SignedDuration::from_secs(number));
            store.settle_letter(date, Some(&json!({})), &[NewPage { page: &page, team: None, exercise: false }], now).await.unwrap()
        });
    }
    let first = servers.join_all().await.into_iter().filter(|is_first| *is_first).count();
    let pages: i64 = database.client().await.query_one("SELECT count(*) FROM page", &[]).await.unwrap().get(0);
    assert_eq!((first, pages), (1, 1));
}
