//! `kpis/*.toml`: what is computed, from what, and what it should be.
//!
//! Must never accept a figure whose unit doesn't follow from what it is computed from.

mod cases;
mod catalogue;
mod form;
mod formula;
mod observations;
mod span;

use super::{city, document::Document, duration, hex, limit::Limits, name::Known, retention, section::Section, value::Value};
use crate::{
    Allowance, Asset, City, Definitions, Kpi, KpiId, Metric, MetricId, Unit, WorkingCalendar,
    kpi::{Aggregate, Better, Dimension, From, Period, Window},
    limit::Which,
};
use catalogue::Catalogue;
use formula::Frame;
use sha2::{Digest, Sha256};
use std::sync::Arc;
use toml::de::DeValue;

/// The keys of a KPI's table.
pub(super) const KEYS: &[&str] = &[
    "title",
    "unit",
    "decimals",
    "better",
    "standard",
    "owner",
    "from",
    "by",
    "every",
    "delay",
    "lateness",
    "expect",
    "stale",
    "target",
    "attention",
    "critical",
    "thresholds_for",
];

const DAY_S: u32 = 86_400;
const EVERY_S: u32 = 60;
const DELAY_S: u32 = 5;
const LATENESS_S: u32 = 15 * 60;
/// Offices are closed for a week-end and a holiday, and their newest case is as old then.
const CASES_STALE_S: u32 = 4 * DAY_S;

const BETTER: &[(&str, Better)] = &[("higher", Better::Higher), ("lower", Better::Lower), ("neither", Better::Neither)];
/// The periods to date, as files name them.
const PERIODS: &[(&str, Period)] =
    &[("hour", Period::Hour), ("day", Period::Day), ("week", Period::Week), ("month", Period::Month), ("year", Period::Year)];
/// The ways to divide a city, as files name them.
pub(super) const DIMENSIONS: &[(&str, Dimension)] =
    &[("area", Dimension::Area), ("department", Dimension::Department), ("asset", Dimension::Asset)];

/// What a KPI's parts may refer to.
struct Context<'a> {
    known: &'a Known,
    city: &'a City,
    catalogue: &'a Catalogue<'a>,
    metrics: &'a [Arc<Metric>],
    assets: &'a [Arc<Asset>],
    calendar: Option<&'a WorkingCalendar>,
    /// What was changed of targets and thresholds.
    limits: &'a Limits<'a>,
}

impl Context<'_> {
    fn metric(&self, id: &MetricId) -> Option<&Arc<Metric>> {
        self.metrics.iter().find(|metric| metric.id == *id)
    }

    fn measuring<'a>(&'a self, metric: &'a MetricId) -> impl Iterator<Item = &'a Arc<Asset>> {
        self.assets.iter().filter(|asset| asset.metrics.contains(metric))
    }
}

/// The sound KPIs of these files, by id. The rest of the set has been read.
pub(super) fn read<'d>(
    documents: impl Iterator<Item = &'d Document<'d>>,
    known: &Known,
    set: &Definitions,
    limits: &Limits<'_>,
) -> Vec<Arc<Kpi>> {
    let catalogue = Catalogue::new(documents);
    let context = Context {
        known,
        city: &set.city,
        catalogue: &catalogue,
        metrics: &set.metrics,
        assets: &set.assets,
        calendar: set.calendar.as_deref(),
        limits,
    };
    catalogue.read(&context)
}

fn kpi(entry: &Value<'_>, context: &Context<'_>) -> Option<Kpi> {
    let id = entry.key_id::<KpiId>();
    let mut section = entry.section(&format!("KPI {}", entry.key))?;
    let title = section.need("title", Value::both_languages);
    let unit = section.need("unit", Value::unit);
    let every_s = section.may("every", every);
    let by = section.may("by", by).unwrap_or_default();
    let from = section.need("from", |value| from(value, id.as_ref(), &Frame { unit, every_s, by: &by }, context));
    section.may("by", |value| check_by(value, from.as_ref()));
    let every_s = every_s.unwrap_or_else(|| usual_every_s(from.as_ref(), context));
    let bounds = formula::bounds(from.as_ref(), context);
    let better = section.need("better", |value| value.choice(BETTER));
    let decimals = section.may("decimals", |value| value.whole(0, 9));
    let standard = section.may("standard", Value::text);
    let owner = city::owner(&mut section, context.known);
    let least_s = bounds.map_or(0, |bounds| bounds.delay_s);
    let delay_s = section.may("delay", |value| value.seconds(least_s, 3600)).unwrap_or(least_s.max(DELAY_S));
    let lateness_s = section.may("lateness", |value| value.seconds(0, 7 * DAY_S));
    let lateness_s = lateness_s.unwrap_or(bounds.map_or(LATENESS_S, |bounds| bounds.lateness_s));
    let stale_s = section.may("stale", |value| value.seconds(1, 366 * DAY_S));
    let coverage = section.may("expect", |value| coverage(value, from.as_ref(), context));
    let [target, attention, critical] = thresholds(&mut section, better, id.as_ref().and_then(|id| context.limits.get(id)));
    let has_thresholds = target.or(attention).or(critical).is_some();
    let thresholds_for = section.may("thresholds_for", |value| thresholds_for(value, &by, has_thresholds)).unwrap_or_default();
    if let Some(from) = &from {
        span::check(&section, from, every_s);
        retention::check(&section, from, lateness_s, &context.city.retention);
    }
    if matches!(from, Some(From::Form(_))) && owner.is_none() {
        section.problem(format!("{} is entered, and no department is asked for it", section.what), "add a line `owner = \"DEPARTMENT\"`");
    }
    let sound = section.finish();
    let from = from?;
    let decimals = decimals.and_then(|decimals| u8::try_from(decimals).ok()).unwrap_or_else(|| usual_decimals(&from, unit, context));
    let stale_s = stale_s.or(bounds.map(|bounds| bounds.stale_s)).unwrap_or_else(|| usual_stale_s(&from, context));
    let (id, title, unit, better) = (id?, title?, unit?, better?);
    let mut kpi = Kpi {
        id,
        version: String::new(),
        title,
        unit,
        decimals,
        better,
        standard,
        owner,
        from,
        by,
        every_s,
        delay_s,
        lateness_s,
        coverage,
        stale_s,
        target,
        attention,
        critical,
        thresholds_for,
    };
    kpi.version = version(&kpi, context);
    sound.then_some(kpi)
}

/// Recorded readings of a KPI lie on the same instants every day.
fn every(value: &Value<'_>) -> Option<u32> {
    let every_s = value.seconds(1, DAY_S)?;
    if !DAY_S.is_multiple_of(every_s) {
        value.problem(
            format!("a day is not a whole number of {}", duration::show(every_s)),
            "write 1s, 10s, 1m, 5m, 15m, 1h, 1d or another that divides a day",
        );
        return None;
    }
    Some(every_s)
}

fn by(value: &Value<'_>) -> Option<Vec<Dimension>> {
    let mut by: Vec<Dimension> = Vec::new();
    for item in value.items()? {
        let Some(dimension) = item.choice(DIMENSIONS) else { continue };
        if by.contains(&dimension) {
            item.problem("the same dimension stands here twice", "remove one of them");
        }
        by.push(dimension);
    }
    Some(by)
}

/// Whether what the KPI is computed from can be divided so.
fn check_by(value: &Value<'_>, from: Option<&From>) -> Option<()> {
    let message = match from? {
        From::Cases { .. } => "cases don't belong to assets",
        From::Form(_) => "figures are entered for areas and departments, not for assets",
        From::Observations { .. } | From::Formula { .. } => return Some(()),
    };
    if matches!(value.value, DeValue::Array(_)) {
        let by_asset = value.items()?.into_iter().find(|item| matches!(item.value, DeValue::String(word) if word == "asset"));
        by_asset?.problem(message, "write area or department");
    }
    Some(())
}

fn coverage(value: &Value<'_>, from: Option<&From>, context: &Context<'_>) -> Option<f64> {
    let mut section = value.section("`expect`")?;
    let coverage = section.need("coverage", |value| value.number_in(0.0, 1.0));
    match from {
        Some(From::Cases { .. }) => section.problem("no series are expected of cases", "remove `expect`"),
        Some(From::Form(_)) => {
            section.problem("no series are expected of a figure that is entered", "remove `expect`; `due` says when it is late")
        }
        Some(From::Observations { metric, .. })
            if context.known.assets.are(context.assets.len()) && context.measuring(metric).next().is_none() =>
        {
            section.problem(
                format!("no asset measures {metric}, so none can be expected to report"),
                "remove `expect`, or register the assets",
            );
        }
        _ => {}
    }
    section.finish();
    coverage
}

/// Target, attention, critical: each further towards the bad side than the one before. What was changed holds instead of what
/// the file says.
fn thresholds(section: &mut Section<'_>, better: Option<Better>, changed: Option<&Vec<(Which, Value<'_>)>>) -> [Option<f64>; 3] {
    let mut worst: Option<(&'static str, f64)> = None;
    Which::ALL.map(|which| {
        let key = which.key();
        let own = section.get(key);
        let changed = changed.and_then(|all| all.iter().find(|(of, _)| *of == which)).map(|(_, value)| value);
        let value = changed.or(own.as_ref())?;
        let number = value.number()?;
        let before = worst.replace((key, number));
        if let Some((message, hint)) = out_of_order(better?, (key, number), before) {
            value.problem(message, hint);
        }
        Some(number)
    })
}

/// Why a limit can't follow the one before it, and what to write instead.
fn out_of_order(better: Better, (key, number): (&str, f64), before: Option<(&str, f64)>) -> Option<(String, String)> {
    match (better, before) {
        (Better::Neither, _) => {
            Some((format!("`{key}` has no meaning where neither direction is better"), "remove it, or set `better`".to_owned()))
        }
        (Better::Higher, Some((name, other))) if number > other => {
            Some((format!("`{key}` is {number}, above `{name}`, although higher is better"), format!("write {other} or less")))
        }
        (Better::Lower, Some((name, other))) if number < other => {
            Some((format!("`{key}` is {number}, below `{name}`, although lower is better"), format!("write {other} or more")))
        }
        _ => None,
    }
}

/// The dimensions that the city's target and thresholds are right for as well.
fn thresholds_for(value: &Value<'_>, by: &[Dimension], has_thresholds: bool) -> Option<Vec<Dimension>> {
    if !has_thresholds {
        value.problem("there is no target or threshold that could hold for anything", "remove `thresholds_for`, or set one");
    }
    let mut dimensions: Vec<Dimension> = Vec::new();
    for item in value.items()? {
        let Some(dimension) = item.choice(DIMENSIONS) else { continue };
        if dimensions.contains(&dimension) {
            item.problem("the same dimension stands here twice", "remove one of them");
        } else if !by.contains(&dimension) {
            item.problem(
                format!("it is not computed by {}", item.raw().unwrap_or_default()),
                "add the dimension to `by`, or remove it here; the thresholds always hold for the city",
            );
        }
        dimensions.push(dimension);
    }
    Some(dimensions)
}

fn from(value: &Value<'_>, id: Option<&KpiId>, frame: &Frame<'_>, context: &Context<'_>) -> Option<From> {
    let mut section = value.section("`from`")?;
    let kinds = ["observations", "cases", "formula", "form"].map(|kind| section.has(kind));
    let from = match kinds {
        [true, false, false, false] => observations::read(&mut section, frame.unit, context),
        [false, true, false, false] => cases::read(&mut section, frame.unit, context),
        [false, false, true, false] => formula::read(&mut section, frame, context),
        [false, false, false, true] => form::read(&mut section, id, context),
        _ => {
            section.problem(
                "`from` must name one of observations, cases, formula and form",
                "write { observations = \"METRIC\", aggregate = \"mean\", window = \"5m\" }, { cases = \"KIND\", measure = \"open\" }, { formula = \"A / B\" } or { form = \"month\", due = \"10d\" }",
            );
            return None;
        }
    };
    section.finish();
    from
}

/// The stretch of time that a reading looks at: a duration slides, `month` and its like are the period to date.
fn window(value: &Value<'_>) -> Option<Window> {
    let is_period = |(word, _): &&(&str, Period)| matches!(value.value, DeValue::String(text) if text.as_ref() == *word);
    if PERIODS.iter().any(|period| is_period(&period)) {
        return value.choice(PERIODS).map(Window::Calendar);
    }
    value.seconds(1, 366 * DAY_S).map(Window::Sliding)
}

fn is_count(unit: Unit) -> bool {
    unit.is_count()
}

/// A figure that is entered once a month changes nothing from minute to minute, nor does what is made from it.
fn usual_every_s(from: Option<&From>, context: &Context<'_>) -> u32 {
    match from {
        Some(From::Form(_)) => DAY_S,
        Some(from @ From::Formula { .. }) => formula::usual_every_s(from, context),
        _ => EVERY_S,
    }
}

/// As many digits as the metric's resolution has in the KPI's unit, and at most three; none for counts, one for shares of cases.
fn usual_decimals(from: &From, unit: Option<Unit>, context: &Context<'_>) -> u8 {
    match from {
        From::Observations { aggregate: Aggregate::Count | Aggregate::Distinct { .. }, .. } => 0,
        From::Observations { aggregate: Aggregate::ShareAbove { .. } | Aggregate::ShareBelow { .. }, .. } => 1,
        From::Observations { metric, factor, .. } => digits(context.metric(metric).map_or(1.0, |metric| metric.resolution * factor)),
        From::Form(form) => digits(form.resolution),
        From::Cases { measure, .. } => u8::from(measure.is_share() || measure.quantile().is_some()),
        From::Formula { .. } => formula::usual_decimals(unit),
    }
}

/// How many digits show a step, at most three.
fn digits(step: f64) -> u8 {
    (0..3).find(|digits| step * 10_f64.powi(i32::from(*digits)) > 0.999).unwrap_or(3)
}

/// Three intervals of the slowest asset, or the window where that is longer.
fn usual_stale_s(from: &From, context: &Context<'_>) -> u32 {
    match from {
        From::Observations { metric, window, .. } => {
            let slowest_s = context.measuring(metric).map(|asset| asset.interval_s).max().unwrap_or(EVERY_S);
            slowest_s.saturating_mul(3).max(window.longest_s())
        }
        From::Cases { .. } => CASES_STALE_S,
        From::Formula { .. } => DAY_S,
        From::Form(form) => form.stale_s(),
    }
}

/// Hashes the definition as it was understood, defaults included, with the metric whose steps its sums are made of, the
/// calendar that it counts working time by, and the versions of the KPIs that it is made from.
fn version(kpi: &Kpi, context: &Context<'_>) -> String {
    let metric = match &kpi.from {
        From::Observations { metric, .. } => context.metric(metric).map(AsRef::as_ref),
        From::Cases { .. } | From::Form(_) | From::Formula { .. } => None,
    };
    let by_calendar = matches!(&kpi.from, From::Cases { terms, .. } if terms.working || terms.within.is_some_and(Allowance::is_working));
    let calendar = context.calendar.filter(|_| by_calendar).map(WorkingCalendar::version);
    let operands = formula::versions(&kpi.from, context);
    // None has a map with keys that aren't texts, so all always serialise.
    let content = serde_json::to_vec(&(kpi, metric, calendar, operands)).unwrap_or_default();
    hex(&Sha256::digest(&content)).chars().take(16).collect()
}
