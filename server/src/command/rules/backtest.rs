//! `taydo rules backtest`: what rules would have done, over stored readings or over a simulated city.
//!
//! It must never write to a database, nor judge a reading by itself.

use super::super::reach::Reach;
use super::table;
use crate::app;
use crate::bands::UsualBands;
use crate::clock::Clock;
use crate::config::folder;
use crate::dry_run;
use crate::simulate::Happening;
use crate::store::{FirstReading, Store};
use anyhow::{Context as _, ensure};
use indicatif::{ProgressBar, ProgressStyle};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use taydo_engine::backtest::{Assumptions, Backtest, Report};
use taydo_model::text::Language;
use taydo_model::{Definitions, Kpi, KpiId, RuleId};

/// How much is read at once: of a large city some hundred thousand readings.
const CHUNK: SignedDuration = SignedDuration::from_hours(6);
/// A reading that is recorded so long after its turn, while the database was slow, was still judged in it.
const SLOW: SignedDuration = SignedDuration::from_secs(60);
/// When a simulated run begins where nobody says when: the city's Monday, in the rainy season.
const SIMULATED_FROM: &str = "2026-06-01T00:00:00+07:00";

/// Says what alert rules would have done: how often each would have fired, for how long, and whom that would have paged when
///
/// Over the stored readings of the last days, as they were first recorded, in their turn; the server may go on running,
/// and nothing is written. Or, with --simulate, over a simulated city, without any server or database: then the exit code is 1
/// when an operator has more alarms than EEMUA 191 allows, a team is woken more than once in a night, or an incident of
/// --incidents is missed. Each team has one person in it, who is always reached, acknowledges after five minutes, and
/// has quiet hours from 22:00 to 06:00.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The city's folder
    #[arg(long, value_name = "DIR", default_value = "dashboards/can-tho")]
    city: PathBuf,
    /// How many days
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u16).range(1..=400))]
    days: u16,
    /// Only this rule; may be given several times
    #[arg(long = "rule", value_name = "ID")]
    rules: Vec<String>,
    /// The last moment [default: now]
    #[arg(long, value_name = "TIME", conflicts_with = "simulate")]
    until: Option<Timestamp>,
    #[command(flatten)]
    reach: Reach,
    /// Also takes readings that were recorded late (after an import, a recompute or an absence), as if they had been in time
    #[arg(long, conflicts_with = "simulate")]
    late: bool,
    /// Plays a simulated city instead
    #[arg(long, conflicts_with_all = ["data", "database"])]
    simulate: bool,
    /// Which of the possible cities; the same seed gives the same report
    #[arg(long, default_value_t = 1, requires = "simulate")]
    seed: u64,
    /// When simulated time begins [default: Monday, 1 June 2026]
    #[arg(long, value_name = "TIME", requires = "simulate")]
    from: Option<Timestamp>,
    /// Lets an incident happen each day, the kinds in turn, and says whether it was caught
    #[arg(long, requires = "simulate")]
    incidents: bool,
    /// Prints also every incident and every message
    #[arg(long)]
    all: bool,
    /// Prints the report as JSON
    #[arg(long)]
    json: bool,
    /// The table's language: vi or en
    #[arg(long, value_name = "LANGUAGE", default_value = "en", value_parser = language)]
    lang: Language,
}

/// The report as JSON.
#[derive(Debug, Serialize)]
struct Whole<'r> {
    #[serde(flatten)]
    report: &'r Report,
    /// Instants of rules' KPIs that nobody judged in their turn.
    #[serde(skip_serializing_if = "Option::is_none")]
    late_readings: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    incidents: Option<&'r [dry_run::Caught]>,
}

fn language(text: &str) -> Result<Language, String> {
    match text {
        "vi" => Ok(Language::Vi),
        "en" => Ok(Language::En),
        _ => Err("it is vi or en".to_owned()),
    }
}

impl Args {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        let definitions = Arc::new(self.chosen(folder::load(&self.city)?)?);
        if self.simulate { self.simulate(&definitions) } else { app::runtime()?.block_on(self.over_stored(&definitions)) }
    }

    /// The set with the rules that were asked for.
    fn chosen(&self, mut definitions: Definitions) -> anyhow::Result<Definitions> {
        ensure!(!definitions.rules.is_empty(), "the city in {} has no rules; they are in its folder alerts", self.city.display());
        let mut wanted = BTreeSet::new();
        for name in &self.rules {
            let rule = RuleId::new(name).ok().and_then(|id| definitions.rule(&id)).with_context(|| {
                let there: Vec<&str> = definitions.rules.iter().map(|rule| rule.id.as_str()).collect();
                format!("--rule {name:?}: there is no such rule; there are {}", there.join(", "))
            })?;
            wanted.insert(rule.id.clone());
        }
        if !wanted.is_empty() {
            definitions.rules.retain(|rule| wanted.contains(&rule.id));
        }
        Ok(definitions)
    }

    fn length(&self) -> SignedDuration {
        SignedDuration::from_hours(24 * i64::from(self.days))
    }

    fn simulate(&self, definitions: &Arc<Definitions>) -> anyhow::Result<ExitCode> {
        let from = self.from.map_or_else(|| SIMULATED_FROM.parse(), Ok)?;
        let until = from.checked_add(self.length()).context("the run ends too late")?;
        let happenings = if self.incidents { Happening::draw(definitions, self.seed, from, until) } else { Vec::new() };
        let plan = dry_run::Plan { seed: self.seed, from, until, happenings, assumptions: Assumptions::default() };
        let bar = bar(self.length());
        let ran = dry_run::run(definitions, &plan, &mut |at| bar.set_position(hours(at.duration_since(from))))?;
        bar.finish_and_clear();
        let caught = self.incidents.then_some(ran.caught.as_slice());
        self.print(definitions, &Whole { report: &ran.report, late_readings: None, incidents: caught })?;
        let is_sound = table::excesses(&ran.report, self.lang).is_empty() && !ran.caught.iter().any(dry_run::Caught::is_missed);
        Ok(if is_sound { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }

    async fn over_stored(&self, definitions: &Arc<Definitions>) -> anyhow::Result<ExitCode> {
        let clock = Clock::real();
        let (report, late) = self
            .reach
            .with(&clock, async |database| {
                let store = Store::open_to_read(database, clock.clone()).await?;
                self.judge(definitions, &store, clock.now()).await
            })
            .await?;
        self.print(definitions, &Whole { report: &report, late_readings: Some(late), incidents: None })?;
        Ok(ExitCode::SUCCESS)
    }

    /// Judges what is stored, and counts the readings that came after their turn.
    async fn judge(&self, definitions: &Arc<Definitions>, store: &Store, now: Timestamp) -> anyhow::Result<(Report, usize)> {
        let until = self.until.unwrap_or(now).min(now);
        let from = until.checked_sub(self.length()).context("the days reach back too far")?;
        let kpis: BTreeSet<KpiId> = definitions.rules.iter().map(|rule| rule.kpi.clone()).collect();
        let kpis: Vec<KpiId> = kpis.into_iter().collect();
        let bands = UsualBands::load(definitions, store).await?;
        let mut backtest = Backtest::new(Arc::clone(definitions), from, &Assumptions::default());
        let bar = bar(self.length());
        let (mut place, mut taken, mut late) = (from, 0, 0);
        while place < until {
            let next = place.checked_add(CHUNK).unwrap_or(Timestamp::MAX).min(until);
            let readings = store.first_readings(&kpis, place, next).await?;
            let is_judged = |first: &FirstReading| {
                definitions.rules.iter().any(|rule| rule.kpi == first.reading.kpi && rule.covers(&first.reading.scope, definitions))
            };
            for first in readings.into_iter().filter(is_judged) {
                let is_late = definitions.kpi(&first.reading.kpi).is_some_and(|kpi| !is_in_turn(kpi, &first));
                late += usize::from(is_late);
                if !is_late || self.late {
                    taken += 1;
                    backtest.take([first.reading]);
                }
            }
            backtest.run(next, &bands);
            bar.set_position(hours(next.duration_since(from)));
            place = next;
        }
        bar.finish_and_clear();
        ensure!(
            taken > 0,
            "there is nothing to judge: of the rules' KPIs {late} readings are stored from {from} to {until}, and none that was recorded in its turn{}",
            if late > 0 { "; take the late ones too with --late" } else { "; name other --days" }
        );
        Ok((backtest.finish(until), late))
    }

    fn print(&self, definitions: &Definitions, whole: &Whole<'_>) -> anyhow::Result<()> {
        if self.json {
            println!("{}", serde_json::to_string_pretty(whole)?);
            return Ok(());
        }
        print!("{}", table::rules(definitions, whole.report, self.lang));
        print!("{}", table::teams(whole.report, self.lang));
        print!("{}", table::load(whole.report, self.lang));
        if self.all {
            print!("{}", table::course(definitions, whole.report, self.lang));
        }
        if let Some(incidents) = whole.incidents {
            print!("{}", table::caught(definitions, incidents, self.lang));
        }
        for excess in table::excesses(whole.report, self.lang) {
            println!("{excess}");
        }
        if let Some(late) = whole.late_readings.filter(|late| *late > 0 && !self.late) {
            println!("{}", table::left_out(late, self.lang));
        }
        Ok(())
    }
}

/// Whether a reading was recorded while its instant was the newest that was due: later the rules weren't asked.
fn is_in_turn(kpi: &Kpi, first: &FirstReading) -> bool {
    let turn = SignedDuration::from_secs(i64::from(kpi.delay_s) + i64::from(kpi.every_s)) + SLOW;
    first.recorded_at.duration_since(first.reading.time) < turn
}

fn hours(of: SignedDuration) -> u64 {
    of.as_hours().unsigned_abs()
}

fn bar(length: SignedDuration) -> ProgressBar {
    let bar = ProgressBar::new(hours(length));
    if let Ok(style) = ProgressStyle::with_template("{bar:32} {percent:>3} %  {pos} of {len} hours  {eta} left") {
        bar.set_style(style);
    }
    bar
}
