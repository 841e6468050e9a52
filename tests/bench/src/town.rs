//! A town of a measurement: its definition files, the people on call, and a server with a database of its own.
//!
//! Three kinds of places: *standing* ones whose alerts stay open, *probes* of which each has a team of its own, and *flood*
//! gauges that all rise at once. It must never look inside the server, but for marking contacts as proved.

use crate::process::{self, Server};
use crate::sink::Sink;
use crate::stopwatch::{Stopwatch, now_ms};
use anyhow::{Context, ensure};
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;
use taydo_server::clock::Clock;
use taydo_server::store::{DatabaseAddress, Store};
use tokio_postgres::{Client, Config};

/// Places whose alerts are open throughout, and the areas that they are spread over.
pub const STANDING: usize = 1_000;
/// Areas, and teams of the standing places and of half of the flood.
pub const AREAS: usize = 10;
/// Probes, each with a rule and a team.
pub const PROBES: usize = 200;
/// Gauges of the flood; the first half is one team's.
pub const FLOOD: usize = 10_000;
/// People, each with one contact.
pub const PEOPLE: usize = 200;
/// How many of them a step of a probe's or a flood's team tells at once.
pub const AT_ONCE: usize = 20;
/// A value at which every place's alert fires, and one at which it ends.
pub const HIGH: f64 = 90.0;
/// See [`HIGH`].
pub const LOW: f64 = 10.0;

/// A running town.
pub struct Town {
    /// Where everybody's messages end.
    pub sink: Sink,
    /// For questions in SQL.
    pub sql: Client,
    /// The database.
    pub config: Config,
    folder: PathBuf,
    program: PathBuf,
    http: reqwest::Client,
}

/// A server of the town.
pub struct Centre {
    /// Its process.
    pub process: Server,
    /// `http://127.0.0.1:PORT`
    pub url: String,
}

impl Town {
    /// Writes the files. No server runs yet; the first one that starts makes the tables.
    ///
    /// # Errors
    /// When there is no program to measure, or a file can't be written.
    pub async fn prepare(folder: &Path, config: Config) -> anyhow::Result<Self> {
        let program = std::env::var_os("TAYDO_BIN").map_or_else(|| process::sibling("taydo"), |path| Ok(PathBuf::from(path)))?;
        for (name, text) in files() {
            let path = folder.join("city").join(name);
            std::fs::create_dir_all(path.parent().context("a file lies in a folder")?)?;
            std::fs::write(path, text)?;
        }
        let sink = Sink::start().await?;
        std::fs::write(folder.join("paging.toml"), sink.paging_file())?;
        let sql = crate::database::connect(&config).await?;
        let http = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(60)).build()?;
        Ok(Self { sink, sql, config, folder: folder.to_owned(), program, http })
    }

    /// Starts a server with the data folder of this name, and waits until it says where it listens.
    ///
    /// # Errors
    /// When it doesn't start.
    pub fn serve(&self, data: &str, with_paging: bool) -> anyhow::Result<Centre> {
        let text = |path: PathBuf| path.to_str().map(str::to_owned).context("the folder's name is not text");
        let (city, data, paging) = (text(self.folder.join("city"))?, text(self.folder.join(data))?, text(self.folder.join("paging.toml"))?);
        let database = crate::database::url(&self.config)?;
        let mut arguments = vec!["serve", "--city", &city, "--data", &data, "--port", "0", "--database", &database];
        if with_paging {
            arguments.extend(["--paging", paging.as_str()]);
        }
        let process = Server::start(&self.program, &arguments)?;
        let url = process.greeting.trim_end_matches('/').to_owned();
        Ok(Centre { process, url })
    }

    /// Waits until a server is ready for everything.
    ///
    /// # Errors
    /// When it isn't within a minute.
    pub async fn until_ready(&self, centre: &Centre) -> anyhow::Result<()> {
        let patience = Stopwatch::start();
        loop {
            let answer = self.http.get(format!("{}/readyz", centre.url)).send().await;
            if answer.is_ok_and(|answer| answer.status().is_success()) {
                return Ok(());
            }
            ensure!(patience.seconds() < 60.0, "the server is not ready after a minute");
            pause(20).await;
        }
    }

    /// Makes the people with their contacts (e-mail, and SMS for every `sms_each`th of them), the teams and their policies.
    ///
    /// # Errors
    /// When the server refuses something.
    pub async fn staff(&self, centre: &Centre, sms_each: usize) -> anyhow::Result<()> {
        for number in 0..PEOPLE {
            let id = format!("person-{number}");
            let person =
                json!({ "id": id, "name": id, "zone": "Asia/Ho_Chi_Minh", "language": "vi", "quiet": null, "contacts": [], "rules": [] });
            self.put(centre, &format!("persons/{id}"), &person).await?;
            let is_sms = sms_each > 0 && number.is_multiple_of(sms_each);
            let contact = if is_sms {
                json!({ "channel": "sms", "address": format!("+8490{number:07}") })
            } else {
                json!({ "channel": "email", "address": format!("{id}@cantho.example") })
            };
            let answer = self.http.post(format!("{}/api/v1/persons/{id}/contacts", centre.url)).body(contact.to_string()).send().await?;
            ensure!(answer.status().is_success(), "a contact was refused: {}", answer.text().await?);
        }
        // As if everybody had typed the code that was sent to them.
        self.sql
            .batch_execute("UPDATE contact SET verified_at = clock_timestamp(); UPDATE roster_version SET version = version + 1")
            .await?;
        for (team, first, count) in teams() {
            let targets: Vec<Value> =
                (first..first + count).map(|number| json!({ "person": format!("person-{}", number % PEOPLE) })).collect();
            let steps = json!([{ "targets": targets, "delay_s": 3600 }]);
            let policy = json!({ "id": team, "steps": steps, "repeats": 0, "fallback": "person-0" });
            self.put(centre, &format!("policies/{team}"), &policy).await?;
            self.put(centre, &format!("teams/{team}"), &json!({ "id": team, "name": team, "policy": team, "members": [] })).await?;
        }
        Ok(())
    }

    async fn put(&self, centre: &Centre, path: &str, body: &Value) -> anyhow::Result<()> {
        let answer = self.http.put(format!("{}/api/v1/{path}", centre.url)).body(body.to_string()).send().await?;
        ensure!(answer.status().is_success(), "{path} was refused: {}", answer.text().await?);
        Ok(())
    }

    /// Sends one value for each of these places; when this returns they are committed.
    ///
    /// # Errors
    /// When the server doesn't take all of them.
    pub async fn send(&self, centre: &Centre, kind: &str, places: impl IntoIterator<Item = usize>, value: f64) -> anyhow::Result<()> {
        let now = now_ms();
        let mut lines = String::new();
        for place in places {
            let _ = writeln!(lines, "town,asset={kind}-{place} {kind}={value} {now}");
        }
        let url = format!("{}/api/v2/write?bucket=lines&precision=ms", centre.url);
        let answer = self.http.post(url).body(lines).send().await?;
        ensure!(answer.status().as_u16() == 204, "the server answered {}: {}", answer.status(), answer.text().await?);
        Ok(())
    }

    /// How many incidents are open whose rule's name begins so.
    ///
    /// # Errors
    /// When the database is gone.
    pub async fn open(&self, rules: &str) -> anyhow::Result<usize> {
        let sql = "SELECT count(*) FROM incident WHERE resolved_at IS NULL AND starts_with(rule, $1)";
        let count: i64 = self.sql.query_one(sql, &[&rules]).await?.get(0);
        Ok(usize::try_from(count)?)
    }

    /// Pages that are due or on their way.
    ///
    /// # Errors
    /// When the database is gone.
    pub async fn unsent(&self) -> anyhow::Result<i64> {
        let sql = "SELECT count(*) FROM page WHERE state = 'carried' OR state = 'waiting' AND due_at <= clock_timestamp()";
        Ok(self.sql.query_one(sql, &[]).await?.get(0))
    }

    /// Keeps the standing places high until so many of their alerts are open.
    ///
    /// # Errors
    /// When they aren't within two minutes.
    pub async fn until_standing(&self, centre: &Centre) -> anyhow::Result<()> {
        let patience = Stopwatch::start();
        loop {
            self.send(centre, "standing", 0..STANDING, HIGH).await?;
            if self.open("standing").await? >= STANDING {
                return Ok(());
            }
            ensure!(patience.seconds() < 120.0, "only {} of {STANDING} alerts are open after two minutes", self.open("standing").await?);
            pause(2_000).await;
        }
    }

    /// The server's own view of the database, for what it can check.
    ///
    /// # Errors
    /// When the database is gone.
    pub async fn store(&self) -> anyhow::Result<Store> {
        let address = DatabaseAddress::parse(&crate::database::url(&self.config)?, None)?;
        Ok(Store::open(address.config().clone(), Clock::real()).await?)
    }
}

/// Waits so many milliseconds.
pub async fn pause(ms: u64) {
    Clock::real().sleep(Duration::from_millis(ms)).await;
}

/// Every team, its first person, and how many people a step of it tells.
fn teams() -> Vec<(String, usize, usize)> {
    let standing = (0..AREAS).map(|area| (format!("standing-{area}"), area, 1));
    let probes = (0..PROBES).map(|probe| (format!("probe-{probe}"), probe * AT_ONCE, AT_ONCE));
    let flood = (0..=AREAS).map(|area| (format!("flood-{area}"), area * AT_ONCE, AT_ONCE));
    standing.chain(probes).chain(flood).collect()
}

fn files() -> Vec<(&'static str, String)> {
    let mut areas = String::new();
    for area in 0..=AREAS {
        let _ = writeln!(areas, "area-{area} = {{ name = \"Phường {area}\", hex = [{area}, 1] }}");
    }
    let city = format!(
        "format_version = 1\nid = \"bench\"\nname = {{ vi = \"Phố\", en = \"Town\" }}\nzone = \"Asia/Ho_Chi_Minh\"\npopulation = 1000\n\n\
         [areas]\n{areas}\n[departments]\nroads = {{ vi = \"Sở Giao thông\", en = \"Roads\" }}\n"
    );
    let kinds = [("standing", "10s"), ("probe", "1s"), ("flood", "10s")];
    let metrics = kinds.map(|(kind, _)| {
        format!("[{kind}.level]\ntitle = {{ vi = \"Mức\", en = \"Level\" }}\nunit = \"1\"\nresolution = 0.1\nrange = [0, 100]\n\n")
    });
    let kpis = kinds.map(|(kind, every)| {
        format!(
            "[\"{kind}.level\"]\ntitle = {{ vi = \"Mức {kind}\", en = \"Level {kind}\" }}\nunit = \"1\"\nbetter = \"lower\"\n\
             from = {{ observations = \"{kind}.level\", aggregate = \"last\", window = \"1m\" }}\nby = [\"asset\"]\nevery = \"{every}\"\ndelay = \"1s\"\n\
             attention = 70\ncritical = 80\nthresholds_for = [\"asset\"]\n\n"
        )
    });
    let fields = kinds.map(|(kind, _)| format!("{{ name = \"{kind}\", metric = \"{kind}.level\", unit = \"1\" }}")).join(", ");
    let sources = format!(
        "[lines]\ntitle = {{ vi = \"Dòng\", en = \"Lines\" }}\nowner = \"roads\"\nway = \"line\"\nfields = [{fields}]\nmax_series = 20000\n"
    );
    let board =
        "title = { vi = \"Bảng\", en = \"Board\" }\ngrid = [12, 6]\n\n[[panels]]\nat = [1, 1]\nsize = [4, 2]\nvalue = \"probe.level\"\n";
    let walls = "[main]\ntitle = { vi = \"Tường\", en = \"Wall\" }\nscreens = [1, 1]\nscreen_width_mm = 1218\nbezel_mm = 0.9\n\
         signal_px = [3840, 2160]\nfarthest_seat_m = 6\nscenes = [{ board = \"main\", for = \"1m\" }]\n";
    vec![
        ("city.toml", city),
        ("metrics.toml", metrics.concat()),
        ("kpis/all.toml", kpis.concat()),
        ("sources.toml", sources),
        ("boards/main.toml", board.to_owned()),
        ("walls.toml", walls.to_owned()),
        ("assets/standing.toml", assets("standing", STANDING, |place| place % AREAS)),
        ("assets/probe.toml", assets("probe", PROBES, |place| place % AREAS)),
        ("assets/flood.toml", assets("flood", FLOOD, |place| if place < FLOOD / 2 { 0 } else { 1 + place % AREAS })),
        ("alerts/all.toml", rules()),
    ]
}

fn assets(kind: &str, count: usize, area: impl Fn(usize) -> usize) -> String {
    let mut text =
        format!("[defaults]\nsite = \"Đường\"\nowner = \"roads\"\ninterval = \"60s\"\nmetrics = [\"{kind}.level\"]\n\n[assets]\n");
    for place in 0..count {
        let _ = writeln!(text, "{kind}-{place} = {{ name = \"Trạm {kind} {place}\", area = \"area-{}\" }}", area(place));
    }
    text
}

fn rules() -> String {
    let rule = |id: &str, kind: &str, only: &str, severity: &str| {
        format!(
            "[{id}]\ntitle = {{ vi = \"Mức quá cao\", en = \"Level too high\" }}\nkpi = \"{kind}.level\"\nby = \"asset\"\nonly = [\"{only}\"]\n\
             when = \"value > critical\"\nno_data = \"keep\"\nseverity = \"{severity}\"\nteam = \"{id}\"\n\
             summary = {{ vi = \"{{scope}}: {{value}}\", en = \"{{scope}}: {{value}}\" }}\nsop = [{{ vi = \"Xem camera\", en = \"Look at the camera\" }}]\n\n"
        )
    };
    let mut text = String::new();
    for area in 0..AREAS {
        text.push_str(&rule(&format!("standing-{area}"), "standing", &format!("area:area-{area}"), "high"));
    }
    for probe in 0..PROBES {
        text.push_str(&rule(&format!("probe-{probe}"), "probe", &format!("asset:probe-{probe}"), "critical"));
    }
    for area in 0..=AREAS {
        text.push_str(&rule(&format!("flood-{area}"), "flood", &format!("area:area-{area}"), "critical"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use taydo_model::files::{File, check};

    #[test]
    fn the_town_is_sound() {
        let files: Vec<File> = files().into_iter().map(|(name, text)| File { name: name.to_owned(), text }).collect();
        let (definitions, problems) = check(&files);
        assert_eq!(problems, []);
        assert_eq!(definitions.assets.len(), STANDING + PROBES + FLOOD);
        assert_eq!(definitions.rules.len(), AREAS + PROBES + AREAS + 1);
    }
}
