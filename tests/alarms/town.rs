//! A town with people on call: a centre, its database, its provider, and a clock.

use harness::{Centre, Database, Gateway, MovedClock, Received, Setup, eventually};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use std::time::Duration;

/// When every test begins: a whole minute.
pub const START: &str = "2026-03-02T01:00:00Z";

/// What providers prove themselves by.
pub const HOOK_SECRET: &str = "0123456789abcdef0123456789abcdef";

/// A town.
pub struct Town {
    pub clock: MovedClock,
    pub database: Database,
    pub centre: Centre,
    pub sms: Gateway,
    /// For a test's own questions in SQL.
    pub sql: tokio_postgres::Client,
    city: &'static str,
    folder: tempfile::TempDir,
    port: u16,
    pub start: Timestamp,
}

/// Where a person is reached, with the number of the contact.
pub fn phone(person: &str) -> String {
    let number: u32 = person.bytes().fold(0, |number, byte| (number * 31 + u32::from(byte)) % 10_000_000);
    format!("+8490{number:07}")
}

impl Town {
    /// A town in which nobody is on call yet.
    pub async fn start() -> Self {
        Self::start_with("").await
    }

    /// The same, with more in its paging file, before its own provider.
    pub async fn start_with(more: &str) -> Self {
        Self::start_as("tests/cities/alarms", more).await
    }

    /// The same, with another city's files.
    pub async fn start_in(city: &'static str) -> Self {
        Self::start_as(city, "").await
    }

    async fn start_as(city: &'static str, more: &str) -> Self {
        let clock = MovedClock::at(START);
        let database = Database::fresh().await;
        let sms = Gateway::start("sms").await;
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("hook.secret"), HOOK_SECRET).unwrap();
        let file = format!("[outgoing]\nprivate = [\"127.0.0.0/8\"]\n{more}{}{}", sms.entry("sms", true), Gateway::hooks("sms"));
        std::fs::write(folder.path().join("paging.toml"), file).unwrap();
        let port = harness::free_port();
        let centre = Self::centre(city, &clock, &database, &folder, port, "first").await;
        let sql = database.client().await;
        Self { city, clock, database, centre, sms, sql, folder, port, start: START.parse().unwrap() }
    }

    async fn centre(city: &str, clock: &MovedClock, database: &Database, folder: &tempfile::TempDir, port: u16, name: &str) -> Centre {
        let centre = Self::spawn(city, clock, database, folder, port, name).await;
        eventually("the centre is ready", Duration::from_secs(60), || async { (centre.get("/readyz").await.status == 200).then_some(()) })
            .await;
        centre
    }

    /// A server with a data folder of this name: started again with the same one it is the same server.
    async fn spawn(city: &str, clock: &MovedClock, database: &Database, folder: &tempfile::TempDir, port: u16, name: &str) -> Centre {
        let (paging, data) = (folder.path().join("paging.toml"), folder.path().join(name));
        std::fs::create_dir_all(&data).unwrap();
        let url = format!("http://127.0.0.1:{port}");
        let more = ["--paging", paging.to_str().unwrap(), "--answer-port", &port.to_string(), "--answer-url", &url];
        let setup = Setup { city, clock: Some(clock), database: Some(database), data: Some(data), more: &more, ..Setup::default() };
        Centre::spawn(setup).await.unwrap_or_else(|errors| panic!("the centre did not start:\n{errors}"))
    }

    /// Another server on the same database, with a data folder of this name.
    pub async fn another(&self, name: &str) -> Centre {
        Self::spawn(self.city, &self.clock, &self.database, &self.folder, harness::free_port(), name).await
    }

    /// A town with a team of these people, who are paged by SMS one after the other with so many seconds between them.
    pub async fn with_steps(people: &[&str], delay_s: u32) -> Self {
        let town = Self::start().await;
        for person in people {
            town.person(person).await;
        }
        let steps: Vec<Value> = people.iter().map(|person| json!({ "targets": [{ "person": person }], "delay_s": delay_s })).collect();
        town.policy(&steps, 0, people.first().unwrap()).await;
        town.put("teams/roads", &json!({ "id": "roads", "name": "Giao thông", "policy": "roads", "members": people })).await;
        town
    }

    /// Makes the policy `roads`.
    pub async fn policy(&self, steps: &[Value], repeats: u32, fallback: &str) {
        self.policy_of("roads", steps, repeats, fallback).await;
    }

    /// Makes a policy.
    pub async fn policy_of(&self, id: &str, steps: &[Value], repeats: u32, fallback: &str) {
        self.put(&format!("policies/{id}"), &json!({ "id": id, "steps": steps, "repeats": repeats, "fallback": fallback })).await;
    }

    /// Makes a team that climbs by a policy.
    pub async fn team(&self, id: &str, policy: &str) {
        self.put(&format!("teams/{id}"), &json!({ "id": id, "name": id, "policy": policy, "members": [] })).await;
    }

    /// Somebody with a telephone that is proved to be theirs, paged at once.
    pub async fn person(&self, person: &str) -> i64 {
        self.person_with(person, &[0]).await
    }

    /// Somebody who can't be reached yet.
    pub async fn somebody(&self, person: &str) -> Value {
        let (name, zone) = (person.to_uppercase(), "Asia/Ho_Chi_Minh");
        let content = json!({ "id": person, "name": name, "zone": zone, "language": "vi", "quiet": null, "contacts": [], "rules": [] });
        self.put(&format!("persons/{person}"), &content).await;
        content
    }

    /// The same, paged after so many minutes each.
    pub async fn person_with(&self, person: &str, after_min: &[u32]) -> i64 {
        let mut content = self.somebody(person).await;
        let contact = self.contact(person, &phone(person)).await;
        self.prove(contact, &phone(person)).await;
        let rules = ["high", "low"]
            .iter()
            .flat_map(|urgency| after_min.iter().map(move |after| json!({ "urgency": urgency, "contact": contact, "after_min": after })));
        content["rules"] = rules.collect();
        self.put(&format!("persons/{person}"), &content).await;
        contact
    }

    /// Adds a telephone that nobody has proved yet.
    pub async fn contact(&self, person: &str, address: &str) -> i64 {
        let answer =
            self.centre.post(&format!("/api/v1/persons/{person}/contacts"), &json!({ "channel": "sms", "address": address })).await;
        assert_eq!(answer.status, 201, "{answer:?}");
        answer.body["id"].as_i64().unwrap()
    }

    /// Proves a telephone by the code that is sent to it.
    pub async fn prove(&self, contact: i64, address: &str) {
        let answer = self.centre.post(&format!("/api/v1/contacts/{contact}/code"), &json!({})).await;
        assert_eq!(answer.status, 202, "{answer:?}");
        // Time stands still meanwhile: tests reckon from the start.
        let message = self.sms.take(1).await.remove(0);
        assert_eq!(message.field("to"), address);
        let code: String =
            message.field("text").chars().rev().filter(char::is_ascii_digit).take(6).collect::<Vec<_>>().into_iter().rev().collect();
        let answer = self.centre.post(&format!("/api/v1/contacts/{contact}/verify"), &json!({ "code": code })).await;
        assert_eq!(answer.status, 204, "{answer:?} {message:?}");
    }

    pub async fn put(&self, path: &str, body: &Value) {
        let answer = self.centre.put(&format!("/api/v1/{path}"), body).await;
        assert_eq!(answer.status, 204, "{path}: {answer:?}");
    }

    /// How long it has run, by its clock.
    pub fn at(&self) -> SignedDuration {
        self.clock.now().duration_since(self.start)
    }

    /// Lets time pass second by second, giving the centre the time to do what is due in each.
    pub async fn pass(&self, seconds: i64) {
        for _ in 0..seconds {
            self.clock.advance(SignedDuration::from_secs(1));
            tokio::task::yield_now().await;
        }
    }

    /// One minute of the grid: these probes say these values for the instant that comes, and its readings are recorded.
    pub async fn minute(&self, values: &[(&str, f64)]) {
        let now = self.clock.now();
        let instant = Timestamp::from_second((now.as_second() / 60 + 1) * 60).unwrap();
        self.pass(instant.as_second() - 20 - now.as_second()).await;
        let sent = self.clock.now();
        let observations: Vec<Value> = values
            .iter()
            .map(|(asset, value)| json!({ "metric": "probe.value", "labels": { "asset": asset }, "value": value, "time": sent }))
            .collect();
        let answer = self.centre.post("/api/v1/observations?source=api", &json!(observations)).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        self.pass(instant.as_second() + 2 - sent.as_second()).await;
        let what = || format!("the readings of {instant}");
        let client = self.database.client().await;
        eventually(what, Duration::from_secs(20), || async {
            let sql = "SELECT count(*) FROM reading JOIN scope ON scope.id = scope_id WHERE time::text = $1 AND scope.name LIKE 'asset:%'";
            let shown = instant.to_string().replace('T', " ").replace('Z', "+00");
            let count: i64 = client.query_one(sql, &[&shown]).await.unwrap().get(0);
            (count >= 3).then_some(())
        })
        .await;
    }

    /// So many minutes with the same values.
    pub async fn minutes(&self, minutes: u32, values: &[(&str, f64)]) {
        for _ in 0..minutes {
            self.minute(values).await;
        }
    }

    /// The one message that the provider has taken or is about to.
    pub async fn message(&self) -> Received {
        self.messages(1).await.remove(0)
    }

    /// So many messages, and no more.
    pub async fn messages(&self, count: usize) -> Vec<Received> {
        let what = || format!("{count} messages, of which {} are there, after {:#}", self.sms.waiting(), self.at());
        eventually(what, Duration::from_secs(20), || async {
            self.clock.advance(SignedDuration::from_millis(50));
            (self.sms.waiting() >= count).then_some(())
        })
        .await;
        self.sms.take(count).await
    }

    /// To whom so many messages went, sorted.
    pub async fn paged(&self, count: usize) -> Vec<String> {
        let mut to: Vec<String> = self.messages(count).await.iter().map(|message| message.field("to")).collect();
        to.sort();
        to
    }

    /// The incidents that are open.
    pub async fn open(&self) -> Vec<Value> {
        self.centre.get("/api/v1/incidents").await.body["incidents"].as_array().unwrap().clone()
    }

    /// Waits until so many incidents are open, and returns them.
    pub async fn until_open(&self, count: usize) -> Vec<Value> {
        let seen = std::cell::RefCell::new(Vec::new());
        let what = || format!("{count} open incidents after {:#}, last seen {:?}", self.at(), seen.borrow());
        let asked = std::cell::Cell::new(0);
        eventually(what, Duration::from_secs(20), || async {
            let open = self.open().await;
            asked.set(asked.get() + 1);
            if (200..220).contains(&asked.get()) {
                // Who watches looks once a second, and may have looked just before this moment.
                self.clock.advance(SignedDuration::from_millis(50));
            }
            seen.replace(open.iter().map(|one| one["incident"]["origin"].to_string()).collect());
            (open.len() == count).then_some(open)
        })
        .await
    }

    /// Somebody does something about an incident.
    pub async fn act(&self, incident: i64, act: Value) -> harness::Answer {
        self.centre.post(&format!("/api/v1/incidents/{incident}/acts"), &act).await
    }

    /// What an incident's log says, line by line, without what is about times and the age of data.
    pub async fn log(&self, incident: i64) -> Vec<String> {
        let page = self.centre.get(&format!("/api/v1/incidents/{incident}")).await.body;
        let word = |line: &Value| match line["what"].as_str().unwrap() {
            "paged" => format!(
                "paged {}",
                line["persons"].as_array().unwrap().iter().map(|one| one.as_str().unwrap()).collect::<Vec<_>>().join(" ")
            ),
            "acknowledged" => format!("acknowledged {}", line["person"].as_str().unwrap()),
            other => other.to_owned(),
        };
        let is_of_data = |line: &&Value| line["what"].as_str().unwrap().starts_with("data_");
        page["log"].as_array().unwrap().iter().filter(|line| !is_of_data(line)).map(word).collect()
    }

    /// The centre is killed, and started again after so many seconds.
    pub async fn killed_for(&mut self, seconds: i64) {
        self.centre.kill();
        self.back_after(seconds).await;
    }

    /// The centre is asked to stop, and started again after so many seconds.
    pub async fn stopped_for(&mut self, seconds: i64) {
        assert_eq!(self.centre.stop().await, Some(0));
        self.back_after(seconds).await;
    }

    async fn back_after(&mut self, seconds: i64) {
        self.clock.advance(SignedDuration::from_secs(seconds));
        self.centre = Self::centre(self.city, &self.clock, &self.database, &self.folder, self.port, "first").await;
    }

    /// The listener that messages' links lead to.
    pub fn answers(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}
