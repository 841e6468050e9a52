//! Set-up: looks for what a command needs and gets what is missing, saying what and why.
//!
//! Must never start a service, leave one enabled, or touch what it did not install.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use anyhow::{Result, anyhow, bail};

use crate::arguments::{self, Arguments};
use crate::places::Places;
use crate::{child, progress};

mod apt;
pub(crate) mod pglite;
mod plan;
mod survey;
pub(crate) mod timescale;

use plan::{Here, Step};
pub(crate) use plan::{Need, Wasm};
pub(crate) use survey::{DEBIAN_RUSTC, lld, program};

pub(crate) const HELP: &str = "\
usage: cargo xtask setup [--check]

Gets what `demo`, `test` and `bench` need, and nothing that is there already:

  rust-src                  to build the front end: rustup's, or else Debian's rustc-web, rust-web-src and lld-22
  PostgreSQL (15 or later)  the embedded database; only its programs, no cluster and no service
  Mosquitto                 the MQTT broker; only its program, no service
  Chromium and its driver   to test the pages
  aiosmtpd                  to test e-mail; only its program, no service
  OpenSSH's server          to test back-ups to another machine; only its program, no service; can do without
  TimescaleDB               to test the layouts of the store: a Debian 13 root beside the builds, 510 MB; and its full
                            edition in PGlite, from the npm registry, 32 MB; can do without
  Noto Sans                 the pages' font: from the npm registry, or else Debian's fonts-noto-core

Debian packages need root or sudo. The other commands do all this by themselves.

options:
  --check   only say what is missing; exit 1 when something is

environment:
  TAYDO_WASM=rustup|debian   build the front end with this compiler, whatever else is there
";

pub(crate) const OPTIONS: &[arguments::Option] = &[arguments::Option { name: "--check", takes_value: false }];

/// How long rustup may try to fetch the source; where it can't, it hangs rather than fails.
const RUSTUP_LIMIT: Duration = Duration::from_secs(90);

/// What the set-up found or got.
#[derive(Debug)]
pub(crate) struct Tools {
    /// Which compiler builds the front end.
    pub(crate) wasm: Option<Wasm>,
    /// The folder of PostgreSQL's server programs.
    pub(crate) postgres_bin: Option<std::path::PathBuf>,
    /// Mosquitto's program.
    pub(crate) mosquitto: Option<std::path::PathBuf>,
    /// Chromium's program.
    pub(crate) chromium: Option<std::path::PathBuf>,
    /// Chromium's WebDriver.
    pub(crate) chromedriver: Option<std::path::PathBuf>,
    /// The program of the mail server for tests.
    pub(crate) aiosmtpd: Option<std::path::PathBuf>,
}

impl Tools {
    /// Tells a child where everything is.
    pub(crate) fn name_to(&self, command: &mut Command) {
        let named = [
            ("TAYDO_POSTGRES_BIN", &self.postgres_bin),
            ("TAYDO_MOSQUITTO", &self.mosquitto),
            ("TAYDO_CHROMIUM", &self.chromium),
            ("TAYDO_CHROMEDRIVER", &self.chromedriver),
            ("TAYDO_AIOSMTPD", &self.aiosmtpd),
        ];
        for (variable, path) in named {
            if let Some(path) = path {
                command.env(variable, path);
            }
        }
    }
}

/// A program that a measurement or a test can do without, from a Debian package that is installed now when it isn't there.
/// `None`, and said so, when it can't be had.
pub(crate) fn optional(places: &Places, name: &str, package: &str) -> Option<PathBuf> {
    if survey::program(name).is_none()
        && let Err(error) = apt::install(places, &[package])
    {
        progress::say("set-up", &format!("no {package}; what needs it is left out: {error:#}"));
    }
    survey::program(name)
}

/// `cargo xtask setup`.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let places = Places::find()?;
    if arguments.has("--check") {
        return check();
    }
    let tools = ensure(&places, Need::ALL)?;
    if let Some(wasm) = tools.wasm {
        progress::say("set-up", &format!("the front end is built by {}", wasm.describe()));
    }
    for (what, path) in [
        ("PostgreSQL", &tools.postgres_bin),
        ("Mosquitto", &tools.mosquitto),
        ("Chromium", &tools.chromium),
        ("its driver", &tools.chromedriver),
        ("aiosmtpd", &tools.aiosmtpd),
    ] {
        if let Some(path) = path {
            progress::say("set-up", &format!("{what}: {}", path.display()));
        }
    }
    if let Some(root) = timescale::ensure(&places) {
        progress::say("set-up", &format!("TimescaleDB: {}", root.display()));
    }
    if let Some(package) = pglite::ensure(&places) {
        progress::say("set-up", &format!("TimescaleDB's full edition: {}", package.display()));
    }
    let font = crate::font::fetch(&places)?;
    progress::say("set-up", &format!("font: {}", font.describe()));
    Ok(())
}

fn check() -> Result<()> {
    let here = survey::look();
    let missing: Vec<Need> = Need::ALL.iter().copied().filter(|need| !here.has(*need)).collect();
    for need in &missing {
        progress::say("set-up", &format!("missing: {} ({})", need.name(), need.reason()));
    }
    if missing.is_empty() {
        progress::say("set-up", "nothing is missing");
        return Ok(());
    }
    bail!("{} missing; `cargo xtask setup` gets what is missing", missing.len())
}

/// Gets whatever of `needs` is missing. Quick when nothing is.
pub(crate) fn ensure(places: &Places, needs: &[Need]) -> Result<Tools> {
    let mut here = survey::look();
    if plan::plan(&here, needs).contains(&Step::RustupSource) {
        rustup_source(places);
        here = survey::look();
        here.rustup = false;
    }
    let mut packages = Vec::new();
    for step in plan::plan(&here, needs) {
        match step {
            Step::RustupSource => {}
            Step::Package { name, need } => {
                progress::say("set-up", &format!("{name} is missing; it is for {}", need.reason()));
                packages.push(name);
            }
        }
    }
    if !packages.is_empty() {
        apt::install(places, &packages)?;
        here = survey::look();
    }
    let still: Vec<&str> = needs.iter().filter(|need| !here.has(**need)).map(|need| need.name()).collect();
    if !still.is_empty() {
        bail!("{} still missing after installing; {}", still.join(", "), remedy(&here));
    }
    Ok(here.tools)
}

/// Installs more packages when a step finds that it needs a replacement.
pub(crate) fn install(places: &Places, packages: &[&'static str]) -> Result<()> {
    apt::install(places, packages)
}

fn remedy(here: &Here) -> String {
    match &here.debian_rustc {
        Some(version) if here.tools.wasm.is_none() => {
            format!(
                "Debian's rustc is {version} and the workspace needs {}; run `rustup component add rust-src` where rustup can download",
                plan::MINIMUM_RUSTC
            )
        }
        _ => "install what is named by hand and run this again".to_owned(),
    }
}

/// Lets rustup try. Failing is no error: there is another way.
fn rustup_source(places: &Places) {
    progress::say("set-up", "the standard library's source is missing; it is for building the front end: asking rustup for it");
    let outcome = places.log("rustup-source").and_then(|log| {
        let mut command = Command::new("rustup");
        command.current_dir(&places.root).args(["component", "add", "rust-src"]);
        child::run_logged("rustup component add", &mut command, &log, Some(RUSTUP_LIMIT)).map_err(|error| anyhow!("{error:#}"))
    });
    if let Err(error) = outcome {
        progress::say("set-up", &format!("rustup can't get it here ({error:#}); taking Debian's compiler for the front end instead"));
    }
}
