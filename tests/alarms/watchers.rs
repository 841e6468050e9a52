//! Who watches over the watch: canaries through the providers, the ping to somebody outside, and what the server says of itself.

use crate::town::{HOOK_SECRET, Town};
use harness::{Gateway, Reply, eventually};
use jiff::SignedDuration;
use serde_json::{Value, json};
use std::time::Duration;

/// A team with one person who is paged by SMS.
async fn with_desk(town: &Town) {
    town.person("an").await;
    town.policy_of("desk", &[json!({ "targets": [{ "person": "an" }], "delay_s": 86_400 })], 0, "an").await;
    town.team("desk", "desk").await;
}

impl Town {
    async fn ready(&self) -> harness::Answer {
        self.centre.get("/readyz").await
    }

    async fn doing(&self, provider: &str) -> Value {
        let ready = self.ready().await.body;
        ready["paging"]["providers"].as_array().unwrap().iter().find(|one| one["name"] == provider).unwrap()["doing"].clone()
    }

    async fn warns(&self, words: &str) -> bool {
        self.ready().await.body["warnings"].to_string().contains(words)
    }
}

#[tokio::test]
async fn a_provider_whose_canaries_do_not_arrive_is_used_last_until_one_does() {
    let first = Gateway::start("first").await;
    let canary = "+84999999999";
    let entry = format!("{}canary = \"{canary}\"\n{}", first.entry("sms", false), Gateway::hooks("sms"));
    let town = Town::start_with(&entry).await;
    let delivered = async |reference: String, event: &str| {
        let body = json!({ "event": event, "reference": reference, "state": "DELIVRD" }).to_string();
        let headers = [("authorization", HOOK_SECRET)];
        town.centre.post_bytes("/api/v1/providers/first/reports", body.into_bytes(), &headers).await.status
    };
    let next = async || {
        let one = first.take(1).await.remove(0);
        assert_eq!(one.field("to"), canary);
        one.field("reference")
    };
    assert_eq!(delivered(next().await, "c1").await, 204);
    assert_eq!(town.doing("first").await, "well");
    town.clock.advance(SignedDuration::from_secs(300));
    let lost = next().await;
    town.clock.advance(SignedDuration::from_secs(179));
    assert_eq!(town.doing("first").await, "well");
    town.clock.advance(SignedDuration::from_secs(1));
    assert_eq!(town.doing("first").await, "degraded");
    assert!(town.warns("no canary has arrived over first").await);
    with_desk(&town).await;
    town.report("desk", "Cháy", "critical").await;
    assert_eq!(town.told().await, ["an firing 1"]);
    assert_eq!(first.waiting(), 0, "it is used last");
    // Nobody else is there for a moment: then it is better than nobody.
    town.sms.always(Reply::Refuse(500, Vec::new()));
    town.team("other", "desk").await;
    town.open_by_hand("other", "Ngập", "critical").await;
    town.clock.advance_until("the page goes by the degraded one", 20, || async { (first.waiting() == 1).then_some(()) }).await;
    first.take(1).await;
    town.sms.always(Reply::Accept);
    let (reference, _) = town.clock.advance_until("the next canary", 200, || async { first.take_all().pop() }).await;
    assert_eq!(reference.field("to"), canary);
    assert_eq!(delivered(lost, "c2").await, 404, "the one before comes too late");
    assert_eq!(town.doing("first").await, "degraded");
    assert_eq!(delivered(reference.field("reference"), "c3").await, 204);
    assert_eq!(town.doing("first").await, "well");
    assert!(!town.warns("canary").await);
    let metrics = town.centre.get("/metrics").await.body;
    let metrics = metrics.as_str().unwrap();
    for line in [
        "taydo_paging_accepted_total 3",
        "taydo_paging_waiting_pages 0",
        "taydo_paging_repeated_total 0",
        "taydo_paging_provider_degraded{provider=\"first\"} 0",
        "taydo_paging_provider_canary_age_seconds{provider=\"first\"} 0",
        "taydo_paging_provider_breaker_open{provider=\"sms\"} ",
    ] {
        assert!(metrics.contains(line), "{line} in {metrics}");
    }
}

/// A watcher outside, and a town that pings it.
async fn watched() -> (Gateway, Town) {
    let watcher = Gateway::start("watcher").await;
    let town = Town::start_with(&format!("[dead_man]\nurl = \"{}/ping\"\n", watcher.url())).await;
    watcher.take(1).await;
    with_desk(&town).await;
    (watcher, town)
}

/// The next ping comes within its minute.
async fn back(watcher: &Gateway, town: &Town) {
    town.clock.advance_until("the ping comes", 61, || async { (watcher.waiting() > 0).then_some(()) }).await;
    drop(watcher.take_all());
}

/// Lets a minute pass in which everything is done in time; returns how many pings came.
async fn minute(watcher: &Gateway, town: &Town) -> usize {
    town.until(town.at().as_secs() + 60).await;
    // What is to come at the minute's end comes while time stands still.
    town.clock.let_pass(SignedDuration::from_millis(20)).await;
    watcher.take_all().len()
}

#[tokio::test]
async fn the_ping_stays_away_while_a_page_is_overdue() {
    let (watcher, town) = watched().await;
    back(&watcher, &town).await;
    town.sms.always(Reply::Refuse(500, Vec::new()));
    town.open_by_hand("desk", "Cháy", "critical").await;
    town.pass(58).await;
    drop(watcher.take_all());
    town.clock.advance(SignedDuration::from_secs(10));
    assert!(town.warns("a page has not been sent since").await);
    assert_eq!(town.ready().await.status, 200);
    let silent = async || {
        town.clock.let_pass(SignedDuration::from_secs(130)).await;
        watcher.take_all().len()
    };
    assert_eq!(silent().await, 0);
    town.sms.always(Reply::Accept);
    town.clock.advance_until("the page is sent", 60, || async { (town.sms.waiting() == 1).then_some(()) }).await;
    town.sms.take(1).await;
    back(&watcher, &town).await;
    assert!(!town.warns("a page").await);
}

#[tokio::test]
async fn what_can_not_be_saved_makes_the_server_not_ready_and_the_ping_fall_silent() {
    let (watcher, town) = watched().await;
    // Somebody is there for whatever comes of it: nobody would be a reason of its own for the ping's silence.
    town.team("roads", "desk").await;
    town.put("keeper", &json!({ "person": "an" })).await;
    town.evaluation(&[]).await;
    drop(watcher.take_all());
    let fail = "CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '40001'; END $$; \
        CREATE TRIGGER fail BEFORE INSERT OR UPDATE ON rule_evaluation EXECUTE FUNCTION fail()";
    town.sql.batch_execute(fail).await.unwrap();
    let body = json!([{ "metric": "probe.value", "labels": { "asset": "p1" }, "value": 90.0, "time": town.clock.now() }]);
    assert_eq!(town.centre.post("/api/v1/observations?source=api", &body).await.status, 200);
    let lacking = || async {
        town.clock.advance(SignedDuration::from_secs(1));
        let ready = town.ready().await;
        (ready.status == 503 && ready.body["lacking"]["saving"].is_string()).then_some(())
    };
    eventually("it is not ready", Duration::from_secs(20), lacking).await;
    drop(watcher.take_all());
    town.clock.let_pass(SignedDuration::from_secs(130)).await;
    assert_eq!(watcher.take_all().len(), 0);
    // Only that the evaluation stands still is noticed.
    assert!(town.open().await.iter().all(|one| one["incident"]["origin"]["by"] == "watch"));
    town.sql.batch_execute("DROP TRIGGER fail ON rule_evaluation").await.unwrap();
    eventually("it is ready", Duration::from_secs(20), || async { (town.ready().await.status == 200).then_some(()) }).await;
    town.clock.advance_until("the ping is back", 200, || async { (watcher.waiting() > 0).then_some(()) }).await;
    drop(watcher.take_all());
    eventually("the alert is told", Duration::from_secs(20), || async {
        town.clock.advance(SignedDuration::from_millis(200));
        town.sms.take_all().iter().any(|message| message.field("text").contains("Tram mot")).then_some(())
    })
    .await;
    drop(town.told().await);
}

#[tokio::test]
async fn the_ping_stays_away_while_nobody_can_be_told() {
    let (watcher, town) = watched().await;
    let contact: i64 = town.sql.query_one("SELECT id FROM contact", &[]).await.unwrap().get(0);
    assert_eq!(town.centre.get(&format!("/api/v1/contacts/{contact}")).await.status, 405, "there is such an address");
    let delete = reqwest::Client::new().delete(format!("{}/api/v1/contacts/{contact}", town.centre.url));
    assert_eq!(delete.send().await.unwrap().status(), 204);
    let id = town.report("desk", "Cháy", "critical").await;
    drop(watcher.take_all());
    assert_eq!((minute(&watcher, &town).await, minute(&watcher, &town).await), (0, 0));
    // Somebody saw it on the wall.
    assert_eq!(town.act(id, json!({ "act": "acknowledge", "person": "an" })).await.status, 200);
    back(&watcher, &town).await;
}

#[tokio::test]
async fn an_address_that_may_not_be_called_is_refused_when_it_is_saved() {
    let town = Town::start().await;
    town.somebody("an").await;
    let add = async |address: &str| {
        let body = json!({ "channel": "webhook", "address": address });
        let answer = town.centre.post("/api/v1/persons/an/contacts", &body).await;
        (answer.status, answer.body["message"].as_str().unwrap_or_default().to_owned())
    };
    for (address, why) in [
        ("http://10.0.0.1/hook", "its destination is private and refused; [outgoing] private in the paging file"),
        ("http://[fd00::1]/hook", "its destination is private and refused"),
        ("https://127.0.0.1:22/", "its port must be one of [80, 443, 8443]"),
        ("https://an:secret@hook.example/", "must not hold a user's name"),
    ] {
        let (status, message) = add(address).await;
        assert!(status == 400 && message.contains(why), "{address}: {status} {message}");
    }
    assert_eq!(add("https://hook.example/taydo").await.0, 201);
    assert_eq!(add("http://127.0.0.1/hook").await.0, 201, "this network is allowed");
}
