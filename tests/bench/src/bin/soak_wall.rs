//! `cargo xtask soak wall`: one enrolled screen of Cần Thơ's wall for two hours, at ten updates a second, its scenes in quick turns.
//!
//! The city is simulated as in the demo, with a feed beside it that makes figures change each 100 ms. Incidents take the wall
//! over as they happen, and are let go after a while. Every ten minutes it says how much memory the page and the server hold;
//! it fails when they hold more at the end than when the run had settled.

use anyhow::{Context, bail, ensure};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::time::Duration;
use taydo_bench::browser::Browser;
use taydo_bench::feed::{Feed, PER_S};
use taydo_bench::process::{self, Server};
use taydo_bench::stopwatch::Stopwatch;
use taydo_bench::town::pause;
use taydo_bench::vitals::{Vitals, grown};
use taydo_server::config::folder;

/// The city, from the repository's root.
const CITY: &str = "dashboards/can-tho";
/// Each scene is on for so long, in seconds: in two hours each comes a hundred times.
const SCENE_S: u32 = 15;
/// How much of the past there is at the beginning: charts of a day have all their points.
const BACKFILL: &str = "26h";
const WIDTH: u32 = 1_920;
const HEIGHT: u32 = 1_080;
/// Between two figures, in minutes.
const EVERY_MIN: f64 = 10.0;
/// A takeover is let go after so many seconds.
const TAKEOVER_S: u64 = 20;
/// How long the server, the page and a quiet moment may take, in seconds.
const PATIENCE_S: f64 = 240.0;
/// Counts the frames with news that the page hears, and remembers which page it is.
const COUNT: &str = "
    window.heard = 0; window.since = Date.now();
    const Own = WebSocket;
    window.WebSocket = class extends Own {
        constructor(...words) { super(...words); this.addEventListener('message', (event) => { if (event.data.startsWith('{\"type\":\"update\"')) window.heard += 1; }); }
    };";

fn main() -> anyhow::Result<()> {
    let minutes: f64 = std::env::args().nth(1).map_or(Ok(120.0), |word| word.parse()).context("the minutes are a number")?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(async {
        let folder = process::data_folder()?;
        let mut soak = Soak::start(folder.path()).await?;
        let outcome = tokio::select! {
            outcome = soak.run(minutes) => outcome,
            _ = tokio::signal::ctrl_c() => Err(anyhow::anyhow!("stopped by Ctrl-C")),
        };
        let verdict = soak.judge();
        soak.browser.close().await;
        outcome.and(verdict)
    })
}

struct Soak {
    browser: Browser,
    feed: Feed,
    url: String,
    http: reqwest::Client,
    server: u32,
    /// The board of the first scene: figures are taken while it is on.
    board: String,
    taken: Vec<Vitals>,
    /// When the page began, by its own clock: it must not be loaded again.
    page: Value,
    heard: (f64, f64),
    /// Ended in this order: the simulator, the server, the broker.
    processes: Vec<(&'static str, Server)>,
}

impl Soak {
    async fn start(folder: &Path) -> anyhow::Result<Self> {
        let program = std::env::var_os("TAYDO_BIN").map_or_else(|| process::sibling("taydo"), |path| Ok(PathBuf::from(path)))?;
        let text = |name: &str| folder.join(name).to_str().map(str::to_owned).context("the folder's name is not text");
        copy_city(Path::new(CITY), &folder.join("city"))?;
        let definitions = folder::load(&folder.join("city"))?;
        let wall = definitions.walls.first().context("the city has no wall")?;
        let board = wall.scenes.first().and_then(|scene| scene.board(0)).context("the wall has no scene")?.to_string();
        let port = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let broker = format!("127.0.0.1:{port}");
        let run = |name: &str, words: &[&str], is_greeting| {
            Server::start_logged(&program, words, &folder.join(format!("{name}.log")), is_greeting)
        };
        let (city, brokers) = (text("city")?, text("broker")?);
        let broker_process = run("broker", &["broker", "--dir", &brokers, "--port", &port.to_string()], false)?;
        let words = ["serve", "--city", &city, "--data", &text("server")?, "--port", "0", "--mqtt", &broker, "--tick-ms", "100"];
        let server = run("server", &words, true)?;
        let url = server.greeting.trim_end_matches('/').to_owned();
        let http = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(30)).build()?;
        until_ready(&http, &url).await?;
        let words = ["simulate", "--server", &url, "--mqtt", &broker, "--city", &city, "--backfill", BACKFILL];
        let simulator = run("simulator", &words, false)?;
        println!("logs: {}", folder.display());
        let feed = Feed::new(&url, "history", &definitions)?;
        let an = json!({ "id": "an", "name": "Nguyễn Văn An", "zone": "Asia/Ho_Chi_Minh", "language": "vi", "quiet": null, "contacts": [], "rules": [] });
        http.put(format!("{url}/api/v1/persons/an")).json(&an).send().await?.error_for_status()?;
        let browser = Browser::start(WIDTH, HEIGHT).await?;
        browser.devtools("Page.addScriptToEvaluateOnNewDocument", json!({ "source": COUNT })).await?;
        let pid = server.pid();
        let processes = vec![("simulator", simulator), ("server", server), ("broker", broker_process)];
        let mut soak =
            Self { browser, feed, url, http, server: pid, board, taken: Vec::new(), page: Value::Null, heard: (0.0, 0.0), processes };
        soak.enrol(wall.id.as_str(), &wall.displays.first().context("the wall has no display")?.name).await?;
        Ok(soak)
    }

    /// The screen shows a code, which is entered; from then on it needs nobody.
    async fn enrol(&mut self, wall: &str, display: &str) -> anyhow::Result<()> {
        self.browser.open(&format!("{}/wall?output=1&lang=vi", self.url)).await?;
        let code = "const text = document.querySelector('.enrolment .code')?.textContent.replace(/\\D/g, ''); return text?.length === 6 ? text : null;";
        let code = self.until("the screen shows a code", code).await?;
        let what = json!({ "person": "an", "code": code, "wall": wall, "display": display });
        self.http.post(format!("{}/api/v1/screens", self.url)).json(&what).send().await?.error_for_status()?;
        self.until("the screen joins its wall", "return document.querySelector('main.wall')?.dataset.shown ?? null;").await?;
        self.page = self.browser.ask("return window.since;").await?;
        Ok(())
    }

    /// What a script comes to, once that is something.
    async fn until(&self, what: &str, script: &str) -> anyhow::Result<Value> {
        let patience = Stopwatch::start();
        loop {
            let told = self.browser.ask(script).await?;
            if !told.is_null() {
                return Ok(told);
            }
            if patience.seconds() > PATIENCE_S {
                bail!("not within {PATIENCE_S} s: {what}; the page's console: {}", self.browser.console().await?);
            }
            pause(200).await;
        }
    }

    async fn run(&mut self, minutes: f64) -> anyhow::Result<()> {
        println!("{WIDTH} × {HEIGHT}, {PER_S} updates a second, each scene for {SCENE_S} s, for {minutes:.0} min");
        println!(
            "{:>6} {:>10} {:>10} {:>10} {:>10} {:>12} {:>10} {:>12}",
            "min", "heap, MB", "wasm, MB", "nodes", "listeners", "server, MB", "frames", "heard/s"
        );
        let watch = Stopwatch::start();
        let mut due = vec![0.0, 1.0];
        let mut next = EVERY_MIN;
        while next < minutes {
            due.push(next);
            next += EVERY_MIN;
        }
        due.push(minutes);
        let (url, http) = (self.url.clone(), self.http.clone());
        for due in due.into_iter().filter(|due| *due <= minutes) {
            let wait = pause_until(&watch, due * 60.0);
            tokio::select! {
                () = wait => {}
                () = self.feed.run() => bail!("the feed ended"),
                outcome = let_go(&http, &url) => outcome?,
            }
            self.look(&watch).await?;
        }
        Ok(())
    }

    /// Takes the figures while the first scene is on and no other is being built.
    async fn look(&mut self, watch: &Stopwatch) -> anyhow::Result<()> {
        for (name, process) in &mut self.processes {
            ensure!(process.is_alive(), "the {name} has ended");
        }
        let calm = format!(
            "const wall = document.querySelector('main.wall'); return wall?.dataset.shown === 'scene' && wall.dataset.board === '{}' \
             && document.querySelectorAll('.scenes > .scene').length === 1 && document.documentElement.dataset.link === 'live' ? true : null;",
            self.board
        );
        let (url, http) = (self.url.clone(), self.http.clone());
        tokio::select! {
            outcome = self.until("the first scene is on", &calm) => drop(outcome?),
            () = self.feed.run() => bail!("the feed ended"),
            outcome = let_go(&http, &url) => outcome?,
        }
        let minute = watch.seconds() / 60.0;
        let vitals = Vitals::take(&self.browser, self.server, minute).await?;
        let told = self.browser.ask("return [window.since, window.heard];").await?;
        ensure!(told.get(0) == Some(&self.page), "the page was loaded again");
        let heard = told.get(1).and_then(Value::as_f64).unwrap_or(0.0);
        let pace = (heard - self.heard.1) / ((minute - self.heard.0) * 60.0).max(0.001);
        self.heard = (minute, heard);
        let frames = self.frames().await?;
        println!(
            "{minute:>6.1} {:>10.2} {:>10.2} {:>10.0} {:>10.0} {:>12.1} {frames:>10} {pace:>12.1}",
            vitals.heap_mb, vitals.wasm_mb, vitals.nodes, vitals.listeners, vitals.server_mb
        );
        self.taken.push(vitals);
        Ok(())
    }

    /// The frames that the screen says it has drawn.
    async fn frames(&self) -> anyhow::Result<Value> {
        let page = walls(&self.http, &self.url).await?;
        let screen = page.pointer("/walls/0/screens/0").context("the screen is not enrolled")?;
        ensure!(screen.get("state").is_some_and(|state| state == "live"), "the screen no longer draws: {screen}");
        screen.get("frames").cloned().context("the screen counts no frames")
    }

    fn judge(&self) -> anyhow::Result<()> {
        let (sent, failed) = self.feed.counts();
        println!("{sent} bodies sent, {failed} not taken");
        match grown(&self.taken) {
            None => println!("too short to be judged"),
            Some(lines) if lines.is_empty() => println!("nothing has grown beyond its margin"),
            Some(lines) => bail!("this has grown:\n{}", lines.join("\n")),
        }
        Ok(())
    }
}

async fn pause_until(watch: &Stopwatch, seconds: f64) {
    let wait = Duration::from_secs_f64(seconds.max(0.0)).saturating_sub(watch.elapsed());
    pause(u64::try_from(wait.as_millis()).unwrap_or(0)).await;
}

async fn until_ready(http: &reqwest::Client, url: &str) -> anyhow::Result<()> {
    let patience = Stopwatch::start();
    while !http.get(format!("{url}/readyz")).send().await.is_ok_and(|answer| answer.status().is_success()) {
        ensure!(patience.seconds() < PATIENCE_S, "the server is not ready after {PATIENCE_S} s");
        pause(200).await;
    }
    Ok(())
}

async fn walls(http: &reqwest::Client, url: &str) -> anyhow::Result<Value> {
    Ok(http.get(format!("{url}/api/v1/walls")).send().await?.error_for_status()?.json().await?)
}

/// Lets every takeover go after a while, as an operator does who has seen it.
async fn let_go(http: &reqwest::Client, url: &str) -> anyhow::Result<()> {
    loop {
        pause(TAKEOVER_S * 1_000).await;
        let page = walls(http, url).await?;
        let Some(wall) = page.pointer("/walls/0") else { bail!("the wall is gone") };
        if wall.pointer("/state/plan/takeover").is_some() {
            let id = wall.pointer("/wall/id").and_then(Value::as_str).context("the wall has an id")?;
            let act = json!({ "person": "an", "act": "release" });
            http.post(format!("{url}/api/v1/walls/{id}/acts")).json(&act).send().await?.error_for_status()?;
        }
    }
}

/// The city, with scenes in quicker turns.
fn copy_city(from: &Path, to: &Path) -> anyhow::Result<()> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from).with_context(|| format!("there is no city in {}", from.display()))? {
        let path = entry?.path();
        let target = to.join(path.file_name().context("a file has a name")?);
        if path.is_dir() {
            copy_city(&path, &target)?;
        } else if path.file_name().is_some_and(|name| name == "walls.toml") {
            std::fs::write(target, quicker(&std::fs::read_to_string(&path)?))?;
        } else {
            std::fs::copy(&path, target)?;
        }
    }
    Ok(())
}

/// Every `for = "…"` of a walls file says how long a scene is on.
fn quicker(walls: &str) -> String {
    let mut parts = walls.split("for = \"");
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let rest = part.split_once('"').map_or(part, |(_, rest)| rest);
        text.push_str(&format!("for = \"{SCENE_S}s\"{rest}"));
    }
    text
}
