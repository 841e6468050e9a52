//! `cargo xtask demo`: the whole centre on one machine. Owns the order in which its processes start and stop.
//!
//! Must never stop, or delete the data of, anything that it did not start.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

use crate::arguments::{self, Arguments};
use crate::places::Places;
use crate::progress::Moving;
use crate::setup::{self, Need, Tools};
use crate::{child, dist, frontend, progress};

mod data;
mod ports;
mod process;

use process::Process;

pub(crate) const HELP: &str = "\
usage: cargo xtask demo [OPTIONS]

Gets what is missing, builds the product, and runs the whole centre on this machine: a broker, the server with an
embedded database, and a simulated city. Prints the address of each page. Ctrl-C stops all of it.

options:
  --city DIR       the city's files (default: dashboards/can-tho)
  --port PORT      the pages' port (default: 4390, or the next one that is free)
  --fresh          delete the demo's data first
  --no-simulator   run without simulated data
  --incident WHAT  let something happen in the simulated city from the start on, as kind:place[:minutes], such as
                   congestion:ninh-kieu:45; may be given several times (`taydo simulate --help` lists the kinds)

The data is under /var/lib/taydo/demo for root, else under ~/.local/share/taydo/demo.
";

pub(crate) const OPTIONS: &[arguments::Option] = &[
    arguments::Option { name: "--city", takes_value: true },
    arguments::Option { name: "--port", takes_value: true },
    arguments::Option { name: "--fresh", takes_value: false },
    arguments::Option { name: "--no-simulator", takes_value: false },
    arguments::Option { name: "--incident", takes_value: true },
];

const PAGES: [(&str, &str); 3] = [("wall", "/wall/main"), ("leaders' board", "/board/leaders"), ("sources", "/sources")];

/// How much of the past the simulator makes up, so that charts and comparisons have something to show.
const BACKFILL: &str = "48h";

/// The first start creates a database cluster; on a slow disk that takes a while.
const READY_LIMIT: Duration = Duration::from_secs(180);
const POLL: Duration = Duration::from_millis(100);

/// What one demo runs with.
struct Plan {
    city: PathBuf,
    data: PathBuf,
    binary: PathBuf,
    http: u16,
    mqtt: u16,
    simulator: bool,
    /// What is to happen in the simulated city: `kind:place[:minutes]`, for the simulator to judge.
    incidents: Vec<String>,
}

/// `cargo xtask demo`.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let places = Places::find()?;
    let city = city(&places, arguments)?;
    let wanted = ports::parse(arguments.value("--port"))?;
    let data = places.demo_data()?;
    let mut lock = data::lock(&data)?;
    if arguments.has("--fresh") {
        data::delete(&data)?;
    }
    // Before the builds: nobody should wait minutes to learn that a port is taken.
    let (http, mqtt) = ports::choose(wanted)?;
    let target = places.lock_target()?;
    let tools = setup::ensure(&places, Need::RUN)?;
    frontend::build(&places, &tools)?;
    dist::build_server(&places)?;
    lock.announce(http)?;
    let binary = places.target.join("release/taydo");
    let incidents = arguments.values("--incident").map(str::to_owned).collect();
    let plan = Plan { city, data, binary, http, mqtt, simulator: !arguments.has("--no-simulator"), incidents };
    let stop = stop_signal()?;
    let mut running = Vec::new();
    // Starting maps the binary into memory, so another build may replace the file from then on.
    let outcome = start(&plan, &tools, &stop, &mut running).map(|()| drop(target)).and_then(|()| watch(&mut running, &stop));
    let stopped = shut_down(running, &stop);
    outcome.and(stopped)
}

fn city(places: &Places, arguments: &Arguments) -> Result<PathBuf> {
    let city = match arguments.value("--city") {
        Some(given) => std::path::absolute(given).context("--city is no usable path")?,
        None => places.root.join("dashboards/can-tho"),
    };
    if !city.is_dir() {
        bail!("there is no city in {}; name one with --city", city.display());
    }
    Ok(city)
}

/// Set by the first signal that asks xtask to end, and again by the next.
fn stop_signal() -> Result<Arc<AtomicBool>> {
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM, SIGHUP] {
        signal_hook::flag::register(signal, Arc::clone(&stop)).context("can't listen for signals")?;
    }
    Ok(stop)
}

/// Starts broker, server and simulator, each when the one before is ready, and prints the pages.
fn start(plan: &Plan, tools: &Tools, stop: &AtomicBool, running: &mut Vec<Process>) -> Result<()> {
    let broker = format!("127.0.0.1:{}", plan.mqtt);
    let address = format!("http://127.0.0.1:{}", plan.http);
    let launch = |name: &'static str, arguments: &[&str]| -> Result<Process> {
        let mut command = std::process::Command::new(&plan.binary);
        command.args(arguments);
        tools.name_to(&mut command);
        Process::start(name, command, &plan.data.join("logs"))
    };
    let folder = |name: &str| plan.data.join(name).display().to_string();
    running.push(launch("broker", &["broker", "--dir", &folder("broker"), "--port", &plan.mqtt.to_string()])?);
    wait("broker", running, stop, || ports::answers(plan.mqtt))?;
    let city = plan.city.display().to_string();
    running.push(launch(
        "server",
        &["serve", "--city", &city, "--data", &folder("server"), "--port", &plan.http.to_string(), "--mqtt", &broker],
    )?);
    wait("server", running, stop, || ports::is_ready(plan.http))?;
    if plan.simulator {
        let mut words = vec!["simulate", "--server", &address, "--mqtt", &broker, "--city", &city, "--backfill", BACKFILL];
        words.extend(plan.incidents.iter().flat_map(|incident| ["--incident", incident]));
        running.push(launch("simulator", &words)?);
    }
    if !stop.load(Ordering::SeqCst) {
        print_pages(&address, &plan.data);
    }
    Ok(())
}

fn print_pages(address: &str, data: &Path) {
    println!("\nTây Đô is running:");
    for (name, path) in PAGES {
        println!("  {name:<15} {address}{path}");
    }
    println!("\nlogs: {}\nCtrl-C stops it.", data.join("logs").display());
}

/// Waits until `ready`, a stop signal, or the death of a process.
fn wait(name: &str, running: &mut [Process], stop: &AtomicBool, ready: impl Fn() -> bool) -> Result<()> {
    let mut moving = Moving::start(&format!("starting the {name}"));
    while !stop.load(Ordering::SeqCst) && !ready() {
        alive(running)?;
        if moving.elapsed() > READY_LIMIT {
            let tail = running.last().map(Process::tail).unwrap_or_default();
            bail!("the {name} was not ready within {}; its log ends:\n{tail}", progress::duration(READY_LIMIT));
        }
        moving.tick(&running.last().map(|process| child::last_lines(&process.log, 1)).unwrap_or_default());
        std::thread::sleep(POLL);
    }
    let elapsed = moving.finish();
    progress::say("demo", &format!("{name} ready after {}", progress::duration(elapsed)));
    Ok(())
}

/// Watches until a stop signal, or until a process ends that should not.
fn watch(running: &mut [Process], stop: &AtomicBool) -> Result<()> {
    while !stop.load(Ordering::SeqCst) {
        alive(running)?;
        std::thread::sleep(POLL);
    }
    Ok(())
}

fn alive(running: &mut [Process]) -> Result<()> {
    running.iter_mut().try_for_each(Process::expect_alive)
}

/// Stops what was started, the last one first. A second signal ends what is left at once.
fn shut_down(mut running: Vec<Process>, stop: &AtomicBool) -> Result<()> {
    stop.store(false, Ordering::SeqCst);
    let start = Instant::now();
    println!("\ndemo: stopping (Ctrl-C again to kill)");
    let mut outcome = Ok(());
    while let Some(process) = running.pop() {
        outcome = outcome.and(process.stop(stop));
    }
    progress::say("demo", &format!("stopped after {}", progress::duration(start.elapsed())));
    outcome
}
