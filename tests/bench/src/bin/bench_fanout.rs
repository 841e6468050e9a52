//! `cargo xtask bench fanout`: the product's fan-out beside the floor's, in turn, in one run of about six minutes.
//!
//! The servers run on core 0, the clients on core 1. Figures are medians of three rounds with their bounds.

use anyhow::Context;
use std::net::SocketAddrV4;
use taydo_bench::figures::{Figures, verdict};
use taydo_bench::fleet::{Fleet, Pace, Run};
use taydo_bench::process::{self, Server};

const ROUNDS: usize = 3;
const CLIENTS: usize = 1_000;
/// Their memory is measured idle, and then what reaches them at once.
const MANY: usize = 5_000;
/// One client in twenty never reads.
const STALLED: usize = CLIENTS / 20;
/// Seconds of each measurement.
const SECONDS: f64 = 2.0;
const PACES: [(&str, Pace); 5] =
    [("W1", Pace::Window(1)), ("W4", Pace::Window(4)), ("W64", Pace::Window(64)), ("10/s", Pace::Rate(10.0)), ("100/s", Pace::Rate(100.0))];

/// With five times the clients 100 a second is more than a core can do.
const PACES_OF_MANY: [(&str, Pace); 3] = [("W1", Pace::Window(1)), ("W64", Pace::Window(64)), ("10/s", Pace::Rate(10.0))];

/// What each pace cost, and how late the last of a hundred came.
struct Paced<const N: usize> {
    cpu: [Figures; N],
    p99: [Figures; N],
}

/// One server's figures over all rounds.
#[derive(Default)]
struct Column {
    few: Paced<{ PACES.len() }>,
    many: Paced<{ PACES_OF_MANY.len() }>,
    idle_kb: Figures,
    /// The others' p99 at 100/s after a burst, without and with clients that never read, ms.
    healthy_p99: Figures,
    beside_stalled_p99: Figures,
    /// What the stalled clients cost in memory, kB each.
    stalled_kb: Figures,
    frame_bytes: f64,
    faults: u64,
}

fn main() -> anyhow::Result<()> {
    process::pin(1)?;
    process::open_files(12_000)?;
    let data = process::data_folder()?;
    let data_folder = data.path().to_str().context("the temporary folder's name is not text")?.to_owned();
    let (mut floor, mut product) = (Column::default(), Column::default());
    let (floor_program, product_program) = (process::sibling("fanout-floor")?, process::sibling("fanout-product")?);
    for round in 1..=ROUNDS {
        eprintln!("round {round} of {ROUNDS}: floor");
        measure(Server::start(&floor_program, &[])?, &mut floor)?;
        eprintln!("round {round} of {ROUNDS}: product");
        measure(Server::start(&product_program, &[&data_folder])?, &mut product)?;
    }
    report(&floor, &product);
    Ok(())
}

fn measure(server: Server, column: &mut Column) -> anyhow::Result<()> {
    let mut addresses = server.greeting.split(' ').map(str::parse::<SocketAddrV4>);
    let mut address = || addresses.next().context("the server's first line has two addresses")?.context("not an address");
    let (clients, control) = (address()?, address()?);
    let pid = server.pid();
    // Memory first, while nothing has grown yet.
    let before = process::resident_kb(pid);
    let mut fleet = Fleet::connect(clients, control, MANY, 0)?;
    column.idle_kb.push((process::resident_kb(pid) - before) / MANY as f64);
    for (at, (name, pace)) in PACES_OF_MANY.iter().enumerate() {
        let run = fleet.measure(*pace, SECONDS, pid)?;
        show(&format!("{name}, {MANY} clients"), &run);
        column.many.note(at, &run);
        column.faults += run.faults;
    }
    drop(fleet);
    settle();

    let mut fleet = Fleet::connect(clients, control, CLIENTS, 0)?;
    for (at, (name, pace)) in PACES.iter().enumerate() {
        let run = fleet.measure(*pace, SECONDS, pid)?;
        show(name, &run);
        column.few.note(at, &run);
        column.frame_bytes = run.frame_bytes;
        column.faults += run.faults;
    }
    let healthy = healthy_p99(&mut fleet, pid)?;
    show("100/s after a burst", &healthy);
    column.healthy_p99.push(healthy.p99_ms);
    column.faults += healthy.faults;
    drop(fleet);
    settle();

    let mut fleet = Fleet::connect(clients, control, CLIENTS, STALLED)?;
    let before = process::resident_kb(pid);
    let others = healthy_p99(&mut fleet, pid)?;
    show("the same, 1 in 20 stalled", &others);
    column.beside_stalled_p99.push(others.p99_ms);
    column.faults += others.faults;
    column.stalled_kb.push((process::resident_kb(pid) - before).max(0.0) / STALLED as f64);
    Ok(())
}

/// The readers' latency at 100/s, after a burst that fills the sockets of those that don't read.
fn healthy_p99(fleet: &mut Fleet, pid: u32) -> anyhow::Result<Run> {
    fleet.measure(Pace::Window(64), 1.5, pid)?;
    fleet.measure(Pace::Rate(100.0), SECONDS, pid)
}

/// Gives the server time to notice that its clients are gone.
fn settle() {
    std::thread::sleep(std::time::Duration::from_millis(1_500));
}

fn show(name: &str, run: &Run) {
    eprintln!(
        "  {name:<26} {:>7.3} CPU s/M {:>9.0}/s  p50 {:>7.2} ms  p99 {:>7.2} ms  max {:>7.2} ms  of {:>8}  {:.0} B  faults {}",
        run.cpu_s_per_million, run.per_s, run.p50_ms, run.p99_ms, run.max_ms, run.samples, run.frame_bytes, run.faults
    );
}

impl<const N: usize> Default for Paced<N> {
    fn default() -> Self {
        let none = || std::array::from_fn(|_| Figures::default());
        Self { cpu: none(), p99: none() }
    }
}

impl<const N: usize> Paced<N> {
    fn note(&mut self, at: usize, run: &Run) {
        if let (Some(cpu), Some(p99)) = (self.cpu.get_mut(at), self.p99.get_mut(at)) {
            cpu.push(run.cpu_s_per_million);
            p99.push(run.p99_ms);
        }
    }
}

/// A table of a number of clients, and how the product does beside its aims.
fn table<const N: usize>(clients: usize, paces: &[(&str, Pace); N], floor: &Paced<N>, product: &Paced<N>) -> Vec<String> {
    println!(
        "{:<8} {:>26} {:>26} {:>22} {:>26} {:>26}",
        format!("{clients}"),
        "floor CPU s/M",
        "product CPU s/M",
        "ratio",
        "floor p99 ms",
        "product p99 ms"
    );
    let mut verdicts = Vec::new();
    let rows = paces.iter().zip(floor.cpu.iter().zip(&product.cpu)).zip(floor.p99.iter().zip(&product.p99));
    for (((name, _), (floor_cpu, cpu)), (floor_p99, p99)) in rows {
        let ratio = cpu.over(floor_cpu);
        println!(
            "{name:<8} {:>26} {:>26} {:>22} {:>26} {:>26}",
            floor_cpu.show(3),
            cpu.show(3),
            ratio.show(2),
            floor_p99.show(2),
            p99.show(2)
        );
        let aim = match *name {
            "W1" | "W4" => Some(1.4),
            "W64" => Some(4.0),
            _ => None,
        };
        verdicts.extend(aim.map(|aim| verdict(&format!("CPU per delivered message at {name} to {clients} ÷ floor"), &ratio, aim, true)));
    }
    verdicts
}

fn report(floor: &Column, product: &Column) {
    println!(
        "fan-out, medians of {ROUNDS} rounds (lowest–highest); frames of {:.0} B (floor {:.0} B)",
        product.frame_bytes, floor.frame_bytes
    );
    let mut verdicts = table(CLIENTS, &PACES, &floor.few, &product.few);
    verdicts.extend(table(MANY, &PACES_OF_MANY, &floor.many, &product.many));
    println!("kB per idle client at {MANY}: floor {}, product {}", floor.idle_kb.show(1), product.idle_kb.show(1));
    println!("growth in kB for each stalled client: floor {}, product {}", floor.stalled_kb.show(0), product.stalled_kb.show(0));
    verdicts.push(verdict(&format!("kB per idle client at {MANY}"), &product.idle_kb, 10.0, true));
    let others = product.beside_stalled_p99.over(&product.healthy_p99);
    verdicts.push(verdict("others' p99 with 1 in 20 never reading ÷ without", &others, 1.3, true));
    for line in verdicts {
        println!("{line}");
    }
    println!("messages missing, repeated or out of order, connections closed: floor {}, product {}", floor.faults, product.faults);
}
