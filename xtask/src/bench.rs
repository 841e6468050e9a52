//! `cargo xtask bench NAME` and `cargo xtask soak`: measurements, in release builds, by the programs of `tests/bench` and by
//! the engine's own.
//!
//! Must never measure by itself or judge a number.

use anyhow::{Result, bail};

use crate::arguments::{self, Arguments};
use crate::places::Places;
use crate::setup::{self, Need};
use crate::{child, frontend, progress};

pub(crate) const HELP: &str = "\
usage: cargo xtask bench NAME

Builds what is measured and one measurement in release and runs it. Each prints a ratio against a floor or a peer that it
measures in the same run.

names:
  engine   observations per second through the engine on one core, memory, long windows, cases
  fanout   one change to many WebSocket clients
  ingest   observations per second into the database
";

pub(crate) const OPTIONS: &[arguments::Option] = &[arguments::Option { name: "NAME", takes_value: true }];

pub(crate) const SOAK_HELP: &str = "\
usage: cargo xtask soak

No soak exists yet. Long runs will be listed here by name.
";

const NAMES: [&str; 3] = ["engine", "fanout", "ingest"];

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
    let lock = places.lock_target()?;
    let tools = setup::ensure(&places, Need::RUN)?;
    frontend::build(&places, &tools)?;
    let binary = format!("bench-{name}");
    progress::say("bench", "building the server and the measurement in release");
    let mut build = child::cargo(&places);
    build.args(["build", "--release", "--package", "taydo", "--package", "taydo-bench", "--bin", "taydo", "--bin", &binary]);
    child::run("the release build", &mut build)?;
    drop(lock);
    let release = places.target.join("release");
    let mut bench = std::process::Command::new(release.join(&binary));
    bench.current_dir(&places.root).env("TAYDO_BIN", release.join("taydo"));
    tools.name_to(&mut bench);
    child::run(&binary, &mut bench)
}

/// The engine is measured alone: it needs no server, no database and no front end.
fn run_engine(places: &Places) -> Result<()> {
    progress::say("bench", "building the engine and its measurement in release");
    let mut bench = child::cargo(places);
    bench.args(["bench", "--package", "taydo-engine", "--bench", "throughput"]);
    child::run("the engine's measurement", &mut bench)
}

/// `cargo xtask soak`.
pub(crate) fn run_soak(_: &Arguments) -> Result<()> {
    bail!("no soak exists yet, so there is nothing to run; `cargo xtask bench --help` lists the measurements that do")
}
