//! `cargo xtask bench NAME` and `cargo xtask soak NAME`: measurements and long runs, in release builds, by the programs of `tests/bench` and by
//! the engine's own.
//!
//! Must never measure by itself or judge a number.

use std::time::{Duration, Instant, SystemTime};

use anyhow::{Result, bail};

use crate::arguments::{self, Arguments};
use crate::places::Places;
use crate::setup::{self, Need};
use crate::{child, frontend, progress, test};

pub(crate) const HELP: &str = "\
usage: cargo xtask bench NAME [--part PART]

Builds what is measured and one measurement in release and runs it. Each prints a ratio against a floor or a peer that it
measures in the same run.

names:
  charts   the product's charts in a headless browser, beside uPlot's
  engine   observations per second through the engine on one core, memory, long windows, cases
  fanout   one change to many WebSocket clients
  history  boards of charts over an hour to a year of 1,000 series and seeking in a replay, on PostgreSQL and on TimescaleDB
           (--part plain or timescale measures one of these; --series N another number; up to 8 GB on the disk for a while)
  ingest   observations per second into the database, beside COPY and beside InfluxDB
  page     the first screen of the wall, a leaders' board and the console: cold cache, loopback, a processor four times as slow
  paging   from a committed observation to an accepted message, the outbox's throughput, ten thousand alerts at once
           (--part latency, outbox or flood measures one of these alone)
";

pub(crate) const OPTIONS: &[arguments::Option] = &[
    arguments::Option { name: "NAME", takes_value: true },
    arguments::Option { name: "--part", takes_value: true },
    arguments::Option { name: "--series", takes_value: true },
];

pub(crate) const SOAK_HELP: &str = "\
usage: cargo xtask soak NAME [--minutes MINUTES]

Builds the server and a long run in release and runs it. It says how it goes while it runs, and its figures at the end; it
fails when something that must hold does not.

names:
  paging   a server that is killed every 10 s while alerts come and go under 1,000 open incidents: no message may be lost,
           none may come twice that a provider could have been asked about, and the log must say what the rows say
  properties
           the unit tests of the vocabulary, the engine and the server again and again, each time with other courses of events;
           each says its seed, with which `PROPTEST_RNG_SEED=SEED cargo xtask test --only unit` draws the same again
  wall     a screen of Cần Thơ's wall in a headless browser, its scenes in quick turns, ten updates a second: what the page
           and the server hold in memory, every ten minutes; nothing may grow after the first ten

options:
  --minutes MINUTES   for how long [default: 10, and 120 for wall]
";

pub(crate) const SOAK_OPTIONS: &[arguments::Option] =
    &[arguments::Option { name: "NAME", takes_value: true }, arguments::Option { name: "--minutes", takes_value: true }];

const NAMES: [&str; 7] = ["charts", "engine", "fanout", "history", "ingest", "page", "paging"];

/// `cargo xtask bench NAME`.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let name = arguments.value("NAME").unwrap_or_default();
    if !NAMES.contains(&name) {
        bail!("name one of the measurements: {}", NAMES.join(", "));
    }
    let places = Places::find()?;
    if name == "engine" {
        return run_engine(&places);
    }
    if name == "charts" {
        return run_charts(&places);
    }
    let part = arguments.value("--part");
    let words = match name {
        "history" => {
            let series = arguments.value("--series");
            part.map(|part| ["--part", part]).into_iter().chain(series.map(|series| ["--series", series])).flatten().collect()
        }
        _ => part.into_iter().collect(),
    };
    run_program(&places, &format!("bench-{name}"), words)
}

/// Builds the server and a program beside it in release, and runs that.
fn run_program(places: &Places, binary: &str, words: Vec<&str>) -> Result<()> {
    let lock = places.lock_target()?;
    let tools = setup::ensure(places, if ["bench-page", "soak-wall"].contains(&binary) { Need::BROWSER } else { Need::RUN })?;
    frontend::build(places, &tools)?;
    progress::say("build", "the server and the measurement in release");
    let mut build = child::cargo(places);
    build.args(["build", "--release", "--package", "taydo", "--package", "taydo-bench", "--bin", "taydo", "--bin", binary]);
    if binary == "bench-fanout" {
        build.args(["--bin", "fanout-floor", "--bin", "fanout-product"]);
    }
    child::run("the release build", &mut build)?;
    drop(lock);
    let release = places.target.join("release");
    let mut program = std::process::Command::new(release.join(binary));
    program.args(words).current_dir(&places.root).env("TAYDO_BIN", release.join("taydo"));
    tools.name_to(&mut program);
    if binary == "bench-ingest"
        && let Some(influxd) = setup::optional(places, "influxd", "influxdb")
    {
        program.env("TAYDO_INFLUXD", influxd);
    }
    if binary == "bench-history"
        && let Some(root) = setup::timescale::ensure(places)
    {
        program.env("TAYDO_TIMESCALE_ROOT", root);
    }
    child::run(binary, &mut program)
}

/// Charts are measured in a browser, without a server.
fn run_charts(places: &Places) -> Result<()> {
    let lock = places.lock_target()?;
    let tools = setup::ensure(places, &[Need::Wasm, Need::Chromium])?;
    let page = frontend::build_charts(places, &tools)?;
    progress::say("build", "the measurement in release");
    let mut build = child::cargo(places);
    build.args(["build", "--release", "--package", "taydo-bench", "--bin", "bench-charts"]);
    child::run("the release build", &mut build)?;
    drop(lock);
    let mut program = std::process::Command::new(places.target.join("release/bench-charts"));
    program.arg(page).current_dir(&places.root);
    tools.name_to(&mut program);
    child::run("bench-charts", &mut program)
}

/// The engine is measured alone: it needs no server, no database and no front end.
fn run_engine(places: &Places) -> Result<()> {
    progress::say("bench", "building the engine and its measurement in release");
    let mut bench = child::cargo(places);
    bench.args(["bench", "--package", "taydo-engine", "--bench", "throughput"]);
    child::run("the engine's measurement", &mut bench)
}

/// `cargo xtask soak NAME`.
pub(crate) fn run_soak(arguments: &Arguments) -> Result<()> {
    let name = arguments.value("NAME").unwrap_or_default();
    let words = arguments.value("--minutes").unwrap_or(if name == "wall" { "120" } else { "10" });
    let Ok(minutes) = words.parse::<u32>() else { bail!("--minutes is a whole number, not `{words}`") };
    let places = Places::find()?;
    match name {
        "paging" => run_program(&places, "soak-paging", vec![words]),
        "wall" => run_program(&places, "soak-wall", vec![words]),
        "properties" => run_properties(&places, Duration::from_secs(u64::from(minutes) * 60)),
        _ => bail!("name one of the long runs: paging, properties, wall"),
    }
}

/// Unit tests with one seed after the other, until the time is over or one fails.
fn run_properties(places: &Places, time: Duration) -> Result<()> {
    let start = Instant::now();
    let mut seed = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?.as_secs();
    while start.elapsed() < time {
        seed += 1;
        progress::say("properties", &format!("seed {seed}, after {}", progress::duration(start.elapsed())));
        let mut tests = child::cargo(places);
        tests.args(["test", "--quiet", "--package", "taydo-model", "--package", "taydo-engine", "--package", "taydo", "--lib"]);
        tests.args(test::FEATURES).env(test::SEED, seed.to_string());
        child::run(&format!("the tests with seed {seed}"), &mut tests)?;
    }
    Ok(())
}
