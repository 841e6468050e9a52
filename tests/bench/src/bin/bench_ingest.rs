//! `cargo xtask bench ingest`: durable rows through the ways in, beside the same database's COPY and beside
//! InfluxDB, in turn, in one run.
//!
//! With a word as argument only the ways whose names have it are measured, beside COPY.
//!
//! One way is measured once more while a board of twelve charts is opened twenty times a second.
//!
//! The server and PostgreSQL share both cores with the senders, as on a small machine. A way's rows count as stored when
//! the server has acknowledged them (HTTP) or counted them as committed (MQTT); afterwards the table is counted.

use anyhow::{Context, ensure};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::time::Duration;
use taydo_bench::courses::Browser;
use taydo_bench::database::{self, COPY_TABLE, Cost};
use taydo_bench::figures::{Figures, verdict};
use taydo_bench::influx::Influx;
use taydo_bench::process::{self, Server, tree_cpu_s};
use taydo_bench::rows::{PART_MS, Rows, city};
use taydo_bench::senders;
use taydo_bench::stopwatch::{Stopwatch, now_ms};
use taydo_server::clock::Clock;
use taydo_server::store::EmbeddedDatabase;
use tokio_postgres::Config;

const ROUNDS: usize = 3;
/// Rows of each way in each round.
const ROWS: u64 = 1_000_000;
/// Rows of the way with one value a message.
const SINGLE_ROWS: u64 = 60_000;
/// Rows of a COPY and of an HTTP request.
const BATCH: u64 = 10_000;
/// Rows that come in time are of the last half minute, for which nothing is rolled up yet.
const IN_TIME_MS: i64 = 30_000;
/// Late rows begin this far back, each part after the one before, as a gateway sends what it kept while its link was down:
/// rolled up, and within what may be late, so that the engine takes all of them as it would live.
const LATE_MS: i64 = 14 * 60_000;

/// A way in, or the floor.
#[derive(Clone, Copy)]
enum Way {
    Copy {
        connections: usize,
    },
    Lines {
        connections: usize,
    },
    /// The same with rows whose minutes are rolled up already.
    LateLines {
        connections: usize,
    },
    /// Lines in time while a board is opened again and again.
    LinesAndBoards {
        connections: usize,
    },
    Messages {
        values: u64,
    },
    /// The peer's line protocol.
    Influx {
        connections: usize,
    },
}

/// Milliseconds from one opening of the board to the next, and its charts.
const BOARD_EVERY_MS: u64 = 50;
const CHARTS: u32 = 12;

const WAYS: [(&str, Way, u64); 10] = [
    ("COPY, 1 connection", Way::Copy { connections: 1 }, ROWS),
    ("HTTP line protocol, 2 connections", Way::Lines { connections: 2 }, ROWS),
    ("COPY, 2 connections", Way::Copy { connections: 2 }, ROWS),
    ("HTTP line protocol, 4 connections", Way::Lines { connections: 4 }, ROWS),
    ("the same, 12 charts read 20 times a s", Way::LinesAndBoards { connections: 4 }, ROWS),
    ("late rows, 2 connections", Way::LateLines { connections: 2 }, ROWS),
    ("late rows, 4 connections", Way::LateLines { connections: 4 }, ROWS),
    ("InfluxDB /write, 4 connections", Way::Influx { connections: 4 }, ROWS),
    ("MQTT, 100 values a message", Way::Messages { values: 100 }, ROWS),
    ("MQTT, 1 value a message", Way::Messages { values: 1 }, SINGLE_ROWS),
];

/// Everything that runs for the bench.
struct Bench {
    config: Config,
    postmaster: u32,
    server: Server,
    address: String,
    broker_port: u16,
    _broker: Server,
    /// What openings of the board took, ms; and how many were left out because the one before was not over.
    boards: std::cell::RefCell<(Figures, u64)>,
}

fn main() -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(async {
        let folder = process::data_folder()?;
        let (database, config) = EmbeddedDatabase::start(&folder.path().join("data"), Clock::real()).await?;
        let outcome = tokio::select! {
            outcome = run(folder.path(), config) => outcome,
            _ = tokio::signal::ctrl_c() => Err(anyhow::anyhow!("stopped by Ctrl-C")),
        };
        database.stop().await?;
        outcome
    })
}

async fn run(folder: &Path, config: Config) -> anyhow::Result<()> {
    let bench = Bench::start(folder, config).await?;
    let mut influx = match std::env::var_os("TAYDO_INFLUXD") {
        Some(program) => Some(Influx::start(Path::new(&program), &folder.join("influx")).await?),
        None => None,
    };
    if influx.is_none() {
        println!("not measured: InfluxDB is not here; `cargo xtask bench ingest` says why");
    }
    let client = database::connect(&bench.config).await?;
    client.batch_execute(COPY_TABLE).await?;
    let mut speeds: [Figures; WAYS.len()] = Default::default();
    let mut costs: [Figures; WAYS.len()] = Default::default();
    let begun_ms = now_ms();
    let (mut part, mut late_parts) = (0, 0);
    // The first round makes the series and warms everything up; it is not counted.
    let only = std::env::args().nth(1).unwrap_or_default();
    for round in 0..=ROUNDS {
        for ((name, way, count), (speed, cpu)) in WAYS.iter().zip(speeds.iter_mut().zip(&mut costs)) {
            let is_absent = matches!(way, Way::Influx { .. }) && influx.is_none();
            if is_absent || !matches!(way, Way::Copy { .. }) && !name.contains(&only) {
                continue;
            }
            part += 1;
            let first_ms = match way {
                Way::LateLines { .. } => {
                    late_parts += 1;
                    begun_ms - LATE_MS + late_parts * PART_MS
                }
                _ => now_ms() - IN_TIME_MS,
            };
            let rows = Rows::of_part(part, first_ms, *count);
            let before = database::stored(&client).await?;
            let cost = match (way, &mut influx) {
                (Way::Influx { connections }, Some(influx)) => influx.store(&rows.lines(BATCH), *count, *connections).await,
                _ => bench.store(*way, rows).await,
            };
            let cost = cost.with_context(|| (*name).to_owned())?;
            let stored = database::stored(&client).await? - before;
            let wanted = if matches!(way, Way::Copy { .. } | Way::Influx { .. }) { 0 } else { *count };
            ensure!(stored == wanted, "{name}: {stored} of {wanted} rows are in the table");
            let (per_s, per_million) = (*count as f64 / cost.seconds, cost.cpu_s / *count as f64 * 1e6);
            eprintln!("round {round}: {name:<36} {per_s:>9.0} rows/s {per_million:>7.2} CPU s/M");
            if round > 0 {
                speed.push(per_s);
                cpu.push(per_million);
            }
        }
    }
    report(&speeds, &costs);
    let boards = bench.boards.borrow();
    if boards.0.count() > 0 {
        let (p50, p95) = (boards.0.quantile(0.5), boards.0.quantile(0.95));
        println!(
            "{} boards of {CHARTS} charts opened beside it, p50 {p50:.1} ms, p95 {p95:.1} ms; {} left out, being late",
            boards.0.count(),
            boards.1
        );
    }
    Ok(())
}

impl Bench {
    async fn start(folder: &Path, config: Config) -> anyhow::Result<Self> {
        let program = std::env::var_os("TAYDO_BIN").map_or_else(|| process::sibling("taydo"), |path| Ok(PathBuf::from(path)))?;
        let cities = folder.join("city");
        for (name, text) in city() {
            let path = cities.join(name);
            std::fs::create_dir_all(path.parent().context("a file lies in a folder")?)?;
            std::fs::write(path, text)?;
        }
        let broker_port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let text = |path: PathBuf| path.to_str().map(str::to_owned).context("the temporary folder's name is not text");
        let broker_folder = text(folder.join("broker"))?;
        let broker = Server::start_silent(&program, &["broker", "--dir", &broker_folder, "--port", &broker_port.to_string()])?;
        wait_for("the broker", || TcpStream::connect(("127.0.0.1", broker_port)).is_ok()).await?;
        let (city, data) = (text(cities)?, text(folder.join("server"))?);
        let (broker_address, database) = (format!("127.0.0.1:{broker_port}"), database::url(&config)?);
        let arguments = ["serve", "--city", &city, "--data", &data, "--port", "0", "--mqtt", &broker_address, "--database", &database];
        let server = Server::start(&program, &arguments)?;
        let address = server.greeting.trim_end_matches('/').to_owned();
        let postmaster = database::postmaster(&folder.join("data"))?;
        Ok(Self { config, postmaster, server, address, broker_port, _broker: broker, boards: Default::default() })
    }

    async fn store(&self, way: Way, rows: Rows) -> anyhow::Result<Cost> {
        match way {
            Way::Copy { connections } => database::copy(&self.config, &rows.copies(BATCH), rows.count, connections, self.postmaster).await,
            Way::Influx { .. } => anyhow::bail!("InfluxDB is not here"),
            Way::Lines { connections } | Way::LateLines { connections } => {
                let bodies = rows.lines(BATCH);
                self.measured(async { senders::post_lines(&self.address, &bodies, connections).await }).await
            }
            Way::LinesAndBoards { connections } => {
                let bodies = rows.lines(BATCH);
                self.measured(async {
                    tokio::select! {
                        outcome = senders::post_lines(&self.address, &bodies, connections) => outcome,
                        outcome = self.open_boards() => outcome,
                    }
                })
                .await
            }
            Way::Messages { values } => {
                let messages = rows.messages(values);
                let wanted = senders::accepted(&self.address, "devices").await? + rows.count;
                self.measured(async {
                    let halves = messages.split_at(messages.len() / 2);
                    tokio::try_join!(senders::publish(self.broker_port, halves.0), senders::publish(self.broker_port, halves.1))?;
                    let patience = Stopwatch::start();
                    loop {
                        let missing = wanted.saturating_sub(senders::accepted(&self.address, "devices").await?);
                        if missing == 0 {
                            return Ok(());
                        }
                        ensure!(
                            patience.seconds() < 60.0,
                            "{missing} of {} rows are missing a minute after the broker had them",
                            rows.count
                        );
                        pause(Duration::from_millis(20)).await;
                    }
                })
                .await
            }
        }
    }

    /// Opens a board of charts over the last hour on a schedule, until it is dropped.
    async fn open_boards(&self) -> anyhow::Result<()> {
        let browser = Browser::before(&self.address)?;
        let watch = Stopwatch::start();
        let mut turn = 0;
        loop {
            let to = jiff::Timestamp::from_millisecond(now_ms())?;
            let from = to.checked_sub(jiff::SignedDuration::from_hours(1))?;
            let url = |area| format!("{}/api/v1/kpis/road.speed/readings?scope=area:a{area}&from={from}&to={to}&points=600", self.address);
            let urls: Vec<String> = (0..CHARTS).map(url).collect();
            let (took_ms, _) = browser.fetch(&urls).await?;
            let next = watch.micros() / (BOARD_EVERY_MS * 1_000) + 1;
            self.note_board(took_ms, next - turn - 1);
            turn = next;
            pause(Duration::from_micros((turn * BOARD_EVERY_MS * 1_000).saturating_sub(watch.micros()))).await;
        }
    }

    /// A board that took so long, and the turns that passed meanwhile.
    fn note_board(&self, took_ms: f64, missed: u64) {
        let mut boards = self.boards.borrow_mut();
        boards.0.push(took_ms);
        boards.1 += missed;
    }

    /// Times a way, and counts CPU until the server has come to rest again.
    async fn measured(&self, work: impl Future<Output = anyhow::Result<()>>) -> anyhow::Result<Cost> {
        let (watch, cpu) = (Stopwatch::start(), self.cpu_s());
        work.await?;
        let seconds = watch.seconds();
        self.rest().await;
        Ok(Cost { seconds, cpu_s: self.cpu_s() - cpu })
    }

    fn cpu_s(&self) -> f64 {
        process::cpu_s(self.server.pid()) + tree_cpu_s(self.postmaster)
    }

    /// Waits until server and database use less than a tenth of a core, at most 30 s.
    async fn rest(&self) {
        let patience = Stopwatch::start();
        let mut before = self.cpu_s();
        while patience.seconds() < 30.0 {
            pause(Duration::from_secs(1)).await;
            let now = self.cpu_s();
            if now - before < 0.1 {
                return;
            }
            before = now;
        }
    }
}

async fn wait_for(what: &str, is_there: impl Fn() -> bool) -> anyhow::Result<()> {
    let patience = Stopwatch::start();
    while !is_there() {
        ensure!(patience.seconds() < 20.0, "{what} does not start");
        pause(Duration::from_millis(50)).await;
    }
    Ok(())
}

async fn pause(duration: Duration) {
    Clock::real().sleep(duration).await;
}

fn report(speeds: &[Figures; WAYS.len()], costs: &[Figures; WAYS.len()]) {
    println!("durable rows, medians of {ROUNDS} rounds (lowest–highest)");
    println!("{:<36} {:>28} {:>20} {:>18} {:>18}", "", "rows/s", "CPU s/M", "÷ COPY, 1", "÷ COPY, 2");
    let [one, _, two, ..] = speeds;
    let mut verdicts = Vec::new();
    for ((name, way, _), (speed, cost)) in WAYS.iter().zip(speeds.iter().zip(costs)) {
        if speed.median().is_nan() {
            continue;
        }
        let (to_one, to_two) = (speed.over(one), speed.over(two));
        println!("{name:<36} {:>28} {:>20} {:>18} {:>18}", speed.show(0), cost.show(2), to_one.show(2), to_two.show(2));
        // The server has two connections that write, so the floor that counts has two as well. One value a message
        // measures the broker, and has no aim.
        if !matches!(way, Way::Copy { .. } | Way::Influx { .. } | Way::Messages { values: 1 }) {
            verdicts.push(verdict(&format!("{name} ÷ COPY over 2"), &to_two, 0.7, false));
        }
    }
    for line in verdicts {
        println!("{line}");
    }
    println!("every row of every way was found in the table, once");
}
