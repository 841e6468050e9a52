//! Recordings played through a real broker: they arrive, and a viewer of the wall's board sees them while they do.

use super::*;
use harness::{Broker, real_data, repository};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::process::Stdio;

/// A recording: its file, its source, and the day of it that is played.
type Recording = (&'static str, &'static str, &'static str);

/// Each day has fewer than 200 observations of a sensor, which are 24 s at this speed.
const SPEED: &str = "3600";

/// What a viewer was shown of one KPI and scope.
#[derive(Default)]
struct Shown {
    updates: usize,
    values: BTreeSet<String>,
}

/// What became of recordings.
struct Played {
    /// How many observations were sent.
    sent: usize,
    /// How many rows they became.
    rows: i64,
    /// What a viewer was shown, by "kpi scope".
    shown: BTreeMap<String, Shown>,
}

impl Played {
    /// How many different values were shown.
    fn values(&self, name: &str) -> usize {
        self.shown.get(name).map_or(0, |one| one.values.len())
    }

    fn report(&self) {
        println!("sent {}, stored {}", self.sent, self.rows);
        for (name, one) in &self.shown {
            println!("{name}: {} updates, {} values", one.updates, one.values.len());
        }
    }
}

/// Plays recordings at once and watches the board meanwhile; `None` where they aren't here.
async fn play(city: &str, board: &str, recordings: &[Recording]) -> Option<Played> {
    let files: Vec<_> = recordings.iter().map(|(file, ..)| real_data(file)).collect::<Option<_>>()?;
    let (broker, database) = (Broker::start().await, Database::fresh().await);
    let folder = format!("tests/cities/{city}");
    let setup = Setup { city: &folder, broker: Some(broker.address()), database: Some(&database), ..Setup::default() };
    let centre = Centre::start(setup).await;
    eventually("the server subscribes", Duration::from_secs(20), || async {
        let ready = centre.get("/readyz").await;
        ready.body["warnings"].as_array().is_some_and(Vec::is_empty).then_some(())
    })
    .await;
    let mut viewer = centre.viewer().await;
    viewer.send(json!({ "type": "subscribe", "topic": { "board": board, "view": "all" } })).await;
    viewer.until("a snapshot", |message| message["type"] == "snapshot").await;
    let mut players = tokio::task::JoinSet::new();
    for ((_, source, day), file) in recordings.iter().zip(files) {
        let mut command = tokio::process::Command::new(program());
        command.arg("replay").arg(file).args(["--source", source, "--speed", SPEED, "--mqtt", &broker.address().to_string()]);
        let next: jiff::civil::Date = day.parse().unwrap();
        command.args(["--from", &format!("{day}T00:00:00Z"), "--to", &format!("{}T00:00:00Z", next.tomorrow().unwrap())]);
        command.arg("--city").arg(repository().join(&folder)).kill_on_drop(true).stdin(Stdio::null());
        players.spawn(async move { command.output().await.unwrap() });
    }
    let mut shown = BTreeMap::new();
    let mut sent = 0;
    while !players.is_empty() {
        tokio::select! {
            message = viewer.next() => note(&message.expect("the viewer stays connected"), &mut shown),
            Some(ended) = players.join_next() => sent += count(&ended.unwrap()),
        }
    }
    let rows = stored(&database, sent).await;
    let played = Played { sent, rows, shown };
    played.report();
    Some(played)
}

/// What a player says that it sent.
fn count(output: &std::process::Output) -> usize {
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let sent = said.strip_prefix("sent ").and_then(|rest| rest.split_once(", all acknowledged; left out 0"));
    sent.and_then(|(sent, _)| sent.parse().ok()).unwrap_or_else(|| panic!("it said {said}"))
}

fn note(message: &Value, shown: &mut BTreeMap<String, Shown>) {
    for reading in message["live"].as_array().into_iter().flatten().filter(|reading| reading["value"].is_number()) {
        let name = format!("{} {}", reading["kpi"].as_str().unwrap(), reading["scope"].as_str().unwrap());
        let one = shown.entry(name).or_default();
        one.updates += 1;
        one.values.insert(reading["value"].to_string());
    }
}

async fn stored(database: &Database, rows: usize) -> i64 {
    let sql = database.client().await;
    eventually("every observation is stored", Duration::from_secs(20), || async {
        let found: i64 = sql.query_one("SELECT count(*) FROM observation", &[]).await.unwrap().get(0);
        (found == rows as i64).then_some(found)
    })
    .await
}

#[tokio::test]
async fn a_day_of_each_traffic_file_is_shown_on_the_wall_while_it_is_played() {
    let day = "2015-09-15";
    let recordings = [
        ("traffic/speed_6005.csv", "speed-6005", day),
        ("traffic/speed_t4013.csv", "speed-t4013", day),
        ("traffic/occupancy_6005.csv", "occupancy-6005", day),
        ("traffic/occupancy_t4013.csv", "occupancy-t4013", day),
        ("traffic/TravelTime_387.csv", "travel-time-387", day),
    ];
    let Some(played) = play("minneapolis", "traffic", &recordings).await else { return };
    assert_eq!(played.sent, 999);
    // A tick may join several changes, so not every one of a day's values is shown by itself.
    for name in [
        "traffic.speed_now asset:6005",
        "traffic.speed_now asset:t4013",
        "traffic.speed city",
        "traffic.occupancy city",
        "traffic.travel_time asset:387",
    ] {
        assert!(played.values(name) >= 10, "{name}");
    }
}

#[tokio::test]
async fn a_day_of_the_energy_file_is_shown_on_the_wall_while_it_is_played() {
    let recordings = [("energy/tetouan_2017_q1.csv", "load-2017", "2017-01-15")];
    let Some(played) = play("tetouan", "energy", &recordings).await else { return };
    assert_eq!(played.sent, 144 * 4);
    for name in ["energy.load_now city", "energy.load_now area:zone-1", "energy.load_now area:zone-3", "weather.temperature city"] {
        assert!(played.values(name) >= 20, "{name}");
    }
}
