//! `cargo xtask test`: every check and test, in stages, stopping at the first that fails.
//!
//! Must never let a test be skipped silently, and must run the same here and in CI.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow};

use crate::arguments::{self, Arguments};
use crate::places::Places;
use crate::setup::{self, Need, Tools};
use crate::{child, frontend, npm, progress};

pub(crate) const HELP: &str = "\
usage: cargo xtask test [--only STAGE] [--list]

Runs every check and test that CI runs, after getting what they need (see `cargo xtask setup --help`). Stops at the
first stage that fails.

options:
  --only STAGE   run one stage, and before it what it needs to be built
  --list         list the stages
";

pub(crate) const OPTIONS: &[arguments::Option] =
    &[arguments::Option { name: "--only", takes_value: true }, arguments::Option { name: "--list", takes_value: false }];

/// Every build of the workspace names this feature, so that nothing is compiled twice with and without it.
pub(crate) const FEATURES: [&str; 2] = ["--features", "taydo/test-clock"];

/// From where properties draw their cases, where nobody says otherwise: the same state of the code gets the same verdict
/// each time. `cargo xtask soak properties` draws others.
pub(crate) const SEED: &str = "PROPTEST_RNG_SEED";
const USUAL_SEED: &str = "20260302";

/// The black-box stage that needs a browser.
const BROWSER: &str = "browser";

/// Those that need a mail server.
const MAIL: [&str; 2] = ["alarms", "paging"];

/// The one that makes back-ups on another machine.
const OPERATIONS: &str = "operations";

/// The one that runs on other databases too.
const LAYOUT: &str = "layout";

/// One part of the run.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Stage {
    Format,
    Clippy,
    Purity,
    Frontend,
    Unit,
    Tidy,
    Server,
    /// A test binary of `tests/`, against the built server.
    BlackBox(String),
}

impl Stage {
    fn name(&self) -> &str {
        match self {
            Stage::Format => "fmt",
            Stage::Clippy => "clippy",
            Stage::Purity => "purity",
            Stage::Frontend => "frontend",
            Stage::Unit => "unit",
            Stage::Tidy => "tidy",
            Stage::Server => "server",
            Stage::BlackBox(name) => name,
        }
    }

    fn purpose(&self) -> &'static str {
        match self {
            Stage::Format => "the code is formatted",
            Stage::Clippy => "no compiler or clippy warning",
            Stage::Purity => "the vocabulary and the engine build alone, without clock or I/O",
            Stage::Frontend => "the front end builds and keeps to its budget",
            Stage::Unit => "unit tests of every crate",
            Stage::Tidy => "the house rules that a machine can check",
            Stage::Server => "the server builds, with the front end inside and a clock that tests move",
            Stage::BlackBox(_) => "the whole system, black box",
        }
    }

    fn needs(&self) -> &'static [Need] {
        match self {
            Stage::Format | Stage::Clippy | Stage::Purity | Stage::Unit | Stage::Tidy | Stage::Server => &[],
            Stage::Frontend => &[Need::Wasm],
            Stage::BlackBox(name) if name == BROWSER => Need::BROWSER,
            Stage::BlackBox(name) if MAIL.contains(&name.as_str()) => Need::PAGING,
            Stage::BlackBox(_) => Need::RUN,
        }
    }

    fn run(&self, places: &Places, tools: &Tools) -> Result<()> {
        let mut cargo = child::cargo(places);
        match self {
            Stage::Format => return child::run("cargo fmt", cargo.args(["fmt", "--all", "--check"])),
            Stage::Clippy => {
                cargo.args(["clippy", "--workspace", "--all-targets"]).args(FEATURES).args(["--", "-D", "warnings"]);
            }
            Stage::Purity => {
                cargo.args(["check", "--package", "taydo-model", "--package", "taydo-engine"]);
            }
            Stage::Frontend => return frontend::build(places, tools).map(drop),
            Stage::Unit => {
                cargo.args(["test", "--workspace", "--lib", "--bins"]).args(FEATURES);
                if std::env::var_os(SEED).is_none() {
                    cargo.env(SEED, USUAL_SEED);
                }
            }
            Stage::Tidy => {
                cargo.args(["test", "--workspace", "--test", "tidy"]).args(FEATURES);
            }
            Stage::Server => {
                cargo.args(["build", "--workspace", "--bin", "taydo"]).args(FEATURES);
            }
            Stage::BlackBox(name) => {
                black_box(&mut cargo, places, tools);
                if name == BROWSER {
                    match npm::fetch(places, &npm::AXE) {
                        Ok(folder) => _ = cargo.env("TAYDO_AXE", folder.join("axe.min.js")),
                        Err(error) => progress::say("not covered", &format!("accessibility: {error:#}")),
                    }
                    for (variable, program) in [("TAYDO_SWAY", "sway"), ("TAYDO_GRIM", "grim")] {
                        if let Some(path) = setup::optional(places, program, program) {
                            cargo.env(variable, path);
                        }
                    }
                }
                cargo.args(["test", "--workspace", "--test", name]).args(FEATURES);
                if name == OPERATIONS
                    && let Some(sshd) = setup::optional(places, "sshd", "openssh-server")
                {
                    cargo.env("TAYDO_SSHD", sshd);
                }
                if name == LAYOUT {
                    name_databases(&mut cargo, places);
                }
            }
        }
        child::run(&format!("stage {}", self.name()), &mut cargo)
    }
}

/// Tells black-box tests where the product and its parts are.
fn black_box(cargo: &mut Command, places: &Places, tools: &Tools) {
    tools.name_to(cargo);
    cargo.env("TAYDO_BIN", places.target.join("debug/taydo"));
}

/// Tells the layout suite which databases there are, and lets it print their versions and what it doesn't cover.
fn name_databases(cargo: &mut Command, places: &Places) {
    for (variable, folder) in [("TAYDO_TIMESCALE_ROOT", setup::timescale::ensure(places)), ("TAYDO_PGLITE", setup::pglite::ensure(places))]
    {
        if let Some(folder) = folder {
            cargo.env(variable, folder);
        }
    }
    cargo.args(["--", "--nocapture"]);
}

/// `cargo xtask test`.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let places = Places::find()?;
    let all = stages(&test_names(&places.root.join("tests/Cargo.toml"))?);
    if arguments.has("--list") {
        all.iter().for_each(|stage| println!("{:<9} {}", stage.name(), stage.purpose()));
        return Ok(());
    }
    let stages = select(all, arguments.value("--only"))?;
    let _lock = places.lock_target()?;
    let needs: Vec<Need> = Need::ALL.iter().copied().filter(|need| stages.iter().any(|stage| stage.needs().contains(need))).collect();
    let start = Instant::now();
    let tools = setup::ensure(&places, &needs)?;
    let mut done = vec![("set-up", start.elapsed())];
    for (number, stage) in stages.iter().enumerate() {
        let title = format!("\n=== {} ({} of {}): {}", stage.name(), number.saturating_add(1), stages.len(), stage.purpose());
        println!("{title}");
        let start = Instant::now();
        let outcome = stage.run(&places, &tools);
        println!("=== {} {} after {}", stage.name(), if outcome.is_ok() { "ok" } else { "FAILED" }, progress::duration(start.elapsed()));
        if let Err(error) = outcome {
            print!("{}", summary(&done, Some((stage.name(), start.elapsed()))));
            return Err(error.context(format!("run it alone with `cargo xtask test --only {}`", stage.name())));
        }
        done.push((stage.name(), start.elapsed()));
    }
    print!("{}", summary(&done, None));
    Ok(())
}

/// All stages in their order: quick ones first, then what is built, then what needs all of it.
fn stages(tests: &[String]) -> Vec<Stage> {
    let fixed = [Stage::Format, Stage::Clippy, Stage::Purity, Stage::Frontend, Stage::Unit, Stage::Tidy, Stage::Server];
    fixed.into_iter().chain(tests.iter().cloned().map(Stage::BlackBox)).collect()
}

/// The stages to run for `--only`: that one, and what a black-box test runs against.
fn select(all: Vec<Stage>, only: Option<&str>) -> Result<Vec<Stage>> {
    let Some(only) = only else { return Ok(all) };
    let names: Vec<&str> = all.iter().map(Stage::name).collect();
    let stage = all.iter().find(|stage| stage.name() == only).cloned();
    let stage = stage.ok_or_else(|| anyhow!("there is no stage `{only}`; there are {}", names.join(", ")))?;
    Ok(match stage {
        Stage::BlackBox(_) => vec![Stage::Frontend, Stage::Server, stage],
        Stage::Server => vec![Stage::Frontend, stage],
        _ => vec![stage],
    })
}

/// The names of the test binaries in a manifest, in its order.
fn test_names(manifest: &Path) -> Result<Vec<String>> {
    let text = std::fs::read_to_string(manifest).with_context(|| format!("can't read {}", manifest.display()))?;
    Ok(names_in(&text))
}

fn names_in(manifest: &str) -> Vec<String> {
    let mut in_test = false;
    let mut names = Vec::new();
    for line in manifest.lines().map(str::trim) {
        if line.starts_with('[') {
            in_test = line == "[[test]]";
        }
        let value = line.strip_prefix("name").and_then(|rest| rest.trim_start().strip_prefix('='));
        if let (true, Some(value)) = (in_test, value) {
            names.push(value.trim().trim_matches('"').to_owned());
        }
    }
    names
}

fn summary(done: &[(&str, Duration)], failed: Option<(&str, Duration)>) -> String {
    let rows = done.iter().map(|(name, time)| (*name, "ok", *time));
    let rows = rows.chain(failed.map(|(name, time)| (name, "FAILED", time)));
    let mut text = String::from("\n");
    let mut total = Duration::ZERO;
    for (name, outcome, time) in rows {
        total = total.saturating_add(time);
        text.push_str(&format!("{name:<9} {outcome:<7} {:>12}\n", progress::duration(time)));
    }
    text.push_str(&format!("{:<9} {:<7} {:>12}\n", "all", "", progress::duration(total)));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(stages: &[Stage]) -> Vec<&str> {
        stages.iter().map(Stage::name).collect()
    }

    #[test]
    fn test_binaries_are_read_from_the_manifest() {
        let manifest = "[package]\nname = \"taydo-tests\"\n\n[[test]]\nname = \"api\"\npath = \"api/main.rs\"\n\n[[test]]\nname=\"browser\"\n\n[dependencies]\nname = \"no\"\n";
        assert_eq!(names_in(manifest), ["api", "browser"]);
    }

    #[test]
    fn new_test_binaries_become_stages_at_the_end() {
        let all = stages(&["api".to_owned(), "cities".to_owned()]);
        assert_eq!(names(&all), ["fmt", "clippy", "purity", "frontend", "unit", "tidy", "server", "api", "cities"]);
    }

    #[test]
    fn one_stage_brings_what_it_runs_against() {
        let all = || stages(&["api".to_owned(), BROWSER.to_owned()]);
        assert_eq!(names(&select(all(), Some("api")).unwrap()), ["frontend", "server", "api"]);
        assert_eq!(names(&select(all(), Some("fmt")).unwrap()), ["fmt"]);
        assert!(select(all(), Some("apj")).unwrap_err().to_string().contains("there are fmt, clippy"));
    }

    #[test]
    fn only_the_browser_needs_a_browser() {
        let needs = |name: &str| Stage::BlackBox(name.to_owned()).needs().contains(&Need::Chromium);
        assert!(needs(BROWSER) && !needs("api"));
    }
}
