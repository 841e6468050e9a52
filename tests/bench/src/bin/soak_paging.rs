//! `cargo xtask soak paging`: a server that is killed every ten seconds, under 1,000 open incidents, while others come and go.
//!
//! Half of the people are reached by SMS, over a gateway that can be asked what became of a message, and half by e-mail,
//! where nobody can be asked. Afterwards every page must have arrived, and the log must say what the rows say.

use anyhow::{Context, bail, ensure};
use std::collections::{BTreeSet, HashMap};
use std::path::Path;
use taydo_bench::process;
use taydo_bench::sink::{Taken, Way};
use taydo_bench::stopwatch::Stopwatch;
use taydo_bench::town::{AT_ONCE, Centre, HIGH, LOW, PROBES, STANDING, Town, pause};
use taydo_server::clock::Clock;
use taydo_server::store::EmbeddedDatabase;
use tokio_postgres::Config;

/// Between two kills, in seconds.
const KILL_EVERY_S: f64 = 10.0;
/// How often probes report, in milliseconds; at each time one more may rise.
const REPORT_MS: u64 = 1_000;
/// How long everything may take to come to rest after the last kill, in seconds.
const PATIENCE_S: f64 = 180.0;
/// Of so many messages one may come twice.
const ONE_IN: usize = 10_000;

fn main() -> anyhow::Result<()> {
    let minutes: f64 = std::env::args().nth(1).map_or(Ok(10.0), |word| word.parse()).context("the minutes are a number")?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(async {
        let folder = process::data_folder()?;
        let (database, config) = EmbeddedDatabase::start(&folder.path().join("data"), Clock::real()).await?;
        let outcome = tokio::select! {
            outcome = run(folder.path(), config, minutes * 60.0) => outcome,
            _ = tokio::signal::ctrl_c() => Err(anyhow::anyhow!("stopped by Ctrl-C")),
        };
        database.stop().await?;
        outcome
    })
}

async fn run(folder: &Path, config: Config, seconds: f64) -> anyhow::Result<()> {
    let town = Town::prepare(folder, config).await?;
    let centre = town.serve("server", true)?;
    town.until_ready(&centre).await?;
    town.staff(&centre, 2).await?;
    town.until_standing(&centre).await?;
    println!("{STANDING} incidents are open; the server is killed every {KILL_EVERY_S} s for {:.0} min", seconds / 60.0);
    let mut soak = Soak { town, centre: Some(centre), probes: vec![Probe::Low; PROBES], raised: 0, kills: 0, taken: Vec::new() };
    soak.storm(seconds).await?;
    soak.calm().await?;
    soak.judge().await
}

/// Where a probe is in its round.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Probe {
    /// It may rise.
    Low,
    /// It has risen; its people are to be told.
    High,
    /// It has fallen again; its people are still to be told that it is over.
    Falling,
}

struct Soak {
    town: Town,
    centre: Option<Centre>,
    probes: Vec<Probe>,
    /// How often a probe has risen.
    raised: usize,
    kills: usize,
    taken: Vec<Taken>,
}

impl Soak {
    /// Probes rise and fall; the server is killed and started again.
    async fn storm(&mut self, seconds: f64) -> anyhow::Result<()> {
        let (watch, mut killed_s) = (Stopwatch::start(), 0.0);
        while watch.seconds() < seconds {
            self.turn(true).await?;
            if watch.seconds() - killed_s >= KILL_EVERY_S {
                killed_s = watch.seconds();
                // At another moment of what the probes do each time.
                pause(u64::try_from(self.kills)? * 370 % REPORT_MS).await;
                self.kill()?;
                self.say(&watch, seconds).await?;
            }
            pause(REPORT_MS).await;
        }
        Ok(())
    }

    /// No more kills: what has begun comes to its end.
    async fn calm(&mut self) -> anyhow::Result<()> {
        println!("no more kills: waiting until all have been told");
        let patience = Stopwatch::start();
        loop {
            self.turn(false).await?;
            let is_high = self.probes.contains(&Probe::High);
            if !is_high && self.town.unsent().await? == 0 {
                return Ok(());
            }
            if patience.seconds() > PATIENCE_S {
                bail!(
                    "after {PATIENCE_S} s {} probes have not been told of, and {} pages are unsent",
                    self.probes.iter().filter(|probe| **probe == Probe::High).count(),
                    self.town.unsent().await?
                );
            }
            pause(REPORT_MS).await;
        }
    }

    /// Sees how far the probes are, lets one more rise, and sends what all of them measure.
    async fn turn(&mut self, may_rise: bool) -> anyhow::Result<()> {
        for (probe, state) in self.look().await? {
            if let Some(known) = self.probes.get_mut(probe) {
                *known = state;
            }
        }
        if may_rise && let Some((_, probe)) = self.probes.iter_mut().enumerate().find(|(_, probe)| **probe == Probe::Low) {
            *probe = Probe::High;
            self.raised += 1;
        }
        let Some(centre) = &self.centre else { return Ok(()) };
        let of = |high: bool| {
            let is = move |(_, probe): &(usize, &Probe)| (**probe == Probe::High) == high;
            self.probes.iter().enumerate().filter(is).map(|(number, _)| number).collect::<Vec<usize>>()
        };
        // A value that a dying server didn't take comes again in a second.
        let _ = self.town.send(centre, "probe", of(true), HIGH).await;
        let _ = self.town.send(centre, "probe", of(false), LOW).await;
        let _ = self.town.send(centre, "standing", 0..STANDING, HIGH).await;
        Ok(())
    }

    /// The probes that have come to their next state: all people told, or the group over.
    async fn look(&self) -> anyhow::Result<Vec<(usize, Probe)>> {
        let sql = "SELECT i.rule, g.over_at IS NOT NULL, i.resolved_at IS NOT NULL, (SELECT count(*) FROM page p WHERE p.group_id = g.id \
            AND p.kind = 'firing' AND p.state = 'accepted') FROM incident i JOIN incident_group g ON g.id = i.group_id \
            WHERE i.id IN (SELECT max(id) FROM incident WHERE starts_with(rule, 'probe-') GROUP BY rule)";
        let mut next = Vec::new();
        for row in self.town.sql.query(sql, &[]).await? {
            let probe: Option<usize> = row.get::<_, &str>(0).strip_prefix("probe-").and_then(|number| number.parse().ok());
            let (Some(probe), is_over, is_resolved, told) = (probe, row.get::<_, bool>(1), row.get::<_, bool>(2), row.get::<_, i64>(3))
            else {
                continue;
            };
            match self.probes.get(probe) {
                Some(Probe::High) if !is_resolved && usize::try_from(told)? >= AT_ONCE => next.push((probe, Probe::Falling)),
                Some(Probe::Falling) if is_over => next.push((probe, Probe::Low)),
                _ => {}
            }
        }
        Ok(next)
    }

    fn kill(&mut self) -> anyhow::Result<()> {
        if let Some(centre) = self.centre.take() {
            centre.process.kill()?;
            self.kills += 1;
        }
        // Starting waits for the server's first words, which others here need not.
        self.centre = Some(tokio::task::block_in_place(|| self.town.serve("server", true))?);
        Ok(())
    }

    async fn say(&mut self, watch: &Stopwatch, seconds: f64) -> anyhow::Result<()> {
        self.taken.extend(self.town.sink.take());
        let open = self.town.open("").await?;
        println!(
            "{:>4.0} s of {seconds:.0}: {} kills, {} alerts raised, {} messages taken, {} pages unsent, {open} incidents open",
            watch.seconds(),
            self.kills,
            self.raised,
            self.taken.len(),
            self.town.unsent().await?
        );
        Ok(())
    }

    async fn judge(mut self) -> anyhow::Result<()> {
        self.taken.extend(self.town.sink.take());
        let mut problems = self.lost().await?;
        let counts = counts(&self.taken);
        let of = |way: Way| counts.iter().filter(move |((is, _), _)| *is == way).map(|(_, times)| *times);
        let twice = |way: Way| of(way).filter(|times| times.0 > 1).count();
        let (letters, texts) = (of(Way::Mail).count(), of(Way::Sms).count());
        let unmarked = counts.values().filter(|times| times.1 > 1).count();
        let thrice = counts.values().filter(|times| times.0 > 2).count();
        println!("{} kills, {} alerts raised, {letters} letters and {texts} SMS", self.kills, self.raised);
        println!("twice: {} SMS (the gateway can be asked), {} letters (nobody can)", twice(Way::Sms), twice(Way::Mail));
        let doubts = "SELECT count(*) FROM attempt WHERE outcome = 'unknown'";
        println!("attempts whose outcome a kill had left unknown: {}", self.town.sql.query_one(doubts, &[]).await?.get::<_, i64>(0));
        for (what, count) in [("SMS came twice", twice(Way::Sms)), ("messages came twice unmarked", unmarked), ("came three times", thrice)]
        {
            if count > 0 {
                problems.push(format!("{count} {what}"));
            }
        }
        if (twice(Way::Sms) + twice(Way::Mail)) * ONE_IN > letters + texts {
            problems.push(format!("{} of {} messages came twice, more than 1 in {ONE_IN}", twice(Way::Mail), letters + texts));
        }
        // The last server has ended before its log is read: nothing changes any more.
        drop(self.centre.take());
        let audit = self.town.store().await?.audit_incidents().await?;
        println!("the log of {} incidents in {} groups was replayed: {} problems", audit.incidents, audit.groups, audit.problems.len());
        problems.extend(audit.problems);
        ensure!(problems.is_empty(), "this does not hold:\n{}", problems.join("\n"));
        println!("no page was lost, and the log says what the rows say");
        Ok(())
    }

    /// What was decided and did not arrive, and what should have been decided.
    async fn lost(&self) -> anyhow::Result<Vec<String>> {
        let mut problems = Vec::new();
        let arrived: BTreeSet<&str> = self.taken.iter().map(|taken| taken.reference.as_str()).collect();
        let sql = "SELECT p.id, p.kind, p.state, m.reference::text FROM page p LEFT JOIN message m ON m.id = p.message \
            WHERE NOT (p.state = 'waiting' AND p.due_at > clock_timestamp())";
        let (mut pages, mut lost) = (0_usize, 0_usize);
        for row in self.town.sql.query(sql, &[]).await? {
            let (id, kind, state): (i64, String, String) = (row.get(0), row.get(1), row.get(2));
            let reference: Option<String> = row.get(3);
            pages += 1;
            if !reference.is_some_and(|reference| arrived.contains(reference.as_str())) {
                lost += 1;
                if lost <= 10 {
                    problems.push(format!("page {id} ({kind}, {state}) arrived nowhere"));
                }
            } else if state != "accepted" {
                problems.push(format!("page {id} ({kind}) arrived and is {state}"));
            }
        }
        println!("{pages} pages were due, {lost} of them lost");
        let opened: i64 = self.town.sql.query_one("SELECT count(*) FROM incident WHERE starts_with(rule, 'probe-')", &[]).await?.get(0);
        if usize::try_from(opened)? != self.raised {
            problems.push(format!("{} alerts were raised, and {opened} incidents opened", self.raised));
        }
        let (open, ever) = (self.town.open("standing").await?, "SELECT count(*) FROM incident WHERE starts_with(rule, 'standing-')");
        let ever: i64 = self.town.sql.query_one(ever, &[]).await?.get(0);
        if open != STANDING || usize::try_from(ever)? != STANDING {
            problems.push(format!("{open} of the {STANDING} incidents are still open, and {ever} were opened in all"));
        }
        Ok(problems)
    }
}

/// Of each message how often it came, and how often without being marked as a repeat.
fn counts(taken: &[Taken]) -> HashMap<(Way, &str), (usize, usize)> {
    let mut counts: HashMap<(Way, &str), (usize, usize)> = HashMap::new();
    for one in taken {
        let (times, unmarked) = counts.entry((one.way, one.reference.as_str())).or_default();
        *times += 1;
        *unmarked += usize::from(!one.is_marked);
    }
    counts
}
