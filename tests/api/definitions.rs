//! Definitions while the server runs: a broken folder changes nothing and is named, a sound one is taken over as a whole,
//! and what it doesn't touch goes on without a gap.

use super::*;
use harness::{Broker, Device, copy_of_city};
use std::path::PathBuf;

/// A centre whose city's folder can be changed.
struct Town {
    small: Small,
    folder: tempfile::TempDir,
}

fn city(folder: &tempfile::TempDir) -> PathBuf {
    folder.path().join("mini")
}

async fn centre(folder: &tempfile::TempDir, clock: &MovedClock, database: &Database, broker: Option<&Broker>) -> Centre {
    let city = city(folder).display().to_string();
    let broker = broker.map(Broker::address);
    Centre::start(Setup { city: &city, clock: Some(clock), database: Some(database), broker, ..Setup::default() }).await
}

impl Town {
    async fn start(broker: Option<&Broker>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let _ = copy_of_city("mini", folder.path());
        let (clock, database) = (MovedClock::at(START), Database::fresh().await);
        let centre = centre(&folder, &clock, &database, broker).await;
        Self { small: Small { clock, database, centre }, folder }
    }

    /// Replaces the only occurrence of a piece of a file.
    fn edit(&self, file: &str, old: &str, new: &str) {
        let path = city(&self.folder).join(file);
        let text = std::fs::read_to_string(&path).unwrap();
        assert_eq!(text.matches(old).count(), 1, "{file} has not exactly one {old:?}");
        std::fs::write(path, text.replace(old, new)).unwrap();
    }

    fn write(&self, file: &str, text: &str) {
        std::fs::write(city(&self.folder).join(file), text).unwrap();
    }

    async fn standing(&self) -> Value {
        self.small.centre.get("/api/v1/sources").await.body["definitions"].clone()
    }

    /// Lets time pass until the definitions stand as wanted.
    async fn until(&self, what: &str, test: impl Fn(&Value) -> bool) -> Value {
        eventually(what, Duration::from_secs(30), || async {
            self.small.clock.advance(jiff::SignedDuration::from_millis(250));
            Some(self.standing().await).filter(|standing| test(standing))
        })
        .await
    }

    /// Lets time pass until another sound set is in force.
    async fn taken_over(&self, before: &Value) -> Value {
        self.until("another set is in force", |now| now["hash"] != before["hash"] && now["broken_since"].is_null()).await
    }

    async fn send(&self, metric: &str, asset: &str, value: f64) {
        let now = self.small.clock.now().to_string();
        let answer = self.small.centre.post("/api/v1/observations?source=api", &json!([observation(metric, asset, &now, value)])).await;
        assert_eq!(answer.body["accepted"], 1, "{answer:?}");
    }

    /// Lets minutes pass with a value of a road on each half.
    async fn drive(&self, minutes: u32, value: f64) {
        for _ in 0..2 * minutes {
            self.send("road.speed", "road-1", value).await;
            self.small.pass(30);
        }
    }

    /// The recorded instants of a KPI for the city after the start, each with how many versions and revisions it has.
    async fn instants(&self, kpi: &str) -> Vec<(String, String, i64)> {
        let sql = "SELECT to_char(time AT TIME ZONE 'UTC', 'HH24:MI'), min(v.name), count(*) FROM reading r
             JOIN kpi k ON k.id = r.kpi_id JOIN scope s ON s.id = r.scope_id JOIN kpi_version v ON v.id = r.definition_id
             WHERE k.name = $1 AND s.name = 'city' AND time > $2::text::timestamptz GROUP BY time ORDER BY time";
        let rows = self.small.database.client().await.query(sql, &[&kpi, &START]).await.unwrap();
        rows.iter().map(|row| (row.get(0), row.get(1), row.get(2))).collect()
    }
}

/// Every minute from the first to the last, each once.
fn whole(instants: &[(String, String, i64)]) {
    let minute = |text: &str| text.get(..2).unwrap().parse::<u32>().unwrap() * 60 + text.get(3..).unwrap().parse::<u32>().unwrap();
    for pair in instants.windows(2) {
        assert_eq!(minute(&pair[1].0), minute(&pair[0].0) + 1, "{instants:?}");
    }
    assert!(instants.iter().all(|(_, _, revisions)| *revisions == 1), "{instants:?}");
}

#[tokio::test]
async fn a_broken_file_changes_nothing_and_is_named_until_it_is_mended() {
    let town = Town::start(None).await;
    let before = town.standing().await;
    town.drive(1, 30.0).await;
    town.edit("kpis/all.toml", "target = 30.0", "targt = 30.0");
    town.edit("sources.toml", "way = \"line\"", "way = \"lime\"");
    let broken = town.until("the problems are told", |now| now["problem_count"] == 2).await;
    assert_eq!(broken["hash"], before["hash"]);
    let first = &broken["problems"][0];
    assert_eq!((&first["file"], &first["column"], &first["hint"]), (&json!("kpis/all.toml"), &json!(1), &json!("did you mean `target`?")));
    assert_eq!(broken["problems"][1]["file"], "sources.toml");
    let ready = town.small.centre.get("/readyz").await;
    assert_eq!(ready.status, 200);
    assert!(ready.body["warnings"].to_string().contains("kpis/all.toml:"), "{:?}", ready.body);
    let metrics = town.small.centre.get("/metrics").await.body;
    assert!(metrics.as_str().unwrap().contains("taydo_definitions_problems 2"), "{metrics}");
    // Everything goes on.
    town.drive(2, 40.0).await;
    town.small.recorded("road.speed", "city", "2026-03-02T01:02:00Z", |point| point["quality"] != "missing").await;
    assert_eq!(town.small.centre.write_lines("lines", "meter,asset=meter-1 load=5 1772413200000").await.status, 204);
    town.edit("kpis/all.toml", "targt = 30.0", "target = 30.0");
    town.edit("sources.toml", "way = \"lime\"", "way = \"line\"");
    let mended = town.until("the problems are gone", |now| now["problem_count"] == 0).await;
    assert_eq!((&mended["hash"], &mended["since"]), (&before["hash"], &before["since"]));
    assert!(town.small.centre.get("/readyz").await.body["warnings"].as_array().unwrap().is_empty());
    town.drive(1, 40.0).await;
    whole(&town.instants("road.speed").await);
}

#[tokio::test]
async fn a_changed_kpi_is_swapped_at_an_instant_and_the_others_go_on() {
    let town = Town::start(None).await;
    let before = town.standing().await;
    town.drive(3, 30.0).await;
    let mut viewer = town.small.centre.viewer().await;
    viewer.send(json!({ "type": "subscribe", "topic": { "board": "main", "view": "all" } })).await;
    let first = viewer.until("a snapshot", |message| message["type"] == "snapshot").await;
    assert_eq!(first["definitions"], before["hash"]);
    let slowest = "aggregate = \"min\", window = \"5m\"";
    town.edit("kpis/all.toml", slowest, "aggregate = \"max\", window = \"10m\"");
    let more = "title = { vi = \"Mới\", en = \"New\" }\nunit = \"km/h\"\nbetter = \"neither\"\nby = [\"area\"]\nfrom = { observations = \"road.speed\", aggregate = \"last\", window = \"5m\" }\n";
    town.write("kpis/more.toml", &format!("[\"road.latest\"]\n{more}"));
    town.edit("boards/main.toml", "value = \"load.total\"", "value = \"road.latest\"");
    town.send("road.speed", "road-1", 60.0).await;
    let after = town.taken_over(&before).await;
    let next = viewer.until("a snapshot by the new set", |message| message["type"] == "snapshot").await;
    assert_eq!((&next["definitions"], &next["epoch"]), (&after["hash"], &first["epoch"]));
    assert!(next["readings"].to_string().contains("road.latest") && !next["readings"].to_string().contains("load.total"), "{next}");
    let board = town.small.centre.get("/api/v1/boards/main").await.body;
    assert_eq!(board["definitions"], after["hash"]);
    town.drive(4, 50.0).await;

    // Unchanged: no gap, one version. Changed: no gap, the old version up to an instant and the new one from the next on.
    town.small.recorded("road.slowest", "city", "2026-03-02T01:07:00Z", is(60.0)).await;
    let kept = town.instants("road.speed").await;
    whole(&kept);
    assert!(kept.iter().all(|(_, version, _)| *version == kept[0].1), "{kept:?}");
    let changed = town.instants("road.slowest").await;
    whole(&changed);
    let mut versions: Vec<&String> = changed.iter().map(|(_, version, _)| version).collect();
    versions.dedup();
    assert_eq!(versions.len(), 2, "{changed:?}");
    assert_eq!(changed[0].0, kept[0].0);
    // The new one's past was recomputed from what was stored.
    town.small.recorded("road.latest", "city", "2026-03-02T01:02:00Z", is(30.0)).await;
}

#[tokio::test]
async fn metrics_assets_and_sources_that_are_new_take_data_at_once_and_removed_ones_none() {
    let town = Town::start(None).await;
    let before = town.standing().await;
    town.send("road.speed", "road-9", 20.0).await;
    let unknown = town.small.centre.get("/api/v1/sources").await.body["unknown_assets"].clone();
    assert_eq!(unknown[0]["asset"], "road-9");
    let asset = "\n[assets.road-9]\nname = \"Đường 9\"\nsite = \"Đường 9\"\narea = \"south\"\nmetrics = [\"road.speed\", \"road.flow\"]\n";
    let assets = city(&town.folder).join("assets.toml");
    std::fs::write(&assets, std::fs::read_to_string(&assets).unwrap() + asset).unwrap();
    let metrics = city(&town.folder).join("metrics.toml");
    let metric = "\n[\"road.flow\"]\ntitle = { vi = \"Lưu lượng\", en = \"Flow\" }\nunit = \"veh/h\"\nresolution = 1\n";
    std::fs::write(&metrics, std::fs::read_to_string(&metrics).unwrap() + metric).unwrap();
    town.edit("sources.toml", "[small]", "[little]");
    town.taken_over(&before).await;
    town.send("road.flow", "road-9", 900.0).await;
    town.send("road.speed", "road-9", 25.0).await;
    let gone = town.small.centre.post("/api/v1/observations?source=small", &json!([])).await;
    assert_eq!(gone.status, 404, "{gone:?}");
    assert_eq!(town.small.centre.post("/api/v1/observations?source=little", &json!([])).await.status, 200);
    let sources = town.small.centre.get("/api/v1/sources").await.body;
    assert!(sources["unknown_assets"].as_array().unwrap().is_empty(), "{sources:?}");
    let sql = town.small.database.client().await;
    let rows = sql.query("SELECT labels->>'area' FROM series WHERE labels->>'asset' = 'road-9' ORDER BY id", &[]).await.unwrap();
    let areas: Vec<Option<String>> = rows.iter().map(|row| row.get(0)).collect();
    assert_eq!(areas, [None, Some("south".to_owned()), Some("south".to_owned())]);
}

#[tokio::test]
async fn what_stored_numbers_mean_can_not_be_changed_while_running() {
    let town = Town::start(None).await;
    let before = town.standing().await;
    town.edit("metrics.toml", "unit = \"kW\"", "unit = \"MW\"");
    town.edit("city.toml", "id = \"mini\"", "id = \"maxi\"");
    let refused = town.until("the change is refused", |now| now["problem_count"] == 2).await;
    assert_eq!(refused["hash"], before["hash"]);
    let places: Vec<_> = refused["problems"].as_array().unwrap().iter().map(|one| (one["file"].as_str().unwrap(), &one["line"])).collect();
    assert_eq!(places, [("city.toml", &json!(3)), ("metrics.toml", &json!(9))]);
}

#[tokio::test]
async fn a_broken_folder_does_not_keep_the_server_from_starting_again() {
    let mut town = Town::start(None).await;
    let before = town.until("the set is noted", |now| now["problem_count"] == 0).await;
    let noted = || async {
        let rows = town.small.database.client().await.query("SELECT hash FROM definition_load", &[]).await.unwrap();
        (rows.iter().map(|row| row.get::<_, String>(0)).collect::<Vec<_>>() == [before["hash"].as_str().unwrap()]).then_some(())
    };
    eventually("the load is noted", Duration::from_secs(20), noted).await;
    town.edit("city.toml", "format_version = 1", "format_version = 1 1");
    town.small.centre.kill();
    town.small.centre = centre(&town.folder, &town.small.clock, &town.small.database, None).await;
    let standing = town.standing().await;
    assert_eq!((&standing["hash"], &standing["problems"][0]["file"]), (&before["hash"], &json!("city.toml")));
    town.drive(1, 30.0).await;
    town.edit("city.toml", "format_version = 1 1", "format_version = 1");
    town.until("the folder is mended", |now| now["broken_since"].is_null()).await;
}

#[tokio::test]
async fn subscriptions_come_and_go_without_the_session_being_dropped() {
    let broker = Broker::start().await;
    let town = Town::start(Some(&broker)).await;
    let ready = || async {
        let ready = town.small.centre.get("/readyz").await;
        (ready.status == 200 && ready.body["warnings"].as_array().is_some_and(Vec::is_empty)).then_some(())
    };
    eventually("the server subscribes", Duration::from_secs(20), ready).await;
    let device = Device::connect(broker.address(), "device").await;
    let before = town.standing().await;
    let source =
        "\n[extra]\ntitle = { vi = \"Thêm\", en = \"Extra\" }\nway = \"mqtt\"\ntopic = \"extra/{asset}\"\nvalue = \"probe.value\"\n";
    let sources = city(&town.folder).join("sources.toml");
    let text = std::fs::read_to_string(&sources).unwrap().replace("mini/value/{asset}/{metric}", "mini/other/{asset}/{metric}");
    std::fs::write(&sources, text + source).unwrap();
    town.taken_over(&before).await;
    let sql = town.small.database.client().await;
    let count = |asset: &'static str| {
        let sql = &sql;
        async move {
            let statement = "SELECT count(*) FROM observation o JOIN series s ON s.id = o.series_id WHERE s.labels->>'asset' = $1";
            sql.query_one(statement, &[&asset]).await.unwrap().get::<_, i64>(0)
        }
    };
    // The broker takes a subscription a moment after it was asked for: publish until one arrives.
    let device = tokio::sync::Mutex::new(device);
    eventually("the new subscriptions", Duration::from_secs(20), || async {
        let mut device = device.lock().await;
        device.publish("extra/probe-01", "1").await;
        device.publish("mini/other/probe-02/probe.value", "2").await;
        device.acknowledged().await;
        town.small.clock.advance(jiff::SignedDuration::from_millis(20));
        (count("probe-01").await > 0 && count("probe-02").await > 0).then_some(())
    })
    .await;
    let mut device = device.into_inner();
    device.publish("mini/value/probe-03/probe.value", "1").await;
    device.publish("mini/road/road-1/telemetry", "{\"speed\": 33}").await;
    device.acknowledged().await;
    eventually("what stayed goes on", Duration::from_secs(20), || async {
        town.small.clock.advance(jiff::SignedDuration::from_millis(20));
        (count("road-1").await == 1).then_some(())
    })
    .await;
    assert_eq!(count("probe-03").await, 0, "nobody subscribes to the old topic");
    let sources = town.small.centre.get("/api/v1/sources").await.body;
    assert_eq!(sources["rejects"], json!([]), "the broker was asked to stop sending it");
    let problems: Vec<_> = sources["sources"].as_array().unwrap().iter().filter(|source| !source["problem"].is_null()).collect();
    assert!(problems.is_empty(), "{problems:?}");
}
