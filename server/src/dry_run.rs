//! A dry run: the simulated city, the engine and a city's rules in one process, as fast as they go, without a server, a
//! database or a clock.
//!
//! The same seed and the same definitions give the same report. It must never judge by anything else than the engine does,
//! nor keep anything.

mod catch;
mod centre;
mod learnt;
#[cfg(test)]
mod tests;

pub use catch::{Caught, Outcome};

use crate::ingest::check;
use crate::simulate::{Happening, Played, Said, What};
use anyhow::Context as _;
use centre::Centre;
use jiff::{SignedDuration, Timestamp};
use learnt::Learnt;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use taydo_engine::backtest::{Assumptions, Backtest, Report};
use taydo_engine::{Batch, Engine, Input, Recorded, Sample, Series, SeriesId};
use taydo_model::kpi::From;
use taydo_model::rule::{Operand, Rule};
use taydo_model::{AssetId, Definitions, KpiId, LabelName, Labels, MetricId, SampleState};

/// How much of the city's life is heard at once.
const STRETCH: SignedDuration = SignedDuration::from_mins(10);
/// How late at most what is said reaches the engine: as late as on a good network.
const STEP: SignedDuration = SignedDuration::from_secs(5);
/// How long the city is played before rules are judged, so that their windows are full.
const BEFORE: SignedDuration = SignedDuration::from_hours(6);
/// How far back baselines are learnt, as the server does.
const LEARNT: SignedDuration = SignedDuration::from_hours(8 * 7 * 24);

/// What is to be run.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Which of the possible cities.
    pub seed: u64,
    /// When it begins.
    pub from: Timestamp,
    /// When it ends.
    pub until: Timestamp,
    /// What is to happen besides an ordinary life.
    pub happenings: Vec<Happening>,
    /// Who is there to be told.
    pub assumptions: Assumptions,
}

/// What came of it.
#[derive(Debug, Clone)]
pub struct Ran {
    /// What the rules did.
    pub report: Report,
    /// Of each happening whether a rule has caught it.
    pub caught: Vec<Caught>,
}

/// Plays a city and judges its rules. `progress` is told from time to time how far it has come.
///
/// # Errors
/// When something is to happen where it can't, or the city's zone is unknown.
pub fn run(definitions: &Arc<Definitions>, plan: &Plan, progress: &mut dyn FnMut(Timestamp)) -> anyhow::Result<Ran> {
    let kpis: BTreeSet<KpiId> = definitions.rules.iter().map(|rule| rule.kpi.clone()).collect();
    let mut learnt = Learnt::new(definitions);
    let usual = learnt.wanted();
    if !usual.is_empty() {
        // Only what the desks tell is played for so long: rules that ask for the usual of what devices measure have to wait
        // until the run itself has taught it.
        let kpis: Vec<KpiId> = usual.into_iter().filter(|kpi| rests_on_cases(definitions, kpi)).collect();
        let begin = plan.from.checked_sub(LEARNT).context("the run begins too early")?;
        let mut stage = Stage::new(definitions, plan, &kpis, begin, false)?;
        stage.play((begin, plan.from), SignedDuration::from_mins(60), &mut |recorded| learnt.take(&recorded));
        learnt.learn();
    }
    let begin = plan.from.checked_sub(BEFORE).context("the run begins too early")?;
    let kpis: Vec<KpiId> = kpis.into_iter().collect();
    let mut stage = Stage::new(definitions, plan, &kpis, begin, true)?;
    let mut backtest = Backtest::new(Arc::clone(definitions), plan.from, &plan.assumptions);
    let mut place = begin;
    while place < plan.until {
        let next = place.checked_add(STRETCH).unwrap_or(Timestamp::MAX).min(plan.until);
        stage.play((place, next), STEP, &mut |recorded| {
            learnt.take(&recorded);
            let in_turn = recorded.into_iter().filter(|one| !one.correction && one.reading.time >= plan.from);
            backtest.take(in_turn.map(|one| one.reading));
        });
        backtest.run(next, &learnt);
        learnt.learn_when_due(next);
        progress(next);
        place = next;
    }
    let report = backtest.finish(plan.until);
    let caught = catch::all(definitions, stage.city.happened(), &report);
    Ok(Ran { report, caught })
}

/// Whether a rule's KPI is counted from cases alone.
fn rests_on_cases(definitions: &Definitions, id: &KpiId) -> bool {
    definitions.kpi(id).is_some_and(|kpi| matches!(kpi.from, From::Cases { .. }))
}

/// Whether a rule asks for the usual.
fn asks_for_the_usual(rule: &Rule) -> bool {
    Operand::ALL.into_iter().any(|operand| operand.is_baseline() && rule.names(operand))
}

/// The city and the engine that hears it.
struct Stage {
    definitions: Arc<Definitions>,
    city: Played,
    centre: Centre,
    engine: Engine,
    series: HashMap<(Option<AssetId>, String, MetricId), SeriesId>,
}

impl Stage {
    fn new(definitions: &Arc<Definitions>, plan: &Plan, kpis: &[KpiId], begin: Timestamp, with_devices: bool) -> anyhow::Result<Self> {
        let metrics = metrics(definitions, kpis);
        let wants = |metric: &MetricId| metrics.contains(metric);
        let wants: Option<&dyn Fn(&MetricId) -> bool> = if with_devices { Some(&wants) } else { None };
        Ok(Self {
            city: Played::new(definitions, plan.seed, &plan.happenings, wants)?,
            centre: Centre::new(definitions, plan.seed, begin),
            engine: Engine::for_kpis(Arc::clone(definitions), kpis, begin),
            series: HashMap::new(),
            definitions: Arc::clone(definitions),
        })
    }

    /// Plays a stretch, in steps of a length, and hands on what is recorded in each.
    fn play(&mut self, (after, until): (Timestamp, Timestamp), step: SignedDuration, take: &mut dyn FnMut(Vec<Recorded>)) {
        let Self { definitions, city, centre, engine, series } = self;
        let mut said = city.hear(after, until).into_iter().peekable();
        let mut now = after;
        while now < until {
            let next = now.checked_add(step).unwrap_or(Timestamp::MAX).min(until);
            let mut batch = Batch::default();
            while let Some(one) = said.next_if(|one| one.time <= next) {
                centre.hear(&one, next);
                put(definitions, series, one, next, &mut batch);
            }
            for (metric, feed, value) in centre.measure(definitions, next) {
                put_value(definitions, series, (None, feed.unwrap_or_default(), &metric), (next, value, SampleState::Normal), &mut batch);
            }
            // Instants between two steps are recorded in their own turn, before what came after them.
            while let Some(wake) = engine.next_wake().filter(|wake| *wake > now && *wake < next) {
                now = wake;
                hand_on(engine.step(wake, Input::Wake).recorded, take);
            }
            hand_on(engine.step(next, Input::Batch(batch)).recorded, take);
            now = next;
        }
    }
}

fn hand_on(recorded: Vec<Recorded>, take: &mut dyn FnMut(Vec<Recorded>)) {
    if !recorded.is_empty() {
        take(recorded);
    }
}

/// The metrics that KPIs are computed from.
fn metrics(definitions: &Definitions, kpis: &[KpiId]) -> BTreeSet<MetricId> {
    let mut metrics = BTreeSet::new();
    let mut left: Vec<KpiId> = kpis.to_vec();
    while let Some(kpi) = left.pop().and_then(|id| definitions.kpi(&id)) {
        if let From::Observations { metric, .. } = &kpi.from {
            metrics.insert(metric.clone());
        }
        left.extend(kpi.operands().iter().map(|operand| operand.kpi.clone()));
    }
    metrics
}

type Numbers = HashMap<(Option<AssetId>, String, MetricId), SeriesId>;

/// Puts what was said into a batch, as the intake would.
fn put(definitions: &Definitions, series: &mut Numbers, said: Said<'_>, now: Timestamp, batch: &mut Batch) {
    match said.what {
        What::Values(asset, values, state) => {
            for (metric, value) in values {
                put_value(definitions, series, (Some(&asset.id), String::new(), &metric.id), (said.time, value, state), batch);
            }
        }
        What::Case(case) => {
            if let Ok(version) = check::case(definitions, said.source, *case, now) {
                batch.cases.push(version);
            }
        }
        What::Figure(metric, end, value) => {
            put_value(definitions, series, (None, String::new(), &metric), (end, value, SampleState::Normal), batch);
        }
    }
}

fn put_value(
    definitions: &Definitions,
    series: &mut Numbers,
    (asset, feed, id): (Option<&AssetId>, String, &MetricId),
    (time, value, state): (Timestamp, f64, SampleState),
    batch: &mut Batch,
) {
    let Some(ticks) = definitions.metric(id).and_then(|metric| metric.ticks(value)) else { return };
    let next = SeriesId(i32::try_from(series.len()).unwrap_or(i32::MAX));
    let known = series.entry((asset.cloned(), feed.clone(), id.clone())).or_insert(next);
    if *known == next {
        batch.series.push(Series { id: next, metric: id.clone(), labels: labels(definitions, asset, &feed) });
    }
    batch.samples.push(Sample { series: *known, time, ticks, revision: 0, state });
}

fn labels(definitions: &Definitions, asset: Option<&AssetId>, feed: &str) -> Labels {
    let area = asset.and_then(|asset| definitions.asset(asset)).map(|asset| asset.area.as_str());
    let named = [("asset", asset.map(AssetId::as_str)), ("area", area), ("feed", Some(feed).filter(|feed| !feed.is_empty()))];
    let mut labels = Labels::default();
    for (name, value) in named {
        if let (Ok(name), Some(value)) = (LabelName::new(name), value) {
            labels.set(name, value.to_owned());
        }
    }
    labels
}
