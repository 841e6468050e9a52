//! Replays: an hour in which something happened is shown again as it was shown then, frame by frame, and from any instant on.

use crate::town::{START, Town};
use harness::{Viewer, copy_of_city, eventually};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

const BOARD: &str = r#"
title = { vi = "Bảng", en = "Board" }
grid = [12, 6]
panels = [
  { at = [1, 1], size = [4, 2], value = "traffic.probe" },
  { at = [5, 1], size = [4, 2], value = "traffic.probe", scope = "asset:p1" },
  { at = [1, 3], size = [8, 4], trend = "traffic.probe", scopes = ["asset:p1", "asset:p2"], span = "1h" },
  { at = [9, 1], size = [4, 6], ranking = "traffic.probe", by = "asset" },
]
"#;

/// What a viewer knows after a frame: each figure's newest reading, and how the incidents stand.
#[derive(Debug, Clone, Default, PartialEq)]
struct Shown {
    definitions: String,
    /// By scope: time, value, quality.
    readings: BTreeMap<String, (String, Option<f64>, String)>,
    /// By number: standing and who has it.
    incidents: BTreeMap<i64, (String, Option<String>)>,
}

impl Shown {
    fn take(&mut self, frame: &Value) {
        if frame["type"] == "snapshot" {
            self.readings.clear();
        }
        self.definitions = frame["definitions"].as_str().unwrap().to_owned();
        for list in ["readings", "live"] {
            for one in frame[list].as_array().into_iter().flatten() {
                let text = |name: &str| one[name].as_str().unwrap().to_owned();
                self.readings.insert(text("scope"), (text("time"), one["value"].as_f64(), text("quality")));
            }
        }
        if let Some(incidents) = frame["incidents"]["incidents"].as_array() {
            self.incidents = incidents.iter().map(standing).collect();
        }
    }

    /// What the page shows of incidents: those that were over for an hour leave the list with the next one that changes.
    fn without_old(mut self, expected: &Self) -> Self {
        self.incidents.retain(|id, (standing, _)| standing != "resolved" || expected.incidents.contains_key(id));
        self
    }
}

fn standing(view: &Value) -> (i64, (String, Option<String>)) {
    let one = &view["incident"];
    (one["id"].as_i64().unwrap(), (one["standing"].as_str().unwrap().to_owned(), one["assignee"].as_str().map(str::to_owned)))
}

/// A town whose files can be changed, after an incident with a correction and a change of definitions in it.
struct Hour {
    town: Town,
    folder: PathBuf,
}

impl Hour {
    async fn passed() -> Self {
        let folder = copy_of_city("alarms", &tempfile::tempdir().unwrap().keep());
        std::fs::write(folder.join("boards/main.toml"), BOARD).unwrap();
        let city: &'static str = Box::leak(folder.display().to_string().into_boxed_str());
        let town = Town::start_in(city).await;
        town.person("an").await;
        town.policy(&[json!({ "targets": [{ "person": "an" }], "delay_s": 86_400 })], 0, "an").await;
        town.put("teams/roads", &json!({ "id": "roads", "name": "Giao thông", "policy": "roads", "members": ["an"] })).await;
        let hour = Self { town, folder };
        hour.live_through().await;
        hour
    }

    async fn live_through(&self) {
        let town = &self.town;
        town.minutes(2, &[("p1", 20.0), ("p2", 30.0), ("p3", 10.0)]).await;
        town.minute(&[("p1", 90.0), ("p2", 31.0), ("p3", 10.0)]).await;
        let id = town.until_open(1).await[0]["incident"]["id"].as_i64().unwrap();
        town.minute(&[("p1", 91.0), ("p2", 32.0), ("p3", 10.0)]).await;
        assert_eq!(town.act(id, json!({ "act": "acknowledge", "person": "an" })).await.status, 200);
        // A minute late comes what was measured before: one more revision of an instant that was shown already.
        let late = Timestamp::from_second(town.clock.now().as_second() / 60 * 60 - 65).unwrap();
        let body = json!([{ "metric": "probe.value", "labels": { "asset": "p2" }, "value": 55.0, "time": late }]);
        assert_eq!(town.centre.post("/api/v1/observations?source=api", &body).await.status, 200);
        town.pass(5).await;
        self.until_there("a correction", "SELECT count(*) FROM reading WHERE revision > 1").await;
        town.minute(&[("p1", 92.0), ("p2", 33.0), ("p3", 10.0)]).await;
        self.define("boards/main.toml", "en = \"Board\"", "en = \"Another board\"").await;
        town.minute(&[("p1", 10.0), ("p2", 34.0), ("p3", 11.0)]).await;
        town.until_open(0).await;
        town.minutes(2, &[("p1", 11.0), ("p2", 35.0), ("p3", 12.0)]).await;
        town.pass(20).await;
    }

    async fn until_there(&self, what: &str, sql: &str) {
        eventually(what, Duration::from_secs(20), || async {
            self.town.clock.advance(SignedDuration::from_millis(50));
            (self.town.sql.query_one(sql, &[]).await.unwrap().get::<_, i64>(0) > 0).then_some(())
        })
        .await;
    }

    /// Changes a file, and waits until that is in force and noted.
    async fn define(&self, file: &str, old: &str, new: &str) {
        let path = Path::new(&self.folder).join(file);
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::write(path, text.replace(old, new)).unwrap();
        eventually("other definitions are noted", Duration::from_secs(30), || async {
            self.town.clock.advance(SignedDuration::from_millis(250));
            let sql = "SELECT count(*) FROM definition_load";
            (self.town.sql.query_one(sql, &[]).await.unwrap().get::<_, i64>(0) > 1).then_some(())
        })
        .await;
    }

    /// What was shown at an instant, from the stored rows alone.
    async fn stored(&self, at: &str) -> Shown {
        let sql = "SELECT s.name, to_char(time AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'), value, quality FROM ( \
            SELECT DISTINCT ON (kpi_id, scope_id) * FROM reading WHERE recorded_at <= $1::text::timestamptz AND time <= $1::text::timestamptz \
            ORDER BY kpi_id, scope_id, time DESC, revision DESC) AS newest JOIN scope s ON s.id = scope_id";
        let mut shown = Shown::default();
        for row in self.town.sql.query(sql, &[&at]).await.unwrap() {
            let quality = ["good", "partial", "stale", "missing"][usize::try_from(row.get::<_, i16>(3)).unwrap()];
            shown.readings.insert(row.get(0), (row.get(1), row.get(2), quality.to_owned()));
        }
        let sql = "SELECT hash FROM definition_load WHERE loaded_at <= $1::text::timestamptz OR loaded_at = (SELECT min(loaded_at) FROM definition_load) \
            ORDER BY loaded_at DESC LIMIT 1";
        shown.definitions = self.town.sql.query_one(sql, &[&at]).await.unwrap().get(0);
        let sql = "SELECT line FROM incident_log WHERE at <= $1::text::timestamptz ORDER BY group_id, number";
        for row in self.town.sql.query(sql, &[&at]).await.unwrap() {
            let line: Value = row.get(0);
            let person = line["person"].as_str().map(str::to_owned);
            let incidents = line["incidents"].as_array().unwrap().iter().map(|id| id.as_i64().unwrap());
            for id in incidents {
                match line["what"].as_str().unwrap() {
                    "opened" => drop(shown.incidents.insert(id, ("triggered".into(), None))),
                    "acknowledged" => drop(shown.incidents.insert(id, ("acknowledged".into(), person.clone()))),
                    "resolved" => shown.incidents.get_mut(&id).unwrap().0 = "resolved".into(),
                    _ => {}
                }
            }
        }
        shown
    }

    async fn viewer(&self, replay: Value) -> Viewer {
        let mut viewer = self.town.centre.viewer().await;
        viewer.send(json!({ "type": "subscribe", "topic": topic(), "replay": replay })).await;
        viewer
    }

    fn now(&self) -> String {
        self.town.clock.now().to_string()
    }
}

fn topic() -> Value {
    json!({ "board": "main", "view": "all" })
}

async fn frame(viewer: &mut Viewer) -> Value {
    viewer.until("a frame", |message| ["snapshot", "update", "heartbeat", "error"].contains(&message["type"].as_str().unwrap())).await
}

#[tokio::test]
async fn a_replay_shows_what_was_shown_frame_by_frame_and_from_any_instant_on() {
    let hour = Hour::passed().await;
    let (from, to) = (START, hour.now());
    let mut viewer = hour.viewer(json!({ "from": from, "to": to, "speed": 60 })).await;
    let mut shown = Shown::default();
    let mut told: Vec<(String, Shown)> = Vec::new();
    let (mut epoch, mut sequence) = (0, 0);
    loop {
        let one = frame(&mut viewer).await;
        assert_eq!(one["mode"], "replay", "{one}");
        let place = (one["epoch"].as_i64().unwrap(), one["sequence"].as_u64().unwrap());
        if one["type"] == "update" {
            assert_eq!(place, (epoch, sequence + 1));
        }
        (epoch, sequence) = place;
        shown.take(&one);
        let at = one["time"].as_str().unwrap().to_owned();
        let expected = hour.stored(&at).await;
        assert_eq!(shown.clone().without_old(&expected), expected, "at {at}, after {one}");
        told.push((at, shown.clone()));
        if one["replay"]["speed"] == 0 {
            break;
        }
        hour.town.clock.advance(SignedDuration::from_secs(1));
    }
    // It went by in steps, through both definition sets and every standing.
    let standings: std::collections::BTreeSet<&str> =
        told.iter().flat_map(|(_, shown)| shown.incidents.values().map(|(standing, _)| standing.as_str())).collect();
    assert_eq!(standings.into_iter().collect::<Vec<_>>(), ["acknowledged", "resolved", "triggered"]);
    assert_ne!(told.first().unwrap().1.definitions, told.last().unwrap().1.definitions);
    assert!(told.len() >= 8, "{}", told.len());

    // From any instant on, in any order, the state is the same as that of playing up to it; and so says the list.
    let mut seeker = hour.viewer(json!({ "from": from, "to": to, "speed": 0 })).await;
    let mut epoch = frame(&mut seeker).await["epoch"].as_i64().unwrap();
    let order = (0..told.len()).map(|n| (n * 5 + 3) % told.len());
    for (at, played) in order.map(|n| &told[n]) {
        // A second may have so many messages of one client, and no more.
        hour.town.clock.advance(SignedDuration::from_secs(1));
        seeker.send(json!({ "type": "seek", "topic": topic(), "at": at })).await;
        let snapshot = seeker.until("a snapshot", |message| message["type"] == "snapshot").await;
        assert_eq!(snapshot["time"].as_str().unwrap().parse::<Timestamp>().unwrap(), at.parse::<Timestamp>().unwrap());
        assert!(snapshot["epoch"].as_i64().unwrap() > epoch);
        epoch = snapshot["epoch"].as_i64().unwrap();
        let mut sought = Shown::default();
        sought.take(&snapshot);
        assert_eq!(&sought, played, "at {at}");
        let since = at.parse::<Timestamp>().unwrap() - SignedDuration::from_hours(1);
        let list = hour.town.centre.get(&format!("/api/v1/incidents?at={at}&closed_since={since}")).await.body;
        let listed: BTreeMap<_, _> = list["incidents"].as_array().unwrap().iter().map(standing).collect();
        assert_eq!(listed, played.incidents, "at {at}");
        let board = hour.town.centre.get(&format!("/api/v1/boards/main?at={at}")).await.body;
        assert_eq!(board["definitions"], played.definitions.as_str());
    }
    // What was sent meanwhile is others' business.
    drop(hour.town.told().await);
}

#[tokio::test]
async fn a_correction_is_shown_when_it_came_or_from_the_first_as_one_chooses() {
    let hour = Hour::passed().await;
    let sql = "SELECT to_char(a.time AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'), a.value, b.value FROM reading a JOIN reading b \
        USING (kpi_id, scope_id, time) JOIN scope s ON s.id = a.scope_id WHERE a.revision = 1 AND b.revision = 2 AND s.name = 'asset:p2'";
    let row = hour.town.sql.query_one(sql, &[]).await.unwrap();
    let (time, first, second): (String, f64, f64) = (row.get(0), row.get(1), row.get(2));
    assert_ne!(first, second);
    let at = (time.parse::<Timestamp>().unwrap() + SignedDuration::from_secs(20)).to_string();
    for (known, value) in [("then", first), ("now", second)] {
        let mut viewer = hour.viewer(json!({ "from": START, "to": hour.now(), "at": at, "speed": 0, "known": known })).await;
        let mut shown = Shown::default();
        shown.take(&frame(&mut viewer).await);
        assert_eq!(shown.readings["asset:p2"], (time.clone(), Some(value), "good".into()), "known {known}");
    }
    drop(hour.town.told().await);
}

#[tokio::test]
async fn a_replay_is_steered_and_ends_and_what_cannot_be_is_said() {
    let town = Town::start().await;
    town.minutes(2, &[("p1", 20.0), ("p2", 30.0), ("p3", 10.0)]).await;
    town.pass(10).await;
    let now = town.clock.now();
    let mut viewer = town.centre.viewer().await;
    viewer.send(json!({ "type": "play", "topic": topic(), "speed": 1 })).await;
    let refused = viewer.until("a refusal", |message| message["type"] == "error").await;
    assert!(refused["message"].as_str().unwrap().contains("not being replayed"), "{refused}");
    for (replay, why) in [
        (json!({ "from": START, "to": now + SignedDuration::from_secs(1), "speed": 1 }), "future"),
        (json!({ "from": START, "to": START, "speed": 1 }), "not after"),
        (json!({ "from": START, "to": now, "speed": 61 }), "at most 60"),
        (json!({ "from": "2026-01-01T00:00:00Z", "to": now, "speed": 1 }), "31 days"),
        (json!({ "from": START, "to": now, "speed": 1, "color": "red" }), "unknown field"),
    ] {
        viewer.send(json!({ "type": "subscribe", "topic": topic(), "replay": replay })).await;
        let refused = viewer.until("a refusal", |message| message["type"] == "error").await;
        assert!(refused["message"].as_str().unwrap().contains(why), "{why}: {refused}");
    }
    viewer.send(json!({ "type": "subscribe", "topic": topic(), "replay": { "from": START, "to": now, "speed": 0 } })).await;
    assert_eq!(frame(&mut viewer).await["time"], START);
    // It stands still, says so after a while, and goes on at the speed that is asked for.
    town.clock.advance(SignedDuration::from_secs(5));
    let still = frame(&mut viewer).await;
    assert_eq!((still["type"].as_str(), &still["time"], &still["replay"]["speed"]), (Some("heartbeat"), &json!(START), &json!(0)));
    viewer.send(json!({ "type": "play", "topic": topic(), "speed": 30 })).await;
    assert_eq!(frame(&mut viewer).await["replay"]["speed"], 30);
    // It begins once the first piece is read; then half a minute goes by in a second.
    let on = loop {
        town.clock.advance(SignedDuration::from_secs(1));
        let on = frame(&mut viewer).await;
        if on["time"] != START {
            break on;
        }
    };
    assert_eq!(
        on["time"].as_str().unwrap().parse::<Timestamp>().unwrap(),
        START.parse::<Timestamp>().unwrap() + SignedDuration::from_secs(30)
    );
    // What was missed comes again, as for every topic.
    viewer.send(json!({ "type": "resume", "topic": topic(), "epoch": 0, "sequence": 0 })).await;
    let again = viewer.until("a snapshot", |message| message["type"] == "snapshot").await;
    assert_eq!((&again["epoch"], &again["mode"]), (&on["epoch"], &json!("replay")));
    // Back to the present.
    viewer.send(json!({ "type": "subscribe", "topic": topic() })).await;
    let live = viewer.until("the present", |message| message["mode"] == "live").await;
    assert_eq!(live["type"], "snapshot");
    // There are only so many at once; one that ends makes room.
    let mut viewers = Vec::new();
    for _ in 0..12 {
        let mut one = town.centre.viewer().await;
        one.send(json!({ "type": "subscribe", "topic": topic(), "replay": { "from": START, "to": now, "speed": 0 } })).await;
        assert_eq!(frame(&mut one).await["type"], "snapshot");
        viewers.push(one);
    }
    let wish = json!({ "type": "subscribe", "topic": topic(), "replay": { "from": START, "to": now, "speed": 0 } });
    viewer.send(wish.clone()).await;
    let refused = viewer.until("a refusal", |message| message["type"] == "error").await;
    assert!(refused["message"].as_str().unwrap().contains("too many replays"), "{refused}");
    viewers.pop();
    let viewer = tokio::sync::Mutex::new(viewer);
    eventually("there is room", Duration::from_secs(20), || async {
        let mut viewer = viewer.lock().await;
        viewer.send(wish.clone()).await;
        let answer = viewer.until("an answer", |message| message["type"] == "error" || message["mode"] == "replay").await;
        (answer["type"] == "snapshot").then_some(())
    })
    .await;
}
