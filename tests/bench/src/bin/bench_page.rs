//! `cargo xtask bench page`: how soon somebody sees figures who opens the wall, a leaders' board or the console for the first time: an empty
//! cache, a server on this machine with the simulated city in it, and a processor made four times as slow.
//!
//! The floor is a page of the same server that needs no program. It must never measure in a browser that has seen a page before.

use anyhow::{Context, ensure};
use serde_json::{Value, json};
use std::net::TcpListener;
use std::path::PathBuf;
use taydo_bench::browser::Browser;
use taydo_bench::figures::{Figures, verdict};
use taydo_bench::process::{self, Server};
use taydo_bench::stopwatch::Stopwatch;
use taydo_bench::town::pause;

/// How many times slower the browser's processor is made.
const SLOWER: f64 = 4.0;
const ROUNDS: usize = 5;
/// How long a first screen may take, in milliseconds.
const AIM_MS: f64 = 3_000.0;
/// A page that is not there after this long counts as never there, in seconds.
const PATIENCE_S: f64 = 60.0;
/// What the simulator is asked to have sent, and for how long that may take, in seconds.
const PAST: &str = "2h";
const PAST_S: f64 = 180.0;

/// A page that is opened: its name, its address, the window, and what says that somebody can read what they came for.
struct Opened {
    name: &'static str,
    path: &'static str,
    size: (u32, u32),
    is_there: &'static str,
}

const FIGURES: &str =
    "document.querySelectorAll('.panel').length > 2 && document.querySelector('.tile[data-quality=good] .value') !== null";
const PAGES: [Opened; 4] = [
    Opened {
        name: "floor: a page without a program",
        path: "/public",
        size: (1440, 900),
        is_there: "document.querySelector('h1') !== null",
    },
    Opened { name: "the wall, 3840 × 2160", path: "/wall/main", size: (3840, 2160), is_there: FIGURES },
    Opened { name: "a leaders' board, a phone", path: "/board/leaders", size: (390, 844), is_there: FIGURES },
    Opened {
        name: "the console, a desk",
        path: "/console",
        size: (1440, 900),
        is_there: "document.querySelector('.calm, .incident') !== null",
    },
];

/// Runs before anything of a page does: writes down the frame in which it was there, and how long its thread was taken.
const WATCH: &str = "
    window.told = { busy: 0 };
    new PerformanceObserver((list) => { for (const one of list.getEntries()) window.told.busy += one.duration; }).observe({ type: 'longtask', buffered: true });
    const look = () => {
        if (document.querySelector('main') !== null && window.told.shell === undefined) window.told.shell = performance.now();
        const isThere = () => IS_THERE;
        if (isThere() && document.fonts.status === 'loaded') requestAnimationFrame(() => { window.told.there = performance.now(); });
        else requestAnimationFrame(look);
    };
    requestAnimationFrame(look);";

/// What the page tells afterwards.
const TELL: &str = "
    const first = performance.getEntriesByType('paint').find((one) => one.name === 'first-contentful-paint');
    const files = performance.getEntriesByType('resource').filter((one) => one.responseEnd <= window.told.there);
    const program = files.find((one) => one.name.endsWith('.wasm'));
    return { ...window.told, painted: first?.startTime ?? 0, fetched: program?.responseEnd ?? 0, requests: files.length + 1,
        kb: files.reduce((sum, one) => sum + one.transferSize, performance.getEntriesByType('navigation')[0].transferSize) / 1000,
        list: files.map((one) => `${Math.round(one.startTime)}–${Math.round(one.responseEnd)} ${Math.round(one.transferSize / 1000)} kB ${new URL(one.name).pathname}`) };";

/// What a page took, a figure for each round.
#[derive(Default)]
struct Took {
    painted: Figures,
    fetched: Figures,
    shell: Figures,
    there: Figures,
    unhurried: Figures,
    busy: Figures,
    kb: Figures,
    requests: Figures,
}

fn main() -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let folder = process::data_folder()?;
        tokio::select! {
            outcome = run(folder.path().to_owned()) => outcome,
            _ = tokio::signal::ctrl_c() => Err(anyhow::anyhow!("stopped by Ctrl-C")),
        }
    })
}

async fn run(folder: PathBuf) -> anyhow::Result<()> {
    let program = std::env::var_os("TAYDO_BIN").map_or_else(|| process::sibling("taydo"), |path| Ok(PathBuf::from(path)))?;
    let text = |name: &str| folder.join(name).to_str().map(str::to_owned).context("the folder's name is not text");
    let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port().to_string();
    let broker = format!("127.0.0.1:{port}");
    let log = |name: &str| folder.join(name);
    let _broker = Server::start_logged(&program, &["broker", "--port", &port, "--dir", &text("broker")?], &log("broker.log"), false)?;
    let city = "dashboards/can-tho";
    let words = ["serve", "--city", city, "--data", &text("data")?, "--port", "0", "--mqtt", &broker];
    let server = Server::start_logged(&program, &words, &log("server.log"), true)?;
    let url = server.greeting.trim_end_matches('/').to_owned();
    let words = ["simulate", "--server", &url, "--mqtt", &broker, "--city", city, "--backfill", PAST];
    let _city = Server::start_logged(&program, &words, &log("city.log"), false)?;
    filled(&url).await?;
    let mut all: Vec<Took> = PAGES.iter().map(|_| Took::default()).collect();
    for round in 1..=ROUNDS {
        for (page, took) in PAGES.iter().zip(&mut all) {
            let slow = open(&url, page, SLOWER).await.with_context(|| page.path.to_owned())?;
            let fast = open(&url, page, 1.0).await.with_context(|| page.path.to_owned())?;
            took.note(&slow, &fast)?;
            if round == 1 {
                eprintln!("{}:\n  {}", page.name, lines(&slow));
            }
        }
        eprintln!("round {round} of {ROUNDS}");
    }
    report(&all);
    Ok(())
}

/// Waits until the simulated city has figures.
async fn filled(url: &str) -> anyhow::Result<()> {
    let http = reqwest::Client::builder().no_proxy().build()?;
    let patience = Stopwatch::start();
    loop {
        let answer = http.get(format!("{url}/api/v1/kpis/traffic.speed")).send().await;
        let told: Value = match answer {
            Ok(answer) => answer.json().await.unwrap_or_default(),
            Err(_) => Value::Null,
        };
        if told.pointer("/reading/quality").is_some_and(|quality| quality == "good") {
            return Ok(());
        }
        ensure!(patience.seconds() < PAST_S, "the simulated city has no figures after {PAST_S} s: {told}");
        pause(200).await;
    }
}

/// Opens a page in a browser of its own, and returns what it tells.
async fn open(url: &str, page: &Opened, slower: f64) -> anyhow::Result<Value> {
    let browser = Browser::start(page.size.0, page.size.1).await?;
    let told = look(&browser, &format!("{url}{}", page.path), page.is_there, slower).await;
    browser.close().await;
    told
}

async fn look(browser: &Browser, address: &str, is_there: &str, slower: f64) -> anyhow::Result<Value> {
    browser.devtools("Emulation.setCPUThrottlingRate", json!({ "rate": slower })).await?;
    browser.devtools("Page.addScriptToEvaluateOnNewDocument", json!({ "source": WATCH.replace("IS_THERE", is_there) })).await?;
    browser.open(address).await?;
    let patience = Stopwatch::start();
    while browser.ask("return window.told?.there !== undefined;").await? != true {
        ensure!(patience.seconds() < PATIENCE_S, "nothing to read after {PATIENCE_S} s: {}", browser.console().await?);
        pause(50).await;
    }
    browser.ask(TELL).await
}

fn figure(told: &Value, name: &str) -> anyhow::Result<f64> {
    told.get(name).and_then(Value::as_f64).with_context(|| format!("the page told no `{name}`: {told}"))
}

fn lines(told: &Value) -> String {
    let list = told.get("list").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    list.collect::<Vec<_>>().join("\n  ")
}

impl Took {
    fn note(&mut self, slow: &Value, fast: &Value) -> anyhow::Result<()> {
        for (figures, name) in [
            (&mut self.painted, "painted"),
            (&mut self.fetched, "fetched"),
            (&mut self.shell, "shell"),
            (&mut self.there, "there"),
            (&mut self.busy, "busy"),
            (&mut self.kb, "kb"),
            (&mut self.requests, "requests"),
        ] {
            figures.push(figure(slow, name)?);
        }
        self.unhurried.push(figure(fast, "there")?);
        Ok(())
    }
}

fn report(all: &[Took]) {
    println!("from the navigation on, ms, a processor {SLOWER} times as slow, an empty cache; medians of {ROUNDS} rounds (lowest–highest)");
    println!(
        "{:<34} {:>10} {:>14} {:>11} {:>22} {:>14} {:>22} {:>9} {:>9}",
        "", "painted", "program here", "page built", "can be read", "long tasks", "at full speed", "kB", "requests"
    );
    for (page, took) in PAGES.iter().zip(all) {
        println!(
            "{:<34} {:>10.0} {:>14.0} {:>11.0} {:>22} {:>14.0} {:>22} {:>9.0} {:>9.0}",
            page.name,
            took.painted.median(),
            took.fetched.median(),
            took.shell.median(),
            took.there.show(0),
            took.busy.median(),
            took.unhurried.show(0),
            took.kb.median(),
            took.requests.median(),
        );
    }
    let floor = all.first();
    for (page, took) in PAGES.iter().zip(all).skip(1) {
        println!("{}", verdict(&format!("{}: ms until it can be read", page.name), &took.there, AIM_MS, true));
        if let Some(floor) = floor {
            println!("{:<58} {}", format!("{}: ÷ a page without a program", page.name), took.there.over(&floor.there).show(1));
        }
    }
}
