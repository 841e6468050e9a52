//! Exact moments: time jumps from one thing that is due to the next, and stands still until it is done.

use crate::town::{Town, phone};
use harness::{Received, eventually};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use std::cell::Cell;
use std::collections::BTreeMap;
use std::time::Duration;

/// All probes; those of which a test says nothing show this.
const PROBES: [&str; 10] = ["p1", "p2", "p3", "p4", "keep", "band", "flood", "wet", "dry", "rise"];
const CALM: f64 = 10.0;

/// What is due now, one count for each place, and the next moment at which something is, in microseconds since the epoch.
const DUE: &str = "WITH moment AS (SELECT to_timestamp($1::float8 / 1000000) AS now) SELECT \
    (SELECT count(*) FROM incident_group, moment WHERE over_at IS NULL AND wake <= now), \
    (SELECT count(*) FROM page, moment WHERE state = 'waiting' AND due_at <= now), \
    (SELECT count(*) FROM message, moment WHERE state = 'sending' OR state = 'waiting' AND due_at <= now), \
    (SELECT count(*) FROM ingest_batch LEFT JOIN lane USING (lane) WHERE ingest_batch.seq > coalesce(lane.seq, 0)), \
    (extract(epoch FROM least((SELECT min(wake) FROM incident_group WHERE over_at IS NULL), \
    (SELECT min(due_at) FROM page WHERE state = 'waiting'), (SELECT min(due_at) FROM message WHERE state = 'waiting'))) * 1000000)::bigint";

impl Town {
    /// The moment so many seconds after the start.
    pub fn moment(&self, seconds: i64) -> Timestamp {
        self.start + SignedDuration::from_secs(seconds)
    }

    /// Waits until everything that is due is done; returns when the next thing will be due.
    pub async fn settled(&self) -> Option<Timestamp> {
        let (due, asked) = (Cell::new([0; 4]), Cell::new(0));
        let what = || format!("nothing is due after {:#}: [groups, pages, messages, batches] are {:?}", self.at(), due.get());
        eventually(what, Duration::from_secs(20), || async {
            let now = self.clock.now().as_microsecond() as f64;
            let row = self.sql.query_one(DUE, &[&now]).await.unwrap();
            due.set([0, 1, 2, 3].map(|place| row.get::<_, i64>(place)));
            asked.set(asked.get() + 1);
            let [groups, pages, _, batches] = due.get();
            if pages > 0 && groups + batches == 0 && asked.get() % 20 == 0 {
                // Who sends looks once a second, and may have looked just before this moment.
                self.clock.advance(SignedDuration::from_secs(1));
            }
            let next: Option<i64> = row.get(4);
            (due.get() == [0; 4]).then(|| next.map(|next| Timestamp::from_microsecond(next).unwrap()))
        })
        .await
    }

    /// Lets time pass until so many seconds after the start, from one thing that is due to the next.
    pub async fn until(&self, seconds: i64) {
        let goal = self.moment(seconds);
        assert!(self.clock.now() <= goal, "{seconds} s have passed already: it is {:#}", self.at());
        loop {
            let next = self.settled().await.map_or(goal, |next| next.min(goal));
            if self.clock.now() >= goal {
                return;
            }
            self.clock.advance(next.max(self.clock.now()).duration_since(self.clock.now()));
        }
    }

    /// Lets time pass until so many seconds after the start, and sees to it that the steward has looked every ten seconds
    /// and in the end: for what is told because nothing happened. It looks once a second, so time may be up to a second later.
    pub async fn watched(&self, seconds: i64) {
        let goal = self.moment(seconds);
        assert!(self.clock.now() <= goal + SignedDuration::from_secs(1), "{seconds} s have passed already: it is {:#}", self.at());
        while self.clock.now() < goal {
            self.clock.advance(SignedDuration::from_secs(10).min(goal.duration_since(self.clock.now())));
            self.looked().await;
        }
    }

    /// Lets time pass until so many seconds after the start in one jump, and sees to it that the steward has looked since: it
    /// takes nothing for silent that it couldn't listen to before.
    pub async fn awake_at(&self, seconds: i64) {
        self.until(seconds).await;
        self.looked().await;
    }

    /// Waits until the steward has looked at this moment, or within a second of it: it sleeps for one after each look.
    async fn looked(&self) {
        let (moment, asked) = (self.clock.now(), Cell::new(0));
        let what = || format!("the steward has looked at {:#}", moment.duration_since(self.start));
        eventually(what, Duration::from_secs(20), || async {
            let looked_at = self.centre.get("/readyz").await.body["duty_looked_at"].as_str().map(|at| at.parse::<Timestamp>().unwrap());
            asked.set(asked.get() + 1);
            if looked_at.is_none_or(|at| at < moment) && (10..20).contains(&asked.get()) {
                self.clock.advance(SignedDuration::from_millis(100));
            }
            looked_at.filter(|at| *at >= moment)
        })
        .await;
    }

    /// The next minute of the grid, up to the second at which it is evaluated: these probes show these values, the others
    /// are calm.
    pub async fn evaluation(&self, values: &[(&str, f64)]) {
        // Observations are sent twenty seconds before.
        let instant = (self.at().as_secs() + 20 + 59) / 60 * 60;
        self.until(instant - 20).await;
        let shown: BTreeMap<&str, f64> = PROBES.iter().map(|probe| (*probe, CALM)).chain(values.iter().copied()).collect();
        let observation =
            |(asset, value)| json!({ "metric": "probe.value", "labels": { "asset": asset }, "value": value, "time": self.clock.now() });
        let observations: Vec<Value> = shown.into_iter().map(observation).collect();
        let answer = self.centre.post("/api/v1/observations?source=api", &json!(observations)).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        self.until(instant + 1).await;
        let sql = "SELECT count(*) FROM reading JOIN scope ON scope.id = scope_id WHERE extract(epoch FROM time) = $1::bigint AND scope.name LIKE 'asset:%' \
            AND value IS NOT NULL";
        let second = self.moment(instant).as_second();
        let what = || format!("the readings of {instant} s");
        eventually(what, Duration::from_secs(20), || async {
            let recorded: i64 = self.sql.query_one(sql, &[&second]).await.unwrap().get(0);
            (recorded == PROBES.len() as i64).then_some(())
        })
        .await;
        self.settled().await;
    }

    /// So many evaluations alike.
    pub async fn evaluations(&self, count: u32, values: &[(&str, f64)]) {
        for _ in 0..count {
            self.evaluation(values).await;
        }
    }

    /// `an` opens an incident by hand for a team; its number.
    pub async fn report(&self, team: &str, title: &str, severity: &str) -> i64 {
        let id = self.open_by_hand(team, title, severity).await;
        self.settled().await;
        id
    }

    /// The same, without waiting for what comes of it.
    pub async fn open_by_hand(&self, team: &str, title: &str, severity: &str) -> i64 {
        let body = json!({ "person": "an", "title": title, "severity": severity, "team": team });
        let answer = self.centre.post("/api/v1/incidents", &body).await;
        assert_eq!((answer.status, &answer.body["is_new"]), (200, &json!(true)), "{answer:?}");
        answer.body["incident"].as_i64().unwrap()
    }

    /// Somebody silences a team from now until so many seconds after the start.
    pub async fn silence(&self, team: &str, until: i64, author: &str) -> i64 {
        let matchers = json!([{ "label": "team", "values": [team] }]);
        let body = json!({ "matchers": matchers, "until": self.moment(until), "author": author, "reason": "Thử" });
        let answer = self.centre.post("/api/v1/silences", &body).await;
        assert_eq!(answer.status, 201, "{answer:?}");
        answer.body["id"].as_i64().unwrap()
    }

    /// An incident's number, by the asset whose alert opened it.
    pub async fn incident_of(&self, asset: &str) -> i64 {
        let scope = format!("asset:{asset}");
        self.open()
            .await
            .iter()
            .find(|one| one["incident"]["origin"]["scope"] == scope)
            .map(|one| one["incident"]["id"].as_i64().unwrap())
            .unwrap()
    }

    /// What an incident's log says, each line with its second since the start; without how old its data is, since many
    /// tests let time pass and send none.
    pub async fn timeline(&self, incident: i64) -> Vec<String> {
        let lines = self.whole_timeline(incident).await;
        lines.into_iter().filter(|line| !line.contains(" data_")).collect()
    }

    /// All that an incident's log says.
    pub async fn whole_timeline(&self, incident: i64) -> Vec<String> {
        let page = self.centre.get(&format!("/api/v1/incidents/{incident}")).await.body;
        page["log"].as_array().unwrap().iter().map(|line| self.line(line)).collect()
    }

    fn line(&self, line: &Value) -> String {
        let at: Timestamp = line["at"].as_str().unwrap().parse().unwrap();
        let after = at.duration_since(self.start).as_secs_f64();
        let word = |name: &str| line[name].as_str().map(|word| format!(" {word}")).unwrap_or_default();
        let persons = line["persons"].as_array().into_iter().flatten().map(|one| format!(" {}", one.as_str().unwrap())).collect::<String>();
        let what = line["what"].as_str().unwrap();
        match what {
            "paged" => format!("{after} paged{persons}{} of {}", word("kind"), line["incidents"].as_array().unwrap().len()),
            "escalated" | "no_target" => format!("{after} {what} {}.{}", line["round"], line["step"]),
            "opened" => format!("{after} opened"),
            _ => format!("{after} {what}{}{}{}{}", word("by"), word("why"), word("person"), word("cause")),
        }
    }

    /// What the provider has taken since it was last asked, sorted: whom, what, and of how many incidents. Nothing more is on
    /// its way.
    pub async fn told(&self) -> Vec<String> {
        self.settled().await;
        let mut told: Vec<String> = self.sms.take_all().iter().map(said).collect();
        told.sort();
        told
    }
}

/// A message in short.
pub fn said(message: &Received) -> String {
    let text = message.field("text");
    let people = ["an", "binh", "chi", "dung"];
    let to = message.field("to");
    let person = people.iter().find(|person| phone(person) == to).map_or(to.as_str(), |person| *person);
    let kinds = [
        ("Van con canh bao", "still"),
        ("Da het canh bao", "resolved"),
        ("Canh bao", "firing"),
        ("Chua ai nhan xu ly", "exhausted"),
        ("Tin moi", "update"),
        ("Nhac viec", "reminder"),
        ("Tong hop", "digest"),
        ("Thong bao truc", "notice"),
        ("Bat dau ca truc", "shift"),
    ];
    let kind = kinds.iter().find(|(words, _)| text.contains(words)).map_or(text.as_str(), |(_, kind)| *kind);
    let more: usize = text.split_once('+').and_then(|(_, rest)| rest.split(' ').next()?.parse().ok()).unwrap_or(0);
    let exercise = if text.starts_with("(DIEN TAP)") { "exercise " } else { "" };
    format!("{person} {exercise}{kind} {}", more + 1)
}
