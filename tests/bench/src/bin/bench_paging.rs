//! `cargo xtask bench paging`: how long a page takes, how many leave in a second, and what ten thousand alerts at once do.
//!
//! With a word as argument (`latency`, `outbox`, `flood`) only that part is measured. The server, PostgreSQL and the sinks share
//! the machine's cores, as on a small machine.

use anyhow::{Context, ensure};
use hdrhistogram::Histogram;
use std::collections::{BTreeMap, HashSet};
use std::path::Path;
use taydo_bench::process::{self, resident_kb, tree_cpu_s};
use taydo_bench::sink::Taken;
use taydo_bench::stopwatch::{Stopwatch, now_us};
use taydo_bench::town::{AREAS, AT_ONCE, Centre, FLOOD, HIGH, LOW, PEOPLE, STANDING, Town, pause};
use taydo_bench::{database, process::cpu_s};
use taydo_server::clock::Clock;
use taydo_server::store::EmbeddedDatabase;
use tokio_postgres::Config;

/// Pages of the part that measures the outbox: each its own message.
const OUTBOX: i64 = 10_000;
/// Probes that rise, one after the other, while the latency is measured.
const RAISED: usize = 100;
/// How long anything may take, in seconds.
const PATIENCE_S: f64 = 300.0;

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
    let only = std::env::args().nth(1).unwrap_or_default();
    let town = Town::prepare(folder, config).await?;
    let centre = town.serve("server", true)?;
    town.until_ready(&centre).await?;
    town.staff(&centre, 0).await?;
    town.until_standing(&centre).await?;
    // What isn't critical waits half a minute to be told together.
    let patience = Stopwatch::start();
    while town.sink.count() < AREAS {
        ensure!(patience.seconds() < 60.0, "nobody was told of the incidents in a minute");
        pause(100).await;
    }
    until_sent(&town).await?;
    let told = town.sink.take().len();
    println!("{STANDING} incidents are open, told in {told} messages; {PEOPLE} people are on call");
    let bench = Bench { town, centre, postmaster: database::postmaster(&folder.join("data"))? };
    for (name, part) in [("latency", Part::Latency), ("outbox", Part::Outbox), ("flood", Part::Flood)] {
        if only.is_empty() || only == name {
            match part {
                Part::Latency => bench.latency().await,
                Part::Outbox => bench.outbox().await,
                Part::Flood => bench.flood().await,
            }
            .with_context(|| format!("measuring {name}"))?;
        }
    }
    Ok(())
}

enum Part {
    Latency,
    Outbox,
    Flood,
}

struct Bench {
    town: Town,
    centre: Centre,
    postmaster: u32,
}

impl Bench {
    /// One probe after the other rises, each at another moment within its second.
    async fn latency(&self) -> anyhow::Result<()> {
        let mut latency: Histogram<u64> = Histogram::new_with_bounds(1, 600_000, 3)?;
        let mut first: Histogram<u64> = Histogram::new_with_bounds(1, 600_000, 3)?;
        for probe in 0..RAISED {
            // The places that stand high go on reporting meanwhile, and so do all probes.
            if probe % 20 == 0 {
                self.town.send(&self.centre, "standing", 0..STANDING, HIGH).await?;
                self.town.send(&self.centre, "probe", probe..RAISED, LOW).await?;
            }
            self.town.send(&self.centre, "probe", [probe], HIGH).await?;
            let committed = now_us();
            let patience = Stopwatch::start();
            while self.town.sink.count() < AT_ONCE {
                ensure!(patience.seconds() < 60.0, "only {} of {AT_ONCE} letters after a minute", self.town.sink.count());
                pause(5).await;
            }
            let mut took: Vec<i64> = self.town.sink.take().iter().map(|taken| (taken.at_us - committed) / 1_000).collect();
            took.sort_unstable();
            ensure!(took.len() == AT_ONCE, "{} letters came instead of {AT_ONCE}", took.len());
            first.saturating_record(took.first().copied().unwrap_or_default().max(1).unsigned_abs());
            took.iter().for_each(|ms| latency.saturating_record((*ms).max(1).unsigned_abs()));
            pause(137).await;
        }
        let show = |what: &str, ms: &Histogram<u64>| {
            println!(
                "{what:<44} p50 {} ms, p95 {} ms, p99 {} ms, max {} ms ({} letters)",
                ms.value_at_quantile(0.5),
                ms.value_at_quantile(0.95),
                ms.value_at_quantile(0.99),
                ms.max(),
                ms.len()
            );
        };
        show("commit to acceptance, first of each page", &first);
        show("commit to acceptance, all", &latency);
        let reached = latency.value_at_quantile(0.99) <= 5_000;
        println!("aim p99 ≤ 5000 ms: {}", if reached { "reached" } else { "MISSED" });
        Ok(())
    }

    /// A backlog of pages, each to be its own message, that becomes due at one moment.
    async fn outbox(&self) -> anyhow::Result<()> {
        let sql = "WITH due AS (SELECT now() + interval '2 s' AS at) INSERT INTO page (dedupe_key, team, incidents, escalation, person, contact, kind, \
            content, exercise, rank, decided_at, due_at, state) SELECT sha256(n::text::bytea), 'bench-' || n, '{}', 1, c.person, c.id, 'notice', \
            jsonb_build_object('kind', 'notice', 'person', c.person, 'contact', c.id, 'group', NULL, 'incidents', '[]'::jsonb, 'escalation', 1, \
            'urgency', 'high', 'resolved', '[]'::jsonb, 'flapping', '[]'::jsonb, 'others', 0, 'about', NULL, 'after_min', 0, 'turn', n, \
            'due_at', to_jsonb(due.at)), false, 2, now(), due.at, 'waiting' FROM due, generate_series(1, $1::bigint) n \
            JOIN LATERAL (SELECT id, person FROM contact ORDER BY id OFFSET n % $2 LIMIT 1) c ON true";
        self.town.sql.execute(sql, &[&OUTBOX, &i64::try_from(PEOPLE)?]).await?;
        let patience = Stopwatch::start();
        while self.town.sink.count() == 0 {
            ensure!(patience.seconds() < 60.0, "nothing was sent in a minute");
            pause(5).await;
        }
        let (watch, server, database) = (Stopwatch::start(), cpu_s(self.centre.process.pid()), tree_cpu_s(self.postmaster));
        let wanted = usize::try_from(OUTBOX)?;
        while self.town.sink.count() < wanted {
            ensure!(watch.seconds() < PATIENCE_S, "only {} of {wanted} letters came", self.town.sink.count());
            pause(5).await;
        }
        let seconds = watch.seconds();
        let (server, database) = (cpu_s(self.centre.process.pid()) - server, tree_cpu_s(self.postmaster) - database);
        until_sent(&self.town).await?;
        let per_s = wanted as f64 / seconds;
        println!(
            "outbox: {per_s:.0} letters/s over SMTP; CPU of a core: server {:.2}, PostgreSQL {:.2}",
            server / seconds,
            database / seconds
        );
        println!("aim ≥ 500/s: {}", if per_s >= 500.0 { "reached" } else { "MISSED" });
        ensure!(self.town.sink.take().len() == wanted, "more letters came than there were pages");
        Ok(())
    }

    /// Ten thousand gauges rise at once; when people know, all fall.
    async fn flood(&self) -> anyhow::Result<()> {
        self.all_gauges(LOW).await?;
        pause(15_000).await;
        drop(self.town.sink.take());
        let pid = self.centre.process.pid();
        let before = resident_kb(pid);
        self.all_gauges(HIGH).await?;
        let watch = until_evaluated().await?;
        let (opened_s, most) = self.until_flood(&watch, FLOOD).await?;
        until_sent(&self.town).await?;
        let sent_s = watch.seconds();
        println!("flood: {FLOOD} alerts are due to fire; seconds from then on, MB resident ({:.0} before)", before / 1e3);
        println!("all incidents open after {opened_s:.1} s, the outbox empty after {sent_s:.1} s; {:.0} MB at most", most / 1e3);
        report(&self.town.sink.take());
        self.all_gauges(LOW).await?;
        let watch = until_evaluated().await?;
        let (closed_s, most) = self.until_flood(&watch, 0).await?;
        println!("all over {closed_s:.1} s after they were due to end; {:.0} MB at most", most / 1e3);
        pause(10_000).await;
        let (messages, people) = who(&self.town.sink.take());
        println!(
            "{:.0} MB afterwards; {messages} messages to {people} people (the end is told at the groups' next flush)",
            resident_kb(pid) / 1e3
        );
        Ok(())
    }

    /// All gauges show this, between the same two instants of their grid.
    async fn all_gauges(&self, value: f64) -> anyhow::Result<()> {
        let into_ms = now_us().rem_euclid(10_000_000) / 1_000;
        if into_ms > 8_000 {
            pause(2_500).await;
        }
        for from in (0..FLOOD).step_by(2_500) {
            self.town.send(&self.centre, "flood", from..from + 2_500, value).await?;
        }
        Ok(())
    }

    /// Waits until so many of the flood's incidents are open; returns after how long, and the most memory meanwhile.
    async fn until_flood(&self, watch: &Stopwatch, wanted: usize) -> anyhow::Result<(f64, f64)> {
        let mut most = 0.0_f64;
        loop {
            most = most.max(resident_kb(self.centre.process.pid()));
            let open = self.town.open("flood").await?;
            if open == wanted {
                return Ok((watch.seconds(), most));
            }
            ensure!(watch.seconds() < PATIENCE_S, "{open} incidents are open instead of {wanted}");
            pause(100).await;
        }
    }
}

/// Waits until the gauges' next evaluation is due: a second after the next instant of their grid.
async fn until_evaluated() -> anyhow::Result<Stopwatch> {
    let left_us = 11_000_000 - now_us().rem_euclid(10_000_000);
    pause(u64::try_from(left_us / 1_000)?).await;
    Ok(Stopwatch::start())
}

/// Waits until nothing that is due is unsent.
async fn until_sent(town: &Town) -> anyhow::Result<()> {
    let patience = Stopwatch::start();
    loop {
        let unsent = town.unsent().await?;
        if unsent == 0 {
            return Ok(());
        }
        ensure!(patience.seconds() < PATIENCE_S, "{unsent} pages are still unsent");
        pause(50).await;
    }
}

fn who(taken: &[Taken]) -> (usize, usize) {
    (taken.len(), taken.iter().map(|one| one.to.as_str()).collect::<HashSet<_>>().len())
}

fn report(taken: &[Taken]) {
    let (messages, people) = who(taken);
    let mut each: BTreeMap<&str, usize> = BTreeMap::new();
    taken.iter().for_each(|one| *each.entry(&one.to).or_default() += 1);
    let most = each.values().max().copied().unwrap_or_default();
    let largest = taken.iter().map(|one| one.bytes).max().unwrap_or_default();
    println!("{messages} messages to {people} people, at most {most} to one of them; the largest has {} kB", largest / 1_000);
    taken.iter().take(3).for_each(|one| println!("  to {}: {}", one.to, one.words));
}
