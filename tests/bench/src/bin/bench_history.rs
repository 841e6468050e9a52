//! `cargo xtask bench history`: a board of twelve charts over an hour to a year, and seeking in a replay, over a year's past of a
//! thousand series, on the plain layout and on a native TimescaleDB, beside the same rows read by bare SQL.
//!
//! `--part plain` or `--part timescale` measures one layout, `--series N` another number of series. Each layout is measured with a
//! tenth of the series first, so that it is seen how the figures grow. Everything lies in temporary folders and goes with them.

use anyhow::{Context, bail, ensure};
use std::path::{Path, PathBuf};
use taydo_bench::archive::{Archive, write_city};
use taydo_bench::cluster::{Cluster, forget_pages};
use taydo_bench::courses::{Browser, Choice, Drawn, SPANS, Span, floor};
use taydo_bench::figures::Figures;
use taydo_bench::process::{self, Server, resident_kb, tree_cpu_s};
use taydo_bench::seeks::Scrubber;
use taydo_bench::stopwatch::Stopwatch;
use taydo_bench::town::pause;
use taydo_bench::{database, process::cpu_s};

/// Series, if it isn't said otherwise.
const SERIES: u32 = 1_000;
/// Boards that are opened warm, of each kind and range; fewer when they take longer than so many seconds together.
const WARM: usize = 150;
const WARM_S: f64 = 12.0;
/// How often everything is stopped and forgotten.
const COLD: usize = 5;
const COLD_OF_FEW: usize = 2;
/// Seeks, warm and after each cold start.
const SEEKS: u32 = 60;
const COLD_SEEKS: u32 = 1;
/// What a board of twelve charts over thirty days may take, and a seek.
const BOARD_AIM_MS: f64 = 50.0;
const SEEK_AIM_MS: f64 = 300.0;

/// What was asked for.
struct Wish {
    only: Option<String>,
    series: u32,
}

/// A kind of charts over a range, and what it took.
struct Asked {
    drawn: Drawn,
    span: Span,
    cold: Figures,
    warm: Figures,
    floor: Figures,
    /// CPU milliseconds of a board: the server's and the database's.
    server_ms: f64,
    database_ms: f64,
}

/// All figures of one database.
struct Measured {
    asked: Vec<Asked>,
    seeks: Figures,
    cold_seeks: Figures,
    frame_bytes: usize,
    resident_kb: f64,
    has_forgotten: bool,
}

fn main() -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(async {
        let wish = wish()?;
        for part in ["plain", "timescale"] {
            if wish.only.as_deref().is_none_or(|only| only == part) {
                measure_part(part, wish.series).await.with_context(|| format!("the part {part}"))?;
            }
        }
        Ok(())
    })
}

fn wish() -> anyhow::Result<Wish> {
    let mut wish = Wish { only: None, series: SERIES };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let value = words.next().with_context(|| format!("{word} needs a value"))?;
        match word.as_str() {
            "--part" if ["plain", "timescale"].contains(&value.as_str()) => wish.only = Some(value),
            "--series" => wish.series = value.parse().context("--series is a whole number")?,
            _ => bail!("usage: bench-history [--part plain|timescale] [--series N]"),
        }
    }
    ensure!((10..=10_000).contains(&wish.series), "--series is a number from 10 to 10,000");
    Ok(wish)
}

async fn measure_part(part: &str, series: u32) -> anyhow::Result<()> {
    let folder = process::data_folder()?;
    let mut cluster = match (part, std::env::var_os("TAYDO_TIMESCALE_ROOT")) {
        ("plain", _) => Cluster::embedded(&folder.path().join("data")).await?,
        (_, Some(root)) => Cluster::timescale(Path::new(&root)).await?,
        (_, None) => {
            println!("not measured: TimescaleDB is not here; `cargo xtask setup` says why");
            return Ok(());
        }
    };
    let outcome = tokio::select! {
        outcome = sizes(folder.path(), &mut cluster, part, series) => outcome,
        _ = tokio::signal::ctrl_c() => Err(anyhow::anyhow!("stopped by Ctrl-C")),
    };
    cluster.stop().await?;
    outcome
}

/// A tenth of the series first, then all of them.
async fn sizes(folder: &Path, cluster: &mut Cluster, part: &str, series: u32) -> anyhow::Result<()> {
    let few = (series / 10).max(10);
    let mut before = None;
    for (count, rounds) in [(few, COLD_OF_FEW), (series, COLD)] {
        eprintln!("{part}: {count} series");
        let name = format!("history_{count}");
        let config = cluster.make(&name).await?;
        let archive = Archive::fill(&config, count).await?;
        write_city(&folder.join(&name), count)?;
        let centre = Centre { folder: folder.join(&name), url: database::url(&config)? };
        let measured = measure(cluster, &archive, &centre, rounds).await?;
        report(part, &archive, &measured, before.as_ref());
        drop(archive);
        cluster.forget(&name).await?;
        before = Some(measured);
    }
    Ok(())
}

/// What a server is started with.
struct Centre {
    folder: PathBuf,
    url: String,
}

impl Centre {
    /// Starts a server and waits until it has nothing left to do at once.
    async fn serve(&self, cluster: &Cluster) -> anyhow::Result<Server> {
        let program = std::env::var_os("TAYDO_BIN").map_or_else(|| process::sibling("taydo"), |path| Ok(PathBuf::from(path)))?;
        let text = |path: PathBuf| path.to_str().map(str::to_owned).context("the folder's name is not text");
        let (city, data) = (text(self.folder.clone())?, text(self.folder.join("server"))?);
        let server = Server::start(&program, &["serve", "--city", &city, "--data", &data, "--port", "0", "--database", &self.url])?;
        let ready = format!("{}/readyz", address(&server));
        let (client, patience) = (reqwest::Client::builder().no_proxy().build()?, Stopwatch::start());
        while !client.get(&ready).send().await.is_ok_and(|answer| answer.status().is_success()) {
            ensure!(patience.seconds() < 120.0, "the server is not ready after two minutes");
            pause(50).await;
        }
        let mut used = cpu_s(server.pid()) + cluster.cpu_s();
        while patience.seconds() < 180.0 {
            pause(1_000).await;
            let now = cpu_s(server.pid()) + cluster.cpu_s();
            if now - used < 0.1 {
                break;
            }
            used = now;
        }
        Ok(server)
    }
}

fn address(server: &Server) -> String {
    server.greeting.trim_end_matches('/').to_owned()
}

async fn measure(cluster: &mut Cluster, archive: &Archive, centre: &Centre, rounds: usize) -> anyhow::Result<Measured> {
    let watch = Stopwatch::start();
    let all = [Drawn::Readings, Drawn::Observations].into_iter().flat_map(|drawn| SPANS.map(|span| (drawn, span)));
    let none = |(drawn, span)| {
        let (cold, warm, floor) = Default::default();
        Asked { drawn, span, cold, warm, floor, server_ms: 0.0, database_ms: 0.0 }
    };
    let mut asked: Vec<Asked> = all.map(none).collect();
    let mut choice = Choice::of(archive.series);
    let (mut cold_seeks, mut seeks) = (Figures::default(), Figures::default());
    let mut has_forgotten = true;
    let mut server = None;
    for _ in 0..rounds {
        drop(server.take());
        cluster.restart().await?;
        has_forgotten = forget_pages() && has_forgotten;
        let started = centre.serve(cluster).await?;
        let browser = Browser::before(&address(&started))?;
        for one in &mut asked {
            one.cold.push(browser.open(archive, one.drawn, one.span, &choice.draw()).await?);
        }
        for took in Scrubber::begin(&address(&started), archive)?.seek(archive, COLD_SEEKS)?.0 {
            cold_seeks.push(took);
        }
        server = Some(started);
    }
    eprintln!("{:>6.1} s  cold", watch.seconds());
    let server = server.context("at least one round")?;
    let browser = Browser::before(&address(&server))?;
    let client = database::connect(&archive.config).await?;
    // The floor plans each statement once, as whoever asks the same again and again would have it.
    client.batch_execute("SET plan_cache_mode = force_generic_plan").await?;
    for one in &mut asked {
        warm(one, &browser, &client, archive, &mut choice, (server.pid(), cluster)).await?;
    }
    eprintln!("{:>6.1} s  warm", watch.seconds());
    let mut scrubber = Scrubber::begin(&address(&server), archive)?;
    scrubber.seek(archive, 5)?;
    let (took, frame_bytes) = scrubber.seek(archive, SEEKS)?;
    took.into_iter().for_each(|took| seeks.push(took));
    eprintln!("{:>6.1} s  seeks", watch.seconds());
    Ok(Measured { asked, seeks, cold_seeks, frame_bytes, resident_kb: resident_kb(server.pid()), has_forgotten })
}

/// Boards and the floor in turn, after one of each that isn't counted.
async fn warm(
    one: &mut Asked,
    browser: &Browser,
    client: &tokio_postgres::Client,
    archive: &Archive,
    choice: &mut Choice,
    (server, cluster): (u32, &Cluster),
) -> anyhow::Result<()> {
    // Every series once: their pages are in memory afterwards.
    for _ in 0..archive.series.div_ceil(12) {
        floor(client, archive, one.drawn, one.span, &choice.draw()).await?;
    }
    browser.open(archive, one.drawn, one.span, &choice.draw()).await?;
    let watch = Stopwatch::start();
    let (mut server_s, mut database_s) = (0.0, 0.0);
    while one.warm.count() < WARM && watch.seconds() < WARM_S {
        let before = (tree_cpu_s(server), cluster.cpu_s());
        one.warm.push(browser.open(archive, one.drawn, one.span, &choice.draw()).await?);
        server_s += tree_cpu_s(server) - before.0;
        database_s += cluster.cpu_s() - before.1;
        one.floor.push(floor(client, archive, one.drawn, one.span, &choice.draw()).await?);
    }
    let boards = one.warm.count() as f64;
    (one.server_ms, one.database_ms) = (server_s * 1e3 / boards, database_s * 1e3 / boards);
    Ok(())
}

fn report(part: &str, archive: &Archive, measured: &Measured, before: Option<&Measured>) {
    println!("\n{part} ({}), {} series", archive.layout, archive.series);
    println!("{:<20} {:>12} {:>10} {:>14}", "relation", "rows", "MB", "bytes a row");
    for (relation, rows, bytes) in &archive.sizes {
        println!("{relation:<20} {rows:>12} {:>10.0} {:>14.1}", *bytes as f64 / 1e6, *bytes as f64 / *rows as f64);
    }
    println!(
        "a board of 12 charts, ms{:<17} {:>9} {:>9} {:>9} {:>9} {:>9} {:>8} {:>10} {:>12} {:>9}",
        "", "cold p50", "cold max", "p50", "p95", "floor p50", "÷ floor", "server CPU", "database CPU", "÷ tenth"
    );
    for (at, one) in measured.asked.iter().enumerate() {
        let what = if one.drawn == Drawn::Readings { "readings" } else { "observations" };
        let tenth = before.and_then(|before| before.asked.get(at)).map_or(f64::NAN, |before| before.warm.quantile(0.5));
        println!(
            "{:<41} {:>9.1} {:>9.1} {:>9.1} {:>9.1} {:>9.1} {:>8.2} {:>10.1} {:>12.1} {:>9.2}",
            format!("{what}, {}", one.span.name),
            one.cold.quantile(0.5),
            one.cold.quantile(1.0),
            one.warm.quantile(0.5),
            one.warm.quantile(0.95),
            one.floor.quantile(0.5),
            one.warm.over(&one.floor).median(),
            one.server_ms,
            one.database_ms,
            one.warm.quantile(0.5) / tenth,
        );
    }
    let cold = if measured.has_forgotten {
        "after a restart, with the system's cache emptied"
    } else {
        "after a restart; the system's cache can't be emptied here"
    };
    println!(
        "cold: {cold}; {} boards cold, {} warm",
        measured.asked.first().map_or(0, |one| one.cold.count()),
        measured.asked.first().map_or(0, |one| one.warm.count())
    );
    println!(
        "a seek in a replay of {} figures, ms: p50 {:.1}, p95 {:.1}, max {:.1}; cold {:.1} to {:.1}; frames of {} kB",
        archive.series,
        measured.seeks.quantile(0.5),
        measured.seeks.quantile(0.95),
        measured.seeks.quantile(1.0),
        measured.cold_seeks.bounds().0,
        measured.cold_seeks.bounds().1,
        measured.frame_bytes / 1_000
    );
    println!("the server has {:.0} MB resident", measured.resident_kb / 1e3);
    let month = measured.asked.iter().find(|one| one.drawn == Drawn::Readings && one.span.name == "30 days");
    let word = |reached: bool| if reached { "reached" } else { "MISSED" };
    if let Some(month) = month {
        let p95 = month.warm.quantile(0.95);
        println!("p95 of 12 charts over 30 days, warm: {p95:.1} ms, aim ≤ {BOARD_AIM_MS}: {}", word(p95 <= BOARD_AIM_MS));
    }
    let p95 = measured.seeks.quantile(0.95);
    println!("p95 of a seek: {p95:.1} ms, aim ≤ {SEEK_AIM_MS}: {}", word(p95 <= SEEK_AIM_MS));
}
